// Grammars: compiles forms of answers for one model's tokens, and keeps those asked for last.
package dev.gatun.grammar;

import dev.gatun.bindings.llguidance.LlGuidance;
import dev.gatun.chat.OutputFormat;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.TokenMask;
import dev.gatun.text.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.ReentrantLock;

/**
 * One a model, for any threads. Costs nothing until the first grammar, which takes half a second
 * more than the next. The native memory of a grammar is freed when it falls out of the cache, all
 * of it when this object is no longer reachable.
 */
public final class Grammars {
  /** For schemas and patterns that nest; taken only as far as they do. */
  private static final long STACK_BYTES = 64 << 20;

  private final Tokenizer tokenizer;
  private final Set<Integer> stopIds;
  private final ReentrantLock lock = new ReentrantLock();
  private final Compiled compiled = new Compiled();
  private TokenTable table;

  /** Its thread starts with the first grammar. */
  private static final class Cleaning {
    static final Cleaner CLEANER = Cleaner.create();
  }

  /**
   * @param stopIds tokens that end an answer: allowed where the grammar may end
   */
  public Grammars(Tokenizer tokenizer, Set<Integer> stopIds) {
    this.tokenizer = tokenizer;
    this.stopIds = Set.copyOf(stopIds);
  }

  /**
   * Compiles a form, or finds it in the cache, and the tokens an answer may begin with.
   *
   * @param format any but {@link OutputFormat.Text}, which has no grammar
   * @throws Refusal (usage) where the form is malformed, too large or too complex, allows no text,
   *     or has what is not supported, which is named; (device) where llguidance is missing
   */
  public Grammar compile(OutputFormat format) {
    lock.lock();
    try {
      matcher(format);
    } finally {
      lock.unlock();
    }
    return new Grammar(this, format);
  }

  TokenMask start(OutputFormat format) {
    lock.lock();
    try {
      return new MatcherMask(LlGuidance.llg_clone_matcher(matcher(format)));
    } finally {
      lock.unlock();
    }
  }

  /** Forms in the cache. */
  int cached() {
    return compiled.size();
  }

  private MemorySegment matcher(OutputFormat format) {
    return compiled
        .matcher(format)
        .orElseGet(
            () -> {
              Source source = Source.of(format);
              MemorySegment matcher = onDeepStack(source);
              compiled.put(format, matcher, source.text().length());
              return matcher;
            });
  }

  private TokenTable table() {
    if (table == null) {
      table = new TokenTable(tokenizer, stopIds);
      Cleaning.CLEANER.register(this, compiled::clear);
    }
    return table;
  }

  /** What overflows a stack of native code ends the process, and the caller's may be short. */
  private MemorySegment onDeepStack(Source source) {
    TokenTable tokens = table();
    CompletableFuture<MemorySegment> done = new CompletableFuture<>();
    Runnable work = () -> done.completeAsync(() -> matcher(tokens, source), Runnable::run);
    new Thread(null, work, "gatun-grammar", STACK_BYTES).start();
    try {
      return done.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof Refusal refusal ? refusal : e;
    }
  }

  /** With its first mask, since some of what is wrong with a grammar shows only there. */
  private static MemorySegment matcher(TokenTable table, Source source) {
    MemorySegment matcher = table.newMatcher(source.kind(), source.text());
    try {
      check(matcher, source);
    } catch (RuntimeException e) {
      LlGuidance.llg_free_matcher(matcher);
      throw e;
    }
    return matcher;
  }

  private static void check(MemorySegment matcher, Source source) {
    String error = MatcherMask.error(matcher);
    if (error.isEmpty() && LlGuidance.llg_matcher_compute_mask(matcher) != 0) {
      error = MatcherMask.error(matcher);
    }
    if (!error.isEmpty()) {
      throw source.refused(error);
    }
    if (LlGuidance.llg_matcher_is_stopped(matcher)) {
      throw source.refused("it allows the empty text alone");
    }
  }
}
