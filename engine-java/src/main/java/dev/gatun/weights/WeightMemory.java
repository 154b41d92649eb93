// WeightMemory: the memory of the weights that a model asked for, and what fills it.
package dev.gatun.weights;

import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.EmbeddingTable;
import dev.gatun.weights.ReadAhead.Piece;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;

/**
 * One allocation of the device; embeddings lie on the host. Taken and filled by {@link #upload}.
 */
final class WeightMemory {
  /** Read at once: what the CPU's caches hold until it is packed. */
  private static final long HOST_PIECE = 4L << 20;

  /** Work for all the threads that pack for a GPU. */
  private static final long GPU_PIECE = 64L << 20;

  private static final int RING_PIECES = 4;

  private final Checkpoint checkpoint;
  private final Device device;
  private final Arena arena;
  private final List<Upload> uploads = new ArrayList<>();
  private final Map<String, EmbeddingTable> tables = new LinkedHashMap<>();
  private final Map<String, MemorySegment> onHost = new HashMap<>();
  private final Map<String, Long> sizes = new LinkedHashMap<>();
  private long bytes;

  /**
   * One weight's part of the device memory; {@code fill} places it there and tells the pieces that
   * fill it.
   */
  private record Upload(long offset, long bytes, Function<Buffer, List<Piece>> fill) {}

  /**
   * @param arena lifetime of the weights
   */
  WeightMemory(Checkpoint checkpoint, Device device, Arena arena) {
    this.checkpoint = checkpoint;
    this.device = device;
    this.arena = arena;
  }

  /** Of the device, that everything reserved so far takes. */
  long bytes() {
    return bytes;
  }

  /** Of the device, of each weight reserved so far, by name. */
  Map<String, Long> sizes() {
    return Collections.unmodifiableMap(sizes);
  }

  /** Bytes that are read at once. */
  long pieceBytes() {
    return device.isGpu() ? GPU_PIECE : HOST_PIECE;
  }

  /**
   * @param fill called with the part that is reserved, once there is memory
   */
  void reserve(String name, long size, Function<Buffer, List<Piece>> fill) {
    long aligned = Buffer.aligned(size);
    uploads.add(new Upload(bytes, size, fill));
    sizes.merge(name, aligned, Long::sum);
    bytes += aligned;
  }

  /** The embedding (rows, cols); the same table for the same name. */
  EmbeddingTable table(Weight weight) {
    return tables.computeIfAbsent(
        weight.name(),
        name -> EmbeddingTable.of(arena, weight.dtype(), weight.shape()[0], weight.shape()[1]));
  }

  /** A weight that is an embedding as well, all of it: on the host once its pieces are used. */
  Optional<MemorySegment> onHost(Weight weight) {
    return Optional.ofNullable(onHost.get(weight.name()))
        .filter(memory -> memory.byteSize() == weight.bytes());
  }

  /** See {@link Parameters#upload}. */
  void upload(boolean sharesEmbedding, LongConsumer progress) {
    Buffer memory = device.allocate("the weights", Math.max(bytes, 1), arena);
    checkpoint.materialize();
    List<Piece> pieces = new ArrayList<>();
    if (!sharesEmbedding) {
      tables.forEach((name, table) -> pieces.addAll(fill(table, checkpoint.weight(name))));
    }
    for (Upload upload : uploads) {
      pieces.addAll(upload.fill.apply(memory.slice(upload.offset, upload.bytes)));
      pieces.add(Piece.of(() -> progress.accept(upload.offset + upload.bytes)));
    }
    uploads.clear();
    ReadAhead.run(pieces, RING_PIECES * pieceBytes());
    device.sync();
  }

  /** See {@link Parameters#embedding}. */
  Optional<MemorySegment> embedding() {
    return onHost.values().stream().findFirst();
  }

  /** See {@link Parameters#readEmbedding}. */
  void readEmbedding(MemorySegment others) {
    tables.values().forEach(table -> table.bind(device.seen(others, arena)));
  }

  /** Read to where it stays; where it is the head as well, that is packed from there. */
  private List<Piece> fill(EmbeddingTable table, Weight weight) {
    ByteRange data = weight.range();
    MemorySegment memory = device.hostMemory("the embedding", data.bytes(), arena);
    onHost.put(weight.name(), memory);
    table.bind(device.seen(memory, arena));
    List<Piece> pieces = new ArrayList<>();
    for (long at = 0; at < data.bytes(); at += pieceBytes()) {
      long from = at;
      MemorySegment part = memory.asSlice(from, Math.min(pieceBytes(), data.bytes() - from));
      pieces.add(new Piece(0, none -> data.begin(from, part), none -> {}));
    }
    return pieces;
  }
}
