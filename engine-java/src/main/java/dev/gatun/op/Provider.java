// Provider: who computes a product.
package dev.gatun.op;

/** A field of products, apart from the format of their activations. */
public enum Provider {
  /** The contract's kernels, from packed weights. */
  KERNELS,
  /**
   * NVIDIA's cuBLAS, from weights unpacked to bfloat16, with bfloat16 activations; {@link
   * dev.gatun.device.Device#openGemm} opened it.
   */
  CUBLAS
}
