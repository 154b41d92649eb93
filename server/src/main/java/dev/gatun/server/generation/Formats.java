// Formats: the form that a request wants its answer to have.
package dev.gatun.server.generation;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.OutputFormat;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;

public final class Formats {
  private Formats() {}

  /** What a format's {@code type} says, in OpenAI's words, where its schema stands beside that. */
  public static OutputFormat read(Fields fields) {
    String type = fields.requiredText("type");
    OutputFormat format =
        switch (type) {
          case "text" -> new OutputFormat.Text();
          case "json_object" -> new OutputFormat.JsonObject();
          case "json_schema" -> schema(fields);
          default ->
              throw ApiError.invalid(
                  fields.path("type"),
                  fields.path("type") + " is none of text, json_object, json_schema");
        };
    fields.refuseOthers();
    return format;
  }

  /** A schema with its name. */
  public static OutputFormat schema(Fields fields) {
    fields.text("name"); // for who reads the request; the answer is the same
    fields.text("description");
    fields.flag("strict"); // a schema is obeyed always
    return schema(fields, "schema");
  }

  /** A field that is a schema. */
  public static OutputFormat schema(Fields fields, String name) {
    JsonNode schema = fields.required(name);
    if (!schema.isObject() && !schema.isBoolean()) {
      throw ApiError.invalid(fields.path(name), fields.path(name) + " is no JSON schema");
    }
    return new OutputFormat.JsonSchema(schema.toString());
  }
}
