// GgufPreTokenizer: what the names in tokenizer.ggml.pre stand for.
package dev.gatun.text;

import dev.gatun.refusal.Refusal;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/**
 * A GGUF file names its pre-tokenizer instead of holding it. The patterns are those of the
 * tokenizer.json each name was given for; the names are llama.cpp's (convert_hf_to_gguf.py and
 * src/llama-vocab.cpp). Normalization, which GGUF does not mention, is that of the same
 * tokenizer.json.
 *
 * @param patterns applied one after the other, each isolating its matches
 * @param composes text is normalized to NFC
 * @param ignoreMerges a word that is itself a token is not built from merges
 * @param addsBos a prompt starts with the BOS token unless the file says otherwise
 * @param ranked merges follow from the ids, see {@link RankedMerges}, and need not be in the file
 */
record GgufPreTokenizer(
    List<String> patterns,
    boolean composes,
    boolean ignoreMerges,
    boolean addsBos,
    boolean ranked) {
  private static final String CONTRACTION = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
  private static final String SPACES = "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  private static final String SYMBOLS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|" + SPACES;
  private static final String LEAD = "[^\\r\\n\\p{L}\\p{N}]?";
  private static final String LETTERS = LEAD + "\\p{L}+";

  private static final String QWEN2 = CONTRACTION + "|" + LETTERS + "|\\p{N}|" + SYMBOLS;
  private static final String LLAMA3 = CONTRACTION + "|" + LETTERS + "|\\p{N}{1,3}|" + SYMBOLS;

  // Words of capitals, then small letters, as in o200k.
  private static final String CAPITAL = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String SMALL = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  private static final String SMALL_WORD = LEAD + CAPITAL + "*" + SMALL + "+";
  private static final String CAPITAL_WORD = LEAD + CAPITAL + "+" + SMALL + "*";
  private static final String CASED_SYMBOLS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|" + SPACES;
  private static final String GPT4O =
      (SMALL_WORD + CONTRACTION + "?|" + CAPITAL_WORD + CONTRACTION + "?|")
          + ("\\p{N}{1,3}|" + CASED_SYMBOLS);
  private static final String TEKKEN = SMALL_WORD + "|" + CAPITAL_WORD + "|\\p{N}|" + CASED_SYMBOLS;

  // Han apart: the pattern of the tokenization_kimi.py published with Kimi's models.
  private static final String KIMI_CAPITAL = "[" + CAPITAL + "&&[^\\p{Han}]]";
  private static final String KIMI_SMALL = "[" + SMALL + "&&[^\\p{Han}]]";
  private static final String KIMI_K2 =
      ("[\\p{Han}]+|" + LEAD + KIMI_CAPITAL + "*" + KIMI_SMALL + "+" + CONTRACTION + "?|")
          + (LEAD + KIMI_CAPITAL + "+" + KIMI_SMALL + "*" + CONTRACTION + "?|\\p{N}{1,3}|")
          + SYMBOLS;

  private static final String DEEPSEEK_V3 =
      "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+"
          + "|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
          + SPACES;

  // The cased letters of the scripts DeepSeek-LLM's tokenizer names; not all of \p{LC}. Written as
  // escapes since a few would not survive an editor that normalizes.
  private static final String DEEPSEEK_LLM_LETTERS =
      "A-Za-z\\u00B5\\u00C0-\\u00D6\\u00D8-\\u00F6\\u00F8-\\u01BA\\u01BC-\\u01BF"
          + "\\u01C4-\\u0293\\u0295-\\u02AF\\u0370-\\u0373\\u0376\\u0377\\u037B-\\u037D\\u037F"
          + "\\u0386\\u0388-\\u038A\\u038C\\u038E-\\u03A1\\u03A3-\\u03F5\\u03F7-\\u0481"
          + "\\u048A-\\u052F\\u0531-\\u0556\\u10A0-\\u10C5\\u13A0-\\u13F5\\u13F8-\\u13FD"
          + "\\u1C90-\\u1CBA\\u1CBD-\\u1CBF\\u1D00-\\u1D2B\\u1D6B-\\u1D77\\u1D79-\\u1D9A"
          + "\\u1E00-\\u1F15\\u1F18-\\u1F1D\\u1F20-\\u1F45\\u1F48-\\u1F4D\\u1F50-\\u1F57\\u1F59"
          + "\\u1F5B\\u1F5D\\u1F5F-\\u1F7D\\u1F80-\\u1FB4\\u1FB6-\\u1FBC\\u1FBE\\u1FC2-\\u1FC4"
          + "\\u1FC6-\\u1FCC\\u1FD0-\\u1FD3\\u1FD6-\\u1FDB\\u1FE0-\\u1FEC\\u1FF2-\\u1FF4"
          + "\\u1FF6-\\u1FFC\\u2102\\u2107\\u210A-\\u2113\\u2115\\u2119-\\u211D\\u2124\\u2126"
          + "\\u2128\\u212A-\\u212D\\u212F-\\u2134\\u2139\\u213C-\\u213F\\u2145-\\u2149\\u214E"
          + "\\u2183\\u2184\\u2C00-\\u2C7B\\u2C7E-\\u2CE4\\u2CEB-\\u2CEE\\u2CF2\\u2CF3"
          + "\\uA640-\\uA66D\\uA680-\\uA69B\\uA722-\\uA76F\\uA771-\\uA787\\uA78B-\\uA78E"
          + "\\uAB70-\\uABBF\\uFB00-\\uFB06\\uFB13-\\uFB17\\uFF21-\\uFF3A\\uFF41-\\uFF5A"
          + "\\x{10400}-\\x{1044F}\\x{104B0}-\\x{104D3}\\x{104D8}-\\x{104FB}\\x{10C80}-\\x{10CB2}"
          + "\\x{10CC0}-\\x{10CF2}\\x{118A0}-\\x{118DF}\\x{1E900}-\\x{1E943}";

  // "\s+$" of the original would try every space of a long run anew; only a run's start can be a
  // leftmost match.
  private static final List<String> DEEPSEEK_LLM =
      List.of(
          "[\\r\\n]",
          "\\s?[" + DEEPSEEK_LLM_LETTERS + "]+",
          "\\s?[!-/:-~\\uFF01-\\uFF0F\\uFF1A-\\uFF5E\\u2018-\\u201F\\u3000-\\u3002]+",
          "(?<!\\s)\\s++$",
          "[\\u4E00-\\u9FA5\\u0800-\\u4E00\\uAC00-\\uD7FF]+",
          "\\p{N}+");

  static GgufPreTokenizer named(String name) {
    return switch (name) {
      case "gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "exaone4" -> of(ByteLevel.PATTERN);
      case "smollm", "starcoder", "refact", "command-r", "codeshell", "exaone" ->
          of("\\p{N}", ByteLevel.PATTERN);
      case "qwen2", "deepseek-r1-qwen", "megrez" ->
          new GgufPreTokenizer(List.of(QWEN2), true, false, false, false);
      case "stablelm2", "hunyuan", "grok-2" -> of(QWEN2);
      case "llama3", "llama-v3", "llama-bpe", "falcon3", "pixtral" ->
          new GgufPreTokenizer(List.of(LLAMA3), false, true, true, false);
      case "dbrx", "smaug-bpe", "glm4", "chatglm-bpe" -> of(LLAMA3);
      case "gpt-4o", "llama4" -> of(GPT4O);
      case "tekken" -> new GgufPreTokenizer(List.of(TEKKEN), false, true, true, false);
      case "deepseek-v3", "hunyuan-dense" ->
          of("\\p{N}{1,3}", "[\\u4E00-\\u9FA5\\u3040-\\u309F\\u30A0-\\u30FF]+", DEEPSEEK_V3);
      case "kimi-k2" -> new GgufPreTokenizer(List.of(KIMI_K2), false, true, false, true);
      case "deepseek-llm" -> new GgufPreTokenizer(DEEPSEEK_LLM, false, false, false, false);
      case "deepseek-coder" ->
          of(
              "[\\r\\n]",
              "\\s?\\p{L}+",
              "\\s?\\p{P}+",
              "[\\u4E00-\\u9FA5\\u0800-\\u4E00\\uAC00-\\uD7FF]+",
              "\\p{N}");
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

  Bpe.Options options() {
    return new Bpe.Options(true, ignoreMerges, false, OptionalInt.empty(), false);
  }

  PreTokenizer preTokenizer() {
    List<PreTokenizer.Step> steps = new ArrayList<>();
    for (String pattern : patterns) {
      steps.add(Split.isolated(Oniguruma.compile(pattern)));
    }
    return new PreTokenizer(steps);
  }

  private static GgufPreTokenizer of(String... patterns) {
    return new GgufPreTokenizer(List.of(patterns), false, false, false, false);
  }
}
