// Device: one place where weights lie and ops run: its memory and its queue.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The CPU or one GPU. Work is issued in order and, on a GPU, done later: {@link #sync} waits for
 * it. Memory belongs to arenas and must be given back before the device is closed. Used by one
 * thread at a time.
 *
 * <p>What goes wrong is a Refusal: doesNotFit where memory runs out, naming what it was for; device
 * where the device or its driver failed.
 */
public sealed interface Device extends AutoCloseable permits CpuDevice, CudaDevice {

  /** Bytes that NVIDIA's library is lent: what it recommends for its fastest generation. */
  long GEMM_WORKSPACE = 32L << 20;

  /** Opens what {@code choice} names; Refusal.device where this machine or build has no such. */
  static Device open(DeviceChoice choice) {
    return switch (choice.kind()) {
      case CPU -> CpuDevice.open(choice);
      case CUDA -> CudaDevice.open(CudaDevices.runtime(), choice);
      case EMULATED -> CudaDevice.open(CudaDevices.emulated(), choice);
    };
  }

  /** Refuses what {@link #open} would refuse, without opening it. */
  static void require(DeviceChoice choice) {
    switch (choice.kind()) {
      case CPU -> {
        choice.requireProcessors();
        Library.require();
      }
      case CUDA -> CudaDevice.find(CudaDevices.runtime(), choice);
      case EMULATED -> CudaDevice.find(CudaDevices.emulated(), choice);
    }
  }

  /** Whether {@link #openGemm} finds what it needs. */
  static boolean hasGemm(DeviceChoice choice) {
    return switch (choice.kind()) {
      case CPU -> false;
      case CUDA -> CudaDevices.hasCublas();
      case EMULATED -> true;
    };
  }

  /** Refuses what {@link #openGemm} would refuse, without opening it. */
  static void requireGemm(DeviceChoice choice) {
    switch (choice.kind()) {
      case CPU -> throw CpuDevice.noGemm();
      case CUDA -> CudaDevices.requireCublas();
      case EMULATED -> {}
    }
  }

  /** The widest instruction set of this machine's CPU and this build. */
  static Isa bestIsa() {
    return CpuDevice.bestIsa();
  }

  /** The native library's file. */
  static Path library() {
    return Library.file();
  }

  /** Tokens in one cache page. */
  static int pageTokens() {
    return Kernels.GK_PAGE_TOKENS();
  }

  /** Rows of a weight that are packed together: whole tiles can be packed apart. */
  static int tileRows() {
    return Kernels.GK_TILE_ROWS();
  }

  /** For people: what runs there. */
  String name();

  Ops ops();

  /** Of the kernels: packing, and the sizes of what they are lent. */
  Queue queue();

  DeviceMemory memory();

  /** What the driver measures of a GPU; empty on a CPU, and where the driver tells nothing. */
  Optional<GpuState> state();

  /** Which GPU it is; empty on a CPU. */
  Optional<Gpu> gpu();

  /**
   * Whether this device copies from the memory of GPU {@code owner} of this process by itself,
   * which it may from then on; tried with real bytes. False on a CPU.
   */
  boolean reaches(int owner);

  /** Whether {@link #connect} finds what it needs. */
  boolean connects();

  /** What the first of some ranks makes and hands to the others before they {@link #connect}. */
  byte[] newConnection();

  /**
   * Joins GPUs of {@code size} processes; all of them call it. Refusal.device where a library is
   * not found, or the ranks do not find each other.
   *
   * @param connection of {@link #newConnection}, {@link Communicator#ID_BYTES} long
   * @param rank from 0
   */
  Communicator connect(byte[] connection, int rank, int size);

  /** Allocations made so far, of device memory and of host memory for it. */
  long allocations();

  /** Bytes of them all. */
  long allocatedBytes();

  /**
   * Device memory of {@code bytes} bytes, at least 1, that lives as long as {@code arena}; not
   * initialised.
   *
   * @param purpose for the message where there is none left: "the cache"
   */
  Buffer allocate(String purpose, long bytes, Arena arena);

  /**
   * Host memory of {@code bytes} bytes, at least 1, from which {@link #upload} is fastest; lives as
   * long as {@code arena}, not initialised.
   */
  MemorySegment hostMemory(String purpose, long bytes, Arena arena);

  /** Memory of {@link #hostMemory} where ops can read it; lives as long as {@code arena}. */
  Buffer seen(MemorySegment hostMemory, Arena arena);

  /** A window for buffers of up to {@code bytes} bytes. */
  HostView view(String purpose, long bytes, Arena arena);

  /**
   * Issues a copy to the front of {@code to}; {@code from} must stay as it is until a {@link #sync}
   * or until a {@link Mark} set later is passed.
   */
  void upload(MemorySegment from, Buffer to);

  /**
   * Issues a copy to the front of {@code to}, which is of {@link #hostMemory}: the host finds it
   * there after a {@link #sync}; an {@link #upload} from there comes after it.
   */
  void copyOut(Buffer from, MemorySegment to);

  /**
   * Issues the copy of a block; memory of the host is either of {@link #hostMemory} or pinned, and
   * stays as it is, or is there, as {@link #upload} and {@link #copyOut} say.
   */
  void copy(MemorySegment from, MemorySegment to, Block block);

  /** What is issued from now on comes after {@code mark}, which may be another device's. */
  void after(Mark mark);

  /**
   * Lets the device copy from and to host memory, whole pages, by itself; other devices of its kind
   * too.
   *
   * @param purpose for the message where that cannot be
   * @return undoes it; from any thread
   */
  Runnable pin(String purpose, MemorySegment host);

  /** Waits for all work, then copies {@code from} to the front of {@code to}. */
  void download(Buffer from, MemorySegment to);

  /** Waits until all work issued so far is done. */
  void sync();

  /** A mark that lives as long as {@code arena}. */
  Mark mark(Arena arena);

  /** Whether {@link #record} saves anything here. */
  boolean records();

  /**
   * Notes the calls on this device that {@code calls} makes, without running them. They must have
   * run once before.
   */
  Recording record(Runnable calls);

  /** Whether device memory is another than the host's. */
  boolean isGpu();

  /** Lends the ops workspace for steps up to {@code limits}. */
  void lendWorkspace(StepLimits limits, Arena arena);

  /**
   * Opens NVIDIA's matrix products (cuBLAS), for {@link Ops#multiplyByCublas}; Refusal.device where
   * its library is not found, Refusal.usage on the CPU. Does nothing the second time.
   */
  void openGemm();

  /**
   * Lends them their workspace, and {@code unpacked} bytes for the rows of a weight that they
   * multiply at once; in place of what was lent before.
   */
  void lendGemm(long unpacked, Arena arena);

  /** Its kernel for products of {@code weight} with so many rows of {@code x}: the name. */
  String kernel(PackedMatrix weight, DType x, int rows);

  /** Bytes a second at which {@code bytes} bytes are read, best of {@code repeats}. */
  double measureRead(long bytes, int repeats);

  /** Operations on int8 a second, all in registers, a multiply-add being two. */
  double measureInt8();

  @Override
  void close();
}
