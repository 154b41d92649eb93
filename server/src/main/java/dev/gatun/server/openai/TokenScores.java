// TokenScores: the log-probabilities of a text's tokens, as completions tell them.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.server.Json;
import dev.gatun.text.TokenStream;
import dev.gatun.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** {@code {tokens, token_logprobs, top_logprobs, text_offset}}. For one choice and one thread. */
final class TokenScores {
  private final Tokenizer tokenizer;
  private final TokenStream said;
  private int offset; // where the next token's text begins

  TokenScores(Tokenizer tokenizer) {
    this.tokenizer = tokenizer;
    said = new TokenStream(tokenizer, false);
  }

  /** Of a prompt that is part of the text: nothing comes before its first token. */
  ObjectNode ofPrompt(CompletionPrompt prompt, List<TokenLogProb> scores) {
    ObjectNode node = empty();
    int first = prompt.ids()[0];
    addUnscored(node, new String(tokenizer.bytes(first), StandardCharsets.UTF_8));
    if (prompt.unsaid() == 0) {
      offset += said.push(first).length();
    }
    for (TokenLogProb token : scores) {
      add(node, token);
      offset += said.push(token.id()).length();
    }
    return node;
  }

  /** Of tokens that were drawn; special ones are no part of the text. */
  ObjectNode ofAnswer(List<TokenLogProb> tokens) {
    ObjectNode node = empty();
    for (TokenLogProb token : tokens) {
      add(node, token);
      offset += tokenizer.isSpecial(token.id()) ? 0 : said.push(token.id()).length();
    }
    return node;
  }

  /** Adds the token that ended the text: the engine tells no probability of it. */
  void addEnd(ObjectNode node) {
    addUnscored(node, "");
  }

  /** Adds the second to the first. */
  static ObjectNode joined(ObjectNode first, ObjectNode second) {
    second
        .properties()
        .forEach(each -> first.withArray(each.getKey()).addAll((ArrayNode) each.getValue()));
    return first;
  }

  private static ObjectNode empty() {
    ObjectNode node = Json.object();
    node.putArray("tokens");
    node.putArray("token_logprobs");
    node.putArray("top_logprobs");
    node.putArray("text_offset");
    return node;
  }

  private void addUnscored(ObjectNode node, String text) {
    node.withArray("tokens").add(text);
    node.withArray("token_logprobs").addNull();
    node.withArray("top_logprobs").addNull();
    node.withArray("text_offset").add(offset);
  }

  private void add(ObjectNode node, TokenLogProb token) {
    node.withArray("tokens").add(AnswerJson.text(token));
    node.withArray("token_logprobs").add(token.logProb());
    node.withArray("text_offset").add(offset);
    ObjectNode top = node.withArray("top_logprobs").addObject();
    // Tokens that are parts of characters may look alike: the likeliest of them is told.
    token.top().forEach(each -> top.putIfAbsent(AnswerJson.text(each), number(each)));
    top.putIfAbsent(AnswerJson.text(token), number(token));
  }

  private static JsonNode number(TokenLogProb token) {
    return DoubleNode.valueOf(token.logProb());
  }
}
