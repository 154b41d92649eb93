// AnswerLogProbsTest: an answer's log-probabilities are of its logits, and change no token.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.LIVELY;
import static dev.gatun.engine.Answers.MODEL;
import static dev.gatun.engine.Answers.PROMPT;
import static dev.gatun.engine.Answers.limits;
import static dev.gatun.engine.Answers.options;
import static dev.gatun.engine.Answers.reference;
import static dev.gatun.engine.Answers.withEngine;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Cancellation;
import dev.gatun.engine.Generation.Next;
import dev.gatun.engine.Generation.Result;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.LogProbs;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("anyDevice")
class AnswerLogProbsTest {
  private static final int TOKENS = 12;
  private static final int TOP = 3;

  /** What {@code tokens} have in rows of logits that nobody drew from. */
  private static List<LogProbs> expected(Engine engine, int[] tokens) {
    int vocab = engine.config().vocab();
    List<LogProbs> all = new ArrayList<>();
    try (Session session = engine.newSession()) {
      MemorySegment logits = session.append(PROMPT);
      for (int token : tokens) {
        all.add(LogProbs.of(logits, vocab, token, TOP));
        logits = session.append(token);
      }
    }
    return all;
  }

  private record Told(List<Integer> tokens, List<LogProbs> logProbs) {}

  private static Told answer(Engine engine, SamplingOptions sampling, int top) {
    List<LogProbs> told = new ArrayList<>();
    try (Session session = engine.newSession()) {
      Result result =
          Generation.run(
              session,
              PROMPT,
              new Sampler(sampling),
              limits(engine, TOKENS),
              top,
              (_, logProbs) -> {
                logProbs.ifPresent(told::add);
                return Next.TOKEN;
              },
              Cancellation.never());
      return new Told(IntStream.of(result.tokens()).boxed().toList(), told);
    }
  }

  private static void toldAsComputed(EngineOptions options) throws IOException {
    withEngine(
        MODEL,
        options,
        engine -> {
          // The last is drawn by the host on every device, and far from the likeliest.
          SamplingOptions biased = LIVELY.withLogitBias(Map.of(9, 4f)).withRepeatPenalty(1.5);
          for (SamplingOptions sampling : List.of(LIVELY, LIVELY.withTemperature(0), biased)) {
            int[] tokens = reference(engine, sampling, TOKENS);
            Told told = answer(engine, sampling, TOP);
            assertEquals(IntStream.of(tokens).boxed().toList(), told.tokens());
            assertEquals(expected(engine, tokens), told.logProbs());
          }
        });
  }

  @Test
  void theyAreOfTheLogitsOfTheirStep() throws IOException {
    toldAsComputed(options());
  }

  @Test
  void theyAreTheSameWhereTheDeviceDraws() throws IOException {
    toldAsComputed(options().withBatching(Batching.alone().withSequences(4)));
  }

  @Test
  void anAnswerAmongOthersHearsItsOwn() throws IOException {
    withEngine(
        MODEL,
        options().withContext(256).withBatching(Batching.alone().withSequences(4)),
        engine -> {
          List<SamplingOptions> each =
              IntStream.range(0, 4).mapToObj(seed -> LIVELY.withSeed(seed)).toList();
          List<CompletableFuture<Told>> together =
              each.stream()
                  .map(s -> CompletableFuture.supplyAsync(() -> answer(engine, s, TOP)))
                  .toList();
          for (int i = 0; i < each.size(); i++) {
            int[] tokens = reference(engine, each.get(i), TOKENS);
            Told told = together.get(i).join();
            assertEquals(IntStream.of(tokens).boxed().toList(), told.tokens());
            assertEquals(expected(engine, tokens), told.logProbs());
          }
        });
  }

  @Test
  void whoDoesNotAskHearsNone() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          assertEquals(List.of(), answer(engine, LIVELY, -1).logProbs());
          List<LogProbs> told = answer(engine, LIVELY, 0).logProbs();
          assertEquals(TOKENS, told.size());
          assertTrue(told.stream().allMatch(each -> each.top().isEmpty()));
        });
  }
}
