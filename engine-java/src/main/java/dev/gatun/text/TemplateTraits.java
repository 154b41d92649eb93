// TemplateTraits: what a chat template makes of tools, calls and thinking, found by trying it.
package dev.gatun.text;

import dev.gatun.text.ChatTemplate.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Templates agree on the variables' names and on little else: whether a call's arguments are a JSON
 * text or an object, and whether a message with calls may have a text, each decides for itself.
 *
 * @param showsTools whether a prompt with tools differs from one without
 * @param calls how it takes an assistant's calls; empty where it shows none
 */
public record TemplateTraits(boolean showsTools, Optional<Calls> calls, Thinking thinking) {
  /** What the call in {@link Calls#sample} is to; a tool of this name is not shown. */
  public static final String SAMPLE_NAME = "sample_call";

  /** The one argument that it has. */
  public static final String SAMPLE_KEY = "sample_key";

  private static final String TOOL = "sample_tool";
  private static final int VALUE = 1729;
  private static final String ARGUMENTS = "{\"" + SAMPLE_KEY + "\":" + VALUE + "}";
  private static final Map<String, Object> USER = Map.of("role", "user", "content", "Hello");

  /** Where a template looks for what an assistant thought. */
  public enum Thinking {
    /** In a message's {@code reasoning_content}. */
    FIELD,
    /** In its content, between the tags. */
    TAGS,
    /** Nowhere. */
    NONE
  }

  /**
   * @param textArguments whether arguments are given as JSON text, which is shown as it is, or as
   *     an object
   * @param insteadOfContent whether calls are shown only where the content is none
   * @param sample a conversation with a call to {@link #SAMPLE_NAME}, as the template writes it
   */
  public record Calls(boolean textArguments, boolean insteadOfContent, String sample) {}

  static TemplateTraits of(ChatTemplate template, String source) {
    Thinking thinking =
        source.contains("reasoning_content")
            ? Thinking.FIELD
            : source.contains("</think>") ? Thinking.TAGS : Thinking.NONE;
    return new TemplateTraits(showsTools(template), calls(template), thinking);
  }

  private static boolean showsTools(ChatTemplate template) {
    return attempt(template, List.of(USER)).contains(TOOL);
  }

  // A JSON text first: where it is shown as it is, the history has the very text the model wrote.
  private static Optional<Calls> calls(ChatTemplate template) {
    for (boolean insteadOfContent : new boolean[] {false, true}) {
      String text = sample(template, insteadOfContent, ARGUMENTS);
      if (text.contains(SAMPLE_NAME) && text.contains(ARGUMENTS)) {
        return Optional.of(new Calls(true, insteadOfContent, text));
      }
      String object = sample(template, insteadOfContent, Map.of(SAMPLE_KEY, VALUE));
      boolean python = object.contains("'" + SAMPLE_KEY + "'");
      if (object.contains(SAMPLE_NAME) && object.contains(SAMPLE_KEY) && !python) {
        return Optional.of(new Calls(false, insteadOfContent, object));
      }
    }
    return Optional.empty();
  }

  private static String sample(ChatTemplate template, boolean noContent, Object arguments) {
    String id = "functions." + SAMPLE_NAME + ":0";
    Map<String, Object> call =
        Map.of(
            "type",
            "function",
            "id",
            id,
            "function",
            Map.of("name", SAMPLE_NAME, "arguments", arguments));
    Map<String, Object> assistant = new HashMap<>();
    assistant.put("role", "assistant");
    assistant.put("content", noContent ? null : "");
    assistant.put("tool_calls", List.of(call));
    Map<String, Object> result =
        Map.of("role", "tool", "content", "1", "tool_call_id", id, "name", SAMPLE_NAME);
    return attempt(template, List.of(USER, assistant, result));
  }

  /** The prompt with a tool, empty where there is none. */
  private static String attempt(ChatTemplate template, List<?> messages) {
    Map<String, Object> parameters = Map.of("type", "object", "properties", Map.of());
    Map<String, Object> function =
        Map.of("name", TOOL, "description", "", "parameters", parameters);
    Map<String, Object> variables = new HashMap<>();
    variables.put("messages", messages);
    variables.put("tools", List.of(Map.of("type", "function", "function", function)));
    variables.put("documents", null);
    variables.put("add_generation_prompt", false);
    variables.put("bos_token", "");
    variables.put("eos_token", "");
    return template.attempt(variables) instanceof Outcome.Rendered(String text) ? text : "";
  }
}
