// Chat: a loaded model and its cache, answering prompt after prompt.
package dev.gatun.cli;

import dev.gatun.engine.Engine;
import dev.gatun.engine.Generation;
import dev.gatun.engine.Session;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.text.TokenStream;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;

/**
 * The cache keeps what the next prompt has in common with what was said so far, so a long
 * conversation is not read again at every turn. The engine is the caller's to close. For one
 * thread.
 */
final class Chat implements AutoCloseable {

  /**
   * What ends an answer, besides the model's own will.
   *
   * @param tokens most tokens; -1 for as many as the context holds
   * @param ignoreEnd the model's own end does not count
   */
  record Limits(int tokens, boolean ignoreEnd, List<String> stops) {
    Limits {
      if (tokens == 0 || tokens < -1) {
        throw Refusal.usage("-n " + tokens, "give -1 for no limit, or 1 and more tokens");
      }
      if (stops.stream().anyMatch(String::isEmpty)) {
        throw Refusal.usage("an empty --reverse-prompt", "give it at least one character");
      }
      stops = List.copyOf(stops);
    }
  }

  /**
   * @param text the answer, thinking included, as the model wrote it
   */
  record Reply(String text, Generation.Stop stop, Generation.Stats stats) {}

  private final Engine engine;
  private final Session session;
  private final Dialect dialect;
  private final Limits limits;

  Chat(Engine engine, Dialect dialect, Limits limits) {
    this.engine = engine;
    this.session = engine.newSession();
    this.dialect = dialect;
    this.limits = limits;
  }

  Dialect dialect() {
    return dialect;
  }

  Engine engine() {
    return engine;
  }

  /** Tokens of the conversation that the cache holds. */
  int length() {
    return session.length();
  }

  /**
   * Answers a prompt.
   *
   * @param sink hears the answer as it comes
   * @param interrupted asked between two steps
   */
  Reply answer(
      Prompt prompt,
      SamplingOptions sampling,
      ThinkSplitter.Sink sink,
      BooleanSupplier interrupted) {
    StringBuilder text = new StringBuilder();
    ThinkSplitter splitter = new ThinkSplitter(prompt.text(), sink);
    StopStrings stops =
        new StopStrings(
            limits.stops,
            piece -> {
              text.append(piece);
              splitter.push(piece);
            });
    TokenStream stream = new TokenStream(dialect.tokenizer(), true);
    Sampler sampler = new Sampler(withoutEnd(sampling));
    int[] ids = prompt.ids();
    int kept = keepCommonPrefix(ids);
    Arrays.stream(ids, 0, kept).forEach(sampler::accept);
    Generation.Result result =
        Generation.run(
            session,
            Arrays.copyOfRange(ids, kept, ids.length),
            sampler,
            new Generation.Limits(
                dialect.tokenizer().vocabSize(),
                limits.ignoreEnd ? Set.of() : dialect.stopIds(),
                limits.tokens),
            token -> stops.push(stream.push(token)),
            () -> stops.found() || interrupted.getAsBoolean());
    stops.push(stream.flush());
    stops.finish();
    splitter.finish();
    Generation.Stop stop = stops.found() ? Generation.Stop.END_OF_TEXT : result.stop();
    return new Reply(text.toString(), stop, result.stats());
  }

  // At least one token is left to run, since its logits are what the answer starts from.
  private int keepCommonPrefix(int[] ids) {
    int[] cached = session.tokens();
    int differs = Arrays.mismatch(cached, ids);
    int common = Math.max(0, Math.min(differs < 0 ? ids.length : differs, ids.length - 1));
    return session.truncate(common);
  }

  // A model that wants to end and may not would otherwise write its end marker as text.
  private SamplingOptions withoutEnd(SamplingOptions sampling) {
    if (!limits.ignoreEnd) {
      return sampling;
    }
    Map<Integer, Float> bias = new HashMap<>(sampling.logitBias());
    dialect.stopIds().forEach(id -> bias.put(id, Float.NEGATIVE_INFINITY));
    return sampling.withLogitBias(bias);
  }

  @Override
  public void close() {
    session.close();
  }
}
