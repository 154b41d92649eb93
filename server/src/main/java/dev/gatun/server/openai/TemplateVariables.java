// TemplateVariables: chat_template_kwargs, further variables of the chat template.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.server.ApiError;
import dev.gatun.text.ChatTemplate;
import java.util.Map;
import java.util.Objects;

final class TemplateVariables {
  private TemplateVariables() {}

  static Map<String, Object> read(JsonNode node) {
    if (!node.isObject()) {
      throw ApiError.invalid("chat_template_kwargs", "chat_template_kwargs is no object");
    }
    Map<String, Object> variables = ChatTemplate.variables(node);
    if (variables.values().stream().anyMatch(Objects::isNull)) {
      throw ApiError.invalid(
          "chat_template_kwargs", "chat_template_kwargs holds null; leave out what is not set");
    }
    return variables;
  }
}
