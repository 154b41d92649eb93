// ToolFields: the tools of a chat request, and whether they must be called.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolOptions;
import dev.gatun.chat.ToolOptions.Choice;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

public final class ToolFields {
  private ToolFields() {}

  static ToolOptions read(Fields fields) {
    fields.refuseUnless("functions", "send tools");
    fields.refuseUnless("function_call", "send tool_choice");
    List<Tool> tools = fields.node("tools").map(ToolFields::tools).orElse(List.of());
    boolean parallel = fields.flag("parallel_tool_calls").orElse(true);
    Optional<JsonNode> choice = fields.node("tool_choice");
    if (choice.isEmpty()) {
      return new ToolOptions(tools, Choice.AUTO, Optional.empty(), parallel);
    }
    if (choice.get().isTextual()) {
      Choice word = word(choice.get().textValue());
      return new ToolOptions(tools, word, Optional.empty(), parallel);
    }
    Fields named = Fields.of("tool_choice.", choice.get());
    if (!named.requiredText("type").equals("function")) {
      throw ApiError.invalid("tool_choice", "tool_choice names what is no function");
    }
    Fields function = named.requiredFields("function");
    String name = function.requiredText("name");
    function.refuseOthers();
    named.refuseOthers();
    return new ToolOptions(tools, Choice.NAMED, Optional.of(name), parallel);
  }

  /** What a tool choice that is a word says. */
  public static Choice word(String choice) {
    return switch (choice) {
      case "auto" -> Choice.AUTO;
      case "none" -> Choice.NONE;
      case "required" -> Choice.REQUIRED;
      default ->
          throw ApiError.invalid(
              "tool_choice", "tool_choice is not auto, none, required or a function");
    };
  }

  private static List<Tool> tools(JsonNode array) {
    if (!array.isArray()) {
      throw ApiError.invalid("tools", "tools is no array");
    }
    List<Tool> tools = new ArrayList<>();
    for (JsonNode node : array) {
      Fields tool = Fields.of("tools[" + tools.size() + "].", node);
      if (!tool.requiredText("type").equals("function")) {
        throw ApiError.invalid(tool.path("type"), "only tools of type function are supported");
      }
      Fields function = tool.requiredFields("function");
      function.flag("strict"); // arguments of forced calls obey the schema always
      tools.add(
          new Tool(
              function.requiredText("name"),
              function.text("description").orElse(""),
              function.fields("parameters").map(Fields::json).orElse(Tool.NO_PARAMETERS)));
      function.refuseOthers();
      tool.refuseOthers();
    }
    return tools;
  }
}
