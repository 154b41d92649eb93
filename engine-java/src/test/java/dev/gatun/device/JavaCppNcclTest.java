// JavaCppNcclTest: NCCL's calls through JavaCPP's preset, answered by a fake of its library.
package dev.gatun.device;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The fake is described in src/test/native; it notes what it is asked for. */
@Tag("emulated")
class JavaCppNcclTest {
  private static final int ALL_GATHER = 1;
  private static final int SEND = 2;
  private static final int RECEIVE = 3;
  private static final int REMOTE_ERROR = 6;
  private static final int IN_PROGRESS = 7;
  private static final MemorySegment MEMORY = MemorySegment.ofAddress(1 << 20);
  private static SymbolLookup fake;
  private static CudaRuntime runtime;

  private MemorySegment stream;

  /**
   * @param from offset in {@link #MEMORY}, and {@code to}: where one counts
   */
  private record Call(int kind, long from, long to, long bytes, int peer, boolean grouped) {}

  @BeforeAll
  static void loadTheFakes() {
    JavaCppRuntimeTest.loadTheFakes();
    runtime = CudaDevices.preset();
    if (!CudaDevices.hasNccl()) { // an installed one would be found first
      Refusal refusal = assertThrows(Refusal.class, () -> runtime.newNcclId());
      assertEquals(Refusal.Reason.DEVICE, refusal.reason());
      assertTrue(refusal.getMessage().contains("scripts/fetch-cuda --nccl"));
    }
    Path library =
        Path.of(System.getProperty("gatun.library"))
            .resolveSibling("fake-cuda")
            .resolve("libnccl.so.2")
            .toAbsolutePath();
    System.load(library.toString());
    fake = SymbolLookup.libraryLookup(library, Arena.global());
    assertTrue(runtime.hasNccl());
  }

  private static MemorySegment variable(String name) {
    return fake.find(name).orElseThrow().reinterpret(1 << 16);
  }

  private static int value(String name) {
    return variable(name).get(ValueLayout.JAVA_INT, 0);
  }

  private static void set(String name, int value) {
    variable(name).set(ValueLayout.JAVA_INT, 0, value);
  }

  @BeforeEach
  void open() {
    set("fake_nccl_count", 0);
    runtime.use(0);
    stream = runtime.openStream();
  }

  @AfterEach
  void everythingWasGivenBack() {
    runtime.closeStream(stream);
    set("fake_nccl_fault", 0);
    set("fake_nccl_async", 0);
    assertEquals(0, value("fake_nccl_live"));
  }

