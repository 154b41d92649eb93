// LogWriter: the log of requests, a line of JSON each, written without making anybody wait.
package dev.gatun.server;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * One thread writes. Where the reader is slower than the requests, lines are dropped and counted,
 * which the next line that is written says. For any threads.
 */
public final class LogWriter implements AutoCloseable {
  /** Lines that wait to be written; some hundred bytes each. */
  private static final int MOST_WAITING = 8192;

  private static final Duration LAST_WORDS = Duration.ofSeconds(1);

  private final BlockingQueue<ObjectNode> lines;
  private final AtomicLong dropped = new AtomicLong();
  private final OutputStream out;
  private final Consumer<String> broken;
  private final Thread writer;
  private volatile boolean closed;

  /**
   * @param out is written to by a thread of this one's own, whole lines at a time
   * @param broken is told once where that fails; all lines from then on are dropped
   */
  public LogWriter(OutputStream out, Consumer<String> broken) {
    this(out, broken, MOST_WAITING);
  }

  LogWriter(OutputStream out, Consumer<String> broken, int mostWaiting) {
    this.out = out;
    this.broken = broken;
    lines = new LinkedBlockingQueue<>(mostWaiting);
    // A platform thread, since a pipe that is full blocks the one that writes; a daemon, since it
    // may do so for ever.
    writer = Thread.ofPlatform().daemon().name("gatun-log").start(this::write);
  }

  /** A log that nobody reads. */
  public static LogWriter none() {
    return new LogWriter(OutputStream.nullOutputStream(), _ -> {});
  }

  /** Does not wait. */
  void add(ObjectNode line) {
    if (closed || !lines.offer(line)) {
      dropped.incrementAndGet();
    }
  }

  /** Lines that were not written. */
  long dropped() {
    return dropped.get();
  }

  private void write() {
    long told = 0;
    try {
      while (!closed || !lines.isEmpty()) {
        ObjectNode line = lines.take();
        long lost = dropped.get();
        if (lost > told) {
          line.put("lines_dropped", lost - told);
          told = lost;
        }
        byte[] json = Json.bytes(line);
        byte[] ended = Arrays.copyOf(json, json.length + 1);
        ended[json.length] = '\n';
        out.write(ended);
        out.flush();
      }
    } catch (IOException e) {
      closed = true;
      dropped.addAndGet(1 + lines.size());
      lines.clear();
      broken.accept("the log of requests ends here: " + e.getMessage());
    } catch (InterruptedException e) {
      // Closed, with nothing left to write.
    }
  }

  /** Writes what is left, for a second at most. */
  @Override
  public void close() {
    closed = true;
    try {
      if (lines.isEmpty()) {
        writer.interrupt();
      }
      writer.join(LAST_WORDS);
      writer.interrupt();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
