// Tools: the functions that an answer may call.
package dev.gatun.server.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolOptions;
import dev.gatun.chat.ToolOptions.Choice;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import dev.gatun.server.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

final class Tools {
  private Tools() {}

  static ToolOptions read(Fields fields) {
    List<Tool> tools = new ArrayList<>();
    for (JsonNode node : fields.array("tools").orElseGet(Json::array)) {
      tools.add(tool(Fields.of("tools[" + tools.size() + "].", node)));
    }
    Optional<Fields> asked = fields.fields("tool_choice");
    if (asked.isEmpty()) {
      return new ToolOptions(tools, Choice.AUTO, Optional.empty(), true);
    }
    Fields choice = asked.get();
    Optional<String> named = Optional.empty();
    Choice word;
    switch (choice.requiredText("type")) {
      case "auto" -> word = Choice.AUTO;
      case "any" -> word = Choice.REQUIRED;
      case "none" -> word = Choice.NONE;
      case "tool" -> {
        word = Choice.NAMED;
        named = Optional.of(choice.requiredText("name"));
      }
      default ->
          throw ApiError.invalid(
              "tool_choice.type", "tool_choice.type is none of auto, any, tool, none");
    }
    boolean single = choice.flag("disable_parallel_tool_use").orElse(false);
    choice.refuseOthers();
    return new ToolOptions(tools, word, named, !single);
  }

  private static Tool tool(Fields fields) {
    fields.word("type", "custom");
    fields.node("cache_control"); // what prompts share is always kept
    fields.flag("strict"); // arguments of forced calls obey the schema always
    fields.flag("eager_input_streaming"); // arguments come as they are written
    fields.refuseUnless("defer_loading", "all tools are shown", BooleanNode.FALSE);
    Tool tool =
        new Tool(
            fields.requiredText("name"),
            fields.text("description").orElse(""),
            fields.requiredFields("input_schema").json());
    fields.refuseOthers();
    return tool;
  }
}
