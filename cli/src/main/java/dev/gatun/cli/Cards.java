// Cards: the devices that gatun plan is told of, which need not be here.
package dev.gatun.cli;

import dev.gatun.load.Capacity;
import dev.gatun.refusal.Refusal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * {@code 24G}; {@code 8x141G}; {@code 2x24G,host} and {@code 24G,host:512G}: a machine's memory.
 */
final class Cards {
  private static final Pattern HOST = Pattern.compile("host(?::(.+))?");
  private static final Pattern SEVERAL = Pattern.compile("(\\d{1,4})x(.+)");
  private static final int MOST = 1024;

  private Cards() {}

  /** By rank, one at least; Refusal.usage where it is no list of them. */
  static List<Capacity> parse(String list) {
    List<Capacity> cards = new ArrayList<>();
    for (String item : list.split(",", -1)) {
      cards.addAll(item(item.strip()));
    }
    if (cards.size() > MOST || cards.stream().noneMatch(Capacity::isGpu)) {
      throw Refusal.usage(
          "--vram " + list + " names no card, or too many", "name 1 to " + MOST + ": 8x141G");
    }
    if (cards.stream().filter(Capacity::isHost).count() > 1) {
      throw Refusal.usage("--vram " + list + " names the host twice", "name it once");
    }
    return cards;
  }

  private static List<Capacity> item(String item) {
    Matcher host = HOST.matcher(item);
    if (host.matches()) {
      return List.of(
          host.group(1) == null ? Capacity.host() : Capacity.host(Capacity.bytes(host.group(1))));
    }
    Matcher several = SEVERAL.matcher(item);
    return several.matches()
        ? Collections.nCopies(Integer.parseInt(several.group(1)), Capacity.card(several.group(2)))
        : List.of(Capacity.card(item));
  }
}
