// JavaCppRuntimeTest: CUDA's calls through JavaCPP's preset, answered by fakes of its libraries.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The fakes are described in src/test/native; GPU 0 is a good one, GPU 1 is too old. */
@Tag("emulated")
class JavaCppRuntimeTest {
  private static final DeviceChoice CUDA = DeviceChoice.cpu().named("cuda");
  private static CudaRuntime runtime;
  private static SymbolLookup fake;

  @BeforeAll
  static void loadTheFakes() {
    Path folder = Path.of(System.getProperty("gatun.library")).resolveSibling("fake-cuda");
    // Loaded libraries are found by their names, before any of the system's.
    Path cudart = folder.resolve("libcudart.so.13").toAbsolutePath();
    System.load(folder.resolve("libcuda.so.1").toAbsolutePath().toString());
    System.load(cudart.toString());
    System.load(folder.resolve("libnvidia-ml.so.1").toAbsolutePath().toString());
    fake = SymbolLookup.libraryLookup(cudart, Arena.global());
    System.setProperty("org.bytedeco.javacpp.cachedir", "target/javacpp");
    runtime = CudaDevices.preset();
  }

  private static MemorySegment variable(String name) {
    return fake.find(name).orElseThrow().reinterpret(8);
  }

  private static void set(String name, int value) {
    variable(name).set(ValueLayout.JAVA_INT, 0, value);
  }

  @BeforeEach
  void repairTheGpus() {
    set("fake_driver_version", 13_000);
    set("fake_devices", 2);
    set("fake_fault", 0);
    set("fake_context", 0);
    set("fake_count", 0);
    set("fake_peers", 1);
    variable("fake_free_bytes").set(ValueLayout.JAVA_LONG, 0, 1L << 30);
  }

  @AfterEach
  void everythingWasGivenBack() {
    assertEquals(0, variable("fake_live").get(ValueLayout.JAVA_INT, 0));
  }

  private static void refuses(Refusal.Reason reason, String text, Executable call) {
    Refusal refusal = assertThrows(Refusal.class, call);
    assertEquals(reason, refusal.reason());
    assertTrue(refusal.getMessage().contains(text), refusal.getMessage());
  }

  @Test
  void describesGpus() {
    assertEquals(2, runtime.devices());
    String uuid = "10101010-1010-1010-1010-101010101010";
    assertEquals(new Gpu(0, "fake GPU 0", 89, 1L << 30, uuid, "0000:01:00.0"), runtime.describe(0));
    assertEquals("7.5", runtime.describe(1).generation());
  }

  @Test
  void describesGpusThatHaveNoRoom() {
    set("fake_context", 2);
    assertEquals("fake GPU 0", runtime.describe(0).name());
    refuses(
        Refusal.Reason.DOES_NOT_FIT,
        "cuda:0 (fake GPU 0) has no room for CUDA's context, PID 1 ",
        () -> CudaDevice.open(runtime, CUDA));
    set("fake_context", 46);
    refuses(
        Refusal.Reason.DEVICE,
        "end the process that has this GPU for itself",
        () -> CudaDevice.open(runtime, CUDA));
    set("fake_count", 803);
    refuses(Refusal.Reason.DEVICE, "reboot, since the driver was updated", runtime::devices);
  }

  @Test
  void refusesDriversAndGpusItCannotUse() {
    set("fake_driver_version", 12_080);
    refuses(Refusal.Reason.DEVICE, "knows CUDA 12.8", runtime::devices);
    set("fake_driver_version", 0);
    refuses(Refusal.Reason.DEVICE, "no NVIDIA driver answers", runtime::devices);
    set("fake_driver_version", 13_020);
    set("fake_devices", 0);
    refuses(Refusal.Reason.DEVICE, "shows no GPU", runtime::devices);
    set("fake_devices", 2);
    refuses(
        Refusal.Reason.DEVICE,
        "no device cuda:7, this machine has 2 GPUs",
        () -> CudaDevice.open(runtime, CUDA.named("cuda:7")));
    refuses(
        Refusal.Reason.DEVICE,
        "cuda:1 (fake GPU 1) has compute capability 7.5",
        () -> CudaDevice.open(runtime, CUDA.named("cuda:1")));
  }

  @Test
  void recordsAndRepeatsCopies() {
    try (CudaDevice device = CudaDevice.open(runtime, CUDA);
        Arena arena = Arena.ofConfined()) {
      MemorySegment host = device.hostMemory("input", 64, arena);
      Buffer buffer = device.allocate("input", 64, arena);
      HostView view = device.view("output", 64, arena);
      assertEquals(3, device.allocations());
      view.content(buffer).fill((byte) 0);
      host.fill((byte) 1);
      try (Recording step = device.record(() -> copies(device, host, buffer, view))) {
        assertEquals(0, view.content(buffer).get(ValueLayout.JAVA_BYTE, 63));
        for (byte value : new byte[] {2, 3}) {
          host.fill(value);
          step.run();
          device.sync();
          assertEquals(value, view.content(buffer).get(ValueLayout.JAVA_BYTE, 63));
        }
      }
    }
  }

