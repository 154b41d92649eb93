// AddedTokens: finds added tokens in text.
package dev.gatun.text;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * All added tokens of a tokenizer, matched leftmost first and longest among those. Tokens that are not normalized are found
 * in the raw text; what lies between them is normalized, and the normalized tokens are found there.
 */
final class AddedTokens {
  private final Map<String, AddedToken> byContent;
  private final BitSet special = new BitSet();
  private final TokenTrie raw = new TokenTrie();
  private final TokenTrie normalized = new TokenTrie();
  private final Normalization normalization;

  AddedTokens(List<AddedToken> tokens, Normalization normalization) {
    this.normalization = normalization;
    byContent = HashMap.newHashMap(tokens.size());
    for (AddedToken token : tokens) {
      byContent.put(token.content(), token);
      special.set(token.id(), token.special());
      if (token.normalized()) {
        normalized.add(normalization.apply(token.content()), token);
      } else {
        raw.add(token.content(), token);
      }
    }
  }

  OptionalInt id(String content) {
    AddedToken token = byContent.get(content);
    return token == null ? OptionalInt.empty() : OptionalInt.of(token.id());
  }

  boolean isSpecial(int id) {
    return special.get(id);
  }

  /**
   * Passes on, in order, the ids of the added tokens in {@code text} and the normalized text between them. Unless {@code
   * parseSpecial}, a special token's text is text like any other.
   */
  void split(String text, boolean parseSpecial, IntConsumer ids, Consumer<String> between) {
    scan(
        raw,
        text,
        parseSpecial,
        ids,
        piece -> scan(normalized, normalization.apply(piece), parseSpecial, ids, between));
  }

  private static void scan(
      TokenTrie trie, String text, boolean parseSpecial, IntConsumer ids, Consumer<String> between) {
    int done = 0;
    for (int at = trie.next(text, 0); at < text.length(); ) {
      TokenTrie.Match match = trie.longest(text, at);
      if (match == null) {
        at = trie.next(text, at + 1);
        continue;
      }
      AddedToken token = match.token();
      int start = at;
      int end = match.end();
      // White space taken in from the right does not hide a token that starts in it: the search goes on at the match's end.
      at = trie.next(text, end);
      if (token.special() && !parseSpecial || token.singleWord() && touchesWord(text, start, end)) {
        continue;
      }
      if (token.leftStrip()) {
        start = Math.max(done, WhiteSpace.start(text, start));
      }
      if (token.rightStrip()) {
        end = WhiteSpace.end(text, end);
      }
      if (start > done) {
        between.accept(text.substring(done, start));
      }
      ids.accept(token.id());
      done = end;
    }
    if (done < text.length()) {
      between.accept(text.substring(done));
    }
  }

  private static boolean touchesWord(String text, int start, int end) {
    return start > 0 && WhiteSpace.isWord(text.codePointBefore(start))
        || end < text.length() && WhiteSpace.isWord(text.codePointAt(end));
  }
}
