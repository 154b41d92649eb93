// ThinkingVariables: what tells a chat template whether the model is to think.
package dev.gatun.server.generation;

import java.util.Map;

public final class ThinkingVariables {
  private ThinkingVariables() {}

  /** Qwen's and DeepSeek's names; a template that knows neither lets the model do as it does. */
  public static Map<String, Object> of(boolean thinks) {
    return Map.of("enable_thinking", thinks, "thinking", thinks);
  }
}
