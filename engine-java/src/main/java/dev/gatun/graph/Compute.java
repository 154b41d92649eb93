// Compute: in which numbers linears are computed.
package dev.gatun.graph;

/** The number format of a linear's input. */
public enum Compute {
  /** Activations rounded to int8 in blocks of 32, integer dot products: the default. */
  INT8,
  /** Weights dequantised exactly, all arithmetic in float32: the reference. */
  F32
}
