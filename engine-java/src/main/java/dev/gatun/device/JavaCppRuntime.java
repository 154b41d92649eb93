// JavaCppRuntime: CUDA's runtime through the JavaCPP presets.
package dev.gatun.device;

import static org.bytedeco.cuda.global.cudart.*;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.cudart.CUuuid;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/** Made by {@link CudaDevices} once the libraries are there. */
final class JavaCppRuntime implements CudaRuntime {
  /** The CUDA version that the kernels are compiled with, as CUDA numbers it: 13.0. */
  private static final int CUDA_VERSION = 13_000;

  static final String PLAIN = "--no-graphs, which launches a step's kernels one by one";

  /** A JavaCPP pointer to memory that JavaCPP does not own and does not free. */
  static final class At extends Pointer {
    At(MemorySegment memory) {
      address = memory.address();
    }
  }

  private static CUstream_st stream(MemorySegment stream) {
    return new CUstream_st(new At(stream));
  }

  private static MemorySegment address(Pointer pointer) {
    return MemorySegment.ofAddress(pointer.isNull() ? 0 : pointer.address());
  }

  static void check(int status, String what) {
    if (status != cudaSuccess) {
      throw fault(status, what);
    }
  }

  private static Refusal fault(int status, String what) {
    cudaGetLastError();
    String text =
        what
            + ": "
            + cudaGetErrorString(status).getString()
            + " ("
            + cudaGetErrorName(status).getString()
            + ")";
    return status == cudaErrorMemoryAllocation
        ? Refusal.doesNotFit(text, Library.SMALLER + ", or end what else runs on that GPU")
        : Refusal.device(text, remedy(status), null);
  }

  private static String remedy(int status) {
    if (status >= cudaErrorIllegalAddress && status <= cudaErrorLaunchFailure) {
      return Library.WHICH_OP;
    }
    if (status >= cudaErrorStreamCaptureUnsupported && status <= cudaErrorGraphExecUpdateFailure) {
      return "run with " + PLAIN;
    }
    return switch (status) {
      case cudaErrorSystemDriverMismatch -> "reboot, since the driver was updated while it ran";
      case cudaErrorDevicesUnavailable ->
          "end the process that has this GPU for itself (gatun devices), or use another GPU";
      default -> "see nvidia-smi and the kernel's log (dmesg), or use --device cpu";
    };
  }

  @Override
  public int devices() {
    int[] version = new int[1];
    check(cudaDriverGetVersion(version), "asking the driver for its version");
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
    check(status, "counting the GPUs");
    return count[0];
  }

  private static String shown(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }

  @Override
  public Gpu describe(int device) {
    byte[] name = new byte[256];
    if (cuDeviceGetName(name, name.length, device) != CUDA_SUCCESS) {
      name = "unnamed GPU".getBytes(StandardCharsets.UTF_8);
    }
    int capability =
        10 * attribute(cudaDevAttrComputeCapabilityMajor, device)
            + attribute(cudaDevAttrComputeCapabilityMinor, device);
    byte[] bus = new byte[32];
    check(cudaDeviceGetPCIBusId(bus, bus.length, device), "describing GPU " + device);
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

  @Override
  public Optional<GpuState> state(Gpu gpu) {
    return Nvml.state(gpu);
  }

  private static int attribute(int attribute, int device) {
    int[] value = new int[1];
    check(cudaDeviceGetAttribute(value, attribute, device), "describing GPU " + device);
    return value[0];
  }

  @Override
  public void use(int device) {
    check(cudaSetDevice(device), "choosing GPU " + device);
  }

  @Override
  public DeviceMemory memory() {
    try (SizeTPointer free = new SizeTPointer(1);
        SizeTPointer total = new SizeTPointer(1)) {
      check(cudaMemGetInfo(free, total), "asking for free memory");
      return new DeviceMemory(total.get(), free.get());
    }
  }

  @Override
  public MemorySegment openStream() {
    CUstream_st stream = new CUstream_st();
    check(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking), "opening a stream");
    return address(stream);
  }

