// Run: asks the model, once or in a conversation.
package dev.gatun.cli;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.dialogue.Dialect;
import dev.gatun.dialogue.Dialogue;
import dev.gatun.dialogue.Loading;
import dev.gatun.dialogue.Prompt;
import dev.gatun.engine.Engine;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Advice;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.text.ChatTemplate;
import dev.gatun.weights.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "run",
    sortOptions = false,
    abbreviateSynopsis = true,
    description = {
      "Ask a model. With -p, -f or a piped input: one answer on standard output, everything else"
          + " on standard error. Otherwise a conversation; /help there lists its commands.",
      "",
      "Sampling follows what is given here, else what the model's makers publish, else llama.cpp's"
          + " defaults.",
      ""
    })
final class Run implements Callable<Integer> {
  @Mixin ModelArgument model;
  @Mixin PromptArguments prompt;

  @Option(
      names = {"-n", "--predict", "--n-predict"},
      paramLabel = "N",
      description = "Most tokens of an answer; -1, the default, is until the context is full.")
  Optional<Integer> limit = Optional.empty();

  @Mixin ExpertCountsArgument experts;
  @Mixin ThreadsArgument threads;
  @Mixin EngineArguments engine;
  @Mixin CacheRamArgument cacheRam;
  @Mixin SamplingArguments sampling;
  @Mixin FormatArguments format;
  @Mixin ThinkingArguments thinking;
  @Mixin StyleArguments style;

  @Option(
      names = {"-no-cnv", "--no-conversation", "--raw"},
      description = "No chat template: continue the prompt's text.")
  boolean raw;

  @Option(
      names = {"-cnv", "--conversation"},
      description = "A conversation even with a prompt, which is its first message.")
  boolean conversation;

  @Option(
      names = {"-st", "--single-turn"},
      description = "One answer, then leave, even where a conversation would start.")
  boolean singleTurn;

  @Option(
      names = "--chat-template-file",
      paramLabel = "FILE",
      description = "Jinja to use in place of the model's own chat template.")
  Optional<String> templateFile = Optional.empty();

  @Option(
      names = "--chat-template-kwargs",
      paramLabel = "JSON",
      description = "Further variables of the chat template, such as {\"thinking\": true}.")
  Optional<String> templateVariables = Optional.empty();

  @Option(names = "--ignore-eos", description = "Go on where the model wants to end.")
  boolean ignoreEnd;

  @Option(
      names = {"-r", "--reverse-prompt"},
      paramLabel = "TEXT",
      description = "End the answer before TEXT; may be repeated.")
  List<String> stops = new ArrayList<>();

  @Mixin StandardOptions standard;

  private final Stdio stdio;
  private final Interrupts interrupts;

  Run(Stdio stdio, Interrupts interrupts) {
    this.stdio = stdio;
    this.interrupts = interrupts;
  }

  @Override
  public Integer call() {
    EngineOptions options = cacheRam.applied(experts.applied(engine.options(threads.count, stdio)));
    ChatOptions limits =
        ChatOptions.defaults()
            .withMaxTokens(limit.orElse(-1))
            .withIgnoredEnd(ignoreEnd)
            .withVariables(variables())
            .withFormat(format.format(stdio))
            .withThinking(thinking.options())
            .withStops(stops.toArray(String[]::new));
    if (engine.follows(options)) {
      try (Checkpoint checkpoint = engine.scaled(Checkpoint.open(model.path(stdio)), stdio)) {
        engine.follow(checkpoint, options, stdio);
      }
      return 0;
    }
    requireTerminal();
    Optional<String> question = prompt.read(stdio);
    requireSense(question);
    int exitCode = answer(options, limits, question);
    experts.write();
    return exitCode;
  }

  private int answer(EngineOptions options, ChatOptions limits, Optional<String> question) {
    try (Checkpoint checkpoint = engine.scaled(Checkpoint.open(model.path(stdio)), stdio)) {
      Optional<String> template = template(checkpoint);
      stdio.processes().agree(checkpoint, options);
      MeshArguments.told(options.mesh(), checkpoint.config()).ifPresent(stdio::tell);
      try (Loading loading = Loading.start(checkpoint, options)) {
        Dialect dialect = Dialect.of(checkpoint, template);
        SamplingOptions drawing = sampling.over(advised(checkpoint), dialect);
        prompt.system.flatMap(_ -> Advice.onSystemMessage(checkpoint)).ifPresent(stdio::tell);
        boolean converses = question.isEmpty() || (conversation && !singleTurn);
        Optional<Prompt> asked =
            question.filter(_ -> !converses).map(text -> promptOf(text, dialect, limits));
        try (Dialogue dialogue = new Dialogue(loading.engine(), dialect)) {
          engine.tellLoaded(dialogue.engine(), stdio);
          tell(checkpoint, dialogue.engine(), drawing);
          experts.add(loading.engine());
          return asked.isPresent()
              ? once(dialogue, drawing, limits, asked.get())
              : converse(
                  new Repl(
                      stdio, dialogue, checkpoint.name(), drawing, limits, style, prompt.system),
                  new Repl.Opening(question, singleTurn));
        }
      }
    }
  }

