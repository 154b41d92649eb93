// Parameters: the weights a model asked for, checked against their shapes, then put on one device.
package dev.gatun.weights;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.EmbeddingTable;
import dev.gatun.device.FloatVector;
import dev.gatun.device.IntVector;
import dev.gatun.device.PackedMatrix;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Shard;
import dev.gatun.shard.Split;
import dev.gatun.weights.ReadAhead.Piece;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;

/**
 * A model's constructor asks for every weight by name and shape: a wrong one is refused there,
 * before anything is uploaded. {@link #upload} then fills what was handed out.
 */
public final class Parameters {
  private final Checkpoint checkpoint;
  private final Device device;
  private final Arena arena;
  private final Shard shard;
  private final WeightMemory memory;
  private final Map<String, PackedMatrix> matrices = new HashMap<>();
  private final Map<String, Long> fileSizes = new HashMap<>();

  /**
   * @param arena lifetime of the weights on the device
   */
  public Parameters(Checkpoint checkpoint, Device device, Arena arena) {
    this(checkpoint, device, arena, Shard.whole(checkpoint.config().layerConfigs().size()));
  }

  /**
   * @param shard what of the model is on the device
   */
  public Parameters(Checkpoint checkpoint, Device device, Arena arena, Shard shard) {
    this.checkpoint = checkpoint;
    this.device = device;
    this.arena = arena;
    this.shard = shard;
    memory = new WeightMemory(checkpoint, device, arena);
  }

  public Shard shard() {
    return shard;
  }

  /**
   * How the homes of a layer divide units of {@code unitRows} rows of some weights.
   *
   * @param names of weights whose rows begin with the units
   */
  public Split split(int layer, int units, int unitRows, String... names) {
    int aligned = 1;
    for (String name : names) {
      aligned = Math.max(aligned, Slice.alignedRows(checkpoint.weight(name)));
    }
    return shard.split(layer, units, unitRows, aligned);
  }

  /** How the homes of the last layer divide the output projection. */
  public Split splitOfHead(int vocab, String name) {
    return shard.splitOfHead(vocab, Slice.alignedRows(checkpoint.weight(name)));
  }

  public ModelConfig config() {
    return checkpoint.config();
  }

  /** Bytes of device memory that everything asked for so far takes. */
  public long bytes() {
    return memory.bytes();
  }

  /** Bytes of device memory of each weight asked for so far, by name. */
  public Map<String, Long> sizes() {
    return memory.sizes();
  }

  /** Whether the checkpoint has a weight of that name. */
  public boolean has(String name) {
    return checkpoint.find(name).isPresent();
  }

  /** As {@link #sizes}, but of a matrix the bytes that it, or this rank's part, has in its file. */
  public Map<String, Long> fileSizes() {
    Map<String, Long> all = new LinkedHashMap<>(memory.sizes());
    all.putAll(fileSizes);
    return all;
  }

  /** (rows, cols) = (outputs, inputs); the same matrix for the same name. */
  public PackedMatrix matrix(String name, long rows, long cols) {
    return matrices.computeIfAbsent(name, n -> matrix(shaped(n, rows, cols)));
  }

  /** This rank's rows of a matrix (rows, cols). */
  public PackedMatrix matrix(String name, long rows, long cols, Split split) {
    return matrices.computeIfAbsent(
        name, n -> matrix(Slice.rows(shaped(n, rows, cols), split.begin(rows), split.of(rows))));
  }

  /** (experts, rows, cols). */
  public PackedMatrix experts(String name, long experts, long rows, long cols) {
    return matrices.computeIfAbsent(name, n -> matrix(shaped(n, experts, rows, cols)));
  }

  /** Some of (experts, rows, cols), in the order given; at least one. */
  public PackedMatrix experts(String name, long experts, long rows, long cols, List<Integer> some) {
    return matrices.computeIfAbsent(
        name, n -> matrix(Slice.experts(shaped(n, experts, rows, cols), some)));
  }

  /** This rank's of (experts, rows, cols), one for each head. */
  public PackedMatrix experts(String name, int experts, long rows, long cols, Split split) {
    int begin = (int) split.begin(experts);
    List<Integer> own = IntStream.range(begin, begin + split.of(experts)).boxed().toList();
    return split.parts() == 1
        ? experts(name, experts, rows, cols)
        : experts(name, experts, rows, cols, own);
  }

  /** (n) as float32. */
  public FloatVector vector(String name, long n) {
    return vector(name, n, Split.WHOLE);
  }

