// Gpu: one GPU as its driver describes it.
package dev.gatun.device;

/**
 * @param index that {@code --device cuda:N} takes
 * @param capability compute capability, 10 * major + minor
 */
public record Gpu(int index, String name, int capability, DeviceMemory memory) {
  /** The oldest generation whose instructions the kernels use: Ampere. */
  static final int OLDEST = 80;

  /** The compute capability as NVIDIA writes it: 8.9. */
  public String generation() {
    return capability / 10 + "." + capability % 10;
  }
}
