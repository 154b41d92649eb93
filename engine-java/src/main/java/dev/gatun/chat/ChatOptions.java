// ChatOptions: how one answer is drawn, what it may hold, and what ends it.
package dev.gatun.chat;

import dev.gatun.refusal.Refusal;
import dev.gatun.sample.SamplingOptions;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/**
 * What is not set follows the model: its makers' published sampling, its own end.
 *
 * <pre>{@code
 * ChatOptions.defaults().withMaxTokens(200).withStops("\n\n").withSampling(s -> s.withTopP(0.9))
 * }</pre>
 *
 * @param sampling changes the model's settings into those of this answer
 * @param variables further variables of the chat template, such as {@code enable_thinking}:
 *     Boolean, Number, String, List and Map values; those that the engine sets are refused
 * @param format that the answer's own part must have, behind the thinking; tool calls are none of a
 *     form's, so not both
 * @param topLogProbs how many of the likeliest tokens are told beside each drawn one, 0 to {@link
 *     #MOST_LOG_PROBS}; -1 for no log-probabilities at all
 * @param cancellation ends the answer early
 */
public record ChatOptions(
    UnaryOperator<SamplingOptions> sampling,
    Ending ending,
    Map<String, Object> variables,
    ToolOptions tools,
    OutputFormat format,
    ThinkingOptions thinking,
    int topLogProbs,
    Cancellation cancellation) {

  /** As OpenAI's interface has it. */
  public static final int MOST_LOG_PROBS = 20;

  /** What a template learns from the messages, the tools and the tokenizer. */
  private static final List<String> RESERVED =
      List.of("messages", "tools", "add_generation_prompt", "bos_token", "eos_token");

  /**
   * What ends an answer.
   *
   * @param maxTokens most tokens, thinking included, 1 or more; -1 for as many as the context holds
   * @param stops texts that end the answer before them, none of them empty
   * @param ignoresEnd whether the model's own end does not count, and is not drawn
   */
  public record Ending(int maxTokens, List<String> stops, boolean ignoresEnd) {
    public Ending {
      if (maxTokens == 0 || maxTokens < -1) {
        throw Refusal.usage(
            "an answer of " + maxTokens + " tokens (-n)", "give -1 for no limit, or 1 and more");
      }
      if (stops.stream().anyMatch(String::isEmpty)) {
        throw Refusal.usage(
            "an empty stop string (--reverse-prompt)", "give it at least one character");
      }
      stops = List.copyOf(stops);
    }
  }

  public ChatOptions {
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(ending, "ending");
    Objects.requireNonNull(tools, "tools");
    Objects.requireNonNull(format, "format");
    Objects.requireNonNull(thinking, "thinking");
    Objects.requireNonNull(cancellation, "cancellation");
    RESERVED.stream()
        .filter(variables::containsKey)
        .findFirst()
        .ifPresent(
            name -> {
              throw Refusal.usage(
                  "the template's variable " + name + " is set by the engine", "leave it out");
            });
    if (topLogProbs < -1 || topLogProbs > MOST_LOG_PROBS) {
      throw Refusal.usage(
          topLogProbs + " log-probabilities a token", "ask for 0 to " + MOST_LOG_PROBS);
    }
    variables = Map.copyOf(variables);
  }

  /** All as the model has it, and no limit but the context. */
  public static ChatOptions defaults() {
    return new ChatOptions(
        UnaryOperator.identity(),
        new Ending(-1, List.of(), false),
        Map.of(),
        ToolOptions.none(),
        new OutputFormat.Text(),
        ThinkingOptions.defaults(),
        -1,
        Cancellation.never());
  }

  /** Most tokens, as {@link Ending} has them. */
  public int maxTokens() {
    return ending.maxTokens;
  }

  /** The stop strings, as {@link Ending} has them. */
  public List<String> stops() {
    return ending.stops;
  }

  /** Whether the model's own end does not count. */
  public boolean ignoresEnd() {
    return ending.ignoresEnd;
  }

  /** Changes the sampling; a second change is made to what the first one gave. */
  public ChatOptions withSampling(UnaryOperator<SamplingOptions> change) {
    UnaryOperator<SamplingOptions> both = options -> change.apply(sampling.apply(options));
    return new ChatOptions(
        both, ending, variables, tools, format, thinking, topLogProbs, cancellation);
  }

  /** 0 takes the likeliest token each time; higher is more varied. */
  public ChatOptions withTemperature(double value) {
    return withSampling(options -> options.withTemperature(value));
  }

  /** The same seed, 0 or more, gives the same text; -1 is random. */
  public ChatOptions withSeed(long value) {
    return withSampling(options -> options.withSeed(value));
  }

  public ChatOptions withMaxTokens(int value) {
    return withEnding(new Ending(value, ending.stops, ending.ignoresEnd));
  }

  public ChatOptions withStops(String... values) {
    return withEnding(new Ending(ending.maxTokens, List.of(values), ending.ignoresEnd));
  }

  public ChatOptions withIgnoredEnd(boolean value) {
    return withEnding(new Ending(ending.maxTokens, ending.stops, value));
  }

  public ChatOptions withVariables(Map<String, Object> values) {
    return new ChatOptions(
        sampling, ending, values, tools, format, thinking, topLogProbs, cancellation);
  }

  public ChatOptions withTools(ToolOptions value) {
    return new ChatOptions(
        sampling, ending, variables, value, format, thinking, topLogProbs, cancellation);
  }

  public ChatOptions withFormat(OutputFormat value) {
    return new ChatOptions(
        sampling, ending, variables, tools, value, thinking, topLogProbs, cancellation);
  }

  public ChatOptions withThinking(ThinkingOptions value) {
    return new ChatOptions(
        sampling, ending, variables, tools, format, value, topLogProbs, cancellation);
  }

  public ChatOptions withTopLogProbs(int count) {
    return new ChatOptions(
        sampling, ending, variables, tools, format, thinking, count, cancellation);
  }

  public ChatOptions withCancellation(Cancellation value) {
    return new ChatOptions(
        sampling, ending, variables, tools, format, thinking, topLogProbs, value);
  }

  private ChatOptions withEnding(Ending value) {
    return new ChatOptions(
        sampling, value, variables, tools, format, thinking, topLogProbs, cancellation);
  }
}
