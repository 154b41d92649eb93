// MatrixPieces: a matrix of a checkpoint as the pieces in which it is read and packed.
package dev.gatun.weights;

import dev.gatun.device.Buffer;
import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.device.Queue;
import dev.gatun.device.Sources;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.ReadAhead.Piece;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Blocks lie row by row, so whole tiles of rows are a piece, and of FP8 whole squares. AWQ and GPTQ
 * lie column by column: a matrix is one piece there.
 *
 * @param weight of two axes, or a stack of experts
 * @param order (cols) int32 of act-order weights
 */
record MatrixPieces(Weight weight, Optional<MemorySegment> order) {
  int experts() {
    return weight.data().size();
  }

  private long rows() {
    return weight.shape()[weight.shape().length - 2];
  }

  private long cols() {
    return weight.shape()[weight.shape().length - 1];
  }

  /** The {@code gk_source} of one expert, without its data. */
  MemorySegment shape(Arena arena) {
    return source(arena, rows(), MemorySegment.NULL, MemorySegment.NULL, MemorySegment.NULL);
  }

  private MemorySegment source(
      Arena arena, long rows, MemorySegment data, MemorySegment zeros, MemorySegment scales) {
    MemorySegment source = Sources.blocks(arena, weight.dtype(), rows, cols(), data);
    weight
        .group()
        .ifPresent(
            group ->
                Sources.groups(
                    source,
                    group.groupSize(),
                    group.zerosMinusOne() ? 1 : 0,
                    zeros,
                    scales,
                    order));
    return source;
  }

  /**
   * What fills {@code packed}, where experts are {@code expertBytes} apart.
   *
   * @param pieceBytes to read at once, if rows allow it
   * @param here the weight's bytes where they are in memory once the first piece is used
   */
  List<Piece> of(
      Queue queue, Buffer packed, long expertBytes, long pieceBytes, Optional<MemorySegment> here) {
    List<Piece> pieces = new ArrayList<>();
    for (int expert = 0; expert < experts(); expert++) {
      Buffer part = packed.slice(expert * expertBytes, expertBytes);
      if (weight.dtype() == DType.F8) {
        squares(queue, expert, part, pieceBytes, pieces);
      } else if (weight.group().isPresent()) {
        pieces.add(grouped(queue, expert, part));
      } else {
        rows(queue, weight.data().get(expert), part, pieceBytes, here, pieces);
      }
    }
    return pieces;
  }

  private void rows(
      Queue queue,
      ByteRange data,
      Buffer packed,
      long pieceBytes,
      Optional<MemorySegment> here,
      List<Piece> pieces) {
    long rowBytes = weight.dtype().bytes(cols());
    long tile = Device.tileRows();
    long tileBytes = packed.bytes() / Math.ceilDiv(rows(), tile);
    long most = Math.max(1, pieceBytes / (rowBytes * tile)) * tile;
    for (long first = 0; first < rows(); first += most) {
      long count = Math.min(most, rows() - first);
      ByteRange piece = data.slice(first * rowBytes, count * rowBytes);
      Buffer tiles = packed.slice(first / tile * tileBytes, Math.ceilDiv(count, tile) * tileBytes);
      long from = first * rowBytes;
      pieces.add(
          here.map(all -> all.asSlice(from, piece.bytes()))
              .map(memory -> Piece.of(() -> pack(queue, count, memory, tiles)))
              .orElseGet(() -> Piece.of(piece, memory -> pack(queue, count, memory, tiles))));
    }
  }

  private void pack(Queue queue, long rows, MemorySegment data, Buffer packed) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment none = MemorySegment.NULL;
      queue.pack(source(arena, rows, data, none, none), packed);
    }
  }

  private void squares(
      Queue queue, int expert, Buffer packed, long pieceBytes, List<Piece> pieces) {
    long side = SquareWeights.SIDE;
    long scaleBytes = Math.ceilDiv(cols(), side) * Float.BYTES;
    long tile = Device.tileRows();
    long tileBytes = packed.bytes() / Math.ceilDiv(rows(), tile);
    long most = Math.max(1, pieceBytes / (cols() * side)) * side;
    for (long first = 0; first < rows(); first += most) {
      long count = Math.min(most, rows() - first);
      pieces.add(
          squares(
              queue,
              count,
              weight.data().get(expert).slice(first * cols(), count * cols()),
              weight
                  .group()
                  .orElseThrow()
                  .scales()
                  .get(expert)
                  .slice(first / side * scaleBytes, Math.ceilDiv(count, side) * scaleBytes),
              packed.slice(first / tile * tileBytes, Math.ceilDiv(count, tile) * tileBytes)));
    }
  }

  private Piece squares(Queue queue, long rows, ByteRange codes, ByteRange scales, Buffer packed) {
    long scalesAt = Buffer.aligned(codes.bytes());
    return new Piece(
        scalesAt + scales.bytes(),
        memory ->
            Reading.all(
                List.of(
                    codes.begin(0, memory.asSlice(0, codes.bytes())),
                    scales.begin(0, memory.asSlice(scalesAt)))),
        memory -> {
          MemorySegment floats = memory.asSlice(scalesAt);
          SquareWeights.check(weight.name(), floats);
          try (Arena arena = Arena.ofConfined()) {
            queue.pack(source(arena, rows, memory, MemorySegment.NULL, floats), packed);
          }
        });
  }

  private Piece grouped(Queue queue, int expert, Buffer packed) {
    GroupQuant group = weight.group().orElseThrow();
    ByteRange codes = weight.data().get(expert);
    ByteRange zeros = group.zeros().get(expert);
    ByteRange scales = group.scales().get(expert);
    long zerosAt = Buffer.aligned(codes.bytes());
    long scalesAt = zerosAt + Buffer.aligned(zeros.bytes());
    return new Piece(
        scalesAt + scales.bytes(),
        memory ->
            Reading.all(
                List.of(
                    codes.begin(0, memory.asSlice(0, codes.bytes())),
                    zeros.begin(0, memory.asSlice(zerosAt, zeros.bytes())),
                    scales.begin(0, memory.asSlice(scalesAt)))),
        memory -> {
          MemorySegment halves = memory.asSlice(scalesAt);
          if (group.scaleType() != DType.F16) {
            toHalves(halves);
          }
          try (Arena arena = Arena.ofConfined()) {
            queue.pack(
                source(arena, rows(), memory, memory.asSlice(zerosAt, zeros.bytes()), halves),
                packed);
          }
        });
  }

  /** The contract's scales are float16, which holds a bfloat16 of usual size exactly. */
  private void toHalves(MemorySegment scales) {
    for (long at = 0; at < scales.byteSize(); at += Short.BYTES) {
      float scale = Float.intBitsToFloat(scales.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) << 16);
      short half = Float.floatToFloat16(scale);
      if (Float.float16ToFloat(half) != scale) {
        throw Refusal.model(
            "'"
                + weight.name()
                + "' has the bfloat16 scale "
                + scale
                + ", which float16 cannot hold",
            "use a checkpoint with float16 scales");
      }
      scales.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, half);
    }
  }
}
