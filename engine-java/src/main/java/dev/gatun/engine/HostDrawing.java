// HostDrawing: the logits come to the host, whose sampler can do anything with them.
package dev.gatun.engine;

import dev.gatun.sample.Sampler;
import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;

final class HostDrawing implements Drawing {
  private final Session session;
  private final Sampler sampler;
  private final int limit;
  private MemorySegment logits = MemorySegment.NULL;

  HostDrawing(Session session, Sampler sampler, int limit) {
    this.session = session;
    this.sampler = sampler;
    this.limit = limit;
  }

  @Override
  public void read(int[] prompt, BooleanSupplier interrupted) {
    logits = session.append(prompt, interrupted);
  }

  @Override
  public int next(boolean mayGoOn) {
    return sampler.sample(logits, limit);
  }

  @Override
  public void append(int token) {
    logits = session.append(token);
  }

  @Override
  public void close() {}
}
