// ThinkProbe: holds an answer's first tokens until it is known whether they open the thinking.
package dev.gatun.dialogue;

import dev.gatun.sample.LogProbs;
import dev.gatun.text.TokenStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** For an answer that may think first although its prompt does not say so. */
final class ThinkProbe {
  /** A token as the engine told it. */
  record Drawn(int token, Optional<LogProbs> logProbs) {}

  /** What is known. */
  enum Finding {
    NOTHING,
    THINKS,
    ANSWERS
  }

  private final TokenStream stream;
  private final StringBuilder said = new StringBuilder();
  private final List<Drawn> held = new ArrayList<>();
  private Finding finding = Finding.NOTHING;

  ThinkProbe(Dialect dialect) {
    stream = new TokenStream(dialect.tokenizer(), dialect::isHidden);
  }

  Finding push(Drawn drawn) {
    held.add(drawn);
    said.append(stream.push(drawn.token()));
    String text = said.toString().stripLeading();
    if (text.startsWith(ThinkSplitter.OPEN)) {
      finding = Finding.THINKS;
    } else if (!ThinkSplitter.OPEN.startsWith(text)) {
      finding = Finding.ANSWERS;
    }
    return finding;
  }

  Finding finding() {
    return finding;
  }

  /** The tokens, in order. */
  List<Drawn> held() {
    return held;
  }
}
