// GpuRuntime: CUDA's runtime on one GPU, whatever thread calls.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** CUDA's current GPU is a thread's own, so it is chosen before every call. */
record GpuRuntime(CudaRuntime runtime, int gpu) {

  /** The runtime, this GPU being the calling thread's. */
  CudaRuntime here() {
    runtime.use(gpu);
    return runtime;
  }

  /** Gives something back. After a fault nothing can be, and the process's end does it. */
  void giveBack(Consumer<CudaRuntime> call) {
    CudaRuntime chosen;
    try {
      chosen = here();
    } catch (Refusal e) {
      return;
    }
    call.accept(chosen);
  }

  /** Loaded on one thread, run and closed on another. */
  Recording record(MemorySegment stream, Runnable calls) {
    return new OfThisGpu(this, here().record(stream, calls));
  }

  private record OfThisGpu(GpuRuntime gpu, Recording recording) implements Recording {
    @Override
    public void run() {
      gpu.here();
      recording.run();
    }

    @Override
    public void close() {
      gpu.giveBack(runtime -> recording.close());
    }
  }
}
