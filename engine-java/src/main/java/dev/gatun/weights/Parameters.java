// Parameters: the weights a model asked for, checked against their shapes, then put on one device.
package dev.gatun.weights;

import dev.gatun.device.Buffer;
import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.device.EmbeddingTable;
import dev.gatun.device.FloatVector;
import dev.gatun.device.IntVector;
import dev.gatun.device.PackedMatrix;
import dev.gatun.device.Sources;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/**
 * A model's constructor asks for every weight by name and shape: a wrong one is refused there,
 * before anything is uploaded. {@link #upload} then fills what was handed out.
 */
public final class Parameters {
  private static final long ALIGNMENT = 64;

  private final Checkpoint checkpoint;
  private final Device device;
  private final Arena arena;
  private final Map<String, PackedMatrix> matrices = new HashMap<>();
  private final List<Upload> uploads = new ArrayList<>();
  private final List<Runnable> tables = new ArrayList<>();
  private final Map<String, Long> sizes = new LinkedHashMap<>();
  private long bytes;

  /** One weight's part of the device memory that {@link #upload} allocates. */
  private record Upload(long offset, long bytes, Consumer<Buffer> fill) {}

  /**
   * @param arena lifetime of the weights on the device
   */
  public Parameters(Checkpoint checkpoint, Device device, Arena arena) {
    this.checkpoint = checkpoint;
    this.device = device;
    this.arena = arena;
  }

  public ModelConfig config() {
    return checkpoint.config();
  }

  /** Bytes of device memory that everything asked for so far takes. */
  public long bytes() {
    return bytes;
  }

  /** Bytes of device memory of each weight asked for so far, by name. */
  public Map<String, Long> sizes() {
    return Collections.unmodifiableMap(sizes);
  }

  /** (rows, cols) = (outputs, inputs); the same matrix for the same name. */
  public PackedMatrix matrix(String name, long rows, long cols) {
    return matrices.computeIfAbsent(name, n -> matrix(shaped(n, rows, cols)));
  }

  /** (experts, rows, cols). */
  public PackedMatrix experts(String name, long experts, long rows, long cols) {
    return matrices.computeIfAbsent(name, n -> matrix(shaped(n, experts, rows, cols)));
  }

  /** (n) as float32. */
  public FloatVector vector(String name, long n) {
    Weight weight = shaped(name, n);
    if (weight.dtype().isQuantized()) {
      throw Refusal.model(
          "'" + name + "' is " + weight.dtype() + ", expected F32, F16 or BF16",
          "use a file that keeps norms and biases unquantised");
    }
    return vector(name, n, () -> Floats.of(weight));
  }

  /**
   * Numbers of the model's own, on the device like its weights.
   *
   * @param name for {@link #sizes}
   */
  public FloatVector constant(String name, float[] values) {
    return vector(name, values.length, () -> values);
  }

  /**
   * @param values asked for when they are uploaded
   */
  private FloatVector vector(String name, long n, Supplier<float[]> values) {
    FloatVector vector = new FloatVector();
    reserve(
        name,
        4 * n,
        floats -> {
          device.upload(arena.allocateFrom(ValueLayout.JAVA_FLOAT, values.get()), floats);
          vector.place(floats);
        });
    return vector;
  }

  /** (n) as float32 where {@code present}, else nothing. */
  public Optional<FloatVector> vectorIf(boolean present, String name, long n) {
    return present ? Optional.of(vector(name, n)) : Optional.empty();
  }

  /** (rows, cols) in host memory, where a step reads a row for each of its tokens. */
  public EmbeddingTable table(String name, long rows, long cols) {
    Weight weight = shaped(name, rows, cols);
    if (weight.group().isPresent()) {
      throw Refusal.model(
          "'" + name + "' is " + weight.dtype() + "; embeddings in that format are not supported",
          "use a checkpoint that keeps its embedding in 16 bits or a GGUF type");
    }
    EmbeddingTable table = EmbeddingTable.of(arena, weight.dtype(), rows, cols, weight.segment());
    tables.add(() -> table.place(device.pin("the embedding", weight.segment(), arena)));
    return table;
  }

  /** Allocates the device memory and fills it; {@code progress} hears the bytes done so far. */
  public void upload(LongConsumer progress) {
    Buffer memory = device.allocate("the weights", Math.max(bytes, 1), arena);
    checkpoint.materialize();
    tables.forEach(Runnable::run);
    tables.clear();
    for (Upload upload : uploads) {
      upload.fill.accept(memory.slice(upload.offset, upload.bytes));
      progress.accept(upload.offset + upload.bytes);
    }
    uploads.clear();
    device.sync();
  }

