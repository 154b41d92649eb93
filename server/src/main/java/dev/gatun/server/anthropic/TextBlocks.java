// TextBlocks: content that may be text alone.
package dev.gatun.server.anthropic;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;

final class TextBlocks {
  private TextBlocks() {}

  /** Of a text, or an array of text blocks. */
  static String text(String path, JsonNode content) {
    if (content.isTextual()) {
      return content.textValue();
    }
    if (!content.isArray()) {
      throw ApiError.invalid(path, path + " is neither text nor an array of blocks");
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < content.size(); i++) {
      Fields block = Fields.of(path + "[" + i + "].", content.get(i));
      String type = block.requiredText("type");
      if (!type.equals("text")) {
        throw ApiError.invalid(
            block.path("type"), block.path("type") + " is " + type + "; only text is supported");
      }
      text.append(text(block));
    }
    return text.toString();
  }

  /** Of one block of type text. */
  static String text(Fields block) {
    String text = block.requiredText("text");
    block.node("cache_control"); // what prompts share is always kept
    block.node("citations"); // of an answer that is sent back
    block.refuseOthers();
    return text;
  }
}
