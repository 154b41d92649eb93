// Body: the bytes of an answer as they come, with a limit on how long one waits for the next.
package dev.gatun.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * Pulls an HTTP body piece by piece. The client's own input stream would wait for ever on a
 * connection that is open and silent.
 */
final class Body implements Flow.Subscriber<List<ByteBuffer>>, AutoCloseable {

  private sealed interface Event {
    record Subscribed(Flow.Subscription subscription) implements Event {}

    record Bytes(List<ByteBuffer> pieces) implements Event {}

    record End() implements Event {}

    record Cut(Throwable cause) implements Event {}
  }

  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Duration stall;
  private Optional<Flow.Subscription> subscription = Optional.empty();
  private volatile boolean closed;

  Body(Flow.Publisher<List<ByteBuffer>> publisher, Duration stall) {
    this.stall = stall;
    publisher.subscribe(this);
  }

  /**
   * Waits for the next bytes; empty at the end of the body.
   *
   * @throws IOException where the connection was cut, or silent for too long
   */
  Optional<List<ByteBuffer>> next() throws IOException, InterruptedException {
    subscription.ifPresent(s -> s.request(1));
    while (true) {
      switch (events.poll(stall.toMillis(), TimeUnit.MILLISECONDS)) {
        case null -> throw new IOException("no byte came for " + Figures.seconds(stall));
        case Event.Subscribed(Flow.Subscription s) -> {
          subscription = Optional.of(s);
          s.request(1);
        }
        case Event.Bytes(List<ByteBuffer> pieces) -> {
          return Optional.of(pieces);
        }
        case Event.End() -> {
          return Optional.empty();
        }
        case Event.Cut(Throwable cause) ->
            throw new IOException("connection cut: " + cause.getMessage(), cause);
      }
    }
  }

  /** The whole body, if it is no longer than {@code limit} bytes. */
  byte[] all(int limit) throws IOException, InterruptedException {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    for (var pieces = next(); pieces.isPresent(); pieces = next()) {
      for (ByteBuffer piece : pieces.get()) {
        byte[] bytes = new byte[piece.remaining()];
        piece.get(bytes);
        whole.writeBytes(bytes);
      }
      if (whole.size() > limit) {
        throw new IOException("the answer is longer than " + Figures.size(limit));
      }
    }
    return whole.toByteArray();
  }

  @Override
  public void onSubscribe(Flow.Subscription s) {
    events.add(new Event.Subscribed(s));
    if (closed) {
      s.cancel();
    }
  }

  @Override
  public void onNext(List<ByteBuffer> pieces) {
    events.add(new Event.Bytes(pieces));
  }

  @Override
  public void onError(Throwable cause) {
    events.add(new Event.Cut(cause));
  }

  @Override
  public void onComplete() {
    events.add(new Event.End());
  }

  /** Ends the exchange, and with it the connection where bytes are still to come. */
  @Override
  public void close() {
    closed = true;
    if (events.peek() instanceof Event.Subscribed(Flow.Subscription s)) {
      s.cancel();
    }
    subscription.ifPresent(Flow.Subscription::cancel);
  }
}
