// ItemEvents: the events of a response, which are numbered.
package dev.gatun.server.openai.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.function.BiConsumer;

/** For one thread. */
final class ItemEvents {
  private final Runnable begin;
  private final BiConsumer<String, ObjectNode> events;
  private int sent;

  /**
   * @param begin sends events that come before all others, unless that is done
   * @param events takes each event with its name
   */
  ItemEvents(Runnable begin, BiConsumer<String, ObjectNode> events) {
    this.begin = begin;
    this.events = events;
  }

  /** Of a response that does not stream. */
  static ItemEvents untold() {
    return new ItemEvents(() -> {}, (_, _) -> {});
  }

  /**
   * @param event without its type and number
   */
  void send(String type, ObjectNode event) {
    begin.run(); // before the number is taken
    events.accept(type, event.put("type", type).put("sequence_number", sent++));
  }
}
