// EventStream: an answer as server-sent events (source: HTML Living Standard, 9.2).
package dev.gatun.server;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * The answer begins with the first event, so that what is refused before it has a status of its
 * own. For any threads: each event is written whole. A client that has left is an
 * UncheckedIOException.
 */
public final class EventStream {
  private static final byte[] DATA = "data: ".getBytes(StandardCharsets.UTF_8);
  private static final byte[] END = "\n\n".getBytes(StandardCharsets.UTF_8);

  /** Where an answer's pieces go. */
  @FunctionalInterface
  interface Pieces {
    /** Sends a piece at once: nothing has to be flushed. */
    void write(boolean last, byte[] piece) throws IOException;
  }

  private final Supplier<Pieces> head;
  private final LogLine log;
  private Runnable opening = () -> {};
  private Pieces out;

  /**
   * @param head makes the answer's head, which goes with the first piece
   * @param log is told what goes wrong
   */
  EventStream(Supplier<Pieces> head, LogLine log) {
    this.head = head;
    this.log = log;
  }

  /** Events that are sent before the first other one; to be said before that. */
  public void opensWith(Runnable first) {
    opening = first;
  }

  /**
   * Runs what sends events.
   *
   * @param fail sends what goes wrong after the first event; before it, it is thrown
   */
  public void run(Runnable work, Consumer<ApiError> fail) {
    try {
      work.run();
    } catch (Refusal | ApiError | IllegalStateException e) {
      ApiError error = ApiError.of(e);
      if (!begun()) {
        throw error;
      }
      log.add("error", error.getMessage());
      fail.accept(error);
    }
    close();
  }

  /** Makes the head and sends the opening events, unless that is done. */
  public synchronized void begin() {
    if (out == null) {
      out = head.get();
      opening.run();
    }
  }

  private synchronized boolean begun() {
    return out != null;
  }

  /** An event of OpenAI's interface. */
  public void send(JsonNode data) {
    send(Json.bytes(data));
  }

  /** As above, of JSON in UTF-8. */
  public void send(byte[] json) {
    write(new byte[0], json);
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
      begin();
      out.write(false, event);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void close() {
    try {
      out.write(true, new byte[0]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
