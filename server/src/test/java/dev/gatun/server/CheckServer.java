// CheckServer: the crowd and the siege for as long as one likes, on a server that runs already.
package dev.gatun.server;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.ToLongFunction;

/** For {@code scripts/check-server}; ends with 1 where something is not as it must be. */
final class CheckServer {
  /** Most growth of memory from the third quarter to the last: the JVM's heap has its tides. */
  private static final double MOST_GROWTH = 1.1;

  private static final Duration BETWEEN_SAMPLES = Duration.ofSeconds(2);

  private final URI server;
  private final Path process;
  private final List<Sample> samples = new ArrayList<>();
  private boolean failed;

  /** Of the server's process: memory in KiB. */
  private record Sample(long kib, long threads) {}

  private CheckServer(URI server, long process) {
    this.server = server;
    this.process = Path.of("/proc", Long.toString(process), "status");
  }

  /**
   * @param args {@code crowd URL PID CLIENTS SECONDS} or {@code siege URL PID CLIENTS REQUESTS}
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    CheckServer check = new CheckServer(URI.create(args[1]), Long.parseLong(args[2]));
    int clients = Integer.parseInt(args[3]);
    int most = Integer.parseInt(args[4]);
    AtomicBoolean over = new AtomicBoolean();
    Thread sampler = Thread.ofPlatform().start(() -> check.sample(over));
    long start = System.nanoTime();
    if (args[0].equals("crowd")) {
      check.crowd(clients, Duration.ofSeconds(most));
    } else {
      check.siege(clients, most);
    }
    over.set(true);
    sampler.join();
    check.tellProcess((System.nanoTime() - start) / 1e9);
    System.exit(check.failed ? 1 : 0);
  }

  private void crowd(int clients, Duration time) throws IOException, InterruptedException {
    try (Crowd crowd = new Crowd(server, 48)) {
      long end = System.nanoTime() + time.toNanos();
      Crowd.Report report = crowd.run(clients, _ -> System.nanoTime() - end < 0);
      report.wrong().forEach(this::fail);
      long least = extreme(report, Crowd.Seen::questions, true);
      long most = extreme(report, Crowd.Seen::questions, false);
      say(
          "%d clients: %d answered with their texts alone, %d left, %d tokens; questions a client"
              + " %d to %d",
          clients,
          report.seen().stream().mapToInt(Crowd.Seen::answered).sum(),
          report.seen().stream().mapToInt(Crowd.Seen::left).sum(),
          report.seen().stream().mapToLong(Crowd.Seen::tokens).sum(),
          least,
          most);
      // Where each asks few, their lengths decide.
      if (least >= 20 && most > 2 * least) {
        fail("one client got more than twice as many answers as another");
      }
    }
  }

  private static long extreme(Crowd.Report report, ToLongFunction<Crowd.Seen> of, boolean least) {
    var all = report.seen().stream().mapToLong(of);
    return (least ? all.min() : all.max()).orElseThrow();
  }

  private void siege(int clients, int requests) throws InterruptedException {
    long start = System.nanoTime();
    Siege.Report report =
        new Siege(server).run(clients, requests / clients, "so long ".repeat(200));
    double seconds = (System.nanoTime() - start) / 1e9;
    report.wrong().forEach(this::fail);
    int all = report.statuses().values().stream().mapToInt(Integer::intValue).sum();
    say("%d hostile requests, %.0f a second, by status: %s", all, all / seconds, report.statuses());
  }

  private void sample(AtomicBoolean over) {
    try {
      while (!over.get()) {
        List<String> lines = Files.readAllLines(process);
        samples.add(new Sample(number(lines, "VmRSS:"), number(lines, "Threads:")));
        Thread.sleep(BETWEEN_SAMPLES);
      }
    } catch (IOException e) {
      fail("the server has ended: " + e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static long number(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  private void tellProcess(double seconds) {
    int quarter = samples.size() / 4;
    if (quarter == 0) {
      say("in %.0f s, too short to tell how memory grows", seconds);
      return;
    }
    List<Sample> early = samples.subList(2 * quarter, 3 * quarter);
    List<Sample> late = samples.subList(samples.size() - quarter, samples.size());
    double before = early.stream().mapToLong(Sample::kib).average().orElse(0);
    double after = late.stream().mapToLong(Sample::kib).average().orElse(0);
    long threads = early.stream().mapToLong(Sample::threads).max().orElse(0);
    long threadsAfter = late.stream().mapToLong(Sample::threads).max().orElse(0);
    say(
        "in %.0f s: memory %.0f MiB in the third quarter, %.0f in the last; threads %d and %d",
        seconds, before / 1024, after / 1024, threads, threadsAfter);
    if (samples.size() >= 40 && after > MOST_GROWTH * before) {
      fail("memory grows");
    }
    if (samples.size() >= 40 && threadsAfter > threads + 4) {
      fail("threads grow");
    }
  }

  private static void say(String text, Object... values) {
    System.out.println(String.format(Locale.ROOT, text, values));
  }

  private void fail(String what) {
    failed = true;
    System.out.println("WRONG: " + what);
  }
}
