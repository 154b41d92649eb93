// EventStream: an answer as server-sent events (source: HTML Living Standard, 9.2).
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * For any threads: each event is written whole. A client that has left is an UncheckedIOException.
 */
public final class EventStream implements AutoCloseable {
  private static final byte[] DATA = "data: ".getBytes(StandardCharsets.UTF_8);
  private static final byte[] END = "\n\n".getBytes(StandardCharsets.UTF_8);

  private final OutputStream out;

  EventStream(OutputStream out) {
    this.out = out;
  }

  /** An event of OpenAI's interface. */
  public void send(JsonNode data) {
    write(new byte[0], Json.bytes(data));
  }

  /** An event with a name, as Anthropic's interface and OpenAI's responses have it. */
  public void send(String event, JsonNode data) {
    write(("event: " + event + "\n").getBytes(StandardCharsets.UTF_8), Json.bytes(data));
  }

  /** The last event of OpenAI's interface. */
  public void done() {
    write(new byte[0], "[DONE]".getBytes(StandardCharsets.UTF_8));
  }

  private synchronized void write(byte[] head, byte[] data) {
    // One write, so that an event is one packet.
    byte[] event = new byte[head.length + DATA.length + data.length + END.length];
    System.arraycopy(head, 0, event, 0, head.length);
    System.arraycopy(DATA, 0, event, head.length, DATA.length);
    System.arraycopy(data, 0, event, head.length + DATA.length, data.length);
    System.arraycopy(END, 0, event, event.length - END.length, END.length);
    try {
      out.write(event);
      out.flush();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public synchronized void close() {
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
