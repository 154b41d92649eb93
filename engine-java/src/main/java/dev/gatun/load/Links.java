// Links: the groups of ranks that a load's steps exchange in, joined before their memory is taken.
package dev.gatun.load;

import dev.gatun.device.Device;
import dev.gatun.op.Exchanges;
import dev.gatun.ranks.Group;
import dev.gatun.ranks.Link;
import dev.gatun.ranks.MeasuredRanks;
import dev.gatun.shard.Shard;
import dev.gatun.step.Relay;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What copies between GPUs takes some of their memory as it begins, so it begins first. */
final class Links {
  private static final Comparator<List<Integer>> ORDER = Comparator.comparing(List::toString);

  private final TransportChoice choice;
  private final boolean sharesEmbedding;
  private final Device device;
  private final MeasuredRanks ranks;
  private final List<Joined> joined = new ArrayList<>();

  /**
   * @param bytes of its largest exchange
   */
  private record Joined(List<Integer> members, Link link, long bytes) {}

  private Links(
      TransportChoice choice, boolean sharesEmbedding, Device device, MeasuredRanks ranks) {
    this.choice = choice;
    this.sharesEmbedding = sharesEmbedding;
    this.device = device;
    this.ranks = ranks;
  }

  /**
   * All ranks call it.
   *
   * @param relay empty where there are no other ranks
   * @param bytes by the groups' members, of their largest exchanges
   */
  static Links of(
      Optional<Relay> relay,
      MeasuredRanks ranks,
      Blueprint blueprint,
      Map<List<Integer>, Long> bytes) {
    Device device = blueprint.device();
    Optional<RankDevices> rankDevices =
        relay.map(others -> RankDevices.gathered(others, ranks, device));
    Optional<Transport> asked = blueprint.options().mesh().transport();
    TransportChoice choice =
        rankDevices
            .map(known -> TransportChoice.agreed(relay.get(), known, device, asked))
            .orElse(TransportChoice.alone());
    Shard shard = blueprint.membership().shard();
    boolean shares = rankDevices.map(known -> known.sharesEmbedding(shard)).orElse(false);
    Links links = new Links(choice, shares, device, ranks);
    // Every rank makes its groups in one order.
    bytes.keySet().stream()
        .sorted(ORDER)
        .forEach(
            members ->
                links.joined.add(new Joined(members, links.link(members), bytes.get(members))));
    return links;
  }

  private Link link(List<Integer> members) {
    return choice.transport().isOnDevices()
        ? ranks.link(members, device)
        : bytes -> {
          Group group = ranks.group(members, bytes);
          if (device.isGpu()) {
            group.pin(memory -> device.pin(Link.PURPOSE, memory));
          }
          return group;
        };
  }

  TransportChoice choice() {
    return choice;
  }

  /** Whether this rank reads rank 0's embedding. */
  boolean sharesEmbedding() {
    return sharesEmbedding;
  }

  /** Takes the memory. */
  Exchanges exchanges() {
    Map<List<Integer>, Group> groups = new HashMap<>();
    joined.forEach(each -> groups.put(each.members, each.link.group(each.bytes)));
    return new Exchanges(device, groups::get, ranks.size(), ranks::add);
  }
}
