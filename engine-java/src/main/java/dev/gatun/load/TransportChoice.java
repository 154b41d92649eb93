// TransportChoice: how devices hand each other bytes: as is asked for, or the fastest way they
// have.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.refusal.Refusal;
import dev.gatun.step.Relay;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * The same for all ranks.
 *
 * @param why for people
 */
public record TransportChoice(Transport transport, String why) {
  private static final String ASKED = "as asked for";
  private static final long ALL_REACHED = -1;

  /** Of one device, which hands over nothing. */
  static TransportChoice alone() {
    return new TransportChoice(Transport.HOST, "there is one device");
  }

  /** Agreed by all ranks, which all call it; Refusal where what is asked for cannot be. */
  static TransportChoice agreed(
      Relay relay, RankDevices rankDevices, Device device, Optional<Transport> asked) {
    Transport fastest = rankDevices.inOneProcess() ? Transport.PEER : Transport.NCCL;
    if (asked.isPresent() && asked.get() != fastest) {
      return asked(asked.get(), fastest);
    }
    Optional<String> obstacle = aCpu(rankDevices);
    if (obstacle.isEmpty()) {
      obstacle =
          fastest == Transport.PEER
              ? unreached(relay.gather(firstUnreached(device, rankDevices)))
              : unconnected(rankDevices);
    }
    return of(fastest, asked.isPresent(), obstacle);
  }

  private static TransportChoice asked(Transport asked, Transport fastest) {
    if (asked != Transport.HOST) {
      throw Refusal.usage(
          asked == Transport.PEER
              ? "--exchange peer is for GPUs of one process"
              : "--exchange nccl is for several processes, each with a GPU (mpirun)",
          "use --exchange " + fastest + ", or leave it out");
    }
    return new TransportChoice(asked, ASKED);
  }

  /** Of devices of one process that are not loaded; NCCL stands for as many processes. */
  static TransportChoice planned(
      List<Device> devices, RankDevices rankDevices, Optional<Transport> asked) {
    if (asked.isPresent() && asked.get() != Transport.PEER) {
      return new TransportChoice(asked.get(), ASKED);
    }
    Optional<String> obstacle = aCpu(rankDevices);
    if (obstacle.isEmpty()) {
      obstacle =
          unreached(
              devices.stream()
                  .map(device -> new long[] {firstUnreached(device, rankDevices)})
                  .toArray(long[][]::new));
    }
    return of(Transport.PEER, asked.isPresent(), obstacle);
  }

  /** Of cards that need not be there. */
  static TransportChoice assumed(Optional<Transport> asked) {
    return asked
        .map(transport -> new TransportChoice(transport, ASKED))
        .orElse(new TransportChoice(Transport.HOST, "where --exchange does not say otherwise"));
  }

  private static TransportChoice of(Transport fastest, boolean asked, Optional<String> obstacle) {
    if (obstacle.isEmpty()) {
      return new TransportChoice(
          fastest,
          fastest == Transport.PEER ? "each GPU reads the others' memory" : "from GPU to GPU");
    }
    if (asked) {
      throw Refusal.device(
          "--exchange " + fastest + ": " + obstacle.get(), "use --exchange host", null);
    }
    return new TransportChoice(Transport.HOST, obstacle.get());
  }

  private static Optional<String> aCpu(RankDevices rankDevices) {
    return IntStream.range(0, rankDevices.all().size())
        .filter(rank -> rankDevices.all().get(rank).isCpu())
        .mapToObj(rank -> "rank " + rank + " is on a CPU")
        .findFirst();
  }

  /** The first rank whose memory {@code device} cannot read. */
  private static long firstUnreached(Device device, RankDevices rankDevices) {
    return IntStream.range(0, rankDevices.all().size())
        .filter(rank -> !device.reaches(rankDevices.all().get(rank).gpu()))
        .asLongStream()
        .findFirst()
        .orElse(ALL_REACHED);
  }

  /**
   * @param first by rank, {@link #firstUnreached}
   */
  private static Optional<String> unreached(long[][] first) {
    return IntStream.range(0, first.length)
        .filter(rank -> first[rank][0] != ALL_REACHED)
        .mapToObj(rank -> "rank " + rank + "'s GPU cannot read rank " + first[rank][0] + "'s")
        .findFirst();
  }

  /** Why NCCL does not connect the ranks; empty where it does. */
  static Optional<String> unconnected(RankDevices rankDevices) {
    for (int rank = 0; rank < rankDevices.all().size(); rank++) {
      RankDevices.RankDevice rankDevice = rankDevices.all().get(rank);
      if (!rankDevice.connects()) {
        return Optional.of("rank " + rank + " finds no NCCL (scripts/fetch-cuda --nccl)");
      }
      for (int other = 0; other < rank; other++) {
        if (rankDevice.identity() != 0
            && rankDevice.identity() == rankDevices.all().get(other).identity()) {
          return Optional.of("ranks " + other + " and " + rank + " have the same GPU");
        }
      }
    }
    return Optional.empty();
  }
}
