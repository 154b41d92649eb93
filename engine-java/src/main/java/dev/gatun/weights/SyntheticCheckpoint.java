// SyntheticCheckpoint: a model of real shape and random weights, without files.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * For measuring and planning: bytes and shapes are those of the real file, the words would be
 * nonsense. It has no tokenizer. Opening it takes address space; {@link #materialize} makes the
 * numbers, in the memory of the largest matrix of each type.
 */
record SyntheticCheckpoint(SyntheticSpec spec, RandomWeights random) {

  static Checkpoint open(String text, boolean mtp) {
    SyntheticSpec spec = SyntheticSpec.parse(text);
    SyntheticCheckpoint made =
        new SyntheticCheckpoint(mtp ? spec.withMtp() : spec, new RandomWeights());
    Arena arena = Arena.ofShared();
    try {
      return OpenCheckpoint.synthetic(made.content(arena), made, () -> close(arena));
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  private static void close(Arena arena) {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private OpenCheckpoint.Content content(Arena arena) {
    List<TensorShape> tensors = TensorShape.of(spec.config());
    for (TensorShape tensor : tensors) {
      parts(tensor).forEach(part -> random.reserve(part.kind(), part.bytes()));
    }
    List<Weight> weights = tensors.stream().map(tensor -> weight(tensor, arena)).toList();
    Map<String, Object> metadata = new LinkedHashMap<>();
    metadata.put("general.name", spec.name());
    metadata.put("general.type", spec.mix().toString());
    return new OpenCheckpoint.Content(
        spec.config(),
        weights,
        new TokenizerSource.Gguf(Map.of()),
        Optional.empty(),
        new GenerationDefaults(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            List.of()),
        metadata,
        spec.text(spec.mix()),
        weights.stream().mapToLong(Weight::bytes).sum(),
        "synthetic");
  }

  private record Part(RandomWeights.Kind kind, long bytes) {}

  /** The data of a tensor; codes, zeros and scales where it is in groups. */
  private List<Part> parts(TensorShape tensor) {
    DType type = spec.mix().type(tensor, spec.config());
    long count = tensor.count() / matrices(tensor);
    if (type == DType.F8) {
      long squares = tensor.squares(SquareWeights.SIDE) / matrices(tensor);
      return List.of(
          part(type, RandomWeights.Content.FLOATS8, count),
          part(DType.F32, RandomWeights.Content.SCALES, DType.F32.bytes(squares)));
    }
    if (type != DType.AWQ && type != DType.GPTQ) {
      boolean norm = tensor.name().endsWith("norm.weight");
      RandomWeights.Content content =
          norm ? RandomWeights.Content.ONES : RandomWeights.Content.BLOCKS;
      return List.of(part(type, content, type.bytes(count)));
    }
    long groups = count / QuantMix.GROUP;
    RandomWeights.Content zeros =
        type == DType.AWQ ? RandomWeights.Content.ZEROS : RandomWeights.Content.ZEROS_LESS_ONE;
    return List.of(
        part(DType.I32, RandomWeights.Content.CODES, count / 2),
        part(DType.I32, zeros, groups / 2),
        part(DType.F16, RandomWeights.Content.SCALES, DType.F16.bytes(groups)));
  }

  private static Part part(DType dtype, RandomWeights.Content content, long bytes) {
    return new Part(new RandomWeights.Kind(dtype, content), bytes);
  }

  /** Of a stack all have the same numbers. */
  private static int matrices(TensorShape tensor) {
    return tensor.shape().length < 3 ? 1 : Math.toIntExact(tensor.shape()[0]);
  }

  private Weight weight(TensorShape tensor, Arena arena) {
    DType type = spec.mix().type(tensor, spec.config());
    List<List<ByteRange>> data = new ArrayList<>();
    for (Part part : parts(tensor)) {
      ByteRange one = ByteRange.of(random.front(part.kind(), part.bytes(), arena));
      data.add(Collections.nCopies(matrices(tensor), one));
    }
    Optional<GroupQuant> group =
        data.size() == 1 ? Optional.empty() : Optional.of(group(type, data));
    return new Weight(tensor.name(), type, tensor.shape(), data.getFirst(), group);
  }

  private static GroupQuant group(DType type, List<List<ByteRange>> data) {
    if (type == DType.F8) {
      return new GroupQuant(
          SquareWeights.SIDE, DType.F32, List.of(), data.get(1), List.of(), false);
    }
    return new GroupQuant(
        QuantMix.GROUP, DType.F16, data.get(1), data.get(2), List.of(), type == DType.GPTQ);
  }
}
