// DType: the number formats that cross the contract, with their block shapes.
package dev.gatun.device;

/**
 * Number formats of tensors. {@code id} is the value of {@code gk_dtype} in kernels.h, which equals
 * GGUF's type id where GGUF has the type (source: gguf/constants.py, GGMLQuantizationType and
 * GGML_QUANT_SIZES).
 */
public enum DType {
  F32(0, 1, 4),
  F16(1, 1, 2),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q2_K(10, 256, 84),
  Q3_K(11, 256, 110),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  IQ4_NL(20, 32, 18),
  IQ4_XS(23, 256, 136),
  I32(26, 1, 4),
  /** Of weights, of a cache, and of activations. */
  BF16(30, 1, 2),
  /** int4 with scale and zero a group, spread over several tensors (AutoAWQ "gemm" layout). */
  AWQ(64, 1, 0),
  /** int4 with scale and zero a group, spread over several tensors (AutoGPTQ layout). */
  GPTQ(65, 1, 0),
  /** Activations: int8 in blocks of 32 with a float scale and two int16 sums; see gk_quantize. */
  A8(66, 32, 40),
  /**
   * Activations: 16 bits as two int8 digits in blocks of 32 with a float scale and two int32 sums;
   * see gk_quantize.
   */
  A16(67, 32, 76),
  /**
   * Float8 e4m3fn, of a cache, and of weights: then with a float32 scale for each square of 128
   * rows and columns, in a tensor of its own.
   */
  F8(68, 1, 1),
  /** The cache's 4 bits, and a float16 scale a head, which is no part of a block. */
  TURBO4(70, 32, 16),
  /** The cache's 3 bits likewise. */
  TURBO3(71, 32, 12);

  private final int id;
  private final int blockSize;
  private final int blockBytes;

  DType(int id, int blockSize, int blockBytes) {
    this.id = id;
    this.blockSize = blockSize;
    this.blockBytes = blockBytes;
  }

  public int id() {
    return id;
  }

  /** True where {@link #id} is GGUF's. */
  public boolean isOfGguf() {
    return id < 64;
  }

  /** Weights in one block. */
  public int blockSize() {
    return blockSize;
  }

  /** Bytes of one block; 0 where the type is spread over several tensors. */
  public int blockBytes() {
    return blockBytes;
  }

  /** True for weights in blocks or groups of integers with scales. */
  public boolean isQuantized() {
    return blockSize > 1 || blockBytes == 0;
  }

  /** Bytes of {@code count} consecutive weights; {@code count} is a multiple of the block size. */
  public long bytes(long count) {
    return Math.multiplyExact(count / blockSize, blockBytes);
  }
}