  private static List<Call> calls() {
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < value("fake_nccl_count"); i++) {
      long[] words =
          variable("fake_nccl_calls").asSlice(i * 48L, 48).toArray(ValueLayout.JAVA_LONG);
      calls.add(
          new Call(
              (int) words[0],
              words[1] == 0 ? -1 : words[1] - MEMORY.address(),
              words[2] == 0 ? -1 : words[2] - MEMORY.address(),
              words[3],
              (int) words[4],
              words[5] == 1));
    }
    return calls;
  }

  private static Nccl join(int rank, int size) {
    return runtime.openNccl(runtime.newNcclId(), rank, size);
  }

  @Test
  void ranksJoinByTheIdOfTheFirst() {
    try (Nccl nccl = join(1, 3)) {
      assertEquals(42, variable("fake_nccl_id").get(ValueLayout.JAVA_BYTE, 0));
      assertEquals(1, value("fake_nccl_rank"));
      assertEquals(3, value("fake_nccl_size"));
      assertEquals(Optional.empty(), nccl.failure());
    }
  }

  @Test
  void equalPartsAreGatheredInPlace() {
    try (Nccl nccl = join(2, 3)) {
      nccl.exchange(MEMORY, Parts.endingAt(16, 32, 48), stream);
      assertEquals(List.of(new Call(ALL_GATHER, 32, 0, 16, -1, false)), calls());
    }
  }

  @Test
  void otherPartsGoFromEachToEachAtOnce() {
    try (Nccl nccl = join(1, 4)) {
      nccl.exchange(MEMORY, Parts.endingAt(8, 32, 32, 40), stream);
      assertEquals(
          List.of(
              new Call(SEND, 8, -1, 24, 0, true),
              new Call(RECEIVE, -1, 0, 8, 0, true),
              new Call(SEND, 8, -1, 24, 2, true),
              new Call(SEND, 8, -1, 24, 3, true),
              new Call(RECEIVE, -1, 32, 8, 3, true)),
          calls());
    }
  }

  @Test
  void whoHasNothingSendsNothing() {
    try (Nccl nccl = join(1, 2)) {
      nccl.exchange(MEMORY, Parts.endingAt(8, 8), stream);
      assertEquals(List.of(new Call(RECEIVE, -1, 0, 8, 0, true)), calls());
    }
  }

  @Test
  void piecesGoToWhomTheyAreFor() {
    Parts parts = Parts.of(new long[][] {{0, 8, 16}, {4, 0, 0}, {0, 12, 0}});
    try (Nccl nccl = join(1, 3)) {
      nccl.exchange(MEMORY, parts, stream);
      assertEquals(
          List.of(
              new Call(SEND, 24, -1, 4, 0, true),
              new Call(RECEIVE, -1, 0, 8, 0, true),
              new Call(RECEIVE, -1, 28, 12, 2, true)),
          calls());
    }
  }

  private static void refuses(String text, Executable call) {
    Refusal refusal = assertThrows(Refusal.class, call);
    assertEquals(Refusal.Reason.DEVICE, refusal.reason());
    assertTrue(refusal.getMessage().startsWith(text), refusal.getMessage());
    assertTrue(refusal.getMessage().contains("NCCL_DEBUG=INFO"), refusal.getMessage());
  }

  @Test
  void whatFailsIsToldInItsWords() {
    String words =
        "remote process exited or there was a network error (socket closed by remote peer)";
    try (Nccl nccl = join(0, 2)) {
      set("fake_nccl_async", IN_PROGRESS);
      assertEquals(Optional.empty(), nccl.failure());
      set("fake_nccl_async", REMOTE_ERROR);
      assertEquals(Optional.of("NCCL: " + words), nccl.failure());
      set("fake_nccl_fault", REMOTE_ERROR);
      refuses(
          "handing 4 bytes to all ranks by NCCL: " + words,
          () -> nccl.exchange(MEMORY, Parts.endingAt(4, 8), stream));
      refuses(
          "handing 4 bytes to rank 1 by NCCL: " + words,
          () -> nccl.exchange(MEMORY, Parts.endingAt(4, 9), stream));
      set("fake_nccl_fault", 0);
      nccl.exchange(MEMORY, Parts.endingAt(4, 9), stream); // the group was ended all the same
    }
    set("fake_nccl_fault", REMOTE_ERROR);
    refuses("joining the ranks by NCCL: " + words, () -> join(0, 2));
  }

  @Test
  void aDeviceConnectsAndTriesIt() {
    try (CudaDevice device = CudaDevice.open(runtime, DeviceChoice.cpu().named("cuda"))) {
      assertTrue(device.connects());
      try (Communicator alone = device.connect(device.newConnection(), 0, 1);
          Arena arena = Arena.ofConfined()) {
        assertEquals(2, value("fake_nccl_count"));
        Buffer buffer = device.allocate("a test", 64, arena);
        Mark given = device.mark(arena);
        Mark gathered = alone.mark(arena);
        given.set();
        alone.after(given);
        alone.exchange(buffer.segment(), Parts.endingAt(64));
        gathered.set();
        device.after(gathered);
        assertThrows(
            IllegalArgumentException.class,
            () -> alone.exchange(buffer.segment(), Parts.endingAt(65)));
      }
      // Its second rank brings nothing; the communicator stays until the process ends.
      Refusal refusal =
          assertThrows(Refusal.class, () -> device.connect(device.newConnection(), 0, 2));
      assertTrue(
          refusal.getMessage().startsWith("NCCL brought other bytes from rank 1 than were sent"));
      assertEquals(1, value("fake_nccl_live"));
      set("fake_nccl_live", 0);
    }
  }
}
