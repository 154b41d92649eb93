// CallMarks: the markers of forms that write a call's name before a JSON object of arguments.
package dev.gatun.dialogue;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * @param section around all calls
 * @param call around each
 * @param separator between name and arguments, or before the name
 * @param head what stands between a call's opening marker and its arguments, with groups {@code
 *     name} and, where the model writes ids, {@code id}
 * @param fence that may stand after the arguments; empty for none
 */
record CallMarks(Pair section, Pair call, String separator, Pattern head, String fence) {

  /** Before and after. */
  record Pair(String open, String close) {}

  private static final String NAME = "(?<name>[^\\s<{:]+)";

  static final CallMarks DEEPSEEK =
      deepSeek(
          "\\s*(?:function)?<｜tool▁sep｜>\\s*" + NAME + "\\s*(?:```(?:json)?\\s*(?:```)?\\s*)?",
          "```");

  static final CallMarks DEEPSEEK_V31 = deepSeek("\\s*" + NAME + "\\s*<｜tool▁sep｜>\\s*", "");

  static final CallMarks KIMI =
      new CallMarks(
          new Pair("<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"),
          new Pair("<|tool_call_begin|>", "<|tool_call_end|>"),
          "<|tool_call_argument_begin|>",
          Pattern.compile(
              "\\s*(?<id>(?:functions\\.)?"
                  + NAME
                  + "(?::\\d+)?)\\s*<\\|tool_call_argument_begin\\|>\\s*"),
          "");

  private static CallMarks deepSeek(String head, String fence) {
    return new CallMarks(
        new Pair("<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
        new Pair("<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>"),
        "<｜tool▁sep｜>",
        Pattern.compile(head),
        fence);
  }

  /** What grammars put around calls. */
  CallGrammar.Frame frame(String between) {
    return new CallGrammar.Frame(section.open, between, section.close, "");
  }

  /** What matters outside of calls. */
  List<String> outside() {
    return Stream.of(section.open, section.close, call.open, call.close, fence)
        .filter(marker -> !marker.isEmpty())
        .toList();
  }

  /** What may be tokens of their own. */
  List<String> tokens() {
    return List.of(section.open, section.close, call.open, call.close, separator);
  }
}