  /** This rank's elements of (n), as float32. */
  private FloatVector vector(String name, long n, Split split) {
    Weight weight = shaped(name, n);
    if (weight.dtype().isQuantized() || weight.group().isPresent()) {
      throw Refusal.model(
          "'" + name + "' is " + weight.dtype() + ", expected F32, F16 or BF16",
          "use a file that keeps norms and biases unquantised");
    }
    ByteRange all = weight.range();
    ByteRange own = all.slice(split.begin(all.bytes()), split.of(all.bytes()));
    return vector(
        name,
        split.of(n),
        floats -> Piece.of(own, data -> upload(Numbers.floats(weight.dtype(), data), floats)));
  }

  /**
   * Numbers of the model's own, on the device like its weights.
   *
   * @param name for {@link #sizes}
   */
  public FloatVector constant(String name, float[] values) {
    return vector(name, values.length, floats -> Piece.of(() -> upload(values, floats)));
  }

  /** Integers of the model's own, on the device like its weights. */
  public IntVector constant(String name, int[] values) {
    return onDevice(name, arena.allocateFrom(ValueLayout.JAVA_INT, values));
  }

  private IntVector onDevice(String name, MemorySegment ints) {
    IntVector vector = new IntVector();
    memory.reserve(
        name,
        ints.byteSize(),
        there -> {
          vector.bind(there);
          return List.of(Piece.of(() -> device.upload(ints, there)));
        });
    return vector;
  }

  private FloatVector vector(String name, long n, Function<Buffer, Piece> fill) {
    FloatVector vector = new FloatVector();
    memory.reserve(
        name,
        Float.BYTES * n,
        floats -> {
          vector.bind(floats);
          return List.of(fill.apply(floats));
        });
    return vector;
  }

  private void upload(float[] values, Buffer floats) {
    device.upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values), floats);
  }

  /** (n) as float32 where {@code present}, else nothing. */
  public Optional<FloatVector> vectorIf(boolean present, String name, long n) {
    return present ? Optional.of(vector(name, n)) : Optional.empty();
  }

  /** This rank's elements of (n) where {@code present}, else nothing. */
  public Optional<FloatVector> vectorIf(boolean present, String name, long n, Split split) {
    return present ? Optional.of(vector(name, n, split)) : Optional.empty();
  }

  /** (rows, cols) in host memory of its own, where a step reads a row for each of its tokens. */
  public EmbeddingTable table(String name, long rows, long cols) {
    Weight weight = shaped(name, rows, cols);
    if (weight.group().isPresent()) {
      throw Refusal.model(
          "'" + name + "' is " + weight.dtype() + "; embeddings in that format are not supported",
          "use a checkpoint that keeps its embedding in 16 bits or a GGUF type");
    }
    return memory.table(weight);
  }

  /**
   * Allocates the device memory and fills it; {@code progress} hears the bytes done so far. From
   * then on the checkpoint is not needed any more. Refusal where a file cannot be read or is
   * shorter than it was.
   *
   * @param sharesEmbedding whether another's embedding will be read ({@link #readEmbedding})
   */
  public void upload(boolean sharesEmbedding, LongConsumer progress) {
    memory.upload(sharesEmbedding, progress);
  }

  /** Where the embedding lies on the host, after {@link #upload}; empty where there is none. */
  public Optional<MemorySegment> embedding() {
    return memory.embedding();
  }

  /** Has steps read another's {@link #embedding}, which must stay there as long. */
  public void readEmbedding(MemorySegment others) {
    memory.readEmbedding(others);
  }

  private PackedMatrix matrix(Weight weight) {
    Optional<MemorySegment> order =
        ColumnOrder.of(weight).map(ints -> arena.allocateFrom(ValueLayout.JAVA_INT, ints));
    MatrixPieces source = new MatrixPieces(weight, order);
    MemorySegment shape = source.shape(arena);
    long expertBytes = device.queue().packedBytes(shape);
    PackedMatrix matrix =
        new PackedMatrix(
            arena,
            shape,
            source.experts(),
            expertBytes,
            order.map(ints -> onDevice(weight.name() + ".order", ints)));
    fileSizes.put(weight.name(), weight.bytes());
    memory.reserve(
        weight.name(),
        expertBytes * source.experts(),
        there -> {
          matrix.bind(there);
          return source.of(
              device.queue(), there, expertBytes, memory.pieceBytes(), memory.onHost(weight));
        });
    return matrix;
  }

  private Weight shaped(String name, long... shape) {
    Weight weight = checkpoint.weight(name);
    if (!Arrays.equals(weight.shape(), shape)) {
      throw Refusal.model(
          "'"
              + name
              + "' has shape "
              + Arrays.toString(weight.shape())
              + ", the configuration asks for "
              + Arrays.toString(shape),
          "the checkpoint is inconsistent; download it again, all its files");
    }
    return weight;
  }
}
