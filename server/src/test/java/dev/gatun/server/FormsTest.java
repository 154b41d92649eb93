// FormsTest: answers keep to the form that a request asks for, by each interface's name for it.
package dev.gatun.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.server.DemoServer.Reply;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormsTest {
  private static DemoServer server;

  @BeforeAll
  static void open() {
    server = new DemoServer();
  }

  @AfterAll
  static void close() {
    server.close();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "chat/completions ; /choices/0/message/content ; 'response_format': {'type': 'json_schema',"
            + " 'json_schema': {'name': 'x', 'schema': {'enum': ['left', 'right']}}}",
        "chat/completions ; /choices/0/message/content ; 'json_schema': {'enum': ['left',"
            + " 'right']}",
        "chat/completions ; /choices/0/message/content ; 'structured_outputs':"
            + " {'json': {'enum': ['left', 'right']}}",
        "completions ; /choices/0/text ; 'structured_outputs': {'regex':"
            + " '\\u0022(left|right)\\u0022'}",
        "completions ; /choices/0/text ; 'grammar':"
            + " 'root ::= [\\u0022] (\\u0022left\\u0022 | \\u0022right\\u0022) [\\u0022]'",
        "responses ; /output/0/content/0/text ; 'text': {'format': {'type': 'json_schema',"
            + " 'name': 'x', 'schema': {'enum': ['left', 'right']}}}",
        "messages ; /content/0/text ; 'max_tokens': 20, 'output_config': {'format':"
            + " {'type': 'json_schema', 'schema': {'enum': ['left', 'right']}}}"
      })
  void eachNameOfAFormIsKeptTo(String path, String place, String asked) {
    String question =
        switch (path) {
          case "completions" -> "'prompt': 'Where?'";
          case "responses" -> "'input': 'Where?'";
          default -> "'messages': [{'role': 'user', 'content': 'Where?'}]";
        };
    String text =
        server.ok("/v1/" + path, "{" + question + ", " + asked + "}").at(place).textValue();
    assertTrue(text.matches("\"(left|right)\""), text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "'json_schema': {'not': {}} ; not",
        "'structured_outputs': {'regex': '(a'} ; regular expression",
        "'grammar': 'root = 1' ; grammar"
      })
  void aFormThatCannotBeKeptIsRefused(String asked, String part) {
    Reply reply = server.post("/v1/completions", "{'prompt': 'Where?', " + asked + "}");
    assertEquals(400, reply.status(), reply.text());
    assertTrue(reply.text().contains(part), reply.text());
  }
}
