// TokensTest: text to tokens and back over HTTP, under llama.cpp's names and vLLM's.
package dev.gatun.server.tokens;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.server.DemoServer;
import dev.gatun.server.DemoServer.Reply;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class TokensTest {
  private static DemoServer server;

  @BeforeAll
  static void open() {
    server = new DemoServer();
  }

  @AfterAll
  static void close() {
    server.close();
  }

  @Test
  void bothNamesGiveTheSameTokens() {
    JsonNode llama = server.ok("/tokenize", "{'content': 'Hello wörld'}");
    JsonNode vllm =
        server.ok("/tokenize", "{'prompt': 'Hello wörld', 'add_special_tokens': false}");
    assertEquals(llama, vllm);
    assertEquals(llama.get("tokens").size(), llama.get("count").intValue());
    JsonNode back = server.ok("/detokenize", "{'tokens': " + llama.get("tokens") + "}");
    assertEquals("Hello wörld", back.get("content").textValue());
    assertEquals("Hello wörld", back.get("prompt").textValue());
  }

  @Test
  void aSpecialTokensTextIsThatTokenUnlessToldOtherwise() {
    String end = "{'content': '<|im_end|>'%s}";
    assertEquals(1, server.ok("/tokenize", end.replace("%s", "")).get("count").intValue());
    JsonNode text = server.ok("/tokenize", end.replace("%s", ", 'parse_special': false"));
    assertTrue(text.get("count").intValue() > 1, text.toString());
  }

  @Test
  void aPieceThatIsNoWholeCharacterIsItsBytes() {
    JsonNode tokens =
        server.ok("/tokenize", "{'content': 'a🎉', 'with_pieces': true}").get("tokens");
    assertEquals("a", tokens.get(0).get("piece").textValue());
    StringBuilder bytes = new StringBuilder();
    for (int i = 1; i < tokens.size(); i++) {
      tokens.get(i).get("piece").forEach(each -> bytes.append(each.intValue()).append(' '));
    }
    assertEquals("240 159 142 137 ", bytes.toString());
  }

  @Test
  void theTokenizerTellsWhatAClientNeeds() {
    Reply reply = server.get("/tokenizer_info");
    assertEquals(200, reply.status());
    assertEquals("<|im_end|>", reply.json().get("eos_token").textValue());
    assertEquals("<|im_start|>", reply.json().get("bos_token").textValue());
    String template = reply.json().get("chat_template").textValue();
    assertTrue(template.contains("{% for message in messages %}"), template);
  }

  /** As JSON Schema has integers. */
  @Test
  void aTokenIdMayBeWrittenWithAPoint() {
    assertEquals(
        server.ok("/detokenize", "{'tokens': [19556, 30]}"),
        server.ok("/detokenize", "{'tokens': [19556.0, 3e1]}"));
  }

  @Test
  void whatIsWrongIsNamed() {
    refused("/tokenize", "{}", "send the text as content or as prompt");
    refused("/tokenize", "{'content': 'a', 'prompt': 'a'}", "send the text as content");
    refused("/tokenize", "{'content': 'a', 'add_speical': true}", "add_speical is not an option");
    refused("/tokenize", "{'content': 1}", "content is a JSON number 1; send a string");
    refused("/detokenize", "{'tokens': 'a'}", "tokens is no array");
    refused("/detokenize", "{'tokens': [1, 1.5]}", "tokens[1] is no token id");
    refused("/detokenize", "{'tokens': [-1]}", "tokens[0] is -1");
    refused("/detokenize", "{'tokens': [99999999]}", "the model's are 0 to 49151");
  }

  private static void refused(String path, String body, String part) {
    Reply reply = server.post(path, body);
    assertEquals(400, reply.status(), reply.text());
    assertTrue(reply.text().contains(part), reply.text());
  }
}