  private void requireTerminal() {
    if (conversation && raw) {
      throw Refusal.usage("-cnv asks for a conversation, -no-cnv (--raw) for none", "keep one");
    }
    if (conversation && !singleTurn && !stdio.inIsTerminal()) {
      throw Refusal.usage(
          "-cnv asks for a conversation, and standard input is no terminal",
          "drop it, or run it at one");
    }
  }

  private void requireSense(Optional<String> question) {
    if (raw && question.isEmpty()) {
      throw Refusal.usage(
          "--raw continues a text, and none is given", "give one with -p, -f or standard input");
    }
    boolean templated =
        prompt.system.isPresent() || templateFile.isPresent() || templateVariables.isPresent();
    if (raw && templated) {
      throw Refusal.usage(
          "--raw uses no chat template, so -sys, --chat-template-file and --chat-template-kwargs"
              + " have no place",
          "drop --raw, or write all into the prompt");
    }
  }

  // A broken template is no obstacle to plain completion. Without one a chat is sure to fail, which
  // is told before the weights are loaded.
  private Optional<String> template(Checkpoint checkpoint) {
    if (raw) {
      return Optional.empty();
    }
    Optional<String> text =
        templateFile.map(file -> TextFile.read(file, stdio)).or(checkpoint::chatTemplate);
    return Optional.of(text.orElseThrow(Dialect::noTemplate));
  }

  private static SamplingOptions advised(Checkpoint checkpoint) {
    return SamplingOptions.defaults(Advice.over(checkpoint));
  }

  private Map<String, Object> variables() {
    String name = "--chat-template-kwargs";
    Map<String, Object> variables =
        templateVariables
            .map(text -> ChatTemplate.variables(Json.parse(text, name)))
            .orElse(Map.of());
    if (variables.values().stream().anyMatch(Objects::isNull)) {
      throw Refusal.usage(name + " holds null", "leave out what is not to be set");
    }
    return variables;
  }

  private Prompt promptOf(String question, Dialect dialect, ChatOptions limits) {
    if (raw) {
      return new Prompt(question, dialect.encodeText(question));
    }
    List<Message> messages = new ArrayList<>();
    prompt.system.ifPresent(text -> messages.add(Message.system(text)));
    messages.add(Message.user(question));
    return dialect.prompt(messages, limits.variables());
  }

  private int once(Dialogue dialogue, SamplingOptions drawing, ChatOptions limits, Prompt asked) {
    AnswerWriter writer = style.writer(stdio);
    ChatOptions options = limits.withCancellation(interrupts.answering());
    Dialogue.Reply reply = dialogue.answer(asked, drawing, options, writer);
    writer.finish();
    if (reply.finish() == FinishReason.CONTEXT_FULL) {
      Engine loaded = dialogue.engine();
      int context = loaded.longestSequence();
      boolean whole = context >= loaded.config().contextLength();
      stdio.tell(
          "the context of "
              + context
              + " tokens is full"
              + (whole ? ", all that the model was made for" : "; -c sets a larger one"));
    }
    stdio.tell(StatsLine.of(reply));
    return reply.finish() == FinishReason.CANCELLED ? Refusal.Reason.INTERRUPTED.exitCode() : 0;
  }

  private int converse(Repl repl, Repl.Opening opening) {
    try (Prompter prompter = Prompter.open(stdio)) {
      return repl.converse(prompter, opening);
    }
  }

  private void tell(Checkpoint checkpoint, Engine loaded, SamplingOptions drawing) {
    if (!standard.verbose) {
      return;
    }
    stdio
        .err()
        .println(
            String.format(
                Locale.ROOT,
                "%s: %s, %s weights, context of %d tokens in %s of %s, on %s",
                checkpoint.name(),
                checkpoint.config().architecture(),
                Amount.bytes(loaded.weightBytes()),
                loaded.contextOfEach(),
                Amount.bytes(loaded.cacheBytes()),
                loaded.options().cacheTypes(),
                loaded.device().name()));
    stdio.err().println("sampling: " + drawing);
  }
}