  @Test
  void copiesRowsBetweenADeviceAndPinnedPages() {
    try (CudaDevice device = CudaDevice.open(runtime, CUDA);
        Arena arena = Arena.ofConfined()) {
      MemorySegment pages = arena.allocate(4096, 4096);
      Runnable unpin = device.pin("a test", pages);
      Buffer buffer = device.allocate("rows", 64, arena);
      for (int i = 0; i < 6; i++) {
        pages.set(ValueLayout.JAVA_BYTE, 10 + i, (byte) i);
      }
      Mark uploaded = device.mark(arena);
      device.copy(pages, buffer.segment(), new Block(10, 2, 1, 4, 2, 3));
      uploaded.set();
      device.after(uploaded);
      device.copy(buffer.segment(), pages, new Block(1, 4, 100, 2, 2, 3));
      device.copy(pages, pages, Block.row(100, 200, 6));
      device.sync();
      for (int i = 0; i < 6; i++) {
        assertEquals(i, pages.get(ValueLayout.JAVA_BYTE, 200 + i));
      }
      unpin.run();
      variable("fake_free_bytes").set(ValueLayout.JAVA_LONG, 0, 4095);
      refuses(
          Refusal.Reason.DOES_NOT_FIT,
          "host memory for a test cannot be pinned: ",
          () -> device.pin("a test", pages));
    }
  }

  @Test
  void gpusReachEachOtherWhereTheirBytesCome() {
    runtime.use(0);
    assertTrue(PeerAccess.open(runtime, 0, 0));
    assertTrue(PeerAccess.open(runtime, 0, 1));
    assertTrue(PeerAccess.open(runtime, 0, 1)); // it is enabled already
    assertTrue(PeerAccess.open(runtime, 1, 0));
    set("fake_peers", 0);
    assertFalse(PeerAccess.open(runtime, 0, 1));
    set("fake_peers", 2); // promised, and other bytes come
    assertFalse(PeerAccess.open(runtime, 0, 1));
    assertFalse(PeerAccess.open(runtime, 1, 0));
  }

  @Test
  void marksTellTimeAndFaults() {
    try (CudaDevice device = CudaDevice.open(runtime, CUDA);
        Arena arena = Arena.ofConfined()) {
      MemorySegment host = device.hostMemory("input", 64, arena);
      Buffer buffer = device.allocate("input", 64, arena);
      Mark before = device.mark(arena);
      Mark after = device.mark(arena);
      before.set();
      device.upload(host, buffer);
      after.set();
      after.await();
      assertEquals(1_000_000, after.nanosSince(before));
      set("fake_fault", 700);
      refuses(Refusal.Reason.DEVICE, "a fault made up (cudaErrorFake)", after::await);
      set("fake_fault", 0);
    }
  }

  @Test
  void whatOneThreadLoadedAnotherRunsAndCloses() throws Exception {
    record Loaded(CudaDevice device, Arena arena, MemorySegment host, Recording step) {}
    FutureTask<Loaded> loading =
        new FutureTask<>(
            () -> {
              CudaDevice device = CudaDevice.open(runtime, CUDA);
              Arena arena = Arena.ofShared();
              MemorySegment host = device.hostMemory("input", 64, arena);
              Buffer buffer = device.allocate("input", 64, arena);
              HostView view = device.view("output", 64, arena);
              return new Loaded(
                  device, arena, host, device.record(() -> copies(device, host, buffer, view)));
            });
    Thread.ofPlatform().start(loading);
    Loaded loaded = loading.get();
    FutureTask<Boolean> running =
        new FutureTask<>(
            () -> {
              loaded.step().run();
              loaded.step().close();
              loaded.arena().close();
              loaded.device().close();
              return true;
            });
    Thread.ofPlatform().start(running);
    assertTrue(running.get());
  }

  private static void copies(Device device, MemorySegment host, Buffer buffer, HostView view) {
    device.upload(host, buffer);
    view.refresh(buffer);
  }

  @Test
  void anOpThatFailsEndsItsRecording() {
    try (CudaDevice device = CudaDevice.open(runtime, CUDA)) {
      Refusal failure = Refusal.device("an op", "none", null);
      Runnable op =
          () -> {
            throw failure;
          };
      Refusal told = assertThrows(Refusal.class, () -> device.record(op));
      assertEquals(failure, told.getCause());
      assertTrue(
          told.getMessage().startsWith("recording a step: an op; none; or with --no-graphs"));
      device.record(() -> {}).close();
    }
  }

  @Test
  void memoryThatRunsOutIsNamed() {
    try (CudaDevice device = CudaDevice.open(runtime, CUDA);
        Arena arena = Arena.ofConfined()) {
      variable("fake_free_bytes").set(ValueLayout.JAVA_LONG, 0, 1L << 29);
      refuses(
          Refusal.Reason.DOES_NOT_FIT,
          "cuda:0 (fake GPU 0) has no room for the cache: 0.75 GiB asked for, 0.50 GiB of 1.00 GiB"
              + " free, PID 1 ",
          () -> device.allocate("the cache", 3L << 28, arena));
      refuses(
          Refusal.Reason.DOES_NOT_FIT,
          "no pinned host memory for the embedding: 0.75 GiB",
          () -> device.hostMemory("the embedding", 3L << 28, arena));
      refuses(
          Refusal.Reason.DOES_NOT_FIT,
          "no pinned host memory for everything: 1048576.00 GiB asked for, ",
          () -> device.hostMemory("everything", 1L << 50, arena));
      assertEquals(0, device.allocations());
    }
  }

  @Test
  void aFaultIsToldAndEverythingStillCloses() {
    try (CudaDevice device = CudaDevice.open(runtime, CUDA);
        Arena arena = Arena.ofConfined()) {
      MemorySegment host = device.hostMemory("input", 64, arena);
      Buffer buffer = device.allocate("weights", 64, arena);
      try (Recording step = device.record(() -> device.upload(host, buffer))) {
        set("fake_fault", 700);
        for (Executable call : List.<Executable>of(step::run, device::sync, device::memory)) {
          refuses(Refusal.Reason.DEVICE, "a fault made up (cudaErrorFake); run with JAVA", call);
        }
      }
    }
    // Nothing can be given back on a device that is broken.
    assertEquals(4, variable("fake_live").get(ValueLayout.JAVA_INT, 0));
    set("fake_live", 0);
  }
}
