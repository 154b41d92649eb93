// LogLine: what the log says of one request, beside its method, path, status and time.
package dev.gatun.server;

import com.fasterxml.jackson.databind.node.ObjectNode;

/** Never what was asked or answered. For any threads. */
public final class LogLine {
  private final ObjectNode fields = Json.object();

  public synchronized void add(String name, String value) {
    fields.put(name, value);
  }

  public synchronized void add(String name, long value) {
    fields.put(name, value);
  }

  synchronized void addTo(ObjectNode line) {
    line.setAll(fields);
  }
}
