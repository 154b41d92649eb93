// Watch: the ranks' processes watch each other, and end together when one cannot go on.
package dev.gatun.ranks;

import dev.gatun.refusal.Refusal;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * MPI tells nobody that a process was stopped, and of one that died the launcher tells nothing a
 * user understands. So each two processes hold a connection ({@link Peer}). After the first failure
 * the lowest rank that lives tells the user, once, and then all processes end.
 */
final class Watch implements Peer.Listener {

  /** A process has so long to end by itself after a failure. */
  private static final long GRACE_MILLIS = 1_000;

  /** Then it waits so long, at most, for a lower rank to tell the user. */
  private static final long TELL_MILLIS = 3_000;

  /**
   * All live on for so long when the user has been told: the first end has the launcher end all,
   * and what it has not yet read of who told would be lost.
   */
  private static final long READ_MILLIS = 500;

  /** Whether a signal to one rank was one to all shows within this. */
  private static final long SIGNAL_MILLIS = 2_000;

  /** A process that a signal ends first waits so long for the reason, another process's death. */
  private static final long REASON_MILLIS = 200;

  private final int rank;
  private final String name;
  private final Consumer<Refusal> tell;
  private final Thread hook = thread("gatun-ranks-signal", this::signalled);
  private final Optional<ProcessHandle> launcher = ProcessHandle.current().parent();
  private final List<Supplier<Optional<String>>> reasons = new CopyOnWriteArrayList<>();
  private List<Peer> peers = List.of();
  private volatile Failure failure;

  /** When this rank began to wait for others; 0 where it does not. */
  private volatile long waitingSince;

  private boolean told;
  private volatile boolean left;

  /**
   * @param name of this rank, for messages
   * @param tell tells the user why all ranks end; called in one process of all
   */
  Watch(int rank, String name, Consumer<Refusal> tell) {
    this.rank = rank;
    this.name = name;
    this.tell = tell;
  }

  /** Begins to watch: one peer for each other rank. */
  void start(List<Peer> others) {
    peers = List.copyOf(others);
    for (Peer peer : peers) {
      thread("gatun-ranks-" + peer.rank(), () -> peer.listen(this)).start();
    }
    thread("gatun-ranks-beat", this::beat).start();
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * What else may fail this rank.
   *
   * @param reason asked at every beat, by a thread of its own; empty while all is well
   */
  void alsoFails(Supplier<Optional<String>> reason) {
    reasons.add(reason);
  }

  private static Thread thread(String name, Runnable body) {
    return Thread.ofPlatform().daemon().name(name).unstarted(body);
  }

  private void beat() {
    int beats = 0;
    for (long seen = 0; !left; sleep(Peer.BEAT_MILLIS)) {
      peers.forEach(Peer::beat);
      // Whose parent dies gets another one; without its launcher nobody would end this process.
      if (!ProcessHandle.current().parent().equals(launcher)) {
        failed(Failure.of("the launcher of " + name + " died"));
      }
      reasons.stream().flatMap(reason -> reason.get().stream()).findFirst().ifPresent(this::fail);
      long since = waitingSince;
      boolean forsaken = since != 0 && since == seen && peers.stream().anyMatch(Peer::leaving);
      beats = forsaken ? beats + 1 : 0;
      seen = since;
      // What was sent before a rank left has come long before.
      if (beats == Peer.MOST_MISSED) {
        String gone = peers.stream().filter(Peer::leaving).findFirst().orElseThrow().name();
        failed(Failure.of(gone + " is done, and " + name + " still waits for it"));
      }
    }
  }

  /** This rank begins to wait for others, or goes on; for one thread. */
  void waits(boolean begins) {
    waitingSince = begins ? System.nanoTime() | 1 : 0;
  }

  /** Throws what ended another rank. */
  void check() {
    Failure seen = failure;
    if (seen != null) {
      throw seen.refusal();
    }
  }

  private void fail(String reason) {
    fail(reason, Refusal.Reason.DEVICE.exitCode());
  }

  /** This rank cannot go on; returns the first failure of all. */
  synchronized Refusal fail(String reason, int exitCode) {
    Failure own = Failure.of(name + " ended: " + reason, exitCode);
    failed(own);
    return (failure == null ? own : failure).refusal();
  }

  /**
   * The first failure stays, wherever it was seen. Each process tells all others of it, so that the
   * end of a connection without a word is always a death.
   */
  @Override
  public synchronized void failed(Failure seen) {
    if (failure == null && !left) {
      failure = seen;
      notifyAll();
      peers.forEach(peer -> peer.failed(seen));
      thread("gatun-ranks-end", this::endLater).start();
    }
  }

  private void endLater() {
    if (!failure.outside()) {
      tellOnce(); // now: a launcher that saw a rank die ends the others soon, whatever they are at
    }
    sleep(GRACE_MILLIS);
    end();
  }

  @Override
  public synchronized void told(int exitCode) {
    told = true;
    notifyAll();
    if (!left) {
      thread("gatun-ranks-told", () -> exit(exitCode)).start();
    }
  }

  private static void exit(int exitCode) {
    sleep(READ_MILLIS);
    ProcessExit.now(exitCode);
  }

  @Override
  public void gone(Peer peer, boolean well) {
    if (!well) {
      failed(
          Failure.of(
              peer.name() + " died without a word, killed or crashed: see its machine's log"));
    }
    wake();
  }

  @Override
  public void silent(Peer peer) {
    int seconds = Peer.MOST_MISSED * Peer.BEAT_MILLIS / 1000;
    failed(
        Failure.ofSilent(
            peer.rank(),
            peer.name()
                + " has not answered for "
                + seconds
                + " s: it, or its network, stands still"));
    wake();
  }

  private synchronized void wake() {
    notifyAll();
  }

  /**
   * Ends this process after a failure, when the user has been told: by this process where no lower
   * rank lives. Does not return.
   */
  void end() {
    try {
      tellOnce();
    } finally {
      exit(failure.exitCode());
    }
  }

  private synchronized void tellOnce() {
    if (failure.outside()) {
      awaitMillis(SIGNAL_MILLIS, () -> told);
    }
    awaitMillis(TELL_MILLIS, () -> told || lowestOfTheLiving());
    if (!told && lowestOfTheLiving() && failure.silent() != rank) {
      told = true;
      tell.accept(failure.refusal());
      peers.forEach(peer -> peer.told(failure.exitCode()));
    }
  }

  private boolean lowestOfTheLiving() {
    return peers.stream().noneMatch(peer -> peer.rank() < rank && peer.living());
  }

  /**
   * A signal ends this process, or System.exit; where another one's death is the reason, say so.
   */
  private void signalled() {
    awaitMillis(REASON_MILLIS, () -> failure != null || left);
    if (left) {
      return;
    }
    if (failure != null && !failure.outside()) {
      end();
    }
    failed(Failure.ofSignal(name + " was ended by a signal"));
  }

  /** This rank expects no more exchanges. */
  void leave() {
    peers.forEach(Peer::leave);
  }

  /** The end of all is good: nothing that happens from now on is a failure. */
  void left() {
    left = true;
    peers.forEach(Peer::left);
  }

  private synchronized void awaitMillis(long millis, BooleanSupplier until) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    boolean interrupted = false;
    for (long rest = millis; rest > 0 && !until.getAsBoolean(); ) {
      try {
        wait(rest);
      } catch (InterruptedException e) {
        interrupted = true;
      }
      rest = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private static void sleep(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
