// ToolForm: the ways in which models write tool calls.
package dev.gatun.dialogue;

import dev.gatun.chat.Tool;
import dev.gatun.text.TemplateTraits;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The one list of them. A chat template shows which is its model's by the history it writes. */
public enum ToolForm {
  /** Qwen3-Coder. */
  QWEN_CODER(
      "<tool_call><function=%s><parameter=" + TemplateTraits.SAMPLE_KEY + ">",
      CoderCallReader.MARKERS) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      Map<String, ParameterTypes> types =
          tools.stream()
              .collect(Collectors.toMap(Tool::name, tool -> ParameterTypes.of(tool.parameters())));
      return new CoderCallReader(types, sink);
    }
  },

  /** QwQ, Qwen2.5, Qwen3, and many others. */
  HERMES("<tool_call>{\"name\":\"%s\",\"arguments\":", List.of("<tool_call>", "</tool_call>")) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return JsonCallReader.between("<tool_call>", "</tool_call>", sink);
    }
  },

  /** DeepSeek V3, R1 and R1-0528. */
  DEEPSEEK("function<｜tool▁sep｜>%s```json{", CallMarks.DEEPSEEK.tokens()) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return new MarkedCallReader(CallMarks.DEEPSEEK, sink);
    }
  },

  /** DeepSeek V3.1. */
  DEEPSEEK_V31("<｜tool▁call▁begin｜>%s<｜tool▁sep｜>{", CallMarks.DEEPSEEK_V31.tokens()) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return new MarkedCallReader(CallMarks.DEEPSEEK_V31, sink);
    }
  },

  /** Kimi K2. */
  KIMI("functions.%s:0<|tool_call_argument_begin|>", CallMarks.KIMI.tokens()) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return new MarkedCallReader(CallMarks.KIMI, sink);
    }
  },

  /** Llama 3.1, 3.2 and 3.3. */
  LLAMA("{\"name\":\"%s\",\"parameters\":", List.of("<|python_tag|>")) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return JsonCallReader.bare(
          "<|python_tag|>", tools.stream().map(Tool::name).collect(Collectors.toSet()), sink);
    }
  };

  private final String sign;
  private final List<String> tokens;

  /**
   * @param sign of a call to %s in a template's history, without blanks
   * @param tokens of the form's vocabularies that are parts of calls, some of them special
   */
  ToolForm(String sign, List<String> tokens) {
    this.sign = sign;
    this.tokens = tokens;
  }

  /** That of a template, where it is one of these. */
  public static Optional<ToolForm> of(TemplateTraits traits) {
    String sample = traits.calls().map(calls -> calls.sample().replaceAll("\\s", "")).orElse("");
    return Arrays.stream(values())
        .filter(form -> sample.contains(form.sign.replace("%s", TemplateTraits.SAMPLE_NAME)))
        .findFirst();
  }

  /** All of them, for people. */
  static String names() {
    return Arrays.stream(values())
        .map(form -> form.name().toLowerCase(Locale.ROOT).replace('_', '-'))
        .collect(Collectors.joining(", "));
  }

  /** Whether a token of this text is a part of calls, even where it is special. */
  boolean isMarker(String token) {
    return tokens.contains(token);
  }

  /** Finds the calls of one answer. */
  abstract CallReader reader(List<Tool> tools, CallReader.Sink sink);
}
