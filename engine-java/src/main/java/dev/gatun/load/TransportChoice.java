// TransportChoice: how devices hand each other bytes: as is asked for, or the fastest way they
// have.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.device.Gpu;
import dev.gatun.ranks.Ranks;
import dev.gatun.refusal.Refusal;
import dev.gatun.step.Relay;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * The same for all ranks.
 *
 * @param why for people
 */
public record TransportChoice(Transport transport, String why) {
  private static final String ASKED = "as asked for";
  private static final long ALL_REACHED = -1;

  /**
   * What a rank tells the others of its device.
   *
   * @param gpu its number in its process; {@link #NONE} of a CPU
   * @param identity the same for the same GPU; 0 where it is not known
   * @param connects whether NCCL is found
   */
  record Place(int gpu, long identity, boolean connects) {
    private static final int NONE = -1;

    static Place of(Device device) {
      return device
          .gpu()
          .map(gpu -> new Place(gpu.index(), identity(gpu), device.connects()))
          .orElse(new Place(NONE, 0, false));
    }

    static Place of(long[] words) {
      return new Place((int) words[0], words[1], words[2] == 1);
    }

    private static long identity(Gpu gpu) {
      if (gpu.uuid().isEmpty()) {
        return 0;
      }
      UUID uuid = UUID.fromString(gpu.uuid());
      return uuid.getMostSignificantBits() ^ uuid.getLeastSignificantBits();
    }

    long[] words() {
      return new long[] {gpu, identity, connects ? 1 : 0};
    }

    boolean isCpu() {
      return gpu == NONE;
    }
  }

  /** Of one device, which hands over nothing. */
  static TransportChoice alone() {
    return new TransportChoice(Transport.HOST, "there is one device");
  }

  /** Agreed by all ranks, which all call it; Refusal where what is asked for cannot be. */
  static TransportChoice agreed(
      Relay relay, Ranks ranks, Device device, Optional<Transport> asked) {
    Transport fastest = ranks.inOneProcess() ? Transport.PEER : Transport.NCCL;
    if (asked.isPresent() && asked.get() != fastest) {
      return asked(asked.get(), fastest);
    }
    List<Place> places =
        Arrays.stream(relay.gather(Place.of(device).words())).map(Place::of).toList();
    Optional<String> obstacle = aCpu(places);
    if (obstacle.isEmpty()) {
      obstacle =
          fastest == Transport.PEER
              ? unreached(relay.gather(firstUnreached(device, places)))
              : unconnected(places);
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
  static TransportChoice planned(List<Device> devices, Optional<Transport> asked) {
    if (asked.isPresent() && asked.get() != Transport.PEER) {
      return new TransportChoice(asked.get(), ASKED);
    }
    List<Place> places = devices.stream().map(Place::of).toList();
    Optional<String> obstacle = aCpu(places);
    if (obstacle.isEmpty()) {
      obstacle =
          unreached(
              devices.stream()
                  .map(device -> new long[] {firstUnreached(device, places)})
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

  private static Optional<String> aCpu(List<Place> places) {
    return IntStream.range(0, places.size())
        .filter(rank -> places.get(rank).isCpu())
        .mapToObj(rank -> "rank " + rank + " is on a CPU")
        .findFirst();
  }

  /** The first rank whose memory {@code device} cannot read. */
  private static long firstUnreached(Device device, List<Place> places) {
    return IntStream.range(0, places.size())
        .filter(rank -> !device.reaches(places.get(rank).gpu()))
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

  static Optional<String> unconnected(List<Place> places) {
    for (int rank = 0; rank < places.size(); rank++) {
      Place place = places.get(rank);
      if (!place.connects()) {
        return Optional.of("rank " + rank + " finds no NCCL (scripts/fetch-cuda --nccl)");
      }
      for (int other = 0; other < rank; other++) {
        if (place.identity() != 0 && place.identity() == places.get(other).identity()) {
          return Optional.of("ranks " + other + " and " + rank + " have the same GPU");
        }
      }
    }
    return Optional.empty();
  }
}
