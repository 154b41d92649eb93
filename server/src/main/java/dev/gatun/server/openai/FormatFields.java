// FormatFields: the form of an answer, by OpenAI's, llama.cpp's and vLLM's names.
package dev.gatun.server.openai;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.OutputFormat;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.generation.Formats;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

final class FormatFields {
  private FormatFields() {}

  static ChatOptions read(Fields fields, ChatOptions options) {
    Map<String, OutputFormat> asked = new LinkedHashMap<>();
    fields
        .fields("response_format")
        .ifPresent(each -> asked.put("response_format", responseFormat(each)));
    if (fields.node("json_schema").isPresent()) {
      asked.put("json_schema", Formats.schema(fields, "json_schema"));
    }
    fields.text("grammar").ifPresent(text -> asked.put("grammar", new OutputFormat.Gbnf(text)));
    fields
        .fields("structured_outputs")
        .flatMap(FormatFields::structured)
        .ifPresent(format -> asked.put("structured_outputs", format));
    if (asked.size() > 1) {
      throw ApiError.invalid(
          String.join(" and ", asked.keySet()) + " each say the answer's form; send one");
    }
    return asked.entrySet().stream()
        .findFirst()
        .map(each -> options.withFormat(each.getValue()))
        .orElse(options);
  }

  /** OpenAI's has the schema in an object of its own, llama.cpp's JSON object may have one too. */
  private static OutputFormat responseFormat(Fields fields) {
    String type = fields.requiredText("type");
    if (type.equals("json_schema")) {
      Fields named = fields.fields("json_schema").orElseThrow(() -> missing(fields));
      OutputFormat format = Formats.schema(named);
      named.refuseOthers();
      fields.refuseOthers();
      return format;
    }
    if (type.equals("json_object") && fields.node("schema").isPresent()) {
      OutputFormat format = Formats.schema(fields, "schema");
      fields.refuseOthers();
      return format;
    }
    return Formats.read(fields);
  }

  private static ApiError missing(Fields fields) {
    return ApiError.invalid(
        fields.path("json_schema"), fields.path("json_schema") + " is missing; it is required");
  }

  private static Optional<OutputFormat> structured(Fields fields) {
    boolean json = fields.node("json").isPresent();
    Optional<String> regex = fields.text("regex");
    fields.refuseOthers();
    if (json && regex.isPresent()) {
      throw ApiError.invalid("structured_outputs", "structured_outputs has two forms; send one");
    }
    return json ? Optional.of(Formats.schema(fields, "json")) : regex.map(OutputFormat.Regex::new);
  }
}
