// CudaRuntime: what the engine needs of CUDA itself: devices, memory, streams, events, graphs,
// matrix products.
package dev.gatun.device;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Addresses are zero-length segments. A call that fails throws Refusal.device with CUDA's own
 * words, or Refusal.doesNotFit where CUDA itself finds no memory; allocations that find none return
 * NULL. Calls act on the GPU that {@link #use} named last on the calling thread; every thread has
 * to, since CUDA would take GPU 0.
 */
interface CudaRuntime {

  /** GPUs of this machine, at least 1; Refusal.device where there is none or its driver too old. */
  int devices();

  /** After {@link #devices}. Takes nothing on the GPU, so a full one is described too. */
  Gpu describe(int device);

  /** What the driver measures; empty where it tells nothing. */
  Optional<GpuState> state(Gpu gpu);

  /** Makes CUDA's context on the GPU if there is none; Refusal.doesNotFit where it has no room. */
  void use(int device);

  DeviceMemory memory();

  /** A stream that waits for no other. */
  MemorySegment openStream();

  void closeStream(MemorySegment stream);

  MemorySegment allocate(long bytes);

  void free(MemorySegment memory, long bytes);

  /** Host memory that the GPU reads and writes over the bus. */
  MemorySegment allocatePinned(long bytes);

  /** Where the GPU reads memory of {@link #allocatePinned}. */
  MemorySegment onDevice(MemorySegment pinned);

  void freePinned(MemorySegment memory, long bytes);

  /** Issues a copy between host and device or within one, as the addresses say. */
  void copy(MemorySegment from, MemorySegment to, long bytes, MemorySegment stream);

  /**
   * As {@link #copy(MemorySegment, MemorySegment, long, MemorySegment)}, of rows.
   *
   * @param from where the first row is read
   * @param to where the first row is written
   * @param block of more than one row
   */
  void copy(MemorySegment from, MemorySegment to, Block block, MemorySegment stream);

  /**
   * Pins host memory for all GPUs.
   *
   * @param host whole pages
   * @return whether there is room for that
   */
  boolean pin(MemorySegment host, long bytes);

  void unpin(MemorySegment host);

  void sync(MemorySegment stream);

  /** An event, which knows when it was passed. */
  MemorySegment openEvent();

  void closeEvent(MemorySegment event);

  /** Puts the event behind what was issued on the stream so far. */
  void mark(MemorySegment event, MemorySegment stream);

  /** What is issued on the stream from now on comes after the event, maybe another GPU's. */
  void after(MemorySegment event, MemorySegment stream);

  /** Waits until the event is passed; a fault of what came before it is refused. */
  void await(MemorySegment event);

  /** Nanoseconds of the GPU's clock between two events that are passed. */
  long nanosBetween(MemorySegment from, MemorySegment to);

  /**
   * Lets GPU {@code reader} copy from the memory of GPU {@code owner}, another one; false where the
   * driver says that it cannot.
   */
  boolean reach(int reader, int owner);

  /** Whether {@link #openNccl} finds its library. */
  boolean hasNccl();

  /** For {@link #openNccl}, {@link Communicator#ID_BYTES} long. */
  byte[] newNcclId();

  /**
   * Joins {@code size} ranks, which all call it; Refusal.device where its library is not found, or
   * they do not find each other.
   */
  Nccl openNccl(byte[] id, int rank, int size);

  /** NVIDIA's matrix products on the stream; Refusal.device where its library is not found. */
  Blas openBlas(MemorySegment stream);

  /** Notes what {@code calls} issues on the stream, without running it. */
  Recording record(MemorySegment stream, Runnable calls);
}
