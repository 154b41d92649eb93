// AnswerJson: parts of OpenAI's answers that several of its paths share.
package dev.gatun.server.openai;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.chat.Answer;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.ThinkingEnd;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.chat.ToolCall;
import dev.gatun.chat.Usage;
import dev.gatun.server.Json;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.List;

public final class AnswerJson {
  private AnswerJson() {}

  static String finish(FinishReason reason) {
    return switch (reason) {
      case END_OF_TEXT, STOP_STRING, CANCELLED -> "stop";
      case LIMIT, CONTEXT_FULL -> "length";
      case TOOL_CALLS -> "tool_calls";
    };
  }

  /** Of all choices: their prompt counts once. */
  static ObjectNode usage(Collection<Answer> answers) {
    Usage first = answers.iterator().next().usage();
    int generated = answers.stream().mapToInt(answer -> answer.usage().generatedTokens()).sum();
    int thinking = answers.stream().mapToInt(answer -> answer.usage().thinkingTokens()).sum();
    ObjectNode usage =
        Json.object()
            .put("prompt_tokens", first.promptTokens())
            .put("completion_tokens", generated)
            .put("total_tokens", first.promptTokens() + generated);
    usage.putObject("prompt_tokens_details").put("cached_tokens", first.cachedTokens());
    usage.putObject("completion_tokens_details").put("reasoning_tokens", thinking);
    return usage;
  }

  /** As llama.cpp's server has it; milliseconds, and tokens a second. */
  static ObjectNode timings(Answer answer) {
    Usage usage = answer.usage();
    int read = usage.promptTokens() - usage.cachedTokens();
    // The first token belongs to the prompt's time.
    int drawn = Math.max(0, usage.generatedTokens() - 1);
    ObjectNode timings =
        Json.object()
            .put("cache_n", usage.cachedTokens())
            .put("prompt_n", read)
            .put("prompt_ms", millis(usage.promptTime()))
            .put("prompt_per_second", rate(read, usage.promptTime()))
            .put("predicted_n", usage.generatedTokens())
            .put("predicted_ms", millis(usage.generationTime()))
            .put("predicted_per_second", rate(drawn, usage.generationTime()))
            .put("reasoning_n", usage.thinkingTokens());
    if (answer.thinkingEnd() == ThinkingEnd.BUDGET || answer.thinkingEnd() == ThinkingEnd.LOOP) {
      timings.put(
          "reasoning_ended_by", answer.thinkingEnd() == ThinkingEnd.LOOP ? "loop" : "budget");
    }
    return timings;
  }

  private static double millis(Duration time) {
    return time.toNanos() / 1000 / 1000.0;
  }

  private static double rate(int tokens, Duration time) {
    return time.isZero() ? 0 : Math.round(tokens * 1e11 / time.toNanos()) / 100.0;
  }

  static ArrayNode toolCalls(List<ToolCall> calls) {
    ArrayNode array = Json.array();
    for (ToolCall call : calls) {
      array
          .addObject()
          .put("id", call.id())
          .put("type", "function")
          .putObject("function")
          .put("name", call.name())
          .put("arguments", call.arguments());
    }
    return array;
  }

  /** {@code {"content": [{token, logprob, bytes, top_logprobs}]}}. */
  static ObjectNode logProbs(List<TokenLogProb> tokens) {
    ObjectNode node = Json.object();
    node.set("content", tokens(tokens));
    node.putNull("refusal");
    return node;
  }

  /** {@code [{token, logprob, bytes, top_logprobs}]}. */
  public static ArrayNode tokens(List<TokenLogProb> tokens) {
    ArrayNode array = Json.array();
    for (TokenLogProb token : tokens) {
      ObjectNode each = token(token);
      ArrayNode top = each.putArray("top_logprobs");
      token.top().forEach(other -> top.add(token(other)));
      array.add(each);
    }
    return array;
  }

  private static ObjectNode token(TokenLogProb token) {
    ObjectNode node =
        Json.object()
            .put("token", text(token))
            .put("id", token.id())
            .put("logprob", token.logProb());
    ArrayNode bytes = node.putArray("bytes");
    for (byte each : token.bytes()) {
      bytes.add(each & 0xff);
    }
    return node;
  }

  /** A token's text; what is no character of its own is U+FFFD. */
  static String text(TokenLogProb token) {
    return new String(token.bytes(), StandardCharsets.UTF_8);
  }
}
