// Slots: GET /slots, the requests whose answers are being made.
package dev.gatun.server;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.io.IOException;
import java.util.Comparator;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** For any threads. */
final class Slots implements Route {
  private final Set<Progress> all = ConcurrentHashMap.newKeySet();
  private final Metrics metrics;

  Slots(Metrics metrics) {
    this.metrics = metrics;
  }

  Metrics metrics() {
    return metrics;
  }

  void add(Progress progress) {
    all.add(progress);
  }

  void remove(Progress progress) {
    all.remove(progress);
  }

  @Override
  public void answer(Call call) throws IOException {
    ArrayNode list = Json.array();
    all.stream()
        .sorted(Comparator.comparing(Progress::since))
        .forEach(
            each ->
                list.addObject()
                    .put("id", each.id())
                    .put("path", each.path())
                    .put("since", each.since().toString())
                    .put("prompt_tokens", each.promptTokens())
                    .put("tokens", each.pieces())
                    .put("state", each.state().name().toLowerCase(Locale.ROOT)));
    call.answer(200, list);
  }
}
