// ResponseTools: the functions that a response may call.
package dev.gatun.server.openai.responses;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolOptions;
import dev.gatun.chat.ToolOptions.Choice;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import dev.gatun.server.openai.ToolFields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

final class ResponseTools {
  private ResponseTools() {}

  static ToolOptions read(Fields fields) {
    List<Tool> tools = new ArrayList<>();
    for (JsonNode node : fields.array("tools").orElseGet(Json::array)) {
      tools.add(tool(Fields.of("tools[" + tools.size() + "].", node)));
    }
    boolean parallel = fields.flag("parallel_tool_calls").orElse(true);
    Optional<JsonNode> choice = fields.node("tool_choice");
    if (choice.isPresent() && !choice.get().isTextual()) {
      Fields named = Fields.of("tool_choice.", choice.get());
      requireFunction(named);
      String name = named.requiredText("name");
      named.refuseOthers();
      return new ToolOptions(tools, Choice.NAMED, Optional.of(name), parallel);
    }
    Choice word = choice.map(JsonNode::textValue).map(ToolFields::word).orElse(Choice.AUTO);
    return new ToolOptions(tools, word, Optional.empty(), parallel);
  }

  private static Tool tool(Fields fields) {
    requireFunction(fields);
    fields.flag("strict"); // arguments of forced calls obey the schema always
    Tool tool =
        new Tool(
            fields.requiredText("name"),
            fields.text("description").orElse(""),
            fields.fields("parameters").map(Fields::json).orElse(Tool.NO_PARAMETERS));
    fields.refuseOthers();
    return tool;
  }

  private static void requireFunction(Fields fields) {
    String type = fields.requiredText("type");
    if (!type.equals("function")) {
      throw ApiError.invalid(
          fields.path("type"),
          fields.path("type") + " is " + type + "; only function is supported");
    }
  }
}
