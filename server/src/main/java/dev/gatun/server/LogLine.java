// LogLine: what the log says of one request, beside its method, path, status and time.
package dev.gatun.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.Answer;
import java.util.List;

/** Never what was asked or answered. For any threads. */
public final class LogLine {
  private final ObjectNode fields = Json.object();
  private List<Answer> answers = List.of();

  public synchronized void add(String name, String value) {
    fields.put(name, value);
  }

  public synchronized void add(String name, long value) {
    fields.put(name, value);
  }

  public synchronized void add(String name, boolean value) {
    fields.put(name, value);
  }

  /** For the metrics: what the request got, once it is all there. */
  public synchronized void answered(List<Answer> all) {
    answers = List.copyOf(all);
  }

  synchronized List<Answer> answers() {
    return answers;
  }

  synchronized void addTo(ObjectNode line) {
    line.setAll(fields);
  }
}
