// MpiRanks: ranks that are processes, started by mpirun or srun, and hand each other bytes over
// MPI.
package dev.gatun.ranks;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.gatun.device.Communicator;
import dev.gatun.device.Device;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * This process is one rank. When one rank fails, dies, or does not answer for {@value
 * Peer#MOST_MISSED} beats, all processes end with one exit code, within 10 seconds, and one of them
 * tells why: what waits for other ranks throws the reason, and should reach {@link #end}; a process
 * that does not get there is ended all the same.
 */
public final class MpiRanks implements Ranks {

  /** All processes are started, and have loaded MPI, within this. */
  private static final long START_MILLIS = 30_000;

  /** Of a text that ranks compare, with its length. */
  private static final int TEXT_BYTES = 1024;

  private final OpenMpi mpi;
  private final Watch watch;
  private final int rank;
  private final int size;
  private final Arena arena = Arena.ofShared();
  private final List<MpiGroup> groups = new ArrayList<>();
  private final List<Communicator> communicators = new ArrayList<>();
  private final List<Runnable> ends = new ArrayList<>();
  private final boolean crowded;

  /** Of all ranks, for texts. */
  private final MpiGroup everyone;

  private MpiRanks(OpenMpi mpi, int rank, int size, Consumer<Refusal> tell) {
    this.mpi = mpi;
    this.rank = rank;
    this.size = size;
    String host = mpi.host();
    String name = name(rank, ProcessHandle.current().pid(), host);
    this.watch = new Watch(rank, name, tell);
    List<Integer> all = IntStream.range(0, size).boxed().toList();
    // Nobody knows yet who runs where.
    this.everyone =
        new MpiGroup(mpi, watch, all, rank, (long) size * TEXT_BYTES, arena, true, MpiGroup.WINDOW);
    List<String> places = gather(ProcessHandle.current().pid() + " " + host);
    List<String> hosts = places.stream().map(place -> place.split(" ", 2)[1]).toList();
    this.crowded = Collections.frequency(hosts, host) > Runtime.getRuntime().availableProcessors();
    boolean sameHost = hosts.stream().distinct().count() == 1;
    Socket[] sockets = Wires.connect(rank, size, sameHost, this::gather);
    List<Peer> peers = new ArrayList<>();
    for (int other : all) {
      if (other != rank) {
        long process = Long.parseLong(places.get(other).split(" ", 2)[0]);
        peers.add(new Peer(other, name(other, process, hosts.get(other)), sockets[other]));
      }
    }
    watch.start(peers);
  }

  private static String name(int rank, long process, String host) {
    return "rank " + rank + " (process " + process + " on " + host + ")";
  }

  /**
   * Joins the ranks this process was started with. Empty where it is the only one; MPI is then not
   * looked for. Once a process.
   *
   * @param version of this program; all ranks must have the same
   * @param tell tells the user why all ranks end; called in one process of all, from any thread
   * @throws Refusal device: no Open MPI, another MPI's launcher, no connection between ranks. Ranks
   *     that do not start or are of another version end as {@link #end} does
   */
  public static Optional<MpiRanks> ofLauncher(String version, Consumer<Refusal> tell) {
    return ofLauncher(System.getenv(), version, tell, START_MILLIS);
  }

  /**
   * As {@link #ofLauncher(String, Consumer)}.
   *
   * @param environment of this process
   */
  public static Optional<MpiRanks> ofLauncher(
      Map<String, String> environment, String version, Consumer<Refusal> tell) {
    return ofLauncher(environment, version, tell, START_MILLIS);
  }

  /** Processes that the launcher started with this one; 1 where there is none. */
  public static int launchedSize(Map<String, String> environment) {
    return Launch.of(environment).map(Launch::size).orElse(1);
  }

  /** The rank that the launcher gave this process; 0 where there is none. MPI is not looked for. */
  public static int launchedRank(Map<String, String> environment) {
    return Launch.of(environment).map(Launch::rank).orElse(0);
  }

  static Optional<MpiRanks> ofLauncher(
      Map<String, String> environment, String version, Consumer<Refusal> tell, long startMillis) {
    return Launch.of(environment)
        .map(
            launch -> {
              MpiRanks ranks;
              Thread guard = guard(launch, tell, startMillis);
              try {
                ranks = start(launch, tell);
              } finally {
                guard.interrupt();
              }
              try {
                ranks.agree("Gatun", version);
              } catch (Refusal refusal) {
                ranks.end(refusal); // told once; the caller would in each process
              }
              return ranks;
            });
  }

  private static MpiRanks start(Launch launch, Consumer<Refusal> tell) {
    OpenMpi mpi = OpenMpi.start();
    int size = mpi.size();
    if (size != launch.size()) {
      throw Refusal.device(
          launch.launcher()
              + " started "
              + launch.size()
              + " processes, of which MPI ("
              + mpi.version()
              + ") sees "
              + size,
          "start with the mpirun of the same Open MPI, or with srun --mpi=pmix",
          null);
    }
    return new MpiRanks(mpi, mpi.rank(), size, tell);
  }

  /** Until all are there MPI waits for ever; the lowest rank speaks first, and ends the others. */
  private static Thread guard(Launch launch, Consumer<Refusal> tell, long startMillis) {
    return Thread.ofPlatform()
        .daemon()
        .name("gatun-ranks-start")
        .start(
            () -> {
              try {
                Thread.sleep(startMillis + 2_000L * Math.min(launch.rank(), 2));
              } catch (InterruptedException e) {
                return;
              }
              String seconds = startMillis / 1000 + " s";
              tell.accept(
                  Refusal.device(
                      "not all " + launch.size() + " ranks have started within " + seconds,
                      "see which process stands still, or does not run Gatun",
                      null));
              ProcessExit.now(Refusal.Reason.DEVICE.exitCode());
            });
  }

  @Override
  public int rank() {
    return rank;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public Group group(List<Integer> members, long bytes) {
    return group(members, bytes, MpiGroup.WINDOW);
  }

  /** As the other; MPI gathers at most {@code window} bytes at once. */
  Group group(List<Integer> members, long bytes, int window) {
    MpiGroup group = new MpiGroup(mpi, watch, members, rank, bytes, arena, crowded, window);
    groups.add(group);
    return group;
  }

  @Override
  public boolean inOneProcess() {
    return false;
  }

  @Override
  public Link link(List<Integer> members, Device device) {
    int index = members.indexOf(rank);
    byte[] connection = DeviceGroup.connection(group(members, Communicator.ID_BYTES), device);
    Communicator communicator = device.connect(connection, index, members.size());
    communicators.add(communicator);
    watch.alsoFails(communicator::failure);
    return bytes -> new DeviceGroup(members, index, bytes, device, communicator, ends);
  }

  /**
   * Refuses to go on where not all ranks have the same. All ranks call it, in the same order.
   *
   * @param what as "checkpoint"
   * @param mine of which at most 1020 bytes of UTF-8 are compared
   */
  public void agree(String what, String mine) {
    Map<String, StringJoiner> ranks = new TreeMap<>();
    List<String> all = gather(mine);
    for (int other = 0; other < size; other++) {
      ranks
          .computeIfAbsent(all.get(other), text -> new StringJoiner(", ", text + " on ", ""))
          .add(String.valueOf(other));
    }
    if (ranks.size() > 1) {
      StringJoiner who = new StringJoiner("; ", "the ranks' " + what + " differs: ", "");
      ranks.values().forEach(having -> who.add(having.toString()));
      watch.failed(Failure.of(who.toString()));
      watch.check();
    }
  }

  /** What each rank gives, in their order. */
  private List<String> gather(String mine) {
    long[] ends = IntStream.rangeClosed(1, size).mapToLong(i -> (long) i * TEXT_BYTES).toArray();
    try (Exchange exchange = everyone.begin(ends)) {
      byte[] text = mine.getBytes(StandardCharsets.UTF_8);
      int length = Math.min(text.length, TEXT_BYTES - Integer.BYTES);
      MemorySegment part = exchange.at((long) rank * TEXT_BYTES);
      part.set(JAVA_INT, 0, length);
      MemorySegment.copy(text, 0, part, ValueLayout.JAVA_BYTE, Integer.BYTES, length);
      exchange.publish();
      exchange.await();
      List<String> all = new ArrayList<>();
      for (int other = 0; other < size; other++) {
        MemorySegment from = exchange.at((long) other * TEXT_BYTES);
        byte[] bytes =
            from.asSlice(Integer.BYTES, from.get(JAVA_INT, 0)).toArray(ValueLayout.JAVA_BYTE);
        all.add(new String(bytes, StandardCharsets.UTF_8));
      }
      return all;
    }
  }

  @Override
  public Refusal fail(Refusal.Reason kind, String reason) {
    return watch.fail(reason, kind.exitCode());
  }

  /**
   * Ends this process, and with it all others: {@code refusal} is this rank's, or what it was told
   * of another. One rank tells the user; the exit code is that of the first refusal. From any
   * thread; does not return.
   */
  public void end(Refusal refusal) {
    watch.fail(refusal.getMessage(), refusal.reason().exitCode());
    watch.end();
  }

  /** The good end of all ranks, which wait for each other here; the bad one is {@link #end}. */
  @Override
  public void close() {
    watch.check();
    groups.forEach(MpiGroup::settle);
    communicators.forEach(Communicator::close);
    watch.leave();
    mpi.finish();
    watch.left();
    groups.forEach(MpiGroup::end);
    ends.forEach(Runnable::run);
    arena.close();
  }
}
