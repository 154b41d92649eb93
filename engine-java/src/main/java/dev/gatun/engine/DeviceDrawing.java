// DeviceDrawing: each step ends in a draw on the device, and the step after it need not wait for
// the host.
package dev.gatun.engine;

import dev.gatun.device.Sampling;
import dev.gatun.sample.Sampler;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * The step of a token is issued before the host has seen that token: it lies on the device already,
 * and all else a step needs is known. If the answer ends with it, that step was in vain: it wrote
 * behind the session's end, which nobody reads, and its draw is dropped.
 */
final class DeviceDrawing implements Drawing {
  private final Session session;
  private final Sampler sampler;
  private final Sampling sampling;
  private Optional<Turn> drawing = Optional.empty();
  private Optional<Turn> ahead = Optional.empty();

  DeviceDrawing(Session session, Sampler sampler, Sampling sampling) {
    this.session = session;
    this.sampler = sampler;
    this.sampling = sampling;
  }

  @Override
  public void read(int[] prompt, BooleanSupplier interrupted) {
    drawing = Optional.of(session.draw(prompt, after(prompt.length), interrupted));
  }

  @Override
  public int next(boolean mayGoOn) {
    if (mayGoOn && session.canRunAhead()) {
      ahead = Optional.of(session.drawAhead(after(1)));
    }
    return Sampler.drawn(drawing.orElseThrow().token());
  }

  @Override
  public void append(int token) {
    if (ahead.isPresent()) {
      session.remember(token);
      drawing = ahead;
      ahead = Optional.empty();
    } else {
      drawing = Optional.of(session.draw(new int[] {token}, after(0), () -> false));
    }
  }

  @Override
  public void close() {
    session.settle();
  }

  /** For the draw that follows so many more accepted tokens. */
  private Sampling after(int tokens) {
    return sampling.at(sampler.accepted() + tokens);
  }
}
