// JavaCppNccl: NCCL through the JavaCPP presets.
package dev.gatun.device;

import static org.bytedeco.cuda.global.nccl.*;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.nccl.ncclComm;
import org.bytedeco.cuda.nccl.ncclUniqueId;

/** Made once {@link CudaDevices} has found the library. */
final class JavaCppNccl implements Nccl {
  private static final String REMEDY =
      "see NCCL's own words with NCCL_DEBUG=INFO, or use --exchange host";

  private final ncclComm communicator = new ncclComm();
  private final ReentrantLock closing = new ReentrantLock();
  private final int rank;
  private boolean open;

  /** On the calling thread's GPU. Waits for all ranks. */
  JavaCppNccl(byte[] id, int rank, int size) {
    this.rank = rank;
    try (ncclUniqueId shared = new ncclUniqueId()) {
      shared.internal().put(id);
      check(ncclCommInitRank(communicator, size, shared, rank), "joining the ranks by NCCL");
    }
    open = true;
  }

  /** For {@link Communicator#ID_BYTES}: rank 0 asks for it, and all ranks begin with it. */
  static byte[] newId() {
    byte[] id = new byte[Communicator.ID_BYTES];
    try (ncclUniqueId fresh = new ncclUniqueId()) {
      check(ncclGetUniqueId(fresh), "asking NCCL for an id");
      fresh.internal().get(id);
    }
    return id;
  }

  private static void check(int status, String what) {
    if (status != ncclSuccess) {
      throw Refusal.device(what + ": " + words(status), REMEDY, null);
    }
  }

  private static String words(int status) {
    String last = ncclGetLastError(null).getString().strip().replaceAll("\\s+", " ");
    return ncclGetErrorString(status).getString() + (last.isEmpty() ? "" : " (" + last + ")");
  }

  /** Equal parts are what NCCL has its fastest ways for; others go from each rank to each. */
  @Override
  public void exchange(MemorySegment memory, Parts parts, MemorySegment stream) {
    CUstream_st on = new CUstream_st(new JavaCppRuntime.At(stream));
    if (parts.areEqual()) {
      long own = parts.bytes(rank);
      check(
          ncclAllGather(
              at(memory, parts.begin(rank)), at(memory, 0), own, ncclInt8, communicator, on),
          "handing " + own + " bytes to all ranks by NCCL");
      return;
    }
    check(ncclGroupStart(), "beginning an exchange by NCCL");
    try {
      for (int other = 0; other < parts.count(); other++) {
        if (other != rank) {
          send(at(memory, parts.begin(rank, other)), parts.bytes(rank, other), other, on);
          receive(at(memory, parts.begin(other, rank)), parts.bytes(other, rank), other, on);
        }
      }
    } finally {
      check(ncclGroupEnd(), "an exchange by NCCL");
    }
  }

  private void send(JavaCppRuntime.At from, long bytes, int other, CUstream_st on) {
    if (bytes > 0) {
      check(
          ncclSend(from, bytes, ncclInt8, other, communicator, on),
          "handing " + bytes + " bytes to rank " + other + " by NCCL");
    }
  }

  private void receive(JavaCppRuntime.At to, long bytes, int other, CUstream_st on) {
    if (bytes > 0) {
      check(
          ncclRecv(to, bytes, ncclInt8, other, communicator, on),
          "taking " + bytes + " bytes from rank " + other + " by NCCL");
    }
  }

  private static JavaCppRuntime.At at(MemorySegment memory, long offset) {
    return new JavaCppRuntime.At(MemorySegment.ofAddress(memory.address() + offset));
  }

  /** Who asks does not wait for one that closes, which waits for other ranks. */
  @Override
  public Optional<String> failure() {
    if (!closing.tryLock()) {
      return Optional.empty();
    }
    try {
      int[] status = new int[1];
      boolean known = open && ncclCommGetAsyncError(communicator, status) == ncclSuccess;
      return !known || status[0] == ncclSuccess || status[0] == ncclInProgress
          ? Optional.empty()
          : Optional.of("NCCL: " + words(status[0]));
    } finally {
      closing.unlock();
    }
  }

  // Closing cannot be refused: after a fault it fails, and the process's end frees everything.
  @Override
  public void close() {
    closing.lock();
    try {
      open = false;
      ncclCommDestroy(communicator);
    } finally {
      closing.unlock();
    }
  }
}
