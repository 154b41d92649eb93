// ToolCall: a function that the model asks its caller to run.
package dev.gatun.chat;

import java.util.Objects;

/**
 * @param id names this call in the conversation; {@link Message#toolResult} answers it
 * @param name of one of {@link ToolOptions#tools}, or whatever else the model wrote
 * @param arguments the JSON text of an object, as the model wrote it; what a model wrote without
 *     such a format may be no JSON
 */
public record ToolCall(String id, String name, String arguments) {
  public ToolCall {
    Objects.requireNonNull(id, "id");
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(arguments, "arguments");
  }
}
