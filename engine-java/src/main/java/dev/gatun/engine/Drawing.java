// Drawing: where the tokens of an answer are chosen, on the host or on the device.
package dev.gatun.engine;

import dev.gatun.sample.Sampler;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/** Reads a prompt and draws token after token; both kinds draw the same. */
sealed interface Drawing extends AutoCloseable permits HostDrawing, DeviceDrawing {

  /**
   * On a GPU where the sampler's options allow. The CPU's sampler is the host's: nothing would run
   * ahead, and Java's passes over the logits take half the time of {@code gk_sample}'s.
   *
   * @param limit ids from this on are never drawn
   */
  static Drawing of(Session session, Sampler sampler, int limit) {
    return Optional.of(sampler)
        .filter(any -> session.engine().device().isGpu())
        .flatMap(any -> any.onDevice(limit))
        .<Drawing>map(sampling -> new DeviceDrawing(session, sampler, sampling))
        .orElseGet(() -> new HostDrawing(session, sampler, limit));
  }

  /** Runs the prompt; the sampler is not told. */
  void read(int[] prompt, BooleanSupplier interrupted);

  /**
   * The next token, which the sampler is not told.
   *
   * @param mayGoOn false where {@link #append} surely will not follow
   */
  int next(boolean mayGoOn);

  /** Runs the token that {@link #next} gave and the sampler has accepted since. */
  void append(int token);

  /** Leaves the session with what was appended, and nothing under way. */
  @Override
  void close();
}
