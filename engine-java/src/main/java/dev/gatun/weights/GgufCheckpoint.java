// GgufCheckpoint: a model in one GGUF file or in several.
package dev.gatun.weights;

import static java.util.stream.Collectors.toSet;

import dev.gatun.refusal.Refusal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

final class GgufCheckpoint {
  private GgufCheckpoint() {}

  static Checkpoint open(Path path, boolean mtp) {
    return OpenCheckpoint.open(files -> read(path, mtp, files));
  }

  private static OpenCheckpoint.Content read(Path path, boolean mtp, OpenFiles files) {
    List<GgufFile> parts = new ArrayList<>();
    long bytes = 0;
    GgufSplit split = GgufSplit.of(path);
    for (Path part : split.parts()) {
      ByteRange file = files.open(part);
      bytes += file.bytes();
      parts.add(GgufFile.parse(file, "'" + part.getFileName() + "'"));
    }
    split.check(parts);
    return content(parts, mtp, split.name(), bytes);
  }

  /**
   * Everything of a model in its parsed parts, of which the first has the key-values.
   *
   * @param mtp with the layer of multi-token prediction
   */
  static OpenCheckpoint.Content content(
      List<GgufFile> parts, boolean mtp, String name, long bytes) {
    GgufFile first = parts.getFirst();
    String source = "'" + name + "'";
    Fields fields = new Fields(source, first.metadata());
    Map<String, Weight> tensors = new LinkedHashMap<>();
    for (GgufFile part : parts) {
      for (Weight tensor : part.tensors()) {
        if (tensors.put(tensor.name(), tensor) != null) {
          throw Refusal.model(
              source + " has the tensor " + Fields.shown(tensor.name()) + " in two of its parts",
              "download the model again, all its files");
        }
      }
    }
    ModelConfig own = GgufConfig.read(fields, tensors);
    ModelConfig config = mtp ? GgufDeepSeek.withMtp(own, fields, tensors) : own;
    tensors.remove("rope_freqs.weight"); // became part of the configuration
    List<Weight> named =
        tensors.values().stream()
            .filter(t -> mtp || !GgufNames.isOfMtp(t.name(), config.layers(), fields))
            .map(t -> canonical(t, config, source))
            .toList();
    MtpLayer.require(named.stream().map(Weight::name).collect(toSet()), config, source);
    List<Weight> weights = LatentProjections.split(named, config);
    return new OpenCheckpoint.Content(
        config,
        weights,
        new TokenizerSource.Gguf(first.metadata()),
        fields.text("tokenizer.chat_template"),
        GenerationDefaultsReader.of(fields),
        first.metadata(),
        name,
        bytes,
        "GGUF V" + first.version());
  }

  private static Weight canonical(Weight tensor, ModelConfig config, String source) {
    String name =
        GgufNames.huggingFace(tensor.name(), config.layers(), config.mtp())
            .orElseThrow(
                () ->
                    Refusal.model(
                        source
                            + " has a tensor "
                            + Fields.shown(tensor.name())
                            + ", which "
                            + config.architecture()
                            + " of "
                            + config.layers()
                            + " layers does not have",
                        "choose a file made for this architecture, or download it again"));
    long[] shape = tensor.shape();
    if (shape.length <= 2) {
      return new Weight(name, tensor.dtype(), shape, tensor.data(), Optional.empty());
    }
    boolean ofHeads = name.endsWith("_b_proj.weight");
    int matrices =
        ofHeads ? config.heads() : config.moe().map(FeedForwardConfig.Routed::experts).orElse(0);
    if (shape.length != 3 || shape[0] != matrices) {
      throw Refusal.model(
          "tensor "
              + Fields.shown(tensor.name())
              + " of "
              + source
              + " has the shape "
              + Shapes.shown(shape)
              + ", expected two axes or "
              + matrices
              + (ofHeads ? " heads of two" : " experts of two"),
          "the file is inconsistent: download it again");
    }
    long each = tensor.range().bytes() / matrices;
    List<ByteRange> slices = new ArrayList<>();
    for (int i = 0; i < matrices; i++) {
      slices.add(tensor.range().slice(i * each, each));
    }
    return new Weight(name, tensor.dtype(), shape, slices, Optional.empty());
  }
}
