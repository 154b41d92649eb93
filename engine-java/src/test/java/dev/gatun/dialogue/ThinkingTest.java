// ThinkingTest: a model's thinking is closed where its budget is spent or it goes round in a loop.
package dev.gatun.dialogue;

import static dev.gatun.dialogue.Scripts.LIVELY;
import static dev.gatun.dialogue.Scripts.OPTIONS;
import static dev.gatun.dialogue.Scripts.PROMPT;
import static dev.gatun.dialogue.Scripts.dialect;
import static dev.gatun.dialogue.Scripts.drawn;
import static dev.gatun.dialogue.Scripts.options;
import static dev.gatun.dialogue.Scripts.withEngine;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.ThinkingEnd;
import dev.gatun.chat.ThinkingOptions;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.dialogue.Scripts.Heard;
import dev.gatun.engine.Engine;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.SamplingOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("anyDevice")
class ThinkingTest {
  private static final Prompt OPENED = new Prompt("hm <think>\n", PROMPT);
  private static final Prompt PLAIN = new Prompt("hm", PROMPT);
  private static final String END = "\n</think>\n\n";

  /** An answer, what was heard of it, and the tokens that the dialogue's cache has then. */
  private record Said(Dialogue.Reply reply, String heard, List<TokenLogProb> told) {
    int thinking() {
      return reply.usage().thinkingTokens();
    }

    int answer() {
      return reply.usage().answerTokens();
    }
  }

  private static Said say(Engine engine, Dialect dialect, Prompt prompt, ChatOptions options) {
    return say(engine, dialect, prompt, LIVELY, options);
  }

  private static Said say(
      Engine engine, Dialect dialect, Prompt prompt, SamplingOptions drawing, ChatOptions options) {
    Heard heard = new Heard();
    List<TokenLogProb> told = new ArrayList<>();
    try (Dialogue dialogue = new Dialogue(engine, dialect)) {
      Dialogue.Reply reply =
          dialogue.answer(prompt, drawing, options, heard, told::add, Optional.empty());
      // All but the last token is in the cache, however the answer came about.
      int all = reply.usage().promptTokens() + reply.usage().generatedTokens();
      assertEquals(all - 1, dialogue.length());
      return new Said(reply, heard.all.toString(), told);
    }
  }

  private static ChatOptions thinking(int budget, String message) {
    return OPTIONS.withThinking(ThinkingOptions.defaults().withBudget(budget).withMessage(message));
  }

  private static int[] joined(int[]... parts) {
    return Arrays.stream(parts).flatMapToInt(IntStream::of).toArray();
  }

  private static int[] firsts(int[] tokens, int count) {
    return Arrays.copyOf(tokens, count);
  }

  private static void onEach(Consumer<Engine> test) throws IOException {
    withEngine(options(), test);
    EngineOptions several = options().withBatching(Batching.alone().withSequences(3));
    withEngine(several, test);
  }

  @Test
  void withoutABudgetNothingChanges() throws IOException {
    onEach(
        engine -> {
          Dialect dialect = dialect(engine, Map.of());
          int[] tokens = drawn(engine, PROMPT);
          String text = dialect.tokenizer().decode(tokens, false);
          for (int budget : new int[] {-1, 25}) {
            Said said = say(engine, dialect, OPENED, thinking(budget, "not said"));
            assertEquals("thinking:" + text, said.heard());
            assertEquals(24, said.thinking());
            assertEquals(ThinkingEnd.NONE, said.reply().thinkingEnd());
          }
          Said answer = say(engine, dialect, PLAIN, thinking(0, "not said"));
          assertEquals("answer:" + text, answer.heard());
          assertEquals(24, answer.answer());
          assertEquals(ThinkingEnd.NONE, answer.reply().thinkingEnd());
        });
  }

  @Test
  void aSpentBudgetClosesTheThinking() throws IOException {
    onEach(
        engine -> {
          Dialect dialect = dialect(engine, Map.of());
          int[] tokens = drawn(engine, PROMPT);
          for (int budget : new int[] {0, 1, 7, 12, 13}) {
            for (String message : List.of("", "Time is up.")) {
              int[] closing =
                  joined(
                      dialect.tokenizer().encode(message, false),
                      dialect.tokenizer().encode(END, true));
              int[] before = firsts(tokens, budget);
              // As a prompt of all that would go on.
              int rest = Math.min(24, OPTIONS.maxTokens() - budget - closing.length);
              if (rest < 1) {
                continue;
              }
              int[] after = firsts(drawn(engine, joined(PROMPT, before, closing)), rest);
              Said said = say(engine, dialect, OPENED, thinking(budget, message));
              String thought = dialect.tokenizer().decode(before, false) + message + "\n";
              String answer = "\n\n" + dialect.tokenizer().decode(after, false);
              assertEquals("thinking:" + thought + "tag:</think>answer:" + answer, said.heard());
              assertEquals(
                  "<think>\n" + thought + "</think>" + answer, said.reply().message().content());
              assertEquals(budget + closing.length, said.thinking());
              assertEquals(rest, said.answer());
              assertEquals(ThinkingEnd.BUDGET, said.reply().thinkingEnd());
              assertEquals(FinishReason.LIMIT, said.reply().finish());
            }
          }
        });
  }
}
