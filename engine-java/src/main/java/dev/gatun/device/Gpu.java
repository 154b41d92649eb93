// Gpu: one GPU as its driver describes it.
package dev.gatun.device;

/**
 * @param index that {@code --device cuda:N} takes
 * @param capability compute capability, 10 * major + minor
 * @param memory bytes
 * @param uuid 8-4-4-4-12 hexadecimal digits, without the driver's prefix; of the part that is used
 *     where the GPU is cut into parts (MIG)
 * @param bus its PCI address: 0000:01:00.0
 */
public record Gpu(int index, String name, int capability, long memory, String uuid, String bus) {
  /** The oldest generation whose instructions the kernels use: Ampere. */
  static final int OLDEST = 80;

  /** The compute capability as NVIDIA writes it: 8.9. */
  public String generation() {
    return capability / 10 + "." + capability % 10;
  }
}
