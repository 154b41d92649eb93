// Turn: one answer of a dialogue, drawn in one stretch or in several.
package dev.gatun.dialogue;

import dev.gatun.chat.ChatOptions;
import dev.gatun.dialogue.ThinkProbe.Finding;
import dev.gatun.dialogue.Words.Next;
import dev.gatun.engine.Generation;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.engine.Session;
import dev.gatun.sample.LogProbs;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * A new stretch begins where something is written in the model's place, such as the end of its
 * thinking, and where the answer that follows the thinking is drawn by a sampler of its own. Each
 * has a sampler that has seen all tokens before, so that what is drawn depends on the tokens and
 * the seed, and not on where stretches begin.
 */
final class Turn {
  private static final String CLOSING = "\n" + ThinkSplitter.CLOSE + "\n\n";

  private final Session session;
  private final Dialect dialect;
  private final SamplingOptions sampling;
  private final ChatOptions options;
  private final Words words;
  private final Optional<Function<SamplingOptions, Sampler>> answerSampler;
  private final int promptLength;
  private int[] tokens; // of the prompt, drawn, and written in the model's place
  private int length;
  private boolean answers; // what is drawn is the answer's own part
  private Optional<ThinkProbe> probe = Optional.empty();
  private Next next = Next.TOKEN;
  private Runnable untold = () -> {};
  private Generation.Stats stats = new Generation.Stats(0, 0, 0, 0, 0, 0);

  /**
   * @param prompt at least one token, of which the session may hold the first ones
   * @param sampling with its seed
   * @param answerSampler makes what draws the answer's own part, where that is another; asked once
   */
  Turn(
      Session session,
      Dialect dialect,
      Prompt prompt,
      SamplingOptions sampling,
      ChatOptions options,
      Words words,
      Optional<Function<SamplingOptions, Sampler>> answerSampler) {
    this.session = session;
    this.dialect = dialect;
    this.sampling = sampling;
    this.options = options;
    this.words = words;
    this.answerSampler = answerSampler;
    tokens = prompt.ids().clone();
    length = tokens.length;
    promptLength = length;
    String text = prompt.text();
    boolean closed = text.stripTrailing().endsWith(ThinkSplitter.CLOSE);
    boolean mayOpen = dialect.tokenizer().id(ThinkSplitter.OPEN).isPresent() && !closed;
    if (!ThinkSplitter.opensThinking(text)) {
      answers = !mayOpen;
      probe = mayOpen ? answerSampler.map(_ -> new ThinkProbe(dialect)) : Optional.empty();
    }
  }

  /** Draws until something ends the answer. */
  Stop run() {
    try {
      return draw();
    } finally {
      session.giveUpPlace();
    }
  }

  private Stop draw() {
    next = words.first();
    while (true) {
      Optional<Stop> full = prepare();
      if (full.isPresent()) {
        return full.get();
      }
      Stop stop = stretch();
      boolean isKnown = probe.isEmpty() || probe.get().finding() == Finding.THINKS;
      boolean ended = isKnown && (stop != Stop.INTERRUPTED || next == Next.END);
      if (ended || isCancelled()) {
        return stop;
      }
      if (!isKnown) {
        takeBack();
      }
    }
  }

  /**
   * What the engine says of all stretches: what it read before the first token, and what it drew.
   */
  Generation.Stats stats() {
    return stats;
  }

  /** Tokens behind the prompt, drawn or written. */
  int generated() {
    return length - promptLength;
  }

  /** Writes what has to come before the next stretch; what ends the answer where it has no room. */
  private Optional<Stop> prepare() {
    if (next == Next.CLOSING) {
      int[] closing = closing();
      Optional<Stop> full = full(closing.length);
      if (full.isPresent()) {
        return full;
      }
      append(closing);
      untold = () -> words.close(closing);
      answers = true;
    } else if (next == Next.ANSWER) {
      int[] blank = words.text().endsWith(ThinkSplitter.CLOSE) ? encode("\n\n", false) : new int[0];
      Optional<Stop> full = full(blank.length);
      if (full.isPresent()) {
        return full;
      }
      append(blank);
      untold = () -> words.write(blank);
      answers = true;
    }
    next = Next.TOKEN;
    return Optional.empty();
  }

  /** What an answer ends with that has no room for so many tokens and one more. */
  private Optional<Stop> full(int count) {
    if (options.maxTokens() >= 0 && generated() + count >= options.maxTokens()) {
      return Optional.of(Stop.LIMIT);
    }
    boolean fits = length + count <= session.engine().longestSequence();
    return fits ? Optional.empty() : Optional.of(Stop.CONTEXT_FULL);
  }

