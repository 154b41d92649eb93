// Cards: the devices that gatun plan is told of, which need not be here.
package dev.gatun.cli;

import dev.gatun.load.Capacity;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code 24G}; {@code 8x141G}; {@code 2x24G,host} and {@code 24G,host:512G}: a machine's memory;
 * {@code 24G@1008G}: with the bytes a second that it reads.
 *
 * @param capacities by rank; none where no card is named
 * @param bandwidths of each, bytes a second; empty where they are not named
 */
record Cards(List<Capacity> capacities, Optional<List<Double>> bandwidths) {
  private static final Pattern ITEM =
      Pattern.compile(
          "(?:(?<count>\\d{1,4})x)?(?<memory>[^@]+?)"
              + "(?:@(?<bandwidth>\\d{1,6}(?:\\.\\d{1,6})?)(?<unit>[GT])(?:B/s)?)?");
  private static final Pattern HOST = Pattern.compile("host(?::(.+))?");
  private static final int MOST = 1024;

  /** What a device is without its number, and what it reads; 0 where that is not named. */
  private record Named(Capacity capacity, double bandwidth) {}

  static Cards none() {
    return new Cards(List.of(), Optional.empty());
  }

  /** One at least; Refusal.usage where it is no list of them. */
  static Cards parse(String list) {
    List<Named> cards = new ArrayList<>();
    for (String item : list.split(",", -1)) {
      Matcher matcher = ITEM.matcher(item.strip());
      if (!matcher.matches()) {
        throw Refusal.usage(
            "--vram '" + item + "' is no device", "give 24G, 8x141G, host:512G, or 24G@1008G");
      }
      int count = matcher.group("count") == null ? 1 : Integer.parseInt(matcher.group("count"));
      Named one = new Named(capacity(matcher), bandwidth(matcher));
      for (int i = 0; i < count && cards.size() <= MOST; i++) {
        cards.add(one);
      }
    }
    return of(list, cards);
  }

  private static Cards of(String list, List<Named> cards) {
    List<Capacity> capacities = cards.stream().map(Named::capacity).toList();
    if (cards.size() > MOST || capacities.stream().noneMatch(Capacity::isGpu)) {
      throw Refusal.usage(
          "--vram " + list + " names no card, or too many", "name 1 to " + MOST + ": 8x141G");
    }
    if (capacities.stream().filter(Capacity::isHost).count() > 1) {
      throw Refusal.usage("--vram " + list + " names the host twice", "name it once");
    }
    List<Double> known =
        cards.stream().map(Named::bandwidth).filter(bandwidth -> bandwidth > 0).toList();
    if (!known.isEmpty() && known.size() < cards.size()) {
      throw Refusal.usage(
          "--vram " + list + " names the bandwidth of some devices alone",
          "name that of each (24G@1008G,host@80G), or of none");
    }
    return new Cards(capacities, Optional.of(known).filter(all -> !all.isEmpty()));
  }

  private static Capacity capacity(Matcher item) {
    String memory = item.group("memory");
    Matcher host = HOST.matcher(memory);
    if (!host.matches()) {
      return Capacity.card(memory);
    }
    if (item.group("count") != null) {
      throw Refusal.usage("--vram " + item.group() + ": there is one host", "name it once");
    }
    return host.group(1) == null ? Capacity.host() : Capacity.host(Capacity.bytes(host.group(1)));
  }

  /** As vendors write it, in powers of ten. */
  private static double bandwidth(Matcher item) {
    if (item.group("bandwidth") == null) {
      return 0;
    }
    double bytes =
        Double.parseDouble(item.group("bandwidth")) * (item.group("unit").equals("T") ? 1e12 : 1e9);
    if (bytes == 0) {
      throw Refusal.usage(
          "--vram " + item.group() + " reads nothing", "give bytes a second: 1008G");
    }
    return bytes;
  }
}
