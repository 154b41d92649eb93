// CompletionRequest: what POST /v1/completions asks, read and checked.
package dev.gatun.server.openai;

import dev.gatun.Gatun;
import dev.gatun.chat.ChatOptions;
import dev.gatun.server.ApiError;
import dev.gatun.server.Fields;
import java.util.List;

/**
 * @param options of each answer but its seed and cancellation
 * @param each answers to each prompt
 * @param scoresAlone whether nothing is drawn: the log-probabilities of the prompts are all
 */
record CompletionRequest(
    List<CompletionPrompt> prompts,
    ChatOptions options,
    int each,
    boolean echo,
    boolean scoresAlone,
    boolean stream,
    boolean usageAtEnd) {
  private static final int USUAL_TOKENS = 16; // OpenAI's

  /**
   * @throws ApiError or Refusal for what cannot be honoured
   */
  static CompletionRequest read(Fields fields, Gatun model) {
    List<CompletionPrompt> prompts = CompletionPrompt.read(fields.required("prompt"), model);
    boolean echo = fields.flag("echo").orElse(false);
    int most = fields.integer("max_tokens", -1, Integer.MAX_VALUE).orElse(USUAL_TOKENS);
    if (most == 0 && !echo) {
      throw ApiError.invalid("max_tokens", "an answer of 0 tokens; send 1 or more, or echo");
    }
    ChatOptions options =
        GenerationFields.read(fields, model.sampling(), most == 0 ? 1 : most)
            .withTopLogProbs(fields.integer("logprobs", 0, ChatOptions.MOST_LOG_PROBS).orElse(-1));
    boolean stream = fields.flag("stream").orElse(false);
    boolean usageAtEnd = GenerationFields.usageAtEnd(fields, stream);
    fields.refuseUnless("suffix", "a text is only continued");
    int each = GenerationFields.choices(fields);
    fields.refuseOthers();
    if (prompts.size() * each > GenerationFields.MOST_CHOICES * 2) {
      throw ApiError.invalid(
          "n", prompts.size() + " prompts with " + each + " answers each; send fewer");
    }
    return new CompletionRequest(prompts, options, each, echo, most == 0, stream, usageAtEnd);
  }

  int choices() {
    return prompts.size() * each;
  }

  CompletionPrompt prompt(int index) {
    return prompts.get(index / each);
  }

  boolean logProbs() {
    return options.topLogProbs() >= 0;
  }
}