  private int[] closing() {
    // As a template writes it: the opening tag has its line to itself.
    String line = words.text().endsWith(ThinkSplitter.OPEN) ? "\n" : "";
    int[] message = encode(line + options.thinking().message(), false);
    int[] tag = encode(CLOSING, true);
    int[] both = Arrays.copyOf(message, message.length + tag.length);
    System.arraycopy(tag, 0, both, message.length, tag.length);
    return both;
  }

  private int[] encode(String text, boolean parseSpecial) {
    return dialect.tokenizer().encode(text, parseSpecial);
  }

  private Stop stretch() {
    int held = session.length();
    Sampler sampler = answers ? answerSampler() : new Sampler(sampling);
    Arrays.stream(tokens, 0, held).forEach(sampler::accept);
    Set<Integer> stopIds = options.ignoresEnd() ? Set.of() : dialect.stopIds();
    int left = options.maxTokens() < 0 ? -1 : options.maxTokens() - generated();
    Generation.Result result =
        Generation.run(
            session,
            Arrays.copyOfRange(tokens, held, length),
            sampler,
            new Generation.Limits(dialect.tokenizer().vocabSize(), stopIds, left, generated() > 0),
            options.topLogProbs(),
            this::hear,
            options.cancellation());
    tell();
    append(result.tokens());
    add(result.stats());
    return result.stop();
  }

  private Sampler answerSampler() {
    return answerSampler.map(make -> make.apply(sampling)).orElseGet(() -> new Sampler(sampling));
  }

  /** Tells what was written, once the engine goes on: a slow listener keeps no place empty. */
  private void tell() {
    untold.run();
    untold = () -> {};
  }

  private Generation.Next hear(int token, Optional<LogProbs> logProbs) {
    tell();
    if (probe.isPresent() && probe.get().finding() == Finding.NOTHING) {
      ThinkProbe held = probe.get();
      return switch (held.push(new ThinkProbe.Drawn(token, logProbs))) {
        case NOTHING -> Generation.Next.TOKEN;
        case ANSWERS -> Generation.Next.PAUSE;
        case THINKS -> push(held.held());
      };
    }
    return push(List.of(new ThinkProbe.Drawn(token, logProbs)));
  }

  /** Passes tokens on, up to one that something else has to follow. */
  private Generation.Next push(List<ThinkProbe.Drawn> drawn) {
    for (ThinkProbe.Drawn each : drawn) {
      next = words.push(each.token(), each.logProbs());
      if (next == Next.ANSWER && answerSampler.isEmpty()) {
        next = Next.TOKEN;
      }
      if (next != Next.TOKEN) {
        return next == Next.END ? Generation.Next.END : Generation.Next.PAUSE;
      }
    }
    return Generation.Next.TOKEN;
  }

  /** The model does not think first, and its answer is to be drawn by another sampler. */
  private void takeBack() {
    probe = Optional.empty();
    length = promptLength;
    int again = length - session.truncate(length - 1);
    answers = true;
    next = Next.TOKEN;
    stats =
        new Generation.Stats(
            stats.promptTokens() - again,
            stats.sharedTokens(),
            stats.rereadTokens(),
            stats.promptNanos() + stats.generationNanos(),
            0,
            0);
  }

  private boolean isCancelled() {
    return options.cancellation().isCancelled()
        || Thread.currentThread().isInterrupted()
        || session.isClosed();
  }

  private void append(int[] more) {
    if (length + more.length > tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.max(length + more.length, 2 * tokens.length));
    }
    System.arraycopy(more, 0, tokens, length, more.length);
    length += more.length;
  }

  /** Adds a stretch: its prompt is part of the first one's, or was written on the way. */
  private void add(Generation.Stats more) {
    boolean first = stats.generatedTokens() == 0;
    stats =
        new Generation.Stats(
            first ? stats.promptTokens() + more.promptTokens() : stats.promptTokens(),
            first ? stats.sharedTokens() + more.sharedTokens() : stats.sharedTokens(),
            first ? stats.rereadTokens() + more.rereadTokens() : stats.rereadTokens(),
            first ? stats.promptNanos() + more.promptNanos() : stats.promptNanos(),
            stats.generatedTokens() + more.generatedTokens(),
            first
                ? more.generationNanos()
                : stats.generationNanos() + more.promptNanos() + more.generationNanos());
  }
}
