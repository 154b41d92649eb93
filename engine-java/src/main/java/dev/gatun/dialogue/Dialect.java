// Dialect: how a model is spoken to: its tokenizer, its chat template, and what ends an answer.
package dev.gatun.dialogue;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.Message;
import dev.gatun.chat.OutputFormat;
import dev.gatun.chat.Tool;
import dev.gatun.chat.ToolOptions;
import dev.gatun.grammar.Grammar;
import dev.gatun.grammar.Grammars;
import dev.gatun.refusal.Refusal;
import dev.gatun.text.ChatTemplate;
import dev.gatun.text.TemplateTraits;
import dev.gatun.text.Tokenizer;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.TokenizerSource;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * @param vocabulary rows of the model's output; ids of the tokenizer are below
 * @param stopIds tokens that end an answer
 * @param grammars of this model's tokens
 */
public record Dialect(
    Tokenizer tokenizer,
    Optional<ChatTemplate> template,
    int vocabulary,
    Set<Integer> stopIds,
    Grammars grammars) {

  public Dialect(
      Tokenizer tokenizer, Optional<ChatTemplate> template, int vocabulary, Set<Integer> stopIds) {
    this(tokenizer, template, vocabulary, stopIds, new Grammars(tokenizer, stopIds));
  }

  /** Reads the checkpoint's tokenizer, and the template's text; without one no chat is possible. */
  public static Dialect of(Checkpoint checkpoint, Optional<String> templateText) {
    Tokenizer tokenizer = tokenizer(checkpoint.tokenizer());
    Set<Integer> stopIds = new TreeSet<>(tokenizer.endOfGeneration());
    stopIds.addAll(checkpoint.generation().stopIds());
    return new Dialect(
        tokenizer, templateText.map(ChatTemplate::of), checkpoint.config().vocab(), stopIds);
  }

  public static Tokenizer tokenizer(TokenizerSource source) {
    return switch (source) {
      case TokenizerSource.Folder folder -> Tokenizer.fromFolder(folder.path());
      case TokenizerSource.Gguf gguf -> Tokenizer.fromGguf(gguf.metadata());
    };
  }

  public static Refusal noTemplate() {
    return Refusal.usage(
        "the model has no chat template",
        "give one (--chat-template-file, GatunOptions.withChatTemplate), or use plain completion"
            + " (--raw, Gatun.complete)");
  }

  /**
   * The prompt that asks for the next answer, as the model's template writes it. Where the model
   * expects a first token there is one, whether the template writes it or not.
   */
  public Prompt prompt(List<Message> messages) {
    return prompt(messages, Map.of());
  }

  /**
   * As {@link #prompt(List)}, with the options' variables and tools.
   *
   * @throws Refusal USAGE where a call may come that this model's template does not ask for, or
   *     that nobody would know in its answer
   */
  public Prompt prompt(List<Message> messages, ChatOptions options) {
    grammar(options);
    return prompt(messages, options.tools().tools(), options.variables());
  }

  /**
   * As {@link #prompt(List)}.
   *
   * @param variables further variables of the template; its markers stay the model's own
   */
  public Prompt prompt(List<Message> messages, Map<String, ?> variables) {
    return prompt(messages, List.of(), variables);
  }

  private Prompt prompt(List<Message> messages, List<Tool> tools, Map<String, ?> variables) {
    ChatTemplate chat = template.orElseThrow(Dialect::noTemplate);
    Map<String, Object> all = new HashMap<>(variables);
    all.put("bos_token", tokenizer.bosToken());
    all.put("eos_token", tokenizer.eosToken());
    String text = chat.render(messages, tools, true, all);
    return new Prompt(text, encodeText(text));
  }

  /** The ids of a text to be continued, after the first token where the model expects one. */
  public int[] encodeText(String text) {
    return encodeText(text, true);
  }

  /**
   * As {@link #encodeText(String)}.
   *
   * @param parseSpecial whether a special token's text becomes that token
   */
  public int[] encodeText(String text, boolean parseSpecial) {
    int[] ids = tokenizer.encode(text, parseSpecial);
    if (!tokenizer.addsBos() || tokenizer.bos().isEmpty()) {
      return ids;
    }
    int bos = tokenizer.bos().getAsInt();
    if (ids.length > 0 && ids[0] == bos) {
      return ids;
    }
    int[] withBos = new int[ids.length + 1];
    withBos[0] = bos;
    System.arraycopy(ids, 0, withBos, 1, ids.length);
    return withBos;
  }

  /** Whether the template shows tools, and writes calls in a known form. */
  public boolean takesTools() {
    return template
        .map(ChatTemplate::traits)
        .filter(traits -> traits.showsTools() && ToolForm.of(traits).isPresent())
        .isPresent();
  }

  /**
   * How the answer's calls are written; empty where it may have none.
   *
   * @throws Refusal USAGE where the options ask for what this model cannot do
   */
  Optional<ToolForm> toolForm(ToolOptions tools) {
    if (tools.tools().isEmpty() || tools.choice() == ToolOptions.Choice.NONE) {
      return Optional.empty();
    }
    String remedy =
        "give a template with tools (--chat-template-file, GatunOptions.withChatTemplate)";
    TemplateTraits traits = template.orElseThrow(Dialect::noTemplate).traits();
    if (!traits.showsTools()) {
      throw Refusal.usage("the model's chat template does not show tools", remedy);
    }
    ToolForm form =
        ToolForm.of(traits)
            .orElseThrow(
                () ->
                    Refusal.usage(
                        "the model's chat template writes tool calls in none of the known forms, "
                            + ToolForm.names(),
                        remedy));
    return Optional.of(form);
  }

  /**
   * What the answer's own part must be; empty where that is any text.
   *
   * @throws Refusal USAGE for a form that cannot be honoured
   */
  Optional<Grammar> grammar(ChatOptions options) {
    Optional<ToolForm> calls = toolForm(options.tools());
    OutputFormat format = options.format();
    if (calls.isPresent() && !(format instanceof OutputFormat.Text)) {
      throw Refusal.usage(
          "an answer that must have a form and may call tools as well",
          "leave out the form or the tools, or set the tool choice to none");
    }
    if (calls.isPresent() && options.tools().forces()) {
      format = new OutputFormat.Lark(callGrammar(calls.get(), options.tools()));
    }
    return format instanceof OutputFormat.Text
        ? Optional.empty()
        : Optional.of(grammars.compile(format));
  }

  /**
   * The grammar of an answer that has to call tools, after its thinking, in llguidance's variant of
   * Lark.
   *
   * @param tools with a choice that {@link ToolOptions#forces}
   */
  String callGrammar(ToolForm form, ToolOptions tools) {
    Set<String> special =
        form.tokens().stream().filter(this::isSpecial).collect(Collectors.toSet());
    return form.grammar(tools, special);
  }

  private boolean isSpecial(String text) {
    int[] ids = tokenizer.encode(text, true);
    return ids.length == 1 && tokenizer.isSpecial(ids[0]);
  }

  /**
   * Whether a drawn token is no part of the text: a special one, but for the tags of thinking and
   * the markers of calls, which some files count among those.
   */
  boolean isHidden(int id, Optional<ToolForm> form) {
    if (!tokenizer.isSpecial(id)) {
      return false;
    }
    String text = new String(tokenizer.bytes(id), StandardCharsets.UTF_8);
    return !ThinkSplitter.isTag(text)
        && form.filter(known -> known.tokens().contains(text)).isEmpty();
  }

  /** Token sequences that spell one of {@code texts}, and every token that holds one. */
  public List<List<Integer>> breakers(List<String> texts) {
    List<List<Integer>> sequences = new ArrayList<>();
    for (String text : texts) {
      sequences.add(Arrays.stream(tokenizer.encode(text, false)).boxed().toList());
    }
    for (int id = 0; id < tokenizer.vocabSize(); id++) {
      String piece = new String(tokenizer.bytes(id), StandardCharsets.UTF_8);
      if (texts.stream().anyMatch(piece::contains)) {
        sequences.add(List.of(id));
      }
    }
    return sequences;
  }
}
