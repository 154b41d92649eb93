// Tool: a function that the model may ask its caller to run.
package dev.gatun.chat;

import dev.gatun.refusal.Refusal;
import java.util.Objects;
import java.util.regex.Pattern;

/**
 * What a function is called, what it is for, and what it takes; the model's chat template shows
 * this to the model. Running it is the caller's: its result goes back as {@link
 * Message#toolResult}.
 *
 * @param name 1 to 64 of the characters A-Z a-z 0-9 _ - .
 * @param description when to call it; may be empty
 * @param parameters JSON Schema of the object of its arguments; a JSON text
 */
public record Tool(String name, String description, String parameters) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]{1,64}");

  /** Of a function without arguments. */
  public static final String NO_PARAMETERS = "{\"type\":\"object\",\"properties\":{}}";

  public Tool {
    Objects.requireNonNull(description, "description");
    Objects.requireNonNull(parameters, "parameters");
    if (!NAME.matcher(name).matches()) {
      throw Refusal.usage(
          "a tool named \"" + name + "\"", "use 1 to 64 of the characters A-Z a-z 0-9 _ - .");
    }
  }
}
