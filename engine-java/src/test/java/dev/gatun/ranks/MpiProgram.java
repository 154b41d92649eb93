// MpiProgram: what a rank does in MpiRanksTest; each process of mpirun runs it.
package dev.gatun.ranks;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/**
 * Says "started PROCESS" and, right before what ends it, "event MILLIS"; what the user is told
 * begins with "gatun: ".
 */
final class MpiProgram {
  private static final int BYTES = RandomExchanges.BYTES;

  private MpiProgram() {}

  /**
   * @param arguments what to do, and the rank that does it
   */
  public static void main(String[] arguments) throws Exception {
    String what = arguments[0];
    int who = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 0;
    say("started " + ProcessHandle.current().pid());
    boolean me = Integer.parseInt(System.getenv("OMPI_COMM_WORLD_RANK")) == who;
    if (what.equals("never") && me) {
      event();
      forever();
    }
    MpiRanks ranks;
    try {
      ranks =
          MpiRanks.ofLauncher(
                  System.getenv(),
                  what.equals("version") && me ? "0.2.0" : "0.1.0",
                  MpiProgram::tell,
                  what.equals("never") ? 2_000 : 30_000)
              .orElseThrow();
    } catch (Refusal refusal) {
      tell(refusal);
      System.exit(refusal.reason().exitCode());
      return;
    }
    try {
      run(ranks, what, who);
    } catch (Refusal refusal) {
      ranks.end(refusal);
    }
    ranks.close();
    say("good end");
  }

  private static void run(MpiRanks ranks, String what, int who) throws Exception {
    boolean me = ranks.rank() == who;
    switch (what) {
      case "exchange" -> exchange(ranks);
      case "latency" -> latency(ranks, Integer.getInteger("bytes"));
      case "idle" -> idle(ranks);
      case "checkpoint" -> ranks.agree("checkpoint", me ? "cafe" : "beef");
      case "terminated" -> {
        if (me) {
          event();
          signal("TERM");
        }
        forever();
      }
      case "killed", "stopped", "failed" -> {
        RandomExchanges.run(ranks, 20);
        if (me) {
          event();
          end(ranks, what);
        }
        RandomExchanges.run(ranks, 1);
      }
      case "early" -> early(ranks, me);
      case "launcher" -> {
        if (me) {
          signal("KILL", ProcessHandle.current().parent().orElseThrow());
        }
        forever();
      }
      case "busy" -> {
        if (me) {
          event();
          end(ranks, "failed");
        }
        forever();
      }
      case "all" -> {
        event();
        end(ranks, "failed");
      }
      default -> throw new IllegalArgumentException(what);
    }
  }

  /** Closes where the others wait for an exchange, or for a group where there are only two. */
  private static void early(MpiRanks ranks, boolean me) {
    Group group =
        ranks.size() > 2 || !me ? ranks.group(RandomExchanges.everyone(ranks), BYTES) : null;
    if (me) {
      event();
      return;
    }
    RandomExchanges.nested(group, new SplittableRandom(1), 1, 1);
  }

  private static void end(MpiRanks ranks, String how) throws IOException, InterruptedException {
    switch (how) {
      case "killed" -> signal("KILL");
      case "stopped" -> signal("STOP");
      default -> throw Refusal.doesNotFit("no memory for the weights", "take fewer layers");
    }
  }

  private static void signal(String name) throws IOException, InterruptedException {
    signal(name, ProcessHandle.current());
  }

  private static void signal(String name, ProcessHandle to)
      throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, String.valueOf(to.pid())).start().waitFor();
  }

  private static void forever() throws InterruptedException {
    Thread.currentThread().join();
  }

  private static void tell(Refusal refusal) {
    say("gatun: " + refusal.getMessage());
  }

  private static void event() {
    say("event " + System.currentTimeMillis());
  }

  private static void say(String line) {
    System.out.println(line);
    System.out.flush();
  }

  private static void exchange(MpiRanks ranks) {
    RandomExchanges.run(ranks, 500);
    // As exchanges of gigabytes are: several times what MPI gathers at once, and a part of it.
    RandomExchanges.run(ranks.group(RandomExchanges.everyone(ranks), BYTES, 999), 200);
    Group all = ranks.group(RandomExchanges.everyone(ranks), BYTES);
    int half = ranks.size() / 2;
    List<Integer> mine =
        RandomExchanges.everyone(ranks).stream()
            .filter(rank -> rank < half == ranks.rank() < half)
            .toList();
    Group some = ranks.group(mine, BYTES);
    for (int round = 0; round < 200; round++) {
      RandomExchanges.nested(some, new SplittableRandom(1), 1, round);
      RandomExchanges.nested(all, new SplittableRandom(round), 1, round);
    }
    ranks.agree("checkpoint", "the same");
  }

  /** Microseconds of an exchange of {@code bytes} from each rank. */
  private static void latency(MpiRanks ranks, int bytes) {
    int size = ranks.size();
    Group group = ranks.group(RandomExchanges.everyone(ranks), (long) size * bytes);
    long[] ends = LongStream.rangeClosed(1, size).map(i -> i * bytes).toArray();
    double[] micros = new double[20_000];
    for (int i = 0; i < micros.length; i++) {
      long began = System.nanoTime();
      try (Exchange exchange = group.begin(ends)) {
        exchange.at((long) ranks.rank() * bytes).set(ValueLayout.JAVA_BYTE, 0, (byte) i);
        exchange.publish();
        exchange.await();
      }
      micros[i] = (System.nanoTime() - began) / 1e3;
    }
    double[] warm = Arrays.copyOfRange(micros, micros.length / 2, micros.length);
    Arrays.sort(warm);
    if (ranks.rank() == 0) {
      say(
          bytes
              + " bytes, median "
              + warm[warm.length / 2]
              + " us, p99 "
              + warm[warm.length * 99 / 100]);
    }
  }

  /** Share of a processor that waiting for a rank takes. */
  private static void idle(MpiRanks ranks) throws InterruptedException {
    Group group = ranks.group(RandomExchanges.everyone(ranks), 64);
    try (Exchange exchange = group.begin(LongStream.rangeClosed(1, ranks.size()).toArray())) {
      if (ranks.rank() == 0) {
        Thread.sleep(5_000);
      }
      long began = System.nanoTime();
      long used = ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos();
      exchange.publish();
      exchange.await();
      used = ProcessHandle.current().info().totalCpuDuration().orElseThrow().toNanos() - used;
      if (ranks.rank() == 1) {
        say("waiting took " + 100 * used / (System.nanoTime() - began) + " % of a processor");
      }
    }
  }
}
