// Grammars: compiles forms of answers for one model's tokens, and keeps those asked for last.
package dev.gatun.grammar;

import dev.gatun.bindings.llguidance.LlGuidance;
import dev.gatun.chat.OutputFormat;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.TokenMask;
import dev.gatun.text.Tokenizer;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * One a model, for any threads. Costs nothing until the first grammar, which takes half a second
 * more than the next. The native memory of a grammar is freed when it falls out of the cache, all
 * of it when this object is no longer reachable.
 */
public final class Grammars {
  private final Tokenizer tokenizer;
  private final Set<Integer> stopIds;

  /** Held while a grammar is compiled: one at a time, and who has theirs does not wait. */
  private final ReentrantLock compiling = new ReentrantLock();

  private TokenTable table; // of whoever compiles

  /** Guards what follows. */
  private final ReentrantLock lock = new ReentrantLock();

  private final Compiled compiled = new Compiled();

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
    start(format).close();
    return new Grammar(this, format);
  }

  TokenMask start(OutputFormat format) {
    return cachedMask(format)
        .orElseGet(
            () ->
                locked(compiling, () -> cachedMask(format).orElseGet(() -> compiledMask(format))));
  }

  /** Forms in the cache. */
  int cached() {
    return locked(lock, compiled::size);
  }

  private Optional<TokenMask> cachedMask(OutputFormat format) {
    return locked(
        lock,
        () ->
            compiled
                .matcher(format)
                .map(LlGuidance::llg_clone_matcher)
                .<TokenMask>map(MatcherMask::new));
  }

  private TokenMask compiledMask(OutputFormat format) {
    Source source = Source.of(format);
    MemorySegment matcher = Compilation.run(table(), source);
    MemorySegment copy = LlGuidance.llg_clone_matcher(matcher);
    locked(
        lock,
        () -> {
          compiled.put(format, matcher, source.text().length());
          return null;
        });
    return new MatcherMask(copy);
  }

  private TokenTable table() {
    if (table == null) {
      table = new TokenTable(tokenizer, stopIds);
      Cleaning.CLEANER.register(this, compiled::clear);
    }
    return table;
  }

  private static <T> T locked(ReentrantLock lock, Supplier<T> work) {
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }
}
