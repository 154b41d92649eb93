// SamplingJson: how tokens are drawn, as JSON, with the names of llama.cpp's server.
package dev.gatun.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.SamplerType;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.SamplingOptions.Dry;
import dev.gatun.sample.SamplingOptions.Penalties;
import dev.gatun.sample.SamplingOptions.Truncation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/** What is written is read as the same options: numbers keep every bit. */
final class SamplingJson {
  private SamplingJson() {}

  static Map<String, Object> write(SamplingOptions options) {
    Truncation cut = options.truncation();
    Penalties penalties = options.penalties();
    Dry dry = options.dry();
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("seed", options.seed());
    json.put("temperature", options.temperature());
    json.put("top_k", cut.topK());
    json.put("top_p", cut.topP());
    json.put("min_p", cut.minP());
    json.put("typical_p", cut.typicalP());
    json.put("repeat_penalty", penalties.repeat());
    json.put("repeat_last_n", penalties.lastN());
    json.put("presence_penalty", penalties.presence());
    json.put("frequency_penalty", penalties.frequency());
    json.put("dry_multiplier", dry.multiplier());
    json.put("dry_base", dry.base());
    json.put("dry_allowed_length", dry.allowedLength());
    json.put("dry_penalty_last_n", dry.lastN());
    json.put("dry_sequence_breakers", dry.breakers());
    Map<String, String> bias = new TreeMap<>(); // text, since JSON has no -Infinity
    options.logitBias().forEach((id, value) -> bias.put(id.toString(), value.toString()));
    json.put("logit_bias", bias);
    json.put(
        "samplers",
        options.samplers().stream()
            .map(SamplerType::canonicalName)
            .collect(Collectors.joining(";")));
    return json;
  }

  /**
   * Refusal.usage where something is missing, of another kind or out of range.
   *
   * @param name what the file is called in a refusal
   */
  static SamplingOptions read(JsonNode json, String name) {
    Fields in = new Fields(json, name);
    return new SamplingOptions(
        in.real("temperature"),
        new Truncation(in.whole("top_k"), in.real("top_p"), in.real("min_p"), in.real("typical_p")),
        new Penalties(
            in.real("repeat_penalty"),
            in.whole("repeat_last_n"),
            in.real("presence_penalty"),
            in.real("frequency_penalty")),
        new Dry(
            in.real("dry_multiplier"),
            in.real("dry_base"),
            in.whole("dry_allowed_length"),
            in.whole("dry_penalty_last_n"),
            in.breakers()),
        in.bias(),
        in.field("seed", JsonNode::isIntegralNumber).longValue(),
        SamplerType.parse(in.field("samplers", JsonNode::isTextual).textValue()));
  }

  /** The fields of an object that must be there. */
  private record Fields(JsonNode json, String name) {

    JsonNode field(String field, Predicate<JsonNode> suits) {
      JsonNode value = json.path(field);
      if (!suits.test(value)) {
        throw Refusal.usage(
            name + " has no right value under " + field + ": " + value,
            "use a file as /save writes it");
      }
      return value;
    }

    double real(String field) {
      return field(field, JsonNode::isNumber).doubleValue();
    }

    int whole(String field) {
      return field(field, JsonNode::canConvertToInt).intValue();
    }

    List<List<Integer>> breakers() {
      List<List<Integer>> all = new ArrayList<>();
      for (JsonNode breaker : field("dry_sequence_breakers", JsonNode::isArray)) {
        List<Integer> ids = new ArrayList<>();
        breaker.forEach(id -> ids.add(id.asInt(-1)));
        all.add(ids);
      }
      return all;
    }

    Map<Integer, Float> bias() {
      Map<Integer, Float> bias = new HashMap<>();
      try {
        for (var each : field("logit_bias", JsonNode::isObject).properties()) {
          bias.put(Integer.valueOf(each.getKey()), Float.valueOf(each.getValue().asText()));
        }
        return bias;
      } catch (NumberFormatException e) {
        throw Refusal.usage(
            name + " has no right value under logit_bias: " + e.getMessage(),
            "use a file as /save writes it");
      }
    }
  }
}
