// CudaMark: a CUDA event on a stream of one GPU.
package dev.gatun.device;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

record CudaMark(GpuRuntime runtime, MemorySegment stream, MemorySegment event) implements Mark {

  /** An event that lives as long as {@code arena}. */
  static CudaMark of(GpuRuntime runtime, MemorySegment stream, Arena arena) {
    MemorySegment event = runtime.here().openEvent();
    return new CudaMark(
        runtime,
        stream,
        event.reinterpret(arena, freed -> runtime.giveBack(cuda -> cuda.closeEvent(freed))));
  }

  @Override
  public void set() {
    runtime.here().mark(event, stream);
  }

  @Override
  public void await() {
    runtime.here().await(event);
  }

  @Override
  public long nanosSince(Mark earlier) {
    return runtime.here().nanosBetween(((CudaMark) earlier).event, event);
  }

  /** What {@code gpu} issues on {@code later} from now on comes after {@code mark}. */
  static void order(Mark mark, GpuRuntime gpu, MemorySegment later) {
    if (mark instanceof CudaMark cuda) {
      gpu.here().after(cuda.event, later);
    } else {
      mark.await();
    }
  }
}
