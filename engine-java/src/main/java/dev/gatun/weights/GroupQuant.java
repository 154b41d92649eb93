// GroupQuant: the tensors beside an AWQ, GPTQ or FP8 weight that turn its codes into numbers.
package dev.gatun.weights;

import dev.gatun.device.DType;
import java.util.List;

/**
 * Zeros and scales of a (rows = N out, cols = K in) weight; of 4-bit codes, with G = K / groupSize,
 * weight[n, k] = (code − zero[g, n]) × scale[g, n], g = k / groupSize or {@code groupIndex[k]}.
 * Lists run parallel to {@link Weight#data}.
 *
 * <p>AWQ "gemm" (source: AutoAWQ, awq/utils/packing_utils.py): qweight int32 (K, N/8), bits
 * 4i..4i+3 of word c hold column 8c + [0,2,4,6,1,3,5,7][i]; zeros int32 (G, N/8) in the same order;
 * scales (G, N).
 *
 * <p>GPTQ (source: the same file, pack_exllama): qweight int32 (K/8, N), bits 4j..4j+3 of word r
 * hold row 8r + j; zeros int32 (G, N/8), bits 4j..4j+3 of word c hold column 8c + j; scales (G, N).
 *
 * <p>FP8 (source: DeepSeek-V3, README_WEIGHTS.md): no zeros and no groupIndex; scales (⌈N /
 * groupSize⌉, ⌈K / groupSize⌉), weight[n, k] = float8 × scale[n / groupSize, k / groupSize].
 *
 * @param groupSize consecutive k of one scale (without {@code groupIndex}); K where the file has
 *     one group a column
 * @param scaleType F16 or BF16; F32 of FP8
 * @param groupIndex int32 (K), each in [0, G): the group of each k, of a GPTQ model quantised in
 *     activation order; empty where it would be k / groupSize
 * @param zerosMinusOne zeros are stored less one, so the reader adds one (GPTQ, but not its
 *     "gptq_v2" and not AWQ)
 */
public record GroupQuant(
    int groupSize,
    DType scaleType,
    List<ByteRange> zeros,
    List<ByteRange> scales,
    List<ByteRange> groupIndex,
    boolean zerosMinusOne) {

  public GroupQuant {
    zeros = List.copyOf(zeros);
    scales = List.copyOf(scales);
    groupIndex = List.copyOf(groupIndex);
  }
}
