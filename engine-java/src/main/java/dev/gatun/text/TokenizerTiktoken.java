// TokenizerTiktoken: reads Kimi's tiktoken.model and the tokenizer_config.json beside it.
package dev.gatun.text;

import com.fasterxml.jackson.databind.node.MissingNode;
import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Utf8List;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A line is a token's bytes in Base64 and its rank, which is its id. What the file does not hold is
 * that of the tokenization_kimi.py published beside it: the pattern, and 256 added tokens behind
 * the last rank, those that tokenizer_config.json does not name being reserved. Its cuts of texts
 * that go on for 25,000 characters with or without a white space are not made.
 */
final class TokenizerTiktoken {
  static final String FILE = "tiktoken.model";
  private static final String CLASS = "TikTokenTokenizer";
  private static final int ADDED = 256;
  private static final String REMEDY = "download the model again";

  private final Path file;
  private final TokenizerConfig beside;

  TokenizerTiktoken(Path folder) {
    file = folder.resolve(FILE);
    beside = TokenizerConfig.beside(file);
  }

  Tokenizer read() {
    String type = beside.config().path("tokenizer_class").asText("");
    if (!type.equals(CLASS)) {
      throw Refusal.model(
          file
              + " does not say how text is cut, and tokenizer_config.json names the tokenizer \""
              + type
              + "\", not Kimi's "
              + CLASS,
          "add a tokenizer.json, or use the model's GGUF");
    }
    Vocabulary own = vocabulary();
    List<AddedToken> list = addedTokens(own);
    AddedTokens added = new AddedTokens(list, Normalization.NONE);
    GgufPreTokenizer kimi = GgufPreTokenizer.named("kimi-k2");
    Bpe bpe = new Bpe(own, new RankedMerges(own, _ -> false), kimi.options(), added::isSpecial);
    Markers markers = beside.markers(added, own, OptionalInt.empty());
    return new Tokenizer(
        own.with(list), added, kimi.preTokenizer(), bpe, Decoding.BYTE_LEVEL, markers);
  }

  private Vocabulary vocabulary() {
    List<String> lines = lines();
    Utf8List.Builder tokens = new Utf8List.Builder(lines.size());
    int[] places = new int[lines.size()];
    Arrays.fill(places, -1);
    for (int i = 0; i < places.length; i++) {
      String line = lines.get(i);
      int space = line.indexOf(' ');
      int rank = rank(line.substring(space + 1));
      if (space < 1 || rank < 0 || rank >= places.length || places[rank] >= 0) {
        throw malformed(i, line);
      }
      try {
        tokens.add(ByteLevel.spell(Base64.getDecoder().decode(line.substring(0, space))));
      } catch (IllegalArgumentException e) {
        throw malformed(i, line);
      }
      places[rank] = i;
    }
    Vocabulary vocabulary = Vocabulary.of(tokens.build(), places);
    for (int b = 0; b < 256; b++) {
      if (vocabulary.find(ByteLevel.spell(new byte[] {(byte) b})) < 0) {
        throw Refusal.model(file + " has no token for the byte " + b, REMEDY);
      }
    }
    return vocabulary;
  }

  private List<String> lines() {
    try {
      List<String> lines = Files.readAllLines(file, StandardCharsets.ISO_8859_1);
      return lines.stream().map(String::strip).filter(line -> !line.isEmpty()).toList();
    } catch (IOException e) {
      throw TokenizerConfig.unreadable(file, e);
    }
  }

  private static int rank(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private List<AddedToken> addedTokens(Vocabulary own) {
    List<AddedToken> named =
        new AddedTokensJson(file, MissingNode.getInstance(), beside.config()).read(own);
    Set<Integer> taken = named.stream().map(AddedToken::id).collect(Collectors.toSet());
    List<AddedToken> all = new ArrayList<>(named);
    for (int id = own.size(); id < own.size() + ADDED; id++) {
      if (!taken.contains(id)) {
        all.add(AddedToken.verbatim(id, "<|reserved_token_" + id + "|>", true));
      }
    }
    return all;
  }

  private Refusal malformed(int line, String text) {
    return Refusal.model(
        "line "
            + (line + 1)
            + " of "
            + file
            + " reads \""
            + (text.length() <= 60 ? text : text.substring(0, 60) + "...")
            + "\", not a token in Base64 and a rank of its own",
        REMEDY);
  }
}
