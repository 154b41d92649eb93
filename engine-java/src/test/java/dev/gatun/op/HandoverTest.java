// HandoverTest: GPUs of one process hand each other bytes, and no memory is used again too early.
package dev.gatun.op;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Block;
import dev.gatun.device.Buffer;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.device.Parts;
import dev.gatun.ranks.ConnectedGroup;
import dev.gatun.ranks.Group;
import dev.gatun.ranks.LocalRanks;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("emulated")
@Timeout(60)
class HandoverTest {
  private static final DeviceChoice GPU = DeviceChoice.cpu().named("emulated");
  private static final DeviceChoice CPU = DeviceChoice.cpu().withThreads(1);
  private static final List<Integer> BOTH = List.of(0, 1);
  private static final int ROUNDS = 4 * Group.MOST_OPEN;
  private static final int INTS = 6;
  private static final long BYTES = (long) INTS * Integer.BYTES;

  /** A rank, with a buffer of its own. */
  private record One(int rank, Device device, Channel channel, Arena arena) {
    Buffer buffer() {
      return device.allocate("what is exchanged", BYTES, arena);
    }

    void fill(Buffer buffer, int round) {
      MemorySegment ints = arena.allocate(BYTES);
      for (int i = 0; i < INTS; i++) {
        ints.setAtIndex(ValueLayout.JAVA_INT, i, value(round, i));
      }
      device.upload(ints, buffer);
    }

    int[] held(Buffer buffer) {
      MemorySegment host = arena.allocate(BYTES);
      device.download(buffer, host);
      return host.toArray(ValueLayout.JAVA_INT);
    }
  }

  private static int value(int round, int i) {
    return 1000 * round + i;
  }

  private interface Body {
    void run(One one);
  }

  /** How the ranks' exchanges lie in memory. */
  private interface Way {
    Group group(Ranks ranks, Device device);
  }

  private static Group onHost(Ranks ranks, Device device) {
    Group group = ranks.group(BOTH, BYTES);
    if (device.isGpu()) {
      group.pin(memory -> device.pin("a test", memory));
    }
    return group;
  }

  private static Group onDevices(Ranks ranks, Device device) {
    return ranks.link(BOTH, device).group(BYTES);
  }

  /** As between processes. */
  private static Group connected(Ranks ranks, Device device) {
    return ConnectedGroup.of(ranks, BOTH, BYTES, device);
  }

  /** Runs {@code body} on both ranks; returns the nanoseconds that their GPUs told. */
  private static long onBoth(Way way, DeviceChoice first, DeviceChoice second, Body body)
      throws Exception {
    AtomicLong nanos = new AtomicLong();
    List<Ranks> all = LocalRanks.of(2);
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      List<Callable<Void>> calls = new ArrayList<>();
      for (Ranks ranks : all) {
        calls.add(
            () -> {
              DeviceChoice choice = ranks.rank() == 0 ? first : second;
              try (Device device = Device.open(choice);
                  Arena arena = Arena.ofShared()) {
                Group group = way.group(ranks, device);
                Exchanges exchanges = new Exchanges(device, _ -> group, 2, nanos::addAndGet);
                body.run(new One(ranks.rank(), device, exchanges.channel(BOTH), arena));
                device.sync();
              } catch (RuntimeException | Error e) {
                ranks.fail(Refusal.Reason.DEVICE, "a test's");
                throw e;
              }
              return null;
            });
      }
      for (Future<Void> end : threads.invokeAll(calls)) {
        end.get();
      }
    }
    all.forEach(Ranks::close);
    return nanos.get();
  }

  /** Rank 0 waits for nobody, so nothing else tells it that rank 1 has read. */
  private static void oneGivesAndTheOtherTakes(One one) {
    List<Buffer> taken = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      Buffer buffer = one.buffer();
      try (Handover handover = one.channel.begin(Parts.endingAt(BYTES, BYTES))) {
        if (one.rank == 0) {
          one.fill(buffer, round);
          handover.give(buffer, Block.row(0, 0, BYTES));
        }
        handover.publish();
        if (one.rank == 1) {
          handover.await();
          handover.take(Block.row(0, 0, BYTES), buffer);
          taken.add(buffer);
        }
      }
    }
    for (int round = 0; round < taken.size(); round++) {
      int[] held = one.held(taken.get(round));
      for (int i = 0; i < INTS; i++) {
        assertEquals(value(round, i), held[i], "round " + round);
      }
    }
  }

  @Test
  void memoryIsWrittenAgainWhenItHasBeenRead() throws Exception {
    long nanos = onBoth(HandoverTest::onHost, GPU, GPU, HandoverTest::oneGivesAndTheOtherTakes);
    assertTrue(nanos > 0, "no time was told");
    onBoth(HandoverTest::onHost, GPU, CPU, HandoverTest::oneGivesAndTheOtherTakes);
    onBoth(HandoverTest::onHost, CPU, GPU, HandoverTest::oneGivesAndTheOtherTakes);
    onBoth(HandoverTest::onDevices, GPU, GPU, HandoverTest::oneGivesAndTheOtherTakes);
    onBoth(HandoverTest::connected, GPU, GPU, HandoverTest::oneGivesAndTheOtherTakes);
  }

  @Test
  void oneMoreThanMayBeOpenIsRefused() throws Exception {
    onBoth(
        HandoverTest::connected,
        GPU,
        GPU,
        one -> {
          for (int i = 0; i < Group.MOST_OPEN; i++) {
            one.channel.begin(Parts.endingAt(BYTES, BYTES));
          }
          assertThrows(
              IllegalStateException.class, () -> one.channel.begin(Parts.endingAt(BYTES, BYTES)));
        });
  }

  /** Three ints of each in turn: (3, 1) and (3, 1) become (3, 2). */
  private static void bothGiveColumns(One one) {
    Buffer buffer = one.buffer();
    long part = BYTES / 2;
    for (int round = 0; round < ROUNDS; round++) {
      one.fill(buffer, round);
      try (Handover handover = one.channel.begin(Parts.endingAt(part, BYTES))) {
        handover.give(buffer, Block.row(one.rank * part, one.rank * part, part));
        handover.publish();
        handover.await();
        for (int rank = 0; rank < 2; rank++) {
          int width = Integer.BYTES;
          handover.take(
              new Block(rank * part, width, (long) rank * width, 2L * width, width, 3), buffer);
        }
      }
      int[] held = one.held(buffer);
      for (int row = 0; row < 3; row++) {
        assertEquals(value(round, row), held[2 * row]);
        assertEquals(value(round, 3 + row), held[2 * row + 1]);
      }
    }
  }

  @Test
  void rowsGoWhereTheBlockSays() throws Exception {
    onBoth(HandoverTest::onHost, GPU, GPU, HandoverTest::bothGiveColumns);
    onBoth(HandoverTest::onHost, CPU, GPU, HandoverTest::bothGiveColumns);
    onBoth(HandoverTest::onHost, CPU, CPU, HandoverTest::bothGiveColumns);
    onBoth(HandoverTest::onDevices, GPU, GPU, HandoverTest::bothGiveColumns);
    onBoth(HandoverTest::connected, GPU, GPU, HandoverTest::bothGiveColumns);
  }
}
