// Block: rows of bytes that are copied, equally far apart in each of two memories.
package dev.gatun.device;

/**
 * In bytes.
 *
 * @param from of the first row, from the beginning of the memory that is read
 * @param fromStride from one row to the next there, at least {@code width}
 * @param to of the first row, from the beginning of the memory that is written
 * @param toStride from one row to the next there, at least {@code width}
 * @param width of a row, at least 1
 * @param rows at least 1
 */
public record Block(long from, long fromStride, long to, long toStride, long width, long rows) {

  /** A single row. */
  public static Block row(long from, long to, long width) {
    return new Block(from, width, to, width, width, 1);
  }

  /** The same, read from the beginning of another memory. */
  public Block fromBegin() {
    return new Block(0, fromStride, to, toStride, width, rows);
  }

  /** The same, written from the beginning of another memory. */
  public Block toBegin() {
    return new Block(from, fromStride, 0, toStride, width, rows);
  }

  /** Bytes from the first to the last that is read. */
  public long fromBytes() {
    return (rows - 1) * fromStride + width;
  }

  /** Bytes from the first to the last that is written. */
  public long toBytes() {
    return (rows - 1) * toStride + width;
  }
}
