// Tools: LangChain4j's tools, calls and results as the library's.
package dev.gatun.langchain4j;

import dev.gatun.chat.Message;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolCall;
import dev.gatun.chat.ToolOptions;
import dev.gatun.chat.ToolOptions.Choice;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.internal.Json;
import dev.langchain4j.internal.JsonSchemaElementUtils;
import dev.langchain4j.model.chat.request.ChatRequestParameters;
import dev.langchain4j.model.chat.request.ToolChoice;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

final class Tools {
  private Tools() {}

  static ToolOptions options(ChatRequestParameters parameters) {
    List<Tool> tools = parameters.toolSpecifications().stream().map(Tools::tool).toList();
    ToolChoice choice = Objects.requireNonNullElse(parameters.toolChoice(), ToolChoice.AUTO);
    return new ToolOptions(tools, Choice.valueOf(choice.name()), Optional.empty(), true);
  }

  private static Tool tool(ToolSpecification tool) {
    String parameters =
        tool.parameters() == null
            ? Tool.NO_PARAMETERS
            : Json.toJson(JsonSchemaElementUtils.toMap(tool.parameters()));
    return new Tool(tool.name(), Objects.requireNonNullElse(tool.description(), ""), parameters);
  }

  static List<ToolCall> calls(List<ToolExecutionRequest> requests) {
    return requests.stream()
        .map(
            request ->
                new ToolCall(
                    Objects.requireNonNullElse(request.id(), ""),
                    request.name(),
                    request.arguments() == null || request.arguments().isBlank()
                        ? "{}"
                        : request.arguments()))
        .toList();
  }

  static Message result(ToolExecutionResultMessage result, String text) {
    return new Message("tool", text, "", List.of(), Optional.ofNullable(result.id()));
  }

  static ToolExecutionRequest request(ToolCall call) {
    return ToolExecutionRequest.builder()
        .id(call.id())
        .name(call.name())
        .arguments(call.arguments())
        .build();
  }
}
