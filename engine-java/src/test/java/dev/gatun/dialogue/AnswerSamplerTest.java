// AnswerSamplerTest: an answer's own part is drawn by a sampler of its own, its thinking is not.
package dev.gatun.dialogue;

import static dev.gatun.dialogue.Scripts.LIVELY;
import static dev.gatun.dialogue.Scripts.OPTIONS;
import static dev.gatun.dialogue.Scripts.PROMPT;
import static dev.gatun.dialogue.Scripts.dialect;
import static dev.gatun.dialogue.Scripts.drawn;
import static dev.gatun.dialogue.Scripts.fresh;
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
import dev.gatun.sample.Sampler;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("anyDevice")
class AnswerSamplerTest {
  private static final Prompt OPENED = new Prompt("hm <think>\n", PROMPT);
  private static final Prompt CLOSED = new Prompt("<think>\n\n</think>\n\n", PROMPT);
  private static final Prompt PLAIN = new Prompt("hm", PROMPT);
  private static final int MOST = 24;

  private record Said(Dialogue.Reply reply, String heard, int samplers) {}

  /** The answer's own part is drawn by a sampler that draws nothing but b. */
  private static Said say(Engine engine, Dialect dialect, Prompt prompt, ChatOptions options) {
    int b = dialect.tokenizer().encode("b", false)[0];
    Heard heard = new Heard();
    List<TokenLogProb> told = new ArrayList<>();
    int[] samplers = new int[1];
    try (Dialogue dialogue = new Dialogue(engine, dialect)) {
      Dialogue.Reply reply =
          dialogue.answer(
              prompt,
              LIVELY,
              options.withTopLogProbs(0),
              heard,
              told::add,
              Optional.of(
                  drawing -> {
                    samplers[0]++;
                    return new Sampler(drawing.withLogitBias(Map.of(b, 1000f)));
                  }));
      int all = PROMPT.length + reply.usage().generatedTokens();
      assertEquals(all - 1, dialogue.length());
      assertEquals(told, reply.logProbs());
      return new Said(reply, heard.all.toString(), samplers[0]);
    }
  }

  private static void allB(Said said) {
    assertEquals("answer:" + "b".repeat(MOST), said.heard());
    assertEquals(MOST, said.reply().logProbs().size());
    assertEquals(MOST, said.reply().usage().answerTokens());
    assertEquals(FinishReason.LIMIT, said.reply().finish());
    assertEquals(1, said.samplers());
  }

  @Test
  void withoutThinkingItDrawsAll() throws IOException {
    withEngine(options(), engine -> allB(say(engine, dialect(engine, Map.of()), CLOSED, OPTIONS)));
  }

  @Test
  void whatWasDrawnBeforeItWasKnownIsTakenBack() throws IOException {
    withEngine(
        options(),
        engine -> {
          int[] tokens = drawn(engine, PROMPT);
          allB(say(engine, dialect(engine, Map.of()), PLAIN, OPTIONS));
          // One that would have ended the answer, and blanks before it is known.
          allB(say(engine, dialect(engine, Map.of(), tokens[0]), PLAIN, OPTIONS));
          Map<Integer, String> blank = Map.of(tokens[0], "\u0120");
          allB(say(engine, dialect(engine, blank), PLAIN, OPTIONS));
          Said one = say(engine, dialect(engine, blank), PLAIN, OPTIONS.withMaxTokens(1));
          assertEquals("answer:b", one.heard());
        });
  }

  @Test
  void itDrawsWhatFollowsTheThinking() throws IOException {
    withEngine(
        options(),
        engine -> {
          int[] tokens = drawn(engine, PROMPT);
          int close = fresh(tokens, 6);
          Dialect dialect = dialect(engine, Map.of(tokens[close], "</think>"));
          String thought = dialect.tokenizer().decode(Arrays.copyOf(tokens, close), false);
          Said said = say(engine, dialect, OPENED, OPTIONS);
          // The blank lines are written: they are no part of what the sampler may draw.
          int rest = MOST - close - 1 - 2;
          assertEquals(
              "thinking:" + thought + "tag:</think>answer:\n\n" + "b".repeat(rest), said.heard());
          assertEquals(ThinkingEnd.MODEL, said.reply().thinkingEnd());
          assertEquals(close + 1, said.reply().usage().thinkingTokens());
          assertEquals(rest + 2, said.reply().usage().answerTokens());
          assertEquals(1, said.samplers());
        });
  }

  @Test
  void itDrawsWhatFollowsAForcedEnd() throws IOException {
    withEngine(
        options(),
        engine -> {
          int[] tokens = drawn(engine, PROMPT);
          Dialect dialect = dialect(engine, Map.of());
          ThinkingOptions brief = ThinkingOptions.defaults().withBudget(3);
          Said said = say(engine, dialect, OPENED, OPTIONS.withThinking(brief));
          String thought = dialect.tokenizer().decode(Arrays.copyOf(tokens, 3), false);
          assertEquals(
              "thinking:" + thought + "\ntag:</think>answer:\n\n" + "b".repeat(MOST - 3 - 4),
              said.heard());
          assertEquals(1, said.samplers());
        });
  }

  @Test
  void thinkingThatTheModelOpensIsKept() throws IOException {
    withEngine(
        options(),
        engine -> {
          int[] tokens = drawn(engine, PROMPT);
          int close = fresh(tokens, 6);
          int second = fresh(tokens, 1);
          assertEquals(1, second);
          for (Map<Integer, String> tags :
              List.of(
                  Map.of(tokens[0], "<think>", tokens[close], "</think>"),
                  Map.of(tokens[0], "<th", tokens[1], "ink>", tokens[close], "</think>"))) {
            Dialect dialect = dialect(engine, tags);
            Said said = say(engine, dialect, PLAIN, OPTIONS);
            String said0 = dialect.tokenizer().decode(Arrays.copyOf(tokens, close), false);
            assertEquals(
                said0.replace("<think>", "tag:<think>thinking:")
                    + "tag:</think>answer:\n\n"
                    + "b".repeat(MOST - close - 3),
                said.heard());
            assertEquals(MOST - 2, said.reply().logProbs().size());
            assertEquals(1, said.samplers());
          }
        });
  }
}
