// Answer: reads a prompt, then draws token after token until something stops it.
package dev.gatun.engine;

import dev.gatun.device.Sampling;
import dev.gatun.engine.Generation.Limits;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.sample.LogProbs;
import dev.gatun.sample.Sampler;
import dev.gatun.step.Batch;
import dev.gatun.step.StepInFlight;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Draws on the device where its sampler allows: then the step of a token may be issued before the
 * host has seen that token. If the answer ends with it, that step was in vain: it wrote behind the
 * sequence's end, which nobody reads, and its draw is dropped. Where there is a mask, the draw
 * waits for it: the host works it out from the token before, while the step runs.
 */
final class Answer extends Task {

  /** What the session's thread hears. */
  sealed interface Event {}

  /**
   * @param logProbs where they are asked for
   * @param stop why it is the last event, if it is; one of {@link Limits#stopIds} is no part of the
   *     text
   * @param nanos when it was drawn
   */
  record Token(int id, Optional<LogProbs> logProbs, Optional<Stop> stop, long nanos)
      implements Event {}

  /** The last event of an answer that was cancelled. */
  record Cancelled() implements Event {}

  /** The last event of an answer that went wrong. */
  record Failure(Throwable cause) implements Event {}

  private final int[] prompt;
  private final Sampler sampler;
  private final Limits limits;
  private final int context;
  private final int vocab;
  private final int limit;
  private final int topLogProbs;
  private final Optional<Sampling> onDevice;
  private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
  private final Deque<Integer> unkept = new ArrayDeque<>();
  private int issued;
  private int kept;
  private int shared;
  private int drawsIssued;
  private int drawsDone;
  private long firstDraw;
  private Optional<Integer> next = Optional.empty();
  private Optional<Stop> stop = Optional.empty();

  /**
   * @param prompt at least one token, each in the vocabulary
   * @param sampler this task's alone from now on
   * @param topLogProbs how many of the likeliest tokens are told beside each drawn one; -1 for no
   *     log-probabilities
   * @param context most tokens of the sequence
   * @param drawsOnDevice whether the device draws what the sampler allows it to
   */
  Answer(
      Sequence sequence,
      int[] prompt,
      Sampler sampler,
      Limits limits,
      int topLogProbs,
      int context,
      int vocab,
      boolean drawsOnDevice) {
    super(sequence);
    this.prompt = prompt;
    this.sampler = sampler;
    this.limits = limits;
    this.topLogProbs = topLogProbs;
    this.context = context;
    this.vocab = vocab;
    limit = Math.min(limits.drawable(), vocab);
    onDevice = drawsOnDevice ? sampler.onDevice(limit) : Optional.empty();
  }

  /** Waits for the next event; there is one until the last has come. */
  Event take() throws InterruptedException {
    return events.take();
  }

  /** Tokens of the prompt that another sequence had computed; once the task has ended. */
  int shared() {
    return shared;
  }

  @Override
  void begin() {
    shared = sequence().share(prompt);
    issued = shared;
    kept = shared;
    for (int id : prompt) {
      sampler.accept(id);
    }
    firstDraw = sampler.accepted();
  }

  @Override
  int[] ahead() {
    return prompt;
  }

  @Override
  int ready() {
    return issued < prompt.length ? prompt.length - issued : next.isPresent() ? 1 : 0;
  }

  @Override
  boolean isDecoding() {
    return issued == prompt.length;
  }

  @Override
  boolean goesFirst() {
    return limits.goesOn();
  }

  @Override
  boolean wantsAllRows() {
    return false;
  }

  @Override
  Batch.Part issue(int count) {
    int position = sequence().position();
    sequence().issue(count);
    int[] ids;
    if (isDecoding()) {
      ids = new int[] {next.orElseThrow()};
      next = Optional.empty();
    } else {
      ids = Arrays.copyOfRange(prompt, issued, issued + count);
      issued += count;
    }
    if (!isDecoding()) {
      return new Batch.Part(ids, position, sequence().pages(), 0, Optional.empty());
    }
    long counter = firstDraw + drawsIssued++;
    return new Batch.Part(
        ids, position, sequence().pages(), 1, onDevice.map(sampling -> sampling.at(counter)));
  }

  @Override
  void issuedAt(int row) {
    boolean goesOn = drawsIssued != limits.tokens() && sequence().position() < context;
    if (onDevice.isPresent() && isDecoding() && goesOn) {
      next = Optional.of(Batch.Part.drawnInRow(row));
    }
    if (isDecoding() && onDevice.isEmpty()) {
      sampler.prepare();
    }
  }

  @Override
  MemorySegment allowed() {
    return sampler.allowed();
  }

  @Override
  boolean wantsLogits() {
    return isDecoding() && (onDevice.isEmpty() || tellsLogProbs());
  }

  @Override
  void finish(Batch.Part part, StepInFlight step, int row) {
    if (kept < prompt.length) {
      sequence().keep(prompt, kept, part.ids().length);
      kept += part.ids().length;
    } else {
      sequence().keep(new int[] {unkept.removeFirst()}, 0, 1);
    }
    if (part.logitRows() > 0) {
      int token =
          onDevice.isPresent()
              ? Sampler.drawn(step.token(row))
              : sampler.sample(step.logits(row, 1, vocab), limit);
      accept(
          token,
          tellsLogProbs()
              ? Optional.of(LogProbs.of(step.logits(row, 1, vocab), limit, token, topLogProbs))
              : Optional.empty());
    }
  }

  private boolean tellsLogProbs() {
    return topLogProbs >= 0;
  }

  private void accept(int token, Optional<LogProbs> logProbs) {
    drawsDone++;
    sampler.advance(token);
    stop = stopAt(token);
    events.add(new Token(token, logProbs, stop, System.nanoTime()));
    unkept.add(token);
    if (drawsDone == drawsIssued) {
      // Known by now: the row it was drawn in may be another's before this task is in a step again.
      next = Optional.of(token);
    }
  }

  private Optional<Stop> stopAt(int token) {
    if (limits.stopIds().contains(token) || sampler.ends()) {
      return Optional.of(Stop.END_OF_TEXT);
    }
    if (drawsDone == limits.tokens()) {
      return Optional.of(Stop.LIMIT);
    }
    return sequence().length() == context ? Optional.of(Stop.CONTEXT_FULL) : Optional.empty();
  }

  @Override
  boolean isDone() {
    return stop.isPresent();
  }

  @Override
  void tell() {
    if (!isDone()) {
      events.add(new Cancelled());
    }
  }

  @Override
  void tell(Throwable cause) {
    events.add(new Failure(cause));
  }
}
