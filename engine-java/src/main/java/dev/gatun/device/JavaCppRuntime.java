// JavaCppRuntime: CUDA's runtime through the JavaCPP presets.
package dev.gatun.device;

import static org.bytedeco.cuda.global.cudart.*;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;

/** Made by {@link CudaDevices} once the libraries are there. */
final class JavaCppRuntime implements CudaRuntime {
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
    return JavaCppGpus.count();
  }

  @Override
  public Gpu describe(int device) {
    return JavaCppGpus.describe(device);
  }

  @Override
  public Optional<GpuState> state(Gpu gpu) {
    return Nvml.state(gpu);
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
  public boolean reach(int reader, int owner) {
    int[] can = new int[1];
    check(
        cudaDeviceCanAccessPeer(can, reader, owner),
        "asking whether GPU " + reader + " reaches GPU " + owner);
    if (can[0] == 0) {
      return false;
    }
    use(reader);
    int status = cudaDeviceEnablePeerAccess(owner, 0);
    if (status == cudaErrorPeerAccessAlreadyEnabled) {
      cudaGetLastError();
    } else {
      check(status, "letting GPU " + reader + " read GPU " + owner);
    }
    return true;
  }

  @Override
  public boolean hasNccl() {
    return CudaDevices.hasNccl();
  }

  @Override
  public byte[] newNcclId() {
    CudaDevices.requireNccl();
    return JavaCppNccl.newId();
  }

  @Override
  public Nccl openNccl(byte[] id, int rank, int size) {
    CudaDevices.requireNccl();
    return new JavaCppNccl(id, rank, size);
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
