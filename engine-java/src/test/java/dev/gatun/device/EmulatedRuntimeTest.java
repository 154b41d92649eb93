// EmulatedRuntimeTest: the GPU that the host plays records as CUDA does: calls with the arguments
// they had, and nothing that waits.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.bindings.Kernels;
import dev.gatun.bindings.gk_tensor;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

@Tag("emulated")
class EmulatedRuntimeTest {
  private static final long BYTES = 4 * Float.BYTES;

  private final Arena arena = Arena.ofConfined();
  private CudaRuntime runtime;
  private CudaDevice device;
  private MemorySegment host;
  private Buffer first;
  private Buffer second;
  private HostView view;

  @BeforeEach
  void open() {
    runtime = CudaDevices.emulated();
    device = CudaDevice.open(runtime, DeviceChoice.cpu().named("emulated"));
    host = device.hostMemory("input", BYTES, arena);
    first = device.allocate("first", BYTES, arena);
    second = device.allocate("second", BYTES, arena);
    view = device.view("output", BYTES, arena);
  }

  @AfterEach
  void close() {
    arena.close();
    device.close();
  }

  private void fillHost(float value) {
    for (int i = 0; i < 4; i++) {
      host.setAtIndex(ValueLayout.JAVA_FLOAT, i, value);
    }
  }

  private float shown() {
    return view.content(first).get(ValueLayout.JAVA_FLOAT, 0);
  }

  private MemorySegment tensor(Buffer buffer) {
    return Structs.tensor(arena, buffer, 1, 4, DType.F32);
  }

  /** to = silu(from) * from. */
  private void gated(MemorySegment from, MemorySegment to) {
    Library.check(Kernels.gk_gated(device.queue().handle(), from, from, to), "gk_gated");
  }

  private float computed(float value) {
    fillHost(value);
    device.upload(host, first);
    gated(tensor(first), tensor(first));
    view.refresh(first);
    device.sync();
    return shown();
  }

  @Test
  void copiesAndKernelsAreRepeatedInOrderAsTheyWere() {
    float of2 = computed(2);
    float of3 = computed(3);
    view.content(first).fill((byte) 0);
    MemorySegment from = tensor(first);
    Runnable calls =
        () -> {
          device.upload(host, first);
          gated(from, from);
          device.upload(first.segment(), second);
          view.refresh(second);
        };
    try (Recording recording = device.record(calls)) {
      device.sync();
      assertEquals(0, shown(), "a call ran while it was recorded");
      gk_tensor.data(from, second.segment()); // a struct is no argument of a kernel's any more
      fillHost(2);
      recording.run();
      device.sync();
      assertEquals(of2, shown());
      fillHost(3);
      recording.run();
      device.sync();
      assertEquals(of3, shown());
    }
  }

  @Test
  void productsOfTheLibraryAreRepeatedToo() {
    try (Blas blas = runtime.openBlas(MemorySegment.NULL)) {
      blas.workspace(second.segment(), BYTES);
      Buffer sum = device.allocate("sum", BYTES, arena);
      Runnable calls =
          () -> {
            device.upload(host, first);
            blas.multiply(1, 1, 2, first.segment(), first.segment(), sum.segment(), 1);
            view.refresh(sum);
          };
      try (Recording recording = device.record(calls)) {
        host.set(ValueLayout.JAVA_SHORT, 0, (short) 0x4040); // 3
        host.set(ValueLayout.JAVA_SHORT, 2, (short) 0x4000); // 2
        recording.run();
        device.sync();
        assertEquals(13, shown());
      }
    }
  }

  private void refusedWhileRecording(String what, Executable call) {
    Runnable calls =
        () -> {
          device.upload(host, first);
          try {
            call.execute();
          } catch (RuntimeException | Error e) {
            throw e;
          } catch (Throwable e) {
            throw new IllegalStateException(e);
          }
        };
    Refusal refusal = assertThrows(Refusal.class, () -> device.record(calls), what);
    assertEquals(Refusal.Reason.DEVICE, refusal.reason());
    assertTrue(
        refusal
            .getMessage()
            .startsWith(
                what
                    + ": operation not permitted when stream is capturing"
                    + " (cudaErrorStreamCaptureUnsupported); run with --no-graphs"),
        refusal.getMessage());
    call(call); // it is the recording that it does not belong to
    device.record(() -> device.upload(host, first)).close();
  }

  private static void call(Executable call) {
    try {
      call.execute();
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatWaitsOrAllocatesIsRefusedWhileRecording() {
    MemorySegment pageable = arena.allocate(BYTES);
    Mark mark = device.mark(arena);
    mark.set();
    refusedWhileRecording("waiting for the GPU", device::sync);
    refusedWhileRecording("waiting for the GPU", mark::await);
    refusedWhileRecording("marking a step", mark::set);
    refusedWhileRecording("copying 16 bytes", () -> device.upload(pageable, first));
    refusedWhileRecording("copying 16 bytes", () -> device.download(first, pageable));
    refusedWhileRecording("allocating device memory", () -> device.allocate("more", BYTES, arena));
    refusedWhileRecording(
        "allocating pinned memory", () -> device.hostMemory("more", BYTES, arena));
    MemorySegment queue = device.queue().handle();
    Refusal refusal =
        assertThrows(
            Refusal.class,
            () ->
                device.record(() -> Library.check(Kernels.gk_queue_sync(queue), "gk_queue_sync")));
    assertTrue(refusal.getMessage().contains("stream is capturing"), refusal.getMessage());
  }

  @Test
  void aRefusalThatNobodyHeardLosesTheRecording() {
    Runnable calls = () -> assertThrows(Refusal.class, device::sync);
    Refusal refusal = assertThrows(Refusal.class, () -> device.record(calls));
    assertTrue(
        refusal.getMessage().contains("cudaErrorStreamCaptureInvalidated"), refusal.getMessage());
    assertEquals(computed(2), computed(2));
  }

  @Test
  void aRecordingWithinARecordingIsRefused() {
    Runnable inner = () -> device.record(() -> {}).close();
    Refusal refusal = assertThrows(Refusal.class, () -> device.record(inner));
    assertTrue(refusal.getMessage().contains("cudaErrorIllegalState"), refusal.getMessage());
    device.record(() -> {}).close();
  }
}
