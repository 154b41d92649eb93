// Dialogue: one sequence of the cache that answers prompt after prompt.
package dev.gatun.dialogue;

import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.chat.ThinkingEnd;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.chat.Usage;
import dev.gatun.engine.Engine;
import dev.gatun.engine.Generation;
import dev.gatun.engine.Session;
import dev.gatun.grammar.Grammar;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.TokenMask;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The cache keeps what the next prompt has in common with what was said so far, so a long
 * conversation is not read again at every turn. The engine is the caller's to close. For one
 * thread.
 */
public final class Dialogue implements AutoCloseable {
  private final Engine engine;
  private final Session session;
  private final Dialect dialect;

  public Dialogue(Engine engine, Dialect dialect) {
    this.engine = engine;
    this.session = engine.newSession();
    this.dialect = dialect;
  }

  /**
   * What came of a prompt.
   *
   * @param message the answer as the next turn of the conversation
   * @param stats of the engine, which counts as prompt what was not in the cache
   */
  public record Reply(
      Message message,
      FinishReason finish,
      ThinkingEnd thinkingEnd,
      Usage usage,
      List<TokenLogProb> logProbs,
      Optional<String> stop,
      Generation.Stats stats) {}

  public Dialect dialect() {
    return dialect;
  }

  public Engine engine() {
    return engine;
  }

  /** Tokens of the conversation that were run, and are in the cache unless others needed it. */
  public int length() {
    return session.length();
  }

  /** As below, for those who want no log-probabilities. */
  public Reply answer(
      Prompt prompt, SamplingOptions defaults, ChatOptions options, ThinkSplitter.Sink sink) {
    return answer(prompt, defaults, options, sink, _ -> {});
  }

  /**
   * Answers a prompt.
   *
   * @param defaults the model's own settings, which {@code options} change
   * @param sink hears the answer as it comes
   * @param tokens hears each token before its text, where {@link ChatOptions#topLogProbs} asks for
   *     that
   */
  public Reply answer(
      Prompt prompt,
      SamplingOptions defaults,
      ChatOptions options,
      ThinkSplitter.Sink sink,
      Consumer<TokenLogProb> tokens) {
    Optional<TokenMask> mask = dialect.grammar(options).map(Grammar::start);
    try {
      Optional<Function<SamplingOptions, Sampler>> masked =
          mask.map(one -> sampling -> new Sampler(sampling, Optional.of(one)));
      return answer(prompt, defaults, options, sink, tokens, masked);
    } finally {
      mask.ifPresent(TokenMask::close);
    }
  }

  /**
   * @param answerSampler makes what draws the answer's own part, behind the thinking, where that is
   *     another sampler; asked once at most. It is told all tokens before that part too.
   */
  Reply answer(
      Prompt prompt,
      SamplingOptions defaults,
      ChatOptions options,
      ThinkSplitter.Sink sink,
      Consumer<TokenLogProb> tokens,
      Optional<Function<SamplingOptions, Sampler>> answerSampler) {
    Words words = new Words(dialect, prompt, options, sink, tokens);
    SamplingOptions sampling = drawing(defaults, options).withResolvedSeed();
    int kept = keepCommonPrefix(prompt.ids());
    Turn turn = new Turn(session, dialect, prompt, sampling, options, words, answerSampler);
    Generation.Stop stop = turn.run();
    words.finish();
    Generation.Stats stats = turn.stats();
    int thinking = words.thinkingTokens();
    Usage usage =
        new Usage(
            prompt.ids().length,
            kept - stats.rereadTokens() + stats.sharedTokens(),
            thinking,
            turn.generated() - thinking,
            Duration.ofNanos(stats.promptNanos()),
            Duration.ofNanos(stats.generationNanos()));
    // The template saw the opening tag as part of the prompt, and looks for it in the history.
    String opening = ThinkSplitter.opensThinking(prompt.text()) ? ThinkSplitter.OPEN + "\n" : "";
    return new Reply(
        words.message(opening),
        words.finished(stop),
        words.thinkingEnd(),
        usage,
        words.logProbs(),
        words.stop(),
        stats);
  }

  /**
   * How likely the tokens of a text are, each but the first. What was said before is forgotten; the
   * cache then holds all but the last, so that {@link #answer} goes on from there. Fewer tokens are
   * told where the text was cancelled, or its thread interrupted, meanwhile.
   *
   * @param ids at least one
   * @param top how many of the likeliest tokens are told beside each
   */
  public List<TokenLogProb> score(int[] ids, int top, Cancellation cancellation) {
    session.truncate(0);
    Scores scores = new Scores(dialect.tokenizer(), ids, top);
    try {
      scores.run(session, cancellation::isCancelled);
    } catch (Refusal refusal) {
      if (refusal.reason() != Refusal.Reason.INTERRUPTED) {
        throw refusal;
      }
    }
    return scores.found();
  }

  // At least one token is left to run, since its logits are what the answer starts from.
  private int keepCommonPrefix(int[] ids) {
    int[] cached = session.tokens();
    int differs = Arrays.mismatch(cached, ids);
    int common = Math.max(0, Math.min(differs < 0 ? ids.length : differs, ids.length - 1));
    return session.truncate(common);
  }

  private SamplingOptions drawing(SamplingOptions defaults, ChatOptions options) {
    SamplingOptions drawing = options.sampling().apply(defaults);
    if (!drawing.unused().isEmpty()) {
      throw Refusal.usage(
          "the samplers (--samplers) leave out what "
              + String.join(" and ", drawing.unused())
              + " needs",
          "add the stage or drop the option");
    }
    if (!options.ignoresEnd()) {
      return drawing;
    }
    // A model that wants to end and may not would otherwise write its end marker as text.
    Map<Integer, Float> bias = new HashMap<>(drawing.logitBias());
    dialect.stopIds().forEach(id -> bias.put(id, Float.NEGATIVE_INFINITY));
    return drawing.withLogitBias(bias);
  }

  @Override
  public void close() {
    session.close();
  }
}
