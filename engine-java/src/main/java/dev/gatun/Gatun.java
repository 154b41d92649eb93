// Gatun: a model that is loaded, and answers.
package dev.gatun;

import dev.gatun.chat.Answer;
import dev.gatun.chat.AnswerListener;
import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.Message;
import dev.gatun.chat.ScoredAnswer;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.dialogue.AnswerParts;
import dev.gatun.dialogue.Dialect;
import dev.gatun.dialogue.Dialogue;
import dev.gatun.dialogue.Loading;
import dev.gatun.dialogue.Prompt;
import dev.gatun.engine.Engine;
import dev.gatun.hub.ModelName;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Advice;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.weights.Checkpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;

/**
 * A language model on its device, with its memory, until it is closed.
 *
 * <pre>{@code
 * try (Gatun model = Gatun.open("Qwen/QwQ-32B-GGUF:Q4_K_M")) {
 *   List<Message> messages = List.of(Message.user("Why is the sky blue?"));
 *   Answer answer = model.chat(messages, ChatOptions.defaults(), System.out::print);
 *   System.out.println(answer.usage());
 * }
 * }</pre>
 *
 * <p><b>Threads.</b> All methods may be called by any number of threads at once, platform or
 * virtual. As many answers as {@link GatunOptions#withParallel} says run in the same steps, the
 * others wait in order of arrival, each without using a processor. What one answers does not depend
 * on its neighbours.
 *
 * <p><b>Several answers</b> to a prompt are several calls, with a seed each. Prompts that begin
 * alike share what was computed of their beginning, as soon as one of them has computed it: whole
 * pages of the cache, until their memory is needed. {@link #conversation} keeps the last part of a
 * page too.
 *
 * <p><b>Ending early.</b> A {@link Cancellation} in the options, the interruption of the calling
 * thread (so {@code Future.cancel(true)} as well) and what a listener throws end an answer at its
 * next step. After the first two the call returns what had come, with {@link
 * FinishReason#CANCELLED}; an interrupted thread stays interrupted.
 *
 * <p><b>Errors.</b> What cannot be done is a {@link Refusal}: its message says in one line what was
 * found, what was expected and what to do, its reason tells bad input (USAGE) from a device that
 * failed (DEVICE), after which only closing helps. A call that is refused takes no other along.
 *
 * <p><b>More than the cache holds.</b> Conversations that rest make room for others, and of answers
 * that run together the last to come waits where all do not find room. What they had computed goes
 * to host memory ({@link GatunOptions#withCacheRam}), or is computed again; no text changes.
 */
public final class Gatun implements AutoCloseable {

  /** Stands for a small model, fetched with pip on first use, to try things out: 94 MiB. */
  public static final String DEMO = ModelName.DEMO;

  private final Engine engine;
  private final Dialect dialect;
  private final SamplingOptions sampling;
  private final String name;

  private Gatun(Engine engine, Dialect dialect, SamplingOptions sampling, String name) {
    this.engine = engine;
    this.dialect = dialect;
    this.sampling = sampling;
    this.name = name;
  }

  /**
   * A model that the command line has loaded; closing this closes the engine.
   *
   * @param name of the file or folder
   */
  @SuppressWarnings("exports") // for the command line's use
  public static Gatun of(Engine engine, Dialect dialect, SamplingOptions sampling, String name) {
    return new Gatun(engine, dialect, sampling, name);
  }

  /** As {@link #open(String, GatunOptions)}, with the defaults. */
  public static Gatun open(String model) {
    return open(model, GatunOptions.defaults());
  }

  /**
   * Loads a model.
   *
   * @param model a {@code .gguf} file (any part of a split one), a folder with {@code config.json}
   *     and safetensors, {@code owner/repo[:file-or-quantisation]} of a Hugging Face-compatible
   *     endpoint ({@code HF_ENDPOINT}, {@code HF_TOKEN}), which is fetched once, or {@link #DEMO}.
   *     A path that exists is never taken for a repository; with {@code hf:} before it a repository
   *     is never taken for a path.
   * @throws Refusal USAGE where nothing of that name is there or the options contradict each other;
   *     IO where it cannot be read or fetched; MODEL where it is damaged or not supported;
   *     DOES_NOT_FIT where memory is too small; DEVICE where the device or the native library is
   *     missing; INTERRUPTED
   */
  public static Gatun open(String model, GatunOptions options) {
    return open(ModelName.parse(model).locate(options.fetching()), options);
  }

