// LogWriterTest: nobody waits for the log, and what it loses is counted.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LogWriterTest {
  /** A pipe that nobody reads until it is told to. */
  private static final class Pipe extends OutputStream {
    final CountDownLatch written = new CountDownLatch(1);
    final CountDownLatch read = new CountDownLatch(1);
    final ByteArrayOutputStream all = new ByteArrayOutputStream();

    @Override
    public void write(int one) {
      throw new AssertionError("a byte at a time");
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
      written.countDown();
      try {
        read.await();
      } catch (InterruptedException e) {
        throw new IOException(e);
      }
      all.write(bytes, from, count);
    }
  }

  @Test
  void aFullPipeCostsLinesAndNoTime() throws InterruptedException {
    Pipe pipe = new Pipe();
    LogWriter log = new LogWriter(pipe, broken -> {}, 2);
    log.add(Json.object().put("line", 0));
    pipe.written.await();
    for (int i = 1; i < 8; i++) {
      log.add(Json.object().put("line", i));
    }
    assertEquals(5, log.dropped());
    pipe.read.countDown();
    log.close();
    assertEquals(
        List.of("{\"line\":0}", "{\"line\":1,\"lines_dropped\":5}", "{\"line\":2}"),
        pipe.all.toString(StandardCharsets.UTF_8).lines().toList());
  }

  @Test
  void closingDoesNotWaitForAPipeThatNobodyReads() {
    Pipe pipe = new Pipe();
    LogWriter log = new LogWriter(pipe, broken -> {});
    log.add(Json.object());
    log.close();
    assertEquals(0, pipe.all.size());
  }

  @Test
  void aClosedOutputIsToldOnce() throws InterruptedException {
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    OutputStream closed =
        new OutputStream() {
          @Override
          public void write(int one) throws IOException {
            throw new IOException("Broken pipe");
          }
        };
    try (LogWriter log = new LogWriter(closed, told::add)) {
      log.add(Json.object());
      assertEquals("the log of requests ends here: Broken pipe", told.take());
      log.add(Json.object());
      assertEquals(2, log.dropped());
    }
    assertTrue(told.isEmpty());
  }
}
