// CompletionPrompt: a text to be continued, with its tokens.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.Gatun;
import dev.gatun.server.ApiError;
import dev.gatun.server.generation.Prompts;
import dev.gatun.server.tokens.TokenIds;
import java.util.ArrayList;
import java.util.List;

/**
 * @param text as it was sent, or as its tokens say it
 * @param ids what is run
 * @param unsaid of the ids, at the beginning, which are no part of the text: the token that the
 *     model expects first
 */
record CompletionPrompt(String text, int[] ids, int unsaid) {
  private static final int MOST = 128;

  /**
   * @param node a text, an array of texts, an array of token ids, or an array of such arrays
   */
  static List<CompletionPrompt> read(JsonNode node, Gatun model) {
    List<CompletionPrompt> prompts = new ArrayList<>();
    boolean several = node.isArray() && !node.isEmpty() && !node.get(0).isNumber();
    if (!several) {
      prompts.add(one("prompt", node, model));
    } else {
      for (JsonNode each : node) {
        prompts.add(one("prompt[" + prompts.size() + "]", each, model));
      }
    }
    if (prompts.size() > MOST) {
      throw ApiError.invalid("prompt", prompts.size() + " prompts; send " + MOST + " at most");
    }
    return prompts;
  }

  private static CompletionPrompt one(String path, JsonNode node, Gatun model) {
    CompletionPrompt prompt;
    if (node.isTextual()) {
      String text = node.textValue();
      int[] ids = model.dialect().encodeText(text);
      int said = model.dialect().tokenizer().encode(text, true).length;
      prompt = new CompletionPrompt(text, ids, ids.length - said);
    } else if (node.isArray()) {
      int[] ids = TokenIds.read(path, node, model);
      prompt = new CompletionPrompt(model.dialect().tokenizer().decode(ids, false), ids, 0);
    } else {
      throw ApiError.invalid(path, path + " is neither text nor an array of texts or token ids");
    }
    if (prompt.ids.length == 0) {
      throw ApiError.invalid(path, path + " has no token; send one at least");
    }
    Prompts.requireRoom(prompt.ids.length, model.context());
    return prompt;
  }
}