  private PackedMatrix matrix(Weight weight) {
    int axes = weight.shape().length;
    int experts = axes == 3 ? Math.toIntExact(weight.shape()[0]) : 1;
    Optional<MemorySegment> order = columnOrder(weight);
    List<MemorySegment> sources = new ArrayList<>();
    for (int expert = 0; expert < experts; expert++) {
      sources.add(source(weight, expert, order));
    }
    long expertBytes = device.queue().packedBytes(sources.getFirst());
    PackedMatrix matrix =
        new PackedMatrix(
            arena,
            sources.getFirst(),
            experts,
            expertBytes,
            order.map(ints -> onDevice(weight.name(), ints)));
    reserve(
        weight.name(),
        expertBytes * experts,
        memory -> {
          for (int expert = 0; expert < experts; expert++) {
            device
                .queue()
                .pack(sources.get(expert), memory.slice(expert * expertBytes, expertBytes));
          }
          matrix.place(memory);
        });
    return matrix;
  }

  private IntVector onDevice(String weight, MemorySegment ints) {
    IntVector vector = new IntVector();
    reserve(
        weight + ".order",
        ints.byteSize(),
        memory -> {
          device.upload(ints, memory);
          vector.place(memory);
        });
    return vector;
  }

  private MemorySegment source(Weight weight, int expert, Optional<MemorySegment> order) {
    long[] shape = weight.shape();
    long rows = shape[shape.length - 2];
    long cols = shape[shape.length - 1];
    MemorySegment source =
        Sources.blocks(arena, weight.dtype(), rows, cols, weight.data().get(expert));
    weight
        .group()
        .ifPresent(
            group -> {
              Sources.groups(
                  source,
                  group.groupSize(),
                  group.zerosMinusOne() ? 1 : 0,
                  group.zeros().get(expert),
                  scales(weight.name(), group, expert),
                  order);
            });
    return source;
  }

  /** The contract's scales are float16, which holds a bfloat16 of usual size exactly. */
  private MemorySegment scales(String name, GroupQuant group, int expert) {
    MemorySegment stored = group.scales().get(expert);
    if (group.scaleType() == DType.F16) {
      return stored;
    }
    MemorySegment halves = arena.allocate(stored.byteSize(), 2);
    for (long at = 0; at < stored.byteSize(); at += 2) {
      float scale = Float.intBitsToFloat(stored.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) << 16);
      short half = Float.floatToFloat16(scale);
      if (Float.float16ToFloat(half) != scale) {
        throw Refusal.model(
            "'" + name + "' has the bfloat16 scale " + scale + ", which float16 cannot hold",
            "use a checkpoint with float16 scales");
      }
      halves.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, half);
    }
    return halves;
  }

  /** Act-order weights: the columns sorted by their group, which must then be whole groups. */
  private Optional<MemorySegment> columnOrder(Weight weight) {
    List<MemorySegment> index = weight.group().map(GroupQuant::groupIndex).orElse(List.of());
    if (index.isEmpty()) {
      return Optional.empty();
    }
    int cols = Math.toIntExact(weight.shape()[weight.shape().length - 1]);
    int groupSize = weight.group().orElseThrow().groupSize();
    int[] group = ints(index.getFirst(), cols);
    for (MemorySegment other : index) {
      if (!Arrays.equals(group, ints(other, cols))) {
        throw Refusal.model(
            "the experts of '" + weight.name() + "' have different act-orders",
            "use a checkpoint quantised with desc_act false");
      }
    }
    int[] next = new int[cols / groupSize];
    int[] order = new int[cols];
    for (int col = 0; col < cols; col++) {
      int at = next[group[col]]++;
      if (at >= groupSize) {
        throw Refusal.model(
            "'"
                + weight.name()
                + "' puts more than "
                + groupSize
                + " columns in group "
                + group[col],
            "the file is damaged; download it again");
      }
      order[group[col] * groupSize + at] = col;
    }
    return Optional.of(arena.allocateFrom(ValueLayout.JAVA_INT, order));
  }

  private static int[] ints(MemorySegment segment, int count) {
    return segment.asSlice(0, 4L * count).toArray(ValueLayout.JAVA_INT_UNALIGNED);
  }

  private void reserve(String name, long size, Consumer<Buffer> fill) {
    long aligned = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    uploads.add(new Upload(bytes, size, fill));
    sizes.merge(name, aligned, Long::sum);
    bytes += aligned;
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
