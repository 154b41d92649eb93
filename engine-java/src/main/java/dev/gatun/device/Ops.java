// Ops: issues ops on one device's queue, and checks what they return.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** The ops themselves are {@code dev.gatun.op}'s records. Used by one thread at a time. */
public final class Ops {
  private final MemorySegment queue;
  private final boolean syncEach;
  private Optional<UnpackedProducts> unpacked = Optional.empty();

  /**
   * @param syncEach waits after each op, so that its faults are told with its name
   */
  Ops(MemorySegment queue, boolean syncEach) {
    this.queue = queue;
    this.syncEach = syncEach;
  }

  void multiplyBy(UnpackedProducts products) {
    unpacked = Optional.of(products);
  }

  /**
   * {@code call} on the queue, as often as it is run.
   *
   * @param function of the contract, for the message where it fails
   */
  public Runnable call(String function, Call call) {
    return () -> check(call.on(queue), function);
  }

  /**
   * y (tokens, rows) float32 = x (tokens, cols) bfloat16 * weight^T by cuBLAS, which {@link
   * Device#openGemm} opened; {@code x} and {@code y} are {@code gk_tensor}s.
   */
  public void multiplyByCublas(PackedMatrix weight, MemorySegment x, MemorySegment y) {
    unpacked.orElseThrow().multiply(weight, x, y);
    check(Kernels.GK_OK(), "cublasGemmEx");
  }

  private void check(int status, String function) {
    Library.check(status, function);
    if (syncEach) {
      Library.check(Kernels.gk_queue_sync(queue), function);
    }
  }
}
