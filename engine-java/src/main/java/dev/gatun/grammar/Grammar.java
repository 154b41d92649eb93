// Grammar: a form of answers that was found good, for one model's tokens.
package dev.gatun.grammar;

import dev.gatun.chat.OutputFormat;
import dev.gatun.sample.TokenMask;

/** Immutable; any number of answers may follow it at once, from any threads. */
public final class Grammar {
  private final Grammars grammars;
  private final OutputFormat format;

  Grammar(Grammars grammars, OutputFormat format) {
    this.grammars = grammars;
    this.format = format;
  }

  public OutputFormat format() {
    return format;
  }

  /** The mask of one answer, at its beginning; the caller closes it when the answer has ended. */
  public TokenMask start() {
    return grammars.start(format);
  }
}
