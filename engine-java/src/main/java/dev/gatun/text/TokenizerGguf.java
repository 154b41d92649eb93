// TokenizerGguf: reads the tokenizer.ggml.* keys of a GGUF file.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;
import java.lang.reflect.Array;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.IntFunction;

/**
 * A GGUF lists all tokens by id, added ones among them, and tells their kinds in {@code token_type}. It does not tell how
 * added tokens strip or normalize; they match their very text, as in llama.cpp. {@code add_space_prefix} has no meaning for
 * this kind of tokenizer, there as here.
 */
final class TokenizerGguf {
  private static final String PREFIX = "tokenizer.ggml.";
  private static final String REMEDY = "convert the model to GGUF again, or use its safetensors folder";
  // Values of tokenizer.ggml.token_type; 1 (normal), 5 (unused) and 6 (byte) are text like any other.
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
    Vocabulary vocabulary = Vocabulary.of(strings("tokens"));
    Normalization normalization = pre.normalization();
    AddedTokens added = new AddedTokens(addedTokens(vocabulary), normalization);
    Bpe.Options options = new Bpe.Options(true, pre.ignoreMerges(), false, OptionalInt.empty(), false);
    Bpe bpe = new Bpe(vocabulary, merges(vocabulary), options, added::isSpecial);
    Markers markers = markers(vocabulary, added, pre.addsBos());
    return new Tokenizer(vocabulary, added, pre.preTokenizer(), bpe, Decoding.BYTE_LEVEL, markers);
  }

  private List<AddedToken> addedTokens(Vocabulary vocabulary) {
    List<AddedToken> added = new ArrayList<>();
    if (!metadata.containsKey(PREFIX + "token_type")) {
      // Without kinds, the tokens that end and open texts are still known, and nothing else can be told from text.
      Set<Integer> known = EndOfGeneration.among(vocabulary::id);
      marker("bos_token_id", vocabulary).ifPresent(known::add);
      marker("eos_token_id", vocabulary).ifPresent(known::add);
      known.forEach(id -> added.add(AddedToken.verbatim(id, vocabulary.text(id), true)));
      return added;
    }
    IntFunction<Object> kinds = array("token_type");
    int count = length("token_type");
    if (count != vocabulary.size()) {
      throw Refusal.model(
          "the GGUF has " + vocabulary.size() + " tokens and " + count + " token types", REMEDY);
    }
    for (int id = 0; id < count; id++) {
      int kind = kinds.apply(id) instanceof Number number ? number.intValue() : 0;
      if (kind == CONTROL || kind == UNKNOWN || kind == USER_DEFINED) {
        added.add(AddedToken.verbatim(id, vocabulary.text(id), kind != USER_DEFINED));
      }
    }
    return added;
  }

  private MergeTable merges(Vocabulary vocabulary) {
    String[] lines = strings("merges");
    MergeTable merges = new MergeTable(vocabulary, lines.length);
    for (String line : lines) {
      merges.add(line);
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
    boolean addsBos =
        switch (metadata.get(PREFIX + "add_bos_token")) {
          case Boolean flag -> flag;
          case null, default -> addsBosByDefault;
        };
    return new Markers(bos, eos, ends, addsBos && bos.isPresent());
  }

  private OptionalInt marker(String key, Vocabulary vocabulary) {
    if (!(metadata.get(PREFIX + key) instanceof Number number)) {
      return OptionalInt.empty();
    }
    if (number.longValue() < 0 || number.longValue() >= vocabulary.size()) {
      throw Refusal.model(
          "the GGUF's " + PREFIX + key + " is " + number + ", but it has " + vocabulary.size() + " tokens", REMEDY);
    }
    return OptionalInt.of(number.intValue());
  }

  private String text(String key, String otherwise) {
    return switch (metadata.get(PREFIX + key)) {
      case String text -> text;
      case null -> otherwise;
      default -> throw Refusal.model("the GGUF's " + PREFIX + key + " is not a text", REMEDY);
    };
  }

  private String[] strings(String key) {
    IntFunction<Object> array = array(key);
    String[] strings = new String[length(key)];
    for (int i = 0; i < strings.length; i++) {
      if (!(array.apply(i) instanceof String text)) {
        throw Refusal.model("entry " + i + " of the GGUF's " + PREFIX + key + " is not a text", REMEDY);
      }
      strings[i] = text;
    }
    return strings;
  }

  private int length(String key) {
    Object array = metadata.get(PREFIX + key);
    return array instanceof List<?> list ? list.size() : Array.getLength(array);
  }

  private IntFunction<Object> array(String key) {
    Object value = metadata.get(PREFIX + key);
    if (value instanceof List<?> list && !list.isEmpty()) {
      return list::get;
    }
    if (value != null && value.getClass().isArray() && Array.getLength(value) > 0) {
      return value instanceof Object[] objects ? Arrays.asList(objects)::get : i -> Array.get(value, i);
    }
    throw Refusal.model(
        "the GGUF's " + PREFIX + key + (value == null ? " is missing" : " is not a list with entries"), REMEDY);
  }
}