  @Override
  public void closeStream(MemorySegment stream) {
    cudaStreamDestroy(stream(stream));
  }

  @Override
  public MemorySegment allocate(long bytes) {
    Pointer memory = new Pointer();
    return allocated(cudaMalloc(memory, bytes), memory, "allocating device memory");
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    Pointer memory = new Pointer();
    int status = cudaHostAlloc(memory, bytes, cudaHostAllocPortable | cudaHostAllocMapped);
    return allocated(status, memory, "allocating pinned memory");
  }

  @Override
  public MemorySegment onDevice(MemorySegment pinned) {
    Pointer device = new Pointer();
    check(
        cudaHostGetDevicePointer(device, new At(pinned), 0), "finding pinned memory on the device");
    return address(device);
  }

  private static MemorySegment allocated(int status, Pointer memory, String what) {
    if (status == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      return MemorySegment.NULL;
    }
    check(status, what);
    return address(memory);
  }

  // Freeing cannot be refused: after a fault it fails, and the process's end frees everything.

  @Override
  public void free(MemorySegment memory, long bytes) {
    cudaFree(new At(memory));
  }

  @Override
  public void freePinned(MemorySegment memory, long bytes) {
    cudaFreeHost(new At(memory));
  }

  @Override
  public void copy(MemorySegment from, MemorySegment to, long bytes, MemorySegment stream) {
    check(
        cudaMemcpyAsync(new At(to), new At(from), bytes, cudaMemcpyDefault, stream(stream)),
        "copying " + bytes + " bytes");
  }

  @Override
  public void copy(MemorySegment from, MemorySegment to, Block block, MemorySegment stream) {
    check(
        cudaMemcpy2DAsync(
            new At(to),
            block.toStride(),
            new At(from),
            block.fromStride(),
            block.width(),
            block.rows(),
            cudaMemcpyDefault,
            stream(stream)),
        "copying " + block.rows() + " rows of " + block.width() + " bytes");
  }

  @Override
  public boolean pin(MemorySegment host, long bytes) {
    int status = cudaHostRegister(new At(host), bytes, cudaHostRegisterPortable);
    if (status == cudaErrorMemoryAllocation) {
      cudaGetLastError();
      return false;
    }
    check(status, "pinning host memory");
    return true;
  }

  @Override
  public void unpin(MemorySegment host) {
    cudaHostUnregister(new At(host));
  }

  @Override
  public void sync(MemorySegment stream) {
    check(cudaStreamSynchronize(stream(stream)), "waiting for the GPU");
  }

  private static CUevent_st event(MemorySegment event) {
    return new CUevent_st(new At(event));
  }

  @Override
  public MemorySegment openEvent() {
    CUevent_st event = new CUevent_st();
    check(cudaEventCreate(event), "making an event");
    return address(event);
  }

  @Override
  public void closeEvent(MemorySegment event) {
    cudaEventDestroy(event(event));
  }

  @Override
  public void mark(MemorySegment event, MemorySegment stream) {
    check(cudaEventRecord(event(event), stream(stream)), "marking a step");
  }

  @Override
  public void after(MemorySegment event, MemorySegment stream) {
    check(cudaStreamWaitEvent(stream(stream), event(event), 0), "ordering work of two GPUs");
  }

  @Override
  public void await(MemorySegment event) {
    check(cudaEventSynchronize(event(event)), "waiting for the GPU");
  }

  @Override
  public long nanosBetween(MemorySegment from, MemorySegment to) {
    float[] milliseconds = new float[1];
    check(cudaEventElapsedTime(milliseconds, event(from), event(to)), "timing a step");
    return (long) (milliseconds[0] * 1e6);
  }

  @Override
  public Blas openBlas(MemorySegment stream) {
    CudaDevices.requireCublas();
    return new CublasBlas(stream(stream));
  }

  @Override
  public Recording record(MemorySegment stream, Runnable calls) {
    return JavaCppGraph.record(stream(stream), calls);
  }
}
