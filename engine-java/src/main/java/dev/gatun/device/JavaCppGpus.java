// JavaCppGpus: which GPUs the driver shows, and what they are, through the JavaCPP presets.
package dev.gatun.device;

import static org.bytedeco.cuda.global.cudart.*;

import dev.gatun.refusal.Refusal;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.bytedeco.cuda.cudart.CUuuid;
import org.bytedeco.javacpp.SizeTPointer;

/** From any thread; takes nothing on a GPU. */
final class JavaCppGpus {
  /** The CUDA version that the kernels are compiled with, as CUDA numbers it: 13.0. */
  private static final int CUDA_VERSION = 13_000;

  private JavaCppGpus() {}

  /** As {@link CudaRuntime#devices}. */
  static int count() {
    int[] version = new int[1];
    JavaCppRuntime.check(cudaDriverGetVersion(version), "asking the driver for its version");
    if (version[0] == 0) {
      throw Refusal.device(
          "libcuda.so.1 is there, but no NVIDIA driver answers",
          "see nvidia-smi, or use --device cpu",
          null);
    }
    if (version[0] < CUDA_VERSION) {
      throw Refusal.device(
          "the NVIDIA driver is too old: it knows CUDA " + shown(version[0]) + ", 13.0 is needed",
          "install driver 580 or later, or use --device cpu",
          null);
    }
    int[] count = new int[1];
    int status = cudaGetDeviceCount(count);
    if (status == cudaErrorNoDevice || status == cudaSuccess && count[0] == 0) {
      throw Refusal.device(
          "the NVIDIA driver shows no GPU",
          "see nvidia-smi and CUDA_VISIBLE_DEVICES, or use --device cpu",
          null);
    }
    JavaCppRuntime.check(status, "counting the GPUs");
    return count[0];
  }

  private static String shown(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  /** As {@link CudaRuntime#describe}. */
  static Gpu describe(int device) {
    byte[] name = new byte[256];
    if (cuDeviceGetName(name, name.length, device) != CUDA_SUCCESS) {
      name = "unnamed GPU".getBytes(StandardCharsets.UTF_8);
    }
    int capability =
        10 * attribute(cudaDevAttrComputeCapabilityMajor, device)
            + attribute(cudaDevAttrComputeCapabilityMinor, device);
    byte[] bus = new byte[32];
    JavaCppRuntime.check(
        cudaDeviceGetPCIBusId(bus, bus.length, device), "describing GPU " + device);
    return new Gpu(device, text(name), capability, total(device), uuid(device), text(bus));
  }

  /** Of a string of C. */
  static String text(byte[] terminated) {
    String text = new String(terminated, StandardCharsets.UTF_8);
    int end = text.indexOf('\0');
    return end < 0 ? text : text.substring(0, end);
  }

  // Of the driver's functions, which unlike the runtime's need no context.

  private static long total(int device) {
    try (SizeTPointer total = new SizeTPointer(1)) {
      return cuDeviceTotalMem(total, device) == CUDA_SUCCESS ? total.get() : 0;
    }
  }

  private static String uuid(int device) {
    byte[] bytes = new byte[16];
    try (CUuuid uuid = new CUuuid()) {
      if (cuDeviceGetUuid(uuid, device) == CUDA_SUCCESS) {
        uuid.bytes().get(bytes);
      }
    }
    ByteBuffer halves = ByteBuffer.wrap(bytes);
    return new UUID(halves.getLong(), halves.getLong()).toString();
  }

  private static int attribute(int attribute, int device) {
    int[] value = new int[1];
    JavaCppRuntime.check(
        cudaDeviceGetAttribute(value, attribute, device), "describing GPU " + device);
    return value[0];
  }
}