  /** As {@link #open(String, GatunOptions)}, of a file or folder. */
  public static Gatun open(Path model, GatunOptions options) {
    try (Checkpoint checkpoint = options.open(model)) {
      Loading loading = Loading.start(checkpoint, options.loading(), options.loadProgress());
      try {
        Dialect dialect = Dialect.of(checkpoint, options.template(checkpoint));
        SamplingOptions sampling = SamplingOptions.defaults(Advice.over(checkpoint));
        return new Gatun(loading.engine(), dialect, sampling, checkpoint.name());
      } catch (RuntimeException | Error e) {
        loading.close();
        throw e;
      }
    }
  }

  /** Answers one question, all at once. */
  public Answer chat(String question) {
    return chat(List.of(Message.user(question)), ChatOptions.defaults());
  }

  /** Answers a conversation, all at once. */
  public Answer chat(List<Message> messages, ChatOptions options) {
    return chat(messages, options, AnswerListener.none());
  }

  /**
   * Answers a conversation: the model's chat template makes the prompt.
   *
   * @param messages in order; which roles may follow each other is for the template to say
   * @param listener hears the answer on this thread while it comes
   * @throws Refusal USAGE where the model has no template or it rejects the messages, where the
   *     prompt is longer than the context, or for an option that cannot be honoured; DEVICE
   * @throws IllegalStateException once the model is closed, before or meanwhile
   */
  public Answer chat(List<Message> messages, ChatOptions options, AnswerListener listener) {
    return answer(prompt(messages, options), options, listener, false);
  }

  /** The prompt that {@link #chat} runs: of a server, which counts it and asks several times. */
  @SuppressWarnings("exports") // for the server's use
  public Prompt prompt(List<Message> messages, ChatOptions options) {
    return dialect.prompt(messages, options);
  }

  /**
   * As {@link #chat(List, ChatOptions, AnswerListener)}, of a prompt that is made.
   *
   * @param whole whether thinking is part of the text, with its tags
   */
  @SuppressWarnings("exports") // for the server's use
  public Answer answer(Prompt prompt, ChatOptions options, AnswerListener listener, boolean whole) {
    try (Dialogue dialogue = new Dialogue(engine, dialect)) {
      return answer(dialogue, prompt, options, new AnswerParts(listener, whole), listener);
    }
  }

  /** Continues a text, all at once. */
  public Answer complete(String text, ChatOptions options) {
    return complete(text, options, AnswerListener.none());
  }

  /**
   * Continues a text as it stands, without a chat template; the beginning-of-text token that the
   * model expects is put before it. All that comes is {@link Answer#text}, thinking too, for which
   * {@link ChatOptions#thinking} holds here as well.
   *
   * @param text at least one token; the text of a special token becomes that token
   * @throws Refusal as {@link #chat(List, ChatOptions, AnswerListener)}
   */
  public Answer complete(String text, ChatOptions options, AnswerListener listener) {
    return complete(new Prompt(text, dialect.encodeText(text)), options, listener);
  }

  /**
   * As {@link #complete(String, ChatOptions, AnswerListener)}, of a text that is given as its
   * tokens, which are run as they are: nothing is put before them.
   *
   * @param ids at least one, each of the tokenizer's; see {@link #tokens}
   */
  public Answer complete(int[] ids, ChatOptions options, AnswerListener listener) {
    return complete(Prompt.of(ids, dialect), options, listener);
  }

  private Answer complete(Prompt prompt, ChatOptions options, AnswerListener listener) {
    try (Dialogue dialogue = new Dialogue(engine, dialect)) {
      return complete(dialogue, prompt, options, listener);
    }
  }

  private Answer complete(
      Dialogue dialogue, Prompt prompt, ChatOptions options, AnswerListener listener) {
    refuseTemplateOptions(options);
    return answer(dialogue, prompt, options, new AnswerParts(listener, true), listener);
  }

  private static void refuseTemplateOptions(ChatOptions options) {
    if (!options.variables().isEmpty()) {
      throw Refusal.usage(
          "template variables for a text that has no template", "leave them out, or use chat");
    }
    if (!options.tools().tools().isEmpty()) {
      throw Refusal.usage("tools for a text that has no template", "leave them out, or use chat");
    }
  }

  /**
   * Continues a text and tells how likely its own tokens were; the text is read once. {@link
   * ChatOptions#topLogProbs} is of the text and of the answer, 0 where it is not set. Nothing of
   * the text is taken from the cache, since all of it has to be computed; see {@link
   * GatunOptions#withScoredTokens}.
   *
   * @param listener hears the answer, and not the text before it
   */
  public ScoredAnswer completeScored(int[] ids, ChatOptions options, AnswerListener listener) {
    return completeScored(ids, options, listener, _ -> {});
  }

