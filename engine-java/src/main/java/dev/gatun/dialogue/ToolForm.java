// ToolForm: the ways in which models write tool calls.
package dev.gatun.dialogue;

import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolOptions;
import dev.gatun.text.TemplateTraits;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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

    @Override
    CallGrammar.Frame frame() {
      return new CallGrammar.Frame("", "\n", "", CoderGrammar.VALUE);
    }

    @Override
    String call(Tool tool, CallGrammar grammar) {
      return CoderGrammar.of(tool, grammar);
    }
  },

  /** QwQ, Qwen2.5, Qwen3, and many others. */
  HERMES("<tool_call>{\"name\":\"%s\",\"arguments\":", List.of("<tool_call>", "</tool_call>")) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return JsonCallReader.between("<tool_call>", "</tool_call>", sink);
    }

    @Override
    CallGrammar.Frame frame() {
      return new CallGrammar.Frame("", "\n", "", "");
    }

    @Override
    String call(Tool tool, CallGrammar grammar) {
      return object("<tool_call>\n", "arguments", tool, "\n</tool_call>", grammar);
    }
  },

  /** DeepSeek V3, R1 and R1-0528. */
  DEEPSEEK("function<｜tool▁sep｜>%s```json{", CallMarks.DEEPSEEK.tokens()) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return new MarkedCallReader(CallMarks.DEEPSEEK, sink);
    }

    @Override
    CallGrammar.Frame frame() {
      return CallMarks.DEEPSEEK.frame("\n");
    }

    @Override
    String call(Tool tool, CallGrammar grammar) {
      return CallGrammar.joined(
          grammar.text(
              CallMarks.DEEPSEEK.call().open()
                  + "function<｜tool▁sep｜>"
                  + tool.name()
                  + "\n```json\n"),
          CallGrammar.arguments(tool),
          grammar.text("\n```" + CallMarks.DEEPSEEK.call().close()));
    }
  },

  /** DeepSeek V3.1. */
  DEEPSEEK_V31("<｜tool▁call▁begin｜>%s<｜tool▁sep｜>{", CallMarks.DEEPSEEK_V31.tokens()) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return new MarkedCallReader(CallMarks.DEEPSEEK_V31, sink);
    }

    @Override
    CallGrammar.Frame frame() {
      return CallMarks.DEEPSEEK_V31.frame("");
    }

    @Override
    String call(Tool tool, CallGrammar grammar) {
      return CallGrammar.joined(
          grammar.text(CallMarks.DEEPSEEK_V31.call().open() + tool.name() + "<｜tool▁sep｜>"),
          CallGrammar.arguments(tool),
          grammar.text(CallMarks.DEEPSEEK_V31.call().close()));
    }
  },

  /** Kimi K2. */
  KIMI("functions.%s:0<|tool_call_argument_begin|>", CallMarks.KIMI.tokens()) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return new MarkedCallReader(CallMarks.KIMI, sink);
    }

    @Override
    CallGrammar.Frame frame() {
      return CallMarks.KIMI.frame("");
    }

    @Override
    String call(Tool tool, CallGrammar grammar) {
      return CallGrammar.joined(
          grammar.text(CallMarks.KIMI.call().open() + "functions." + tool.name() + ":"),
          "/[0-9]+/",
          grammar.text(CallMarks.KIMI.separator()),
          CallGrammar.arguments(tool),
          grammar.text(CallMarks.KIMI.call().close()));
    }
  },

  /** Llama 3.1, 3.2 and 3.3. */
  LLAMA("{\"name\":\"%s\",\"parameters\":", List.of("<|python_tag|>")) {
    @Override
    CallReader reader(List<Tool> tools, CallReader.Sink sink) {
      return JsonCallReader.bare(
          "<|python_tag|>", tools.stream().map(Tool::name).collect(Collectors.toSet()), sink);
    }

    // Its templates take one call at a time.
    @Override
    CallGrammar.Frame frame() {
      return new CallGrammar.Frame("", null, "", "");
    }

    @Override
    String call(Tool tool, CallGrammar grammar) {
      return object("", "parameters", tool, "", grammar);
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

  /**
   * The grammar of an answer that has to call, after its thinking, in llguidance's variant of Lark.
   *
   * @param tools at least one of which is to be called
   * @param special which of {@link #tokens} are special in the vocabulary: these cannot be spelled
   *     by other tokens
   * @throws dev.gatun.refusal.Refusal USAGE where a tool's parameters are no JSON object, or the
   *     form cannot be held to them
   */
  public String grammar(ToolOptions tools, Set<String> special) {
    return new CallGrammar(special).of(tools, frame(), this::call);
  }

  /** Texts that are parts of calls and may be tokens of their own. */
  public List<String> tokens() {
    return tokens;
  }

  /** Finds the calls of one answer. */
  abstract CallReader reader(List<Tool> tools, CallReader.Sink sink);

  abstract CallGrammar.Frame frame();

  /** The body of the rule of a call. */
  abstract String call(Tool tool, CallGrammar grammar);

  private static String object(
      String open, String key, Tool tool, String close, CallGrammar grammar) {
    return CallGrammar.joined(
        grammar.text(open + "{\"name\": " + Json.quoted(tool.name()) + ", \"" + key + "\": "),
        CallGrammar.arguments(tool),
        grammar.text("}" + close));
  }
}
