// PipelineJson: reads the normalizer, pre-tokenizer and decoder of a tokenizer.json.
package dev.gatun.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.refusal.Refusal;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * Each of the three is an object with a {@code type}, a {@code Sequence} of such objects, or null. Types that have no place
 * in a byte-pair encoding, or whose effect is not implemented, are refused by name.
 */
final class PipelineJson {
  private PipelineJson() {}

  static Normalization normalization(JsonNode node) {
    List<UnaryOperator<String>> steps = new ArrayList<>();
    for (JsonNode step : flat(node, "normalizers")) {
      steps.add(
          switch (type(step)) {
            case "NFC" -> Normalization.form(Normalizer.Form.NFC);
            case "NFD" -> Normalization.form(Normalizer.Form.NFD);
            case "NFKC" -> Normalization.form(Normalizer.Form.NFKC);
            case "NFKD" -> Normalization.form(Normalizer.Form.NFKD);
            case "Lowercase" -> Normalization::lowerCase;
            case "Prepend" -> Normalization.prepend(text(step, "prepend"));
            case "Replace" -> replacement(step);
            case "Strip" -> Normalization.strip(flag(step, "strip_left", true), flag(step, "strip_right", true));
            default -> throw unknown("normalizer", step);
          });
    }
    return new Normalization(steps);
  }

  /** What {@link #preTokenizer} reads; {@code byteLevel} where words are spelled in bytes. */
  record PreTokenization(PreTokenizer preTokenizer, boolean byteLevel) {}

  static PreTokenization preTokenizer(JsonNode node) {
    List<PreTokenizer.Step> steps = new ArrayList<>();
    boolean byteLevel = false;
    for (JsonNode step : flat(node, "pretokenizers")) {
      if (byteLevel) {
        throw Refusal.model(
            "tokenizer.json cuts text by \"" + type(step) + "\" after spelling it in bytes",
            "ByteLevel must be the last pre-tokenizer");
      }
      switch (type(step)) {
        case "Split" -> steps.add(split(step));
        case "Digits" -> {
          String digits = flag(step, "individual_digits", false) ? "\\p{N}" : "\\p{N}+";
          steps.add(Split.isolated(Oniguruma.compile(digits)));
        }
        case "ByteLevel" -> {
          byteLevel = true;
          if (flag(step, "add_prefix_space", true)) {
            steps.add(new PreTokenizer.LeadingSpace());
          }
          if (flag(step, "use_regex", true)) {
            steps.add(Split.isolated(Oniguruma.compile(ByteLevel.PATTERN)));
          }
        }
        default -> throw unknown("pre_tokenizer", step);
      }
    }
    return new PreTokenization(new PreTokenizer(steps), byteLevel);
  }

  static Decoding decoding(JsonNode node) {
    boolean byteLevel = false;
    boolean byteFallback = false;
    boolean fused = false;
    List<UnaryOperator<String>> replacements = new ArrayList<>();
    char stripped = ' ';
    int leading = 0;
    for (JsonNode step : flat(node, "decoders")) {
      switch (type(step)) {
        case "ByteLevel" -> byteLevel = true;
        case "ByteFallback" -> byteFallback = true;
        case "Fuse" -> fused = true;
        case "Replace" -> replacements.add(replacement(step));
        case "Strip" -> {
          if (!fused || text(step, "content").length() != 1 || step.path("stop").asInt() != 0) {
            throw unknown("decoder", step);
          }
          stripped = text(step, "content").charAt(0);
          leading = step.path("start").asInt();
        }
        default -> throw unknown("decoder", step);
      }
    }
    if (!byteLevel && !byteFallback) {
      throw Refusal.model(
          "tokenizer.json has no ByteLevel or ByteFallback decoder", "use a byte-level BPE tokenizer");
    }
    return new Decoding(byteLevel, byteFallback, replacements, stripped, leading);
  }

  private static Split split(JsonNode step) {
    Split.Behavior behavior =
        switch (text(step, "behavior")) {
          case "Removed" -> Split.Behavior.REMOVED;
          case "Isolated" -> Split.Behavior.ISOLATED;
          case "MergedWithPrevious" -> Split.Behavior.MERGED_WITH_PREVIOUS;
          case "MergedWithNext" -> Split.Behavior.MERGED_WITH_NEXT;
          case "Contiguous" -> Split.Behavior.CONTIGUOUS;
          default -> throw unknown("Split behavior in pre_tokenizer", step);
        };
    return new Split(pattern(step), behavior, flag(step, "invert", false));
  }

  private static UnaryOperator<String> replacement(JsonNode step) {
    return Normalization.replace(pattern(step), text(step, "content"));
  }

  private static Pattern pattern(JsonNode step) {
    JsonNode pattern = step.path("pattern");
    if (pattern.path("Regex").isTextual()) {
      return Oniguruma.compile(pattern.path("Regex").textValue());
    }
    return Pattern.compile(text(pattern, "String"), Pattern.LITERAL);
  }

  // A Sequence's members in order, whose own Sequences are opened too; a null has none.
  private static List<JsonNode> flat(JsonNode node, String members) {
    List<JsonNode> flat = new ArrayList<>();
    if (node.path("type").asText().equals("Sequence")) {
      for (JsonNode member : node.path(members)) {
        flat.addAll(flat(member, members));
      }
    } else if (!node.isMissingNode() && !node.isNull()) {
      flat.add(node);
    }
    return flat;
  }

  private static String type(JsonNode step) {
    return text(step, "type");
  }

  private static boolean flag(JsonNode step, String name, boolean otherwise) {
    return step.path(name).asBoolean(otherwise);
  }

  private static String text(JsonNode node, String name) {
    JsonNode value = node.path(name);
    if (!value.isTextual()) {
      throw Refusal.model(
          "tokenizer.json lacks the text \"" + name + "\" in " + shortened(node), "download the model again");
    }
    return value.textValue();
  }

  private static Refusal unknown(String place, JsonNode step) {
    return Refusal.model(
        "the " + place + " of tokenizer.json is of an unknown kind: " + shortened(step),
        "use a byte-level BPE tokenizer");
  }

  private static String shortened(JsonNode node) {
    String json = node.toString();
    return json.length() <= 120 ? json : json.substring(0, 120) + "...";
  }
}
