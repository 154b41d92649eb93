// TokenizerGguf: reads the tokenizer.ggml.* keys of a GGUF file.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.Utf8List;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A GGUF lists all tokens by id, added ones among them, and tells their kinds in {@code
 * token_type}. It does not tell how added tokens strip or normalize; they match their very text, as
 * in llama.cpp. {@code add_space_prefix} has no meaning for this kind of tokenizer, there as here.
 */
final class TokenizerGguf {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final String REMEDY =
      "convert the model to GGUF again, or use its safetensors folder";
  // Values of tokenizer.ggml.token_type; 1 (normal), 5 (unused) and 6 (byte) are text like any
  // other.
  private static final int UNKNOWN = 2;
  private static final int CONTROL = 3;
  private static final int USER_DEFINED = 4;

  private final Map<String, Object> metadata;

  TokenizerGguf(Map<String, Object> metadata) {
    this.metadata = metadata;
  }

  Tokenizer read() {
    String model = text("model", "");
    if (!model.equals("gpt2")) {
      throw Refusal.model(
          "the GGUF's " + PREFIX + "model is \"" + model + "\", not byte-level BPE (gpt2)",
          "use a model with a byte-level BPE tokenizer");
    }
    GgufPreTokenizer pre = GgufPreTokenizer.named(text("pre", "default"));
    Vocabulary vocabulary = Vocabulary.of(texts("tokens"));
    Normalization normalization = pre.normalization();
    AddedTokens added = new AddedTokens(addedTokens(vocabulary), normalization);
    Merges merges =
        pre.ranked() ? new RankedMerges(vocabulary, added::isSpecial) : merges(vocabulary);
    Bpe bpe = new Bpe(vocabulary, merges, pre.options(), added::isSpecial);
    Markers markers = markers(vocabulary, added, pre.addsBos());
    return new Tokenizer(vocabulary, added, pre.preTokenizer(), bpe, Decoding.BYTE_LEVEL, markers);
  }

  private List<AddedToken> addedTokens(Vocabulary vocabulary) {
    List<AddedToken> added = new ArrayList<>();
    if (!metadata.containsKey(PREFIX + "token_type")) {
      // Without kinds, the tokens that end and open texts are still known, and nothing else can be
      // told from text.
      Set<Integer> known = EndOfGeneration.among(vocabulary::id);
      marker("bos_token_id", vocabulary).ifPresent(known::add);
      marker("eos_token_id", vocabulary).ifPresent(known::add);
      known.forEach(id -> added.add(AddedToken.verbatim(id, vocabulary.text(id), true)));
      return added;
    }
    int[] kinds = ints("token_type");
    if (kinds.length != vocabulary.size()) {
      throw Refusal.model(
          "the GGUF has " + vocabulary.size() + " tokens and " + kinds.length + " token types",
          REMEDY);
    }
    for (int id = 0; id < kinds.length; id++) {
      int kind = kinds[id];
      if (kind == CONTROL || kind == UNKNOWN || kind == USER_DEFINED) {
        added.add(AddedToken.verbatim(id, vocabulary.text(id), kind != USER_DEFINED));
      }
    }
    return added;
  }

  private MergeTable merges(Vocabulary vocabulary) {
    Utf8List lines = texts("merges");
    MergeTable merges = new MergeTable(vocabulary, lines.size());
    for (int line = 0; line < lines.size(); line++) {
      merges.add(lines, line);
    }
    return merges;
  }

  private Markers markers(Vocabulary vocabulary, AddedTokens added, boolean addsBosByDefault) {
    OptionalInt bos = marker("bos_token_id", vocabulary);
    OptionalInt eos = marker("eos_token_id", vocabulary);
    Set<Integer> ends = EndOfGeneration.among(added::id);
    eos.ifPresent(ends::add);
    marker("eot_token_id", vocabulary).ifPresent(ends::add);
    marker("eom_token_id", vocabulary).ifPresent(ends::add);
    Object flag = metadata.get(PREFIX + "add_bos_token");
    boolean addsBos = flag == null ? addsBosByDefault : Boolean.TRUE.equals(flag);
    return new Markers(bos, eos, ends, addsBos && bos.isPresent());
  }

  private OptionalInt marker(String key, Vocabulary vocabulary) {
    if (!(metadata.get(PREFIX + key) instanceof Number number)) {
      return OptionalInt.empty();
    }
    if (number.longValue() < 0 || number.longValue() >= vocabulary.size()) {
      throw Refusal.model(
          "the GGUF's "
              + PREFIX
              + key
              + " is "
              + number
              + ", but it has "
              + vocabulary.size()
              + " tokens",
          REMEDY);
    }
    return OptionalInt.of(number.intValue());
  }

  private String text(String key, String otherwise) {
    Object value = metadata.get(PREFIX + key);
    if (value == null) {
      return otherwise;
    }
    if (value instanceof String text) {
      return text;
    }
    throw Refusal.model("the GGUF's " + PREFIX + key + " is not a text", REMEDY);
  }

  private Utf8List texts(String key) {
    if (value(key) instanceof Utf8List texts && !texts.isEmpty()) {
      return texts;
    }
    List<?> list = list(key);
    Utf8List.Builder texts = new Utf8List.Builder(list.size());
    for (Object entry : list) {
      if (!(entry instanceof String text)) {
        throw Refusal.model(
            "entry " + texts.size() + " of the GGUF's " + PREFIX + key + " is not a text", REMEDY);
      }
      texts.add(text);
    }
    return texts.build();
  }

  // What is no number counts as 0.
  private int[] ints(String key) {
    return value(key) instanceof int[] ints && ints.length > 0
        ? ints
        : list(key).stream().mapToInt(v -> v instanceof Number n ? n.intValue() : 0).toArray();
  }

  private Object value(String key) {
    return metadata.get(PREFIX + key);
  }

  private List<?> list(String key) {
    Object value = value(key);
    if (value instanceof List<?> list && !list.isEmpty()) {
      return list;
    }
    if (value != null && value.getClass().isArray() && Array.getLength(value) > 0) {
      return IntStream.range(0, Array.getLength(value)).mapToObj(i -> Array.get(value, i)).toList();
    }
    throw Refusal.model(
        "the GGUF's "
            + PREFIX
            + key
            + (value == null ? " is missing" : " is not a list with entries"),
        REMEDY);
  }
}
