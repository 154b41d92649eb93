// ThinkingTest: a model's thinking is closed where its budget is spent or it goes round in a loop.
package dev.gatun.dialogue;

import static dev.gatun.dialogue.Scripts.LIVELY;
import static dev.gatun.dialogue.Scripts.OPTIONS;
import static dev.gatun.dialogue.Scripts.PROMPT;
import static dev.gatun.dialogue.Scripts.dialect;
import static dev.gatun.dialogue.Scripts.drawn;
import static dev.gatun.dialogue.Scripts.fresh;
import static dev.gatun.dialogue.Scripts.options;
import static dev.gatun.dialogue.Scripts.withEngine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Cancellation;
import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.FinishReason;
import dev.gatun.chat.ThinkingEnd;
import dev.gatun.chat.ThinkingOptions;
import dev.gatun.chat.TokenLogProb;
import dev.gatun.dialogue.Scripts.Heard;
import dev.gatun.engine.Engine;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

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
      Dialogue.Reply reply = dialogue.answer(prompt, drawing, options, heard, told::add);
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
  @Tag("anyDevice")
  void aSpentBudgetClosesTheThinking() throws IOException {
    onEach(
        engine -> {
          Dialect dialect = dialect(engine, Map.of());
          int[] tokens = drawn(engine, PROMPT);
          for (int budget : new int[] {0, 1, 7, 12, 13}) {
            for (String message : budget == 7 ? List.of("", "Time is up.") : List.of("")) {
              int[] closing =
                  joined(
                      dialect.tokenizer().encode(message, false),
                      dialect.tokenizer().encode(END, true));
              int[] before = firsts(tokens, budget);
              // As a prompt of all that would go on.
              int rest = OPTIONS.maxTokens() - budget - closing.length;
              int[] after =
                  drawn(engine, joined(PROMPT, before, closing), new Sampler(LIVELY), rest);
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

  @Test
  void theModelsOwnEndIsLeftToIt() throws IOException {
    onEach(
        engine -> {
          int[] tokens = drawn(engine, PROMPT);
          int close = fresh(tokens, 6);
          Dialect dialect = dialect(engine, Map.of(tokens[close], "</think>"));
          // The token that closes is within the budget of as many, and over one of fewer.
          for (int budget : new int[] {-1, close + 1, close + 2}) {
            Said said = say(engine, dialect, OPENED, thinking(budget, "not said"));
            assertEquals(ThinkingEnd.MODEL, said.reply().thinkingEnd());
            assertEquals(close + 1, said.thinking());
            assertEquals(24 - close - 1, said.answer());
            assertEquals(
                dialect.tokenizer().decode(tokens, false),
                said.heard()
                    .replaceFirst("thinking:", "")
                    .replaceFirst("tag:", "")
                    .replaceFirst("answer:", ""));
          }
          Said late = say(engine, dialect, OPENED, thinking(close, ""));
          assertEquals(ThinkingEnd.BUDGET, late.reply().thinkingEnd());
        });
  }

  @Test
  void thinkingThatTheModelOpensIsCountedFromItsTag() throws IOException {
    onEach(
        engine -> {
          int[] tokens = drawn(engine, PROMPT);
          Dialect dialect = dialect(engine, Map.of(tokens[0], "<think>"));
          for (int budget : new int[] {0, 1}) {
            Said closed = say(engine, dialect, PLAIN, thinking(budget, ""));
            assertTrue(
                closed.heard().startsWith("tag:<think>thinking:\n\ntag:</think>answer:\n\n"),
                closed.heard());
            assertEquals(ThinkingEnd.BUDGET, closed.reply().thinkingEnd());
            int written = dialect.tokenizer().encode("\n" + END, true).length;
            assertEquals(1 + written, closed.thinking());
          }
          Said later = say(engine, dialect, PLAIN, thinking(5, ""));
          String thought = dialect.tokenizer().decode(Arrays.copyOfRange(tokens, 1, 5), false);
          assertTrue(
              later.heard().startsWith("tag:<think>thinking:" + thought + "\ntag:</think>"),
              later.heard());
        });
  }

  @Test
  void aLoopIsEndedWhereTheGuardSees() throws IOException {
    EngineOptions options = options().withContext(1024);
    withEngine(
        options,
        engine -> {
          Dialect dialect = dialect(engine, Map.of());
          int stubborn = dialect.tokenizer().encode("a", false)[0];
          SamplingOptions drawing = LIVELY.withLogitBias(Map.of(stubborn, 1000f));
          ChatOptions guarded = OPTIONS.withMaxTokens(LoopGuard.LEAST_TOKENS + 8);
          Said said = say(engine, dialect, OPENED, drawing, guarded);
          String loop = "a".repeat(LoopGuard.LEAST_TOKENS);
          assertEquals("thinking:" + loop + "\ntag:</think>answer:\n\naaaa", said.heard());
          assertEquals(ThinkingEnd.LOOP, said.reply().thinkingEnd());
          ThinkingOptions off = ThinkingOptions.defaults().withLoopGuard(false);
          Said free = say(engine, dialect, OPENED, drawing, guarded.withThinking(off));
          assertEquals("thinking:" + loop + "a".repeat(8), free.heard());
          // An answer may repeat itself.
          Said answer = say(engine, dialect, PLAIN, drawing, guarded);
          assertEquals("answer:" + loop + "a".repeat(8), answer.heard());
        });
  }

  @Test
  void anAnswerWithoutRoomForTheClosingEndsByItsLimit() throws IOException {
    onEach(
        engine -> {
          Dialect dialect = dialect(engine, Map.of());
          int closing = dialect.tokenizer().encode(END, true).length;
          Said exact = say(engine, dialect, OPENED, thinking(20 - closing, "").withMaxTokens(20));
          assertEquals(FinishReason.LIMIT, exact.reply().finish());
          assertEquals(ThinkingEnd.NONE, exact.reply().thinkingEnd());
          assertEquals(20 - closing, exact.reply().usage().generatedTokens());
          Said room = say(engine, dialect, OPENED, thinking(20 - closing, "").withMaxTokens(21));
          assertEquals(ThinkingEnd.BUDGET, room.reply().thinkingEnd());
          assertEquals(21, room.reply().usage().generatedTokens());
          assertEquals(1, room.answer());
          // One that would think for ever.
          int stubborn = dialect.tokenizer().encode("a", false)[0];
          SamplingOptions drawing = LIVELY.withLogitBias(Map.of(stubborn, 1000f));
          int most = Scripts.CONTEXT - PROMPT.length - closing;
          Said full =
              say(engine, dialect, OPENED, drawing, thinking(most + 1, "").withMaxTokens(-1));
          assertEquals(FinishReason.CONTEXT_FULL, full.reply().finish());
          assertEquals(ThinkingEnd.NONE, full.reply().thinkingEnd());
          assertEquals(most + 1, full.reply().usage().generatedTokens());
          Said fits = say(engine, dialect, OPENED, drawing, thinking(most, "").withMaxTokens(-1));
          assertEquals(FinishReason.CONTEXT_FULL, fits.reply().finish());
          assertEquals(ThinkingEnd.BUDGET, fits.reply().thinkingEnd());
          assertEquals(1, fits.answer());
        });
  }

  @Test
  void whatIsWrittenHasNoLogProbsAndIsNoStopString() throws IOException {
    withEngine(
        options(),
        engine -> {
          Dialect dialect = dialect(engine, Map.of());
          int[] closing = dialect.tokenizer().encode(END, true);
          ChatOptions options = thinking(4, "").withStops("</think>", "\n\n").withTopLogProbs(1);
          Said said = say(engine, dialect, OPENED, options);
          assertEquals(FinishReason.LIMIT, said.reply().finish());
          int[] before = firsts(drawn(engine, PROMPT), 4);
          int[] after = firsts(drawn(engine, joined(PROMPT, before, closing)), 20 - closing.length);
          assertArrayEquals(
              joined(before, after), said.told().stream().mapToInt(TokenLogProb::id).toArray());
          assertEquals(said.told(), said.reply().logProbs());
        });
  }

  @Test
  void aCancelledAnswerIsNotClosed() throws IOException {
    withEngine(
        options(),
        engine -> {
          Dialect dialect = dialect(engine, Map.of());
          Cancellation cancellation = new Cancellation();
          ChatOptions options = thinking(3, "").withCancellation(cancellation);
          Heard heard = new Heard();
          int[] seen = new int[1];
          try (Dialogue dialogue = new Dialogue(engine, dialect)) {
            Dialogue.Reply reply =
                dialogue.answer(
                    OPENED,
                    LIVELY,
                    options.withTopLogProbs(0),
                    heard,
                    _ -> {
                      if (++seen[0] == 3) {
                        cancellation.cancel();
                      }
                    });
            assertEquals(FinishReason.CANCELLED, reply.finish());
            assertEquals(ThinkingEnd.NONE, reply.thinkingEnd());
            assertEquals(3, reply.usage().generatedTokens());
          }
        });
  }
}
