// ToolFormTest: each form's calls are found however the text is cut, and what is no call stays
// text.
package dev.gatun.dialogue;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Tool;
import dev.gatun.dialogue.CallHearing.Called;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ToolFormTest {
  private static final List<Tool> TOOLS =
      List.of(
          new Tool(
              "weather",
              "",
              "{\"properties\":{\"city\":{\"type\":\"string\"},\"days\":{\"type\":\"integer\"}}}"),
          new Tool("now", "", Tool.NO_PARAMETERS));

  /**
   * @param text what is left as the answer's
   */
  private record Sample(ToolForm form, String written, String text, List<Called> calls) {
    @Override
    public String toString() {
      return form + " " + written.replace("\n", "⏎");
    }
  }

  private static Sample sample(ToolForm form, String written, String text, Called... calls) {
    return new Sample(form, written, text, List.of(calls));
  }

  private static Called called(String name, String arguments) {
    return new Called(name, arguments);
  }

  private static final Called PARIS = called("weather", "{\"city\": \"Paris\"}");
  private static final Called NOW = called("now", "{}");
  private static final String ODD = "{\"city\":  \"} </tool_call> \\\" \\\\\", \"n\":[{\"a\":{}}]}";

  static Stream<Sample> samples() {
    return Stream.of(hermes(), llama(), deepSeek(), kimi(), coder()).flatMap(List::stream);
  }

  private static List<Sample> hermes() {
    String paris = "<tool_call>\n{\"name\": \"weather\", \"arguments\": " + PARIS.arguments();
    String now = "<tool_call>\n{\"name\": \"now\", \"arguments\": {}}\n</tool_call>";
    ToolForm form = ToolForm.HERMES;
    return List.of(
        sample(form, "It rains.\n", "It rains.\n"),
        sample(form, "Let me see.\n" + paris + "}\n</tool_call>", "Let me see.", PARIS),
        sample(form, paris + "}\n</tool_call>\n" + now + "\n", "", PARIS, NOW),
        sample(form, paris + "}</tool_call>" + now + " done", " done", PARIS, NOW),
        sample(form, paris + "}\n" + now, "", PARIS, NOW),
        sample(form, paris + "\n</tool_call>\n" + now, "", PARIS, NOW),
        sample(
            form,
            "<tool_call>{\"arguments\": " + ODD + ", \"name\": \"f\"}</tool_call>",
            "",
            called("f", ODD)),
        sample(form, "<tool_call>{\"name\":\"now\"}</tool_call>", "", NOW),
        sample(form, "<tool_call>{\"name\":\"now\",\"arguments\":null}</tool_call>", "", NOW),
        sample(
            form,
            "<tool_call>{\"name\":\"now\",\"arguments\":\"{\\\"a\\\": 1}\"}</tool_call>",
            "",
            called("now", "{\"a\": 1}")),
        sample(
            form,
            "<tool_call>{\"id\": 7, \"type\":\"function\",\"name\":\"\\u0066\",\"parameters\":{}}",
            "",
            called("f", "{}")),
        sample(form, "<tool_call>\nnow()\n</tool_call>", "<tool_call>\nnow()\n</tool_call>"),
        sample(form, "<tool_call><tool_call>{\"name\":\"now\"}", "<tool_call>", NOW),
        sample(form, "Write <tool_call> and </tool_call>.", "Write <tool_call> and </tool_call>."),
        sample(form, "a < b <tool", "a < b <tool"),
        sample(form, "<tool_call>[1]</tool_call>", "<tool_call>[1]</tool_call>"),
        sample(
            form,
            "<tool_call>{\"name\": \"f\", \"arguments\": [1]}</tool_call>",
            "<tool_call>{\"name\": \"f\", \"arguments\": [1]}</tool_call>"),
        sample(form, "<tool_call>{\"name\": \"wea", "<tool_call>{\"name\": \"wea"),
        sample(
            form,
            "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": [1",
            "",
            called("f", "{\"a\": [1")),
        sample(
            form,
            "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1\n</tool_call>" + now,
            "",
            called("f", "{\"a\": 1\n"),
            NOW));
  }

  private static List<Sample> llama() {
    String paris = "{\"name\": \"weather\", \"parameters\": " + PARIS.arguments() + "}";
    ToolForm form = ToolForm.LLAMA;
    return List.of(
        sample(form, paris, "", PARIS),
        sample(form, "\n<|python_tag|>" + paris, "", PARIS),
        sample(form, paris + "; {\"name\": \"now\", \"parameters\": {}}", "", PARIS, NOW),
        sample(form, paris + "\n{\"name\": \"now\", \"arguments\": {}}\n", "", PARIS, NOW),
        sample(form, "{\"name\": \"now\"}", "", NOW),
        sample(form, "{\"name\": \"Ann\", \"age\": 3}", "{\"name\": \"Ann\", \"age\": 3}"),
        sample(form, "{\"age\": 3}", "{\"age\": 3}"),
        sample(form, "So: " + paris, "So: " + paris),
        sample(form, "<|python_tag|>print(1)", "<|python_tag|>print(1)"),
        sample(form, paris + "; so", "; so", PARIS));
  }

  private static List<Sample> deepSeek() {
    String begin = "<｜tool▁calls▁begin｜>";
    String call = "<｜tool▁call▁begin｜>";
    String close = "<｜tool▁call▁end｜>";
    String end = "<｜tool▁calls▁end｜>";
    String paris = call + "function<｜tool▁sep｜>weather\n```json\n" + PARIS.arguments();
    String now = call + "function<｜tool▁sep｜>now\n```json\n{}\n```" + close;
    String none = call + "function<｜tool▁sep｜>now\n```json\n\n```" + close;
    String plain = call + "weather<｜tool▁sep｜>" + PARIS.arguments();
    ToolForm r1 = ToolForm.DEEPSEEK;
    ToolForm v31 = ToolForm.DEEPSEEK_V31;
    return List.of(
        sample(r1, "Well.\n\n" + begin + paris + "\n```" + close + end, "Well.", PARIS),
        sample(r1, begin + paris + "\n```" + close + "\n" + now + end, "", PARIS, NOW),
        sample(r1, begin + paris + close + none + end + "!", "!", PARIS, NOW),
        sample(r1, begin + "nothing" + end, begin + "nothing" + end),
        sample(r1, begin + call + "f(x)" + close + end, begin + call + "f(x)" + close + end),
        sample(r1, "```json\n{}\n```", "```json\n{}\n```"),
        sample(
            r1, begin + call + "function<｜tool▁sep｜>wea", begin + call + "function<｜tool▁sep｜>wea"),
        sample(v31, "Well." + begin + plain + close + end, "Well.", PARIS),
        sample(
            v31, begin + plain + close + call + "now<｜tool▁sep｜>{}" + close + end, "", PARIS, NOW),
        sample(v31, begin + call + "f<｜tool▁sep｜>" + ODD + close, "", called("f", ODD)),
        sample(v31, begin + call + "now<｜tool▁sep｜>" + close + end, "", NOW),
        sample(v31, call + "f<｜tool▁sep｜>{\"a\": 1", "", called("f", "{\"a\": 1")),
        sample(v31, call + "f<｜tool▁sep｜>{\"a\": 1" + close, "", called("f", "{\"a\": 1")));
  }

  private static List<Sample> kimi() {
    String call = "<|tool_call_begin|>functions.weather:0<|tool_call_argument_begin|>";
    String now = "<|tool_call_begin|>functions.now:1<|tool_call_argument_begin|>{}";
    String close = "<|tool_call_end|>";
    String section = "<|tool_calls_section_begin|>";
    String end = "<|tool_calls_section_end|>";
    ToolForm form = ToolForm.KIMI;
    return List.of(
        sample(form, "Hm. " + section + call + PARIS.arguments() + close + end, "Hm.", PARIS),
        sample(
            form, section + call + PARIS.arguments() + close + now + close + end, "", PARIS, NOW));
  }

  private static List<Sample> coder() {
    String city = "<tool_call>\n<function=weather>\n<parameter=city>\nParis\n</parameter>\n";
    String days = "<parameter=days>\n3\n</parameter>\n";
    String end = "</function>\n</tool_call>";
    ToolForm form = ToolForm.QWEN_CODER;
    Called both = called("weather", "{\"city\": \"Paris\", \"days\": 3}");
    return List.of(
        sample(form, "See.\n" + city + end, "See.", PARIS),
        sample(form, city + days + end + "\n<tool_call>\n<function=now>\n" + end, "", both, NOW),
        sample(
            form,
            "<function=weather><parameter=city>Paris</parameter>" + days + "</function>",
            "",
            both),
        sample(
            form,
            "<function=weather>\n<parameter=city>\nParis\n<parameter=days>\n3\n" + end,
            "",
            both),
        sample(
            form,
            "<function=weather>\n<parameter=city>\n\n\"é\"\\\n</function>\n\n</parameter>" + end,
            "",
            called("weather", "{\"city\": \"\\n\\\"é\\\"\\\\\\n</function>\\n\"}")),
        sample(form, "<tool_call>weather</tool_call>", "<tool_call>weather</tool_call>"),
        sample(form, "if a <function=", "if a <function="),
        sample(form, "<function=a b\nc>", "<function=a b\nc>"),
        sample(
            form,
            city + "<parameter=days>\n12",
            "",
            called("weather", "{\"city\": \"Paris\", \"days\": 12")),
        sample(form, city + "so", "so", PARIS));
  }

  @ParameterizedTest
  @MethodSource("samples")
  void aTextIsReadAlikeHoweverItIsCut(Sample sample) {
    String written = sample.written;
    for (int cut = 0; cut <= written.length(); cut++) {
      check(sample, written.substring(0, cut), written.substring(cut));
    }
    check(sample, written.split(""));
    Random random = new Random(1);
    for (int i = 0; i < 50; i++) {
      List<String> pieces = new ArrayList<>();
      for (int at = 0; at < written.length(); ) {
        int end = Math.min(written.length(), at + 1 + random.nextInt(9));
        pieces.add(written.substring(at, end));
        at = end;
      }
      check(sample, pieces.toArray(String[]::new));
    }
  }

  private static void check(Sample sample, String... pieces) {
    CallHearing heard = CallHearing.hear(sample.form, TOOLS, pieces);
    assertEquals(sample.calls, heard.calls(), () -> String.join("|", pieces));
    assertEquals(sample.text, heard.text.toString(), () -> String.join("|", pieces));
    assertEquals(sample.text, heard.message.content());
    assertTrue(
        heard.ids.stream().allMatch(id -> id.matches(idOf(sample.form))), heard.ids::toString);
  }

  private static String idOf(ToolForm form) {
    return form == ToolForm.KIMI ? "functions\\.[a-z]+:\\d" : "call_[A-Za-z0-9]{24}";
  }

  @ParameterizedTest
  @MethodSource("samples")
  void insideThinkingNothingIsACall(Sample sample) {
    String thought = "<think>\n" + sample.written.strip() + "\n</think>\n\n";
    CallHearing heard = CallHearing.hear(sample.form, TOOLS, thought + "Yes.");
    assertEquals(List.of(), heard.calls());
    assertEquals(sample.written.strip(), heard.thinking.toString());
    assertEquals("Yes.", heard.text.toString());
    CallHearing then = CallHearing.hear(sample.form, TOOLS, thought + sample.written);
    assertEquals(sample.calls, then.calls());
    assertEquals(sample.text.stripLeading(), then.text.toString());
  }

  @ParameterizedTest
  @MethodSource("samples")
  void aLongTextIsReadAlikeToo(Sample sample) {
    String repeated = sample.written.repeat(2000 / sample.written.length() + 1);
    CallHearing whole = CallHearing.hear(sample.form, TOOLS, repeated);
    CallHearing cut = CallHearing.hear(sample.form, TOOLS, repeated.split(""));
    assertEquals(whole.calls(), cut.calls());
    assertEquals(whole.text.toString(), cut.text.toString());
  }
}
