// Followers: the threads of this process that run the ranks besides the first.
package dev.gatun.engine;

import dev.gatun.device.Binding;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Loaded;
import dev.gatun.load.Membership;
import dev.gatun.ranks.MeasuredRanks;
import dev.gatun.refusal.Refusal;
import dev.gatun.step.Relay;
import dev.gatun.weights.Checkpoint;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Each opens its device, loads its share, and runs the steps that rank 0 issues. */
final class Followers {
  private final List<MeasuredRanks> ranks;
  private final MeasuredRanks first;
  private final boolean ownsRanks;
  private final List<Thread> threads = new ArrayList<>();

  /** By rank from 1. */
  private final Map<Integer, Loaded> loaded = new ConcurrentSkipListMap<>();

  private Followers(List<MeasuredRanks> ranks, boolean ownsRanks) {
    this.ranks = ranks;
    this.ownsRanks = ownsRanks;
    first = ranks.getFirst();
  }

  /**
   * Starts them; they load at once.
   *
   * @param members of this process's devices, the first the caller's
   * @param ranks theirs
   */
  static Followers start(
      Checkpoint checkpoint,
      EngineOptions options,
      List<Membership> members,
      List<MeasuredRanks> ranks) {
    Followers followers = new Followers(ranks, options.mesh().processes().isEmpty());
    for (int rank = 1; rank < members.size(); rank++) {
      DeviceChoice choice = options.mesh().others().get(rank - 1);
      Membership membership = members.get(rank);
      followers.threads.add(
          Thread.ofPlatform()
              .daemon()
              .name("gatun-rank-" + rank)
              .start(() -> followers.run(checkpoint, options.withDevice(choice), membership)));
    }
    return followers;
  }

  private void run(Checkpoint checkpoint, EngineOptions options, Membership membership) {
    try {
      int rank = membership.ranks().rank();
      follow(checkpoint, options, membership, its -> loaded.put(rank, its));
    } catch (RuntimeException | Error e) {
      String what = options.device() + ": " + Refusal.line(e);
      membership.ranks().fail(Refusal.Reason.of(e), what);
    } finally {
      membership.ranks().close();
    }
  }

  /**
   * Loads and runs one rank on the caller's thread; returns after the last step.
   *
   * @param listener hears what it has loaded, before the first step
   */
  static void follow(
      Checkpoint checkpoint,
      EngineOptions options,
      Membership membership,
      Consumer<Loaded> listener) {
    try (Binding _ = Binding.to(options.device());
        Device device = Device.open(options.device());
        Arena arena = Arena.ofShared()) {
      Loaded loaded = Loaded.of(checkpoint, options, device, membership, arena, bytes -> {});
      listener.accept(loaded);
      try (var stepper = loaded.stepper()) {
        stepper.follow();
        if (options.mesh().processes().isPresent()) {
          countsOfAll(membership, loaded);
        }
      }
    }
  }

  /**
   * What the routers of all processes have chosen, where that is counted; all of them call it after
   * the last step.
   */
  static Optional<long[]> countsOfAll(Membership membership, Loaded loaded) {
    return membership.tally().map(own -> loaded.relay().orElseThrow().sums(own.numbers()));
  }

  /** Bytes that have come from this process's ranks to others. */
  long exchangedBytes() {
    return ranks.stream().mapToLong(MeasuredRanks::bytes).sum();
  }

  /** {@link Loaded#workNanos} of this process's ranks; 0 of one that has not begun to follow. */
  List<Long> workNanos(Loaded first) {
    Stream<Long> others =
        IntStream.range(1, ranks.size())
            .mapToObj(rank -> Optional.ofNullable(loaded.get(rank)).map(Loaded::workNanos))
            .map(nanos -> nanos.orElse(0L));
    return Stream.concat(Stream.of(first.workNanos()), others).toList();
  }

  /** Nanoseconds of rank 0 in exchanges. */
  long nanosOfFirst() {
    return first.nanos();
  }

  /** Ends them because rank 0 cannot go on; returns when they have ended. */
  void abandon(Throwable reason) {
    first.fail(Refusal.Reason.of(reason), Refusal.line(reason));
    join();
  }

  /**
   * Ends them after the last step; returns when they have ended.
   *
   * @param last what all ranks do together after it
   */
  void end(Optional<Relay> relay, Runnable last) {
    try {
      relay.ifPresent(Relay::end);
      last.run();
    } catch (Refusal failed) {
      // One has failed already, and with it all of them: nobody waits for the end.
    }
    join();
  }

  private void join() {
    boolean interrupted = false;
    for (Thread thread : threads) {
      while (thread.isAlive()) {
        try {
          thread.join();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    if (ownsRanks) {
      first.close();
    }
  }
}
