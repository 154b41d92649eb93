// ChatOptions: how one answer is drawn, and what ends it.
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
 * @param maxTokens most tokens, thinking included, 1 or more; -1 for as many as the context holds
 * @param stops texts that end the answer before them, none of them empty
 * @param ignoresEnd whether the model's own end does not count, and is not drawn
 * @param variables further variables of the chat template, such as {@code enable_thinking}:
 *     Boolean, Number, String, List and Map values; those that the engine sets are refused
 * @param cancellation ends the answer early
 */
public record ChatOptions(
    UnaryOperator<SamplingOptions> sampling,
    int maxTokens,
    List<String> stops,
    boolean ignoresEnd,
    Map<String, Object> variables,
    Cancellation cancellation) {

  /** What a template learns from the messages and the tokenizer. */
  private static final List<String> RESERVED =
      List.of("messages", "add_generation_prompt", "bos_token", "eos_token");

  public ChatOptions {
    Objects.requireNonNull(sampling, "sampling");
    Objects.requireNonNull(cancellation, "cancellation");
    if (maxTokens == 0 || maxTokens < -1) {
      throw Refusal.usage(
          "an answer of " + maxTokens + " tokens (-n)", "give -1 for no limit, or 1 and more");
    }
    if (stops.stream().anyMatch(String::isEmpty)) {
      throw Refusal.usage(
          "an empty stop string (--reverse-prompt)", "give it at least one character");
    }
    RESERVED.stream()
        .filter(variables::containsKey)
        .findFirst()
        .ifPresent(
            name -> {
              throw Refusal.usage(
                  "the template's variable " + name + " is set by the engine", "leave it out");
            });
    stops = List.copyOf(stops);
    variables = Map.copyOf(variables);
  }

  /** All as the model has it, and no limit but the context. */
  public static ChatOptions defaults() {
    return new ChatOptions(
        UnaryOperator.identity(), -1, List.of(), false, Map.of(), Cancellation.never());
  }

  /** Changes the sampling; a second change is made to what the first one gave. */
  public ChatOptions withSampling(UnaryOperator<SamplingOptions> change) {
    UnaryOperator<SamplingOptions> both = options -> change.apply(sampling.apply(options));
    return new ChatOptions(both, maxTokens, stops, ignoresEnd, variables, cancellation);
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
    return new ChatOptions(sampling, value, stops, ignoresEnd, variables, cancellation);
  }

  public ChatOptions withStops(String... values) {
    return new ChatOptions(
        sampling, maxTokens, List.of(values), ignoresEnd, variables, cancellation);
  }

  public ChatOptions withIgnoredEnd(boolean value) {
    return new ChatOptions(sampling, maxTokens, stops, value, variables, cancellation);
  }

  public ChatOptions withVariables(Map<String, Object> values) {
    return new ChatOptions(sampling, maxTokens, stops, ignoresEnd, values, cancellation);
  }

  public ChatOptions withCancellation(Cancellation value) {
    return new ChatOptions(sampling, maxTokens, stops, ignoresEnd, variables, value);
  }
}
