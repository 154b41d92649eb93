// RandomCallsTest: calls with random arguments come out as they were written, in random pieces.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.Tool;
import dev.gatun.dialogue.CallHearing.Called;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.StringJoiner;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class RandomCallsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
  private static final String[] PARTS = {
    "a",
    "\"",
    "\\",
    "\n",
    "\t",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "é",
    "漢",
    "😀",
    "\u0000",
    " ",
    "<",
    "</tool_call>",
    "<tool_call>",
    "```",
    "<｜tool▁call▁end｜>",
    "<|tool_call_end|>",
    "null",
    "\\\""
  };
  private static final int CASES = 200;

  private final Random random = new Random(7);

  private String text() {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(6); i > 0; i--) {
      text.append(PARTS[random.nextInt(PARTS.length)]);
    }
    return text.toString();
  }

  private JsonNode value(int depth) {
    return switch (random.nextInt(depth > 3 ? 6 : 8)) {
      case 0 -> NODES.numberNode(random.nextInt(-1000, 1000));
      case 1 -> NODES.numberNode(random.nextGaussian());
      case 2 -> NODES.booleanNode(random.nextBoolean());
      case 3 -> NODES.nullNode();
      case 4, 5 -> NODES.textNode(text());
      case 6 -> {
        var array = NODES.arrayNode();
        for (int i = random.nextInt(4); i > 0; i--) {
          array.add(value(depth + 1));
        }
        yield array;
      }
      default -> object(depth + 1);
    };
  }

  private ObjectNode object(int depth) {
    ObjectNode object = NODES.objectNode();
    for (int i = random.nextInt(4); i > 0; i--) {
      object.set("k" + i + text(), value(depth));
    }
    return object;
  }

  private String[] pieces(String text) {
    List<String> pieces = new ArrayList<>();
    for (int at = 0; at < text.length(); ) {
      int end = Math.min(text.length(), at + 1 + random.nextInt(12));
      pieces.add(text.substring(at, end));
      at = end;
    }
    return pieces.toArray(String[]::new);
  }

  private static String layout(ObjectNode object, boolean pretty) {
    try {
      return pretty
          ? JSON.writerWithDefaultPrettyPrinter().writeValueAsString(object)
          : object.toString();
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static String written(ToolForm form, Called call, int index) {
    String json = call.arguments();
    return switch (form) {
      case HERMES ->
          "<tool_call>\n{\"name\": \""
              + call.name()
              + "\", \"arguments\": "
              + json
              + "}\n</tool_call>";
      case LLAMA -> "{\"name\": \"" + call.name() + "\", \"parameters\": " + json + "}";
      case DEEPSEEK ->
          "<｜tool▁call▁begin｜>function<｜tool▁sep｜>"
              + (call.name() + "\n```json\n" + json + "\n```<｜tool▁call▁end｜>");
      case DEEPSEEK_V31 ->
          "<｜tool▁call▁begin｜>" + call.name() + "<｜tool▁sep｜>" + json + "<｜tool▁call▁end｜>";
      case KIMI ->
          ("<|tool_call_begin|>functions." + call.name() + ":" + index)
              + ("<|tool_call_argument_begin|>" + json + "<|tool_call_end|>");
      case QWEN_CODER -> throw new IllegalArgumentException();
    };
  }

  @ParameterizedTest
  @EnumSource(value = ToolForm.class, mode = EnumSource.Mode.EXCLUDE, names = "QWEN_CODER")
  void argumentsAreForwardedAsTheyStand(ToolForm form) {
    List<Tool> tools = List.of(new Tool("f", "", "{}"), new Tool("g.h-i_2", "", "{}"));
    for (int i = 0; i < CASES; i++) {
      List<Called> calls = new ArrayList<>();
      StringJoiner text = new StringJoiner("\n");
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        Called call =
            new Called(
                tools.get(random.nextInt(2)).name(), layout(object(0), random.nextBoolean()));
        text.add(written(form, call, calls.size()));
        calls.add(call);
      }
      CallHearing heard = CallHearing.hear(form, tools, pieces(text.toString()));
      assertEquals(calls, heard.calls(), text::toString);
      assertEquals("", heard.text.toString());
    }
  }

  @ParameterizedTest
  @EnumSource(value = ToolForm.class, names = "QWEN_CODER")
  void plainValuesBecomeTheJsonTheyStandFor(ToolForm form) throws JsonProcessingException {
    Tool tool =
        new Tool(
            "f",
            "",
            "{\"properties\":{\"text\":{\"type\":\"string\"},\"any\":{\"type\":"
                + "[\"number\",\"boolean\",\"null\",\"object\",\"array\"]}}}");
    for (int i = 0; i < CASES; i++) {
      String text = text();
      JsonNode any = value(0);
      while (any.isTextual() || any.toString().contains("</parameter>")) {
        any = value(0);
      }
      String written =
          "<tool_call>\n<function=f>\n<parameter=text>\n"
              + (text + "\n</parameter>\n<parameter=any>\n")
              + (any + "\n</parameter>\n</function>\n</tool_call>");
      CallHearing heard = CallHearing.hear(form, List.of(tool), pieces(written));
      ObjectNode expected = NODES.objectNode().put("text", text);
      expected.set("any", any);
      assertEquals(1, heard.calls().size());
      assertEquals(
          expected.toString(),
          JSON.readTree(heard.calls().getFirst().arguments()).toString(),
          written);
      assertEquals("", heard.text.toString());
    }
  }
}
