// ChatTemplate: a checkpoint's own Jinja, which turns a conversation into the prompt's text.
package dev.gatun.text;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gatun.chat.Message;
import dev.gatun.chat.Tool;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.jinja.Template;
import dev.gatun.text.jinja.TemplateFault;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Renders as Hugging Face transformers' {@code apply_chat_template} does (its {@code
 * chat_template_utils.py}). A template reaches nothing but its variables, and one that loops or
 * explodes ends in a refusal. Immutable; threads may share one.
 */
public final class ChatTemplate {
  private final Template template;
  private final Clock clock;
  private final String source;
  private TemplateTraits traits; // found when first needed

  private ChatTemplate(Template template, Clock clock, String source) {
    this.template = template;
    this.clock = clock;
    this.source = source;
  }

  /** What came of rendering. */
  public sealed interface Outcome {
    /** The prompt. */
    record Rendered(String text) implements Outcome {}

    /**
     * No prompt.
     *
     * @param reason USAGE where the template rejects these variables, MODEL where the template
     *     itself is at fault
     * @param message of {@code raise_exception} the template's words alone
     */
    record Rejected(Refusal.Reason reason, String message) implements Outcome {}
  }

  /**
   * @throws Refusal with reason MODEL and the line if {@code source} is not Jinja
   */
  public static ChatTemplate of(String source) {
    return of(source, Clock.systemDefaultZone());
  }

  /** As {@link #of(String)}, with the clock that the template's {@code strftime_now} reads. */
  public static ChatTemplate of(String source, Clock clock) {
    try {
      return new ChatTemplate(Template.of(source), clock, source);
    } catch (TemplateFault fault) {
      throw Refusal.model(
          "the chat template cannot be read" + line(fault) + ": " + fault.getMessage(),
          "give a Jinja template of one file, or take the one of the original checkpoint");
    }
  }

  /**
   * The prompt of a conversation with further variables: {@code messages}, {@code tools}, {@code
   * add_generation_prompt}, {@code bos_token}, {@code eos_token} and whatever else the template
   * reads.
   *
   * @param variables null, Boolean, Number, String, Collection and Map values, nested at will
   * @throws Refusal USAGE if the template rejects the variables, MODEL if it exceeds what a
   *     template may do
   */
  public String render(Map<String, ?> variables) {
    Outcome outcome = attempt(variables);
    if (outcome instanceof Outcome.Rendered(String text)) {
      return text;
    }
    var rejected = (Outcome.Rejected) outcome;
    if (rejected.reason() == Refusal.Reason.MODEL) {
      throw Refusal.model(
          "the chat template was stopped: " + rejected.message(), "give another template");
    }
    throw Refusal.usage(
        "the chat template rejects the conversation: " + rejected.message(),
        "change the messages or the template's variables, or give another template");
  }

  /** As {@link #render(List, List, boolean, Map)}, without tools. */
  public String render(List<Message> messages, boolean addGenerationPrompt, Map<String, ?> extra) {
    return render(messages, List.of(), addGenerationPrompt, extra);
  }

  /**
   * The prompt of messages. As in transformers, {@code tools} and {@code documents} are none unless
   * there are some.
   *
   * @param extra further variables, which win over these
   * @throws Refusal USAGE too where a call's arguments or a tool's parameters are no JSON object, a
   *     result has no call before it, or the template shows no calls
   */
  public String render(
      List<Message> messages, List<Tool> tools, boolean addGenerationPrompt, Map<String, ?> extra) {
    Map<String, Object> variables = new LinkedHashMap<>();
    variables.put("messages", Turns.of(messages, this::traits));
    variables.put("tools", tools.isEmpty() ? null : tools.stream().map(Turns::tool).toList());
    variables.put("documents", null);
    variables.put("add_generation_prompt", addGenerationPrompt);
    variables.putAll(extra);
    return render(variables);
  }

  /** What the template makes of tools, calls and thinking; the first call tries it out. */
  public synchronized TemplateTraits traits() {
    if (traits == null) {
      traits = TemplateTraits.of(this, source);
    }
    return traits;
  }

  /** As {@link #render(Map)}, with the failure as a value. */
  public Outcome attempt(Map<String, ?> variables) {
    try {
      return new Outcome.Rendered(template.render(variables, clock));
    } catch (TemplateFault fault) {
      return switch (fault.kind()) {
        case RAISED -> new Outcome.Rejected(Refusal.Reason.USAGE, fault.getMessage());
        case LIMIT -> new Outcome.Rejected(Refusal.Reason.MODEL, fault.getMessage() + line(fault));
        case RUNTIME, SYNTAX ->
            new Outcome.Rejected(Refusal.Reason.USAGE, fault.getMessage() + line(fault));
      };
    }
  }

  /**
   * A JSON object as a template's variables; keys keep their order, an integer of any width stays
   * exact.
   */
  public static Map<String, Object> variables(JsonNode object) {
    if (!object.isObject()) {
      throw Refusal.usage(
          "the variables are a JSON " + object.getNodeType(), "give a JSON object with messages");
    }
    Map<String, Object> variables = new LinkedHashMap<>();
    object.properties().forEach(entry -> variables.put(entry.getKey(), plain(entry.getValue())));
    return variables;
  }

  /** The Jinja that it was read from. */
  public String source() {
    return source;
  }

  private static Object plain(JsonNode node) {
    return switch (node.getNodeType()) {
      case OBJECT -> variables(node);
      case ARRAY -> {
        List<Object> items = new ArrayList<>(node.size());
        node.forEach(item -> items.add(plain(item)));
        yield items;
      }
      case STRING -> node.textValue();
      case BOOLEAN -> node.booleanValue();
      case NUMBER ->
          node.isBigInteger()
              ? node.bigIntegerValue()
              : node.isIntegralNumber() ? (Object) node.longValue() : node.doubleValue();
      case NULL, MISSING -> null;
      default ->
          throw Refusal.usage(
              "a variable is a JSON " + node.getNodeType(), "give plain JSON values");
    };
  }

  private static String line(TemplateFault fault) {
    return fault.line() > 0 ? " (line " + fault.line() + ")" : "";
  }
}
