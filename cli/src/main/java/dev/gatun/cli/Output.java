// Output: standard output as UTF-8, whose failures are neither swallowed nor a stack trace.
package dev.gatun.cli;

import dev.gatun.refusal.Refusal;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * Buffered; {@link #flush} after what a person waits for. Java's own System.out forgets a full
 * disk.
 */
final class Output {

  /** The reader has gone ({@code gatun … | head -1}): end quietly. */
  static final class ReaderGone extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ReaderGone(IOException cause) {
      super(cause);
    }
  }

  private final OutputStream unbuffered;
  private final OutputStream stream;
  private boolean broken; // told once; what is written later is lost, as the caller knows

  Output(OutputStream stream) {
    unbuffered = stream;
    this.stream = new BufferedOutputStream(stream);
  }

  /** For writers of their own; what goes wrong there is told by the next call here. */
  OutputStream stream() {
    return stream;
  }

  /** For one who writes to it alone, and may be stuck there: flushing this does not wait for it. */
  OutputStream unbuffered() {
    return unbuffered;
  }

  void print(String text) {
    print(text.getBytes(StandardCharsets.UTF_8));
  }

  void print(byte[] bytes) {
    if (broken) {
      return;
    }
    try {
      stream.write(bytes);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  void println(String text) {
    print(text + "\n");
  }

  void flush() {
    if (broken) {
      return;
    }
    try {
      stream.flush();
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private RuntimeException failed(IOException e) {
    broken = true;
    String message = String.valueOf(e.getMessage());
    if (message.contains("Broken pipe") || message.contains("Connection reset")) {
      return new ReaderGone(e);
    }
    return Refusal.io(
        "cannot write standard output: " + message, "free some space or write elsewhere", e);
  }
}
