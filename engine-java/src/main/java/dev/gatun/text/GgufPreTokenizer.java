// GgufPreTokenizer: what the names in tokenizer.ggml.pre stand for.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;

/**
 * A GGUF file names its pre-tokenizer instead of holding it. The patterns are those of the tokenizer.json each name was
 * given for; the names are llama.cpp's (convert_hf_to_gguf.py and src/llama-vocab.cpp). Normalization, which GGUF does not
 * mention, is that of the same tokenizer.json.
 *
 * @param patterns applied one after the other, each isolating its matches
 * @param composes text is normalized to NFC
 * @param ignoreMerges a word that is itself a token is not built from merges
 * @param addsBos a prompt starts with the BOS token unless the file says otherwise
 */
record GgufPreTokenizer(List<String> patterns, boolean composes, boolean ignoreMerges, boolean addsBos) {
  private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String SYMBOLS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" + SPACES;
  private static final String LETTERS = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";

  private static final String QWEN2 = CONTRACTION + "|" + LETTERS + "|\\p{N}|" + SYMBOLS;
  private static final String LLAMA3 = CONTRACTION + "|" + LETTERS + "|\\p{N}{1,3}|" + SYMBOLS;

  // Words in capitals and small letters, as in o200k; %s is what may follow one.
  private static final String CASED_WORDS =
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+%1$s"
          + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*%1$s";
  private static final String CASED_SYMBOLS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + SPACES;
  private static final String GPT4O =
      CASED_WORDS.formatted(CONTRACTION + "?") + "|\\p{N}{1,3}|" + CASED_SYMBOLS;
  private static final String TEKKEN = CASED_WORDS.formatted("") + "|\\p{N}|" + CASED_SYMBOLS;

  private static final String DEEPSEEK_V3 =
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
          + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
          + SPACES;

  // The cased letters of the scripts DeepSeek-LLM's tokenizer names; not all of \p{LC}.
  private static final String DEEPSEEK_LLM_LETTERS =
      "A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼ"
          + "ιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ"
          + "𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃";

  // "\s+$" of the original would try every space of a long run anew; only a run's start can be a leftmost match.
  private static final List<String> DEEPSEEK_LLM =
      List.of(
          "[\\r\\n]",
          "\\s?[" + DEEPSEEK_LLM_LETTERS + "]+",
          "\\s?[!-/:-~！-／：-～‘-‟　-。]+",
          "(?<!\\s)\\s++$",
          "[一-龥ࠀ-一가-퟿]+",
          "\\p{N}+");

  static GgufPreTokenizer named(String name) {
    return switch (name) {
      case "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "exaone4" -> of(ByteLevel.PATTERN);
      case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone" ->
          of("\\p{N}", ByteLevel.PATTERN);
      case "qwen2", "deepseek-r1-qwen", "megrez" -> new GgufPreTokenizer(List.of(QWEN2), true, false, false);
      case "stablelm2", "hunyuan", "grok-2" -> of(QWEN2);
      case "llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral" ->
          new GgufPreTokenizer(List.of(LLAMA3), false, true, true);
      case "dbrx", "smaug-bpe", "glm4", "chatglm-bpe" -> of(LLAMA3);
      case "gpt-4o", "llama4" -> of(GPT4O);
      case "tekken" -> new GgufPreTokenizer(List.of(TEKKEN), false, true, true);
      case "deepseek-v3", "hunyuan-dense" -> of("\\p{N}{1,3}", "[一-龥぀-ゟ゠-ヿ]+", DEEPSEEK_V3);
      case "deepseek-llm" -> new GgufPreTokenizer(DEEPSEEK_LLM, false, false, false);
      case "deepseek-coder" ->
          of("[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+", "[一-龥ࠀ-一가-퟿]+", "\\p{N}");
      // What llama.cpp does with files written before the key was.
      case "default" ->
          of("[\\p{P}\\$\\+<=>\\^~\\|]+", ByteLevel.PATTERN, "\\p{N}+", "[0-9][0-9][0-9]");
      default ->
          throw Refusal.model(
              "the GGUF's tokenizer.ggml.pre is \"" + name + "\", a pre-tokenizer unknown here",
              "use the model's safetensors folder, whose tokenizer.json holds its pre-tokenizer");
    };
  }

  Normalization normalization() {
    return composes
        ? new Normalization(List.of(Normalization.form(Normalizer.Form.NFC)))
        : Normalization.NONE;
  }

  PreTokenizer preTokenizer() {
    List<PreTokenizer.Step> steps = new ArrayList<>();
    for (String pattern : patterns) {
      steps.add(Split.isolated(Oniguruma.compile(pattern)));
    }
    return new PreTokenizer(steps);
  }

  private static GgufPreTokenizer of(String... patterns) {
    return new GgufPreTokenizer(List.of(patterns), false, false, false);
  }
}
