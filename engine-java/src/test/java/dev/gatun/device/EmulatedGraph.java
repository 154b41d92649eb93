// EmulatedGraph: a CUDA graph played by the host.
package dev.gatun.device;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Kernels are noted by the native library, with their arguments as they are then; what Java plays
 * of CUDA, copies and cuBLAS, between them: so a graph has as many native parts as such calls, and
 * one.
 */
final class EmulatedGraph implements Recording {
  private static final AtomicLong RUNS = new AtomicLong();

  private final EmulatedCuda cuda;
  private final MemorySegment stream;
  private final List<Runnable> parts = new ArrayList<>();
  private final List<MemorySegment> kernels = new ArrayList<>();

  private EmulatedGraph(EmulatedCuda cuda, MemorySegment stream) {
    this.cuda = cuda;
    this.stream = stream;
  }

  /** Begins to capture. */
  static EmulatedGraph begin(EmulatedCuda cuda, MemorySegment stream) {
    cuda.beginCapture(stream);
    return new EmulatedGraph(cuda, stream);
  }

  /** Puts {@code call} behind what was captured so far. */
  void note(Runnable call) {
    end();
    parts.add(call);
    cuda.beginCapture(stream);
  }

  /** The end of the capture; refused where it was asked for what it cannot hold. */
  void end() {
    MemorySegment captured = cuda.endCapture(stream);
    kernels.add(captured);
    parts.add(() -> cuda.launch(captured));
  }

  /** The end of a capture that failed; if it is captured still. */
  void abandon() {
    try {
      end();
    } catch (Refusal e) {
      // It is lost or has ended: which is what was to be.
    }
    close();
  }

  /** Refuses what a stream that captures cannot do; the capture is lost. */
  void refuse(String what) {
    cuda.sync(stream, what);
  }

  /** Of all graphs of this process. */
  static long runs() {
    return RUNS.get();
  }

  @Override
  public void run() {
    RUNS.incrementAndGet();
    parts.forEach(Runnable::run);
  }

  @Override
  public void close() {
    kernels.forEach(cuda::closeGraph);
    kernels.clear();
  }
}
