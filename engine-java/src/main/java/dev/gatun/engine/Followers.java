// Followers: the threads of this process that run the ranks besides the first.
package dev.gatun.engine;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Loaded;
import dev.gatun.load.Membership;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import dev.gatun.step.Relay;
import dev.gatun.weights.Checkpoint;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Each opens its device, loads its share, and runs the steps that rank 0 issues. */
final class Followers {
  private final Ranks first;
  private final List<Thread> threads = new ArrayList<>();

  private Followers(Ranks first) {
    this.first = first;
  }

  /**
   * Starts them; they load at once.
   *
   * @param members of all devices, rank 0 the caller's
   */
  static Followers start(Checkpoint checkpoint, EngineOptions options, List<Membership> members) {
    Followers followers = new Followers(members.getFirst().ranks());
    for (int rank = 1; rank < members.size(); rank++) {
      DeviceChoice choice = options.mesh().others().get(rank - 1);
      Membership membership = members.get(rank);
      followers.threads.add(
          Thread.ofPlatform()
              .daemon()
              .name("gatun-rank-" + rank)
              .start(() -> run(checkpoint, options.withDevice(choice), membership)));
    }
    return followers;
  }

  private static void run(Checkpoint checkpoint, EngineOptions options, Membership membership) {
    try (Device device = Device.open(options.device());
        Arena arena = Arena.ofShared()) {
      Loaded loaded = Loaded.of(checkpoint, options, device, membership, arena, bytes -> {});
      try (var stepper = loaded.stepper()) {
        stepper.follow();
      }
    } catch (RuntimeException | Error e) {
      String what = options.device() + ": " + Refusal.line(e);
      membership.ranks().fail(Refusal.Reason.of(e), what);
    } finally {
      membership.ranks().close();
    }
  }

  /** Ends them because rank 0 cannot go on; returns when they have ended. */
  void abandon(Throwable reason) {
    first.fail(Refusal.Reason.of(reason), Refusal.line(reason));
    join();
    first.close();
  }

  /** Ends them after the last step; returns when they have ended. */
  void end(Optional<Relay> relay) {
    try {
      relay.ifPresent(Relay::end);
    } catch (Refusal failed) {
      // One has failed already, and with it all of them: nobody waits for the end.
    }
    join();
    first.close();
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
  }
}