  /** As above; {@code scored} hears {@link ScoredAnswer#prompt}, on this thread, first. */
  public ScoredAnswer completeScored(
      int[] ids,
      ChatOptions options,
      AnswerListener listener,
      Consumer<List<TokenLogProb>> scored) {
    refuseTemplateOptions(options);
    ChatOptions told = options.withTopLogProbs(Math.max(0, options.topLogProbs()));
    Prompt prompt = Prompt.of(ids, dialect);
    long start = System.nanoTime();
    try (Dialogue dialogue = new Dialogue(engine, dialect)) {
      List<TokenLogProb> scores = dialogue.score(ids, told.topLogProbs(), told.cancellation());
      Duration reading = Duration.ofNanos(System.nanoTime() - start);
      scored.accept(scores);
      Answer answer = complete(dialogue, prompt, told, listener);
      return new ScoredAnswer(scores, answer.withUsage(answer.usage().afterReading(reading)));
    }
  }

  /**
   * How likely the tokens of a text are, each but the first; nothing is drawn.
   *
   * @param ids as of {@link #complete(int[], ChatOptions, AnswerListener)}
   * @param top how many of the likeliest tokens are told beside each, 0 to {@link
   *     ChatOptions#MOST_LOG_PROBS}
   * @throws Refusal INTERRUPTED where it was cancelled, or the calling thread interrupted
   */
  public List<TokenLogProb> score(int[] ids, int top, Cancellation cancellation) {
    Prompt prompt = Prompt.of(ids, dialect);
    try (Dialogue dialogue = new Dialogue(engine, dialect)) {
      List<TokenLogProb> scores = dialogue.score(prompt.ids(), top, cancellation);
      if (scores.size() < ids.length - 1) {
        throw Refusal.interrupted("interrupted while reading the text");
      }
      return scores;
    }
  }

  /** A conversation without a word said yet; to be closed before the model is. */
  public Conversation conversation() {
    return new Conversation(this, new Dialogue(engine, dialect));
  }

  Answer answer(
      Dialogue dialogue,
      Prompt prompt,
      ChatOptions options,
      AnswerParts parts,
      AnswerListener listener) {
    Dialogue.Reply reply = dialogue.answer(prompt, sampling, options, parts, listener::token);
    return new Answer(
        parts.text(),
        parts.thinking(),
        reply.message(),
        reply.finish(),
        reply.thinkingEnd(),
        reply.usage(),
        reply.logProbs(),
        reply.stop());
  }

  /**
   * The tokens of a text as {@link #complete(String, ChatOptions, AnswerListener)} runs it: after
   * the beginning-of-text token where the model expects one; the text of a special token is that
   * token.
   */
  public int[] tokens(String text) {
    return dialect.encodeText(text);
  }

  /** Tokens of a text; that of a special token counts as that token. */
  public int countTokens(String text) {
    return dialect.tokenizer().encode(text, true).length;
  }

  /** Tokens of the prompt that the template makes of a conversation. */
  public int countTokens(List<Message> messages) {
    return dialect.prompt(messages).ids().length;
  }

  /** Whether the model's chat template is one for tools, and its calls are of a known form. */
  public boolean takesTools() {
    return dialect.takesTools();
  }

  /** The name of the file or folder. */
  public String name() {
    return name;
  }

  /** Most tokens of a prompt with its answer. */
  public int context() {
    return engine.longestSequence();
  }

  /** Most answers in one step; others wait. */
  public int parallel() {
    return engine.options().batching().sequences();
  }

  /** The device's own name. */
  public String device() {
    return engine.device().name();
  }

  /** How answers are drawn where the options say nothing. */
  public SamplingOptions sampling() {
    return sampling;
  }

  /**
   * Gives memory and device back. Answers under way end at the next step, their calls throw
   * IllegalStateException. Waits for that; may be called twice, by any thread.
   */
  @Override
  public void close() {
    engine.close();
  }

  /** How the model is spoken to: of a server, which tells its tokens and its template. */
  @SuppressWarnings("exports") // for the server's use
  public Dialect dialect() {
    return dialect;
  }

  /** What runs it: of a server, which tells how much it has to do. */
  @SuppressWarnings("exports") // for the server's use
  public Engine engine() {
    return engine;
  }
}
