// Tokenizer: text to token ids and back.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A byte-pair encoding as Hugging Face's tokenizers library runs it: added tokens are matched in
 * the text, what lies between is normalized and cut into words, and each word is merged from its
 * bytes. Immutable apart from a cache of words, and safe for use by many threads.
 *
 * <p>Text is UTF-16; a surrogate without its partner is no character and is read as U+FFFD.
 */
public final class Tokenizer {
  private final Vocabulary vocabulary;
  private final AddedTokens added;
  private final PreTokenizer preTokenizer;
  private final Bpe bpe;
  private final Decoding decoding;
  private final Markers markers;

  Tokenizer(
      Vocabulary vocabulary,
      AddedTokens added,
      PreTokenizer preTokenizer,
      Bpe bpe,
      Decoding decoding,
      Markers markers) {
    this.vocabulary = vocabulary;
    this.added = added;
    this.preTokenizer = preTokenizer;
    this.bpe = bpe;
    this.decoding = decoding;
    this.markers = markers;
  }

  /**
   * Reads {@code tokenizer.json}, or where there is none Kimi's {@code tiktoken.model}, and, where
   * present, {@code tokenizer_config.json} and {@code generation_config.json}. Throws a refusal
   * where the first is missing or any is malformed or of an unknown kind.
   */
  public static Tokenizer fromFolder(Path folder) {
    boolean kimi =
        !Files.exists(folder.resolve(TokenizerJson.FILE))
            && Files.exists(folder.resolve(TokenizerTiktoken.FILE));
    return kimi ? new TokenizerTiktoken(folder).read() : new TokenizerJson(folder).read();
  }

  /**
   * Reads the keys {@code tokenizer.ggml.*} of a GGUF file
   * (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). Scalars are a {@code String},
   * {@code Boolean} or {@code Number}; arrays a {@code List} of those or a Java array. Throws a
   * refusal for models other than byte-level BPE ({@code gpt2}), for an unknown {@code
   * tokenizer.ggml.pre}, and for keys that are missing or malformed.
   */
  public static Tokenizer fromGguf(Map<String, Object> metadata) {
    return new TokenizerGguf(metadata).read();
  }

  /**
   * The ids of {@code text}. Nothing is put before or after it; see {@link #addsBos}. Takes time in
   * proportion to the text's length, whatever it holds.
   *
   * @param parseSpecial a special token's text becomes its id; false for text from a source that
   *     must not mark structure. Added tokens that are not special always become their ids.
   */
  public int[] encode(String text, boolean parseSpecial) {
    Ids ids = new Ids();
    try {
      Consumer<String> words = preTokenizer.before(word -> bpe.encode(word, ids));
      added.split(Utf16.repaired(text), parseSpecial, ids::add, words);
    } catch (StackOverflowError e) {
      // Only a pattern with a repeated group backtracks by recursion; no tokenizer known to us has
      // one.
      throw Refusal.usage(
          "the text is too uniform for this tokenizer's pattern", "break up its longest run");
    }
    return ids.toArray();
  }

  /**
   * The text of {@code ids}, malformed UTF-8 replaced by U+FFFD. An id without a token gives
   * nothing.
   *
   * @param skipSpecial leaves special tokens out
   */
  public String decode(int[] ids, boolean skipSpecial) {
    ByteArrayOutputStream all = new ByteArrayOutputStream(ids.length * 4);
    for (int id : ids) {
      if (!(skipSpecial && isSpecial(id))) {
        all.writeBytes(bytes(id));
      }
    }
    String text = Utf8.decode(all.toByteArray(), 0, all.size());
    return text.substring(decoding.strippedFrom(text, decoding.leading()));
  }

  /**
   * The bytes {@code id} stands for, possibly part of a character; none for an id without a token.
   */
  public byte[] bytes(int id) {
    return decoding.bytes(vocabulary.text(id));
  }

  /**
   * One more than the highest id; a model's output may have more rows than that, which stand for
   * nothing.
   */
  public int vocabSize() {
    return vocabulary.size();
  }

  /** The id of the token spelled {@code token}, an added token before one of the model's own. */
  public OptionalInt id(String token) {
    OptionalInt id = added.id(token);
    return id.isPresent() ? id : vocabulary.id(token);
  }

  /** Whether {@code id} marks structure rather than text. */
  public boolean isSpecial(int id) {
    return id >= 0 && added.isSpecial(id);
  }

  /** The token that opens a text. */
  public OptionalInt bos() {
    return markers.bos();
  }

  /** The token that ends a text. */
  public OptionalInt eos() {
    return markers.eos();
  }

  /** The ids after which nothing more is to be sampled, in ascending order. */
  public Set<Integer> endOfGeneration() {
    return markers.endOfGeneration();
  }

  /**
   * Whether the model expects {@link #bos} before a text; a chat template that writes it itself
   * must not get a second.
   */
  public boolean addsBos() {
    return markers.addsBos();
  }

  /** The text of {@link #bos} as chat templates use it, "" where there is none. */
  public String bosToken() {
    return markers.bos().isPresent() ? vocabulary.text(markers.bos().getAsInt()) : "";
  }

  /** The text of {@link #eos} as chat templates use it, "" where there is none. */
  public String eosToken() {
    return markers.eos().isPresent() ? vocabulary.text(markers.eos().getAsInt()) : "";
  }

  Decoding decoding() {
    return decoding;
  }
}
