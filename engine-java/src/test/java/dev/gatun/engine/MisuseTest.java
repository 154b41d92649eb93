// MisuseTest: what is used wrongly is refused; nothing hangs, and the JVM lives on.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.LIVELY;
import static dev.gatun.engine.Answers.MODEL;
import static dev.gatun.engine.Answers.PROMPT;
import static dev.gatun.engine.Answers.limits;
import static dev.gatun.engine.Answers.options;
import static dev.gatun.engine.Answers.reference;
import static dev.gatun.engine.Answers.withEngine;
import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.engine.Generation.Result;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("anyDevice")
@Timeout(120)
class MisuseTest {

  private static Engine load() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.gguf(MODEL).checkpoint())) {
      return Engine.load(checkpoint, options());
    }
  }

  /** The marks and all rows of logits, which a plan for one row does not hold. */
  @Test
  void moreRowsThanWerePlannedAreRefused() throws IOException {
    Map<String, float[]> planned = new HashMap<>();
    withEngine(
        MODEL,
        options().withLogitRows(8),
        engine -> {
          try (Session session = engine.newSession()) {
            session.observe(
                new int[] {1, 2, 3, 4, 5},
                (name, data) -> planned.put(name, data.toArray(ValueLayout.JAVA_FLOAT)));
          }
        });
    withEngine(
        MODEL,
        options(),
        engine -> {
          try (Session session = engine.newSession()) {
            for (int tokens : new int[] {2, 5, 8}) {
              Refusal refusal =
                  assertThrows(
                      Refusal.class, () -> session.observe(new int[tokens], (name, data) -> {}));
              assertEquals(Refusal.Reason.USAGE, refusal.reason());
            }
            List<Float> rows = new ArrayList<>();
            session.logits(
                new int[] {1, 2, 3, 4, 5},
                data -> {
                  for (float logit : data.toArray(ValueLayout.JAVA_FLOAT)) {
                    rows.add(logit);
                  }
                });
            float[] logits = planned.get("logits");
            assertEquals(logits.length, rows.size());
            for (int i = 0; i < logits.length; i++) {
              assertEquals(logits[i], rows.get(i), "logit " + i);
            }
          }
        });
  }

  @Test
  void anEngineIsClosedTwice() throws IOException {
    Engine engine = load();
    engine.close();
    engine.close();
  }

  @Test
  void aClosedEngineRefusesItsSessions() throws IOException {
    Engine engine = load();
    Session session = engine.newSession();
    session.append(PROMPT);
    engine.close();
    assertThrows(IllegalStateException.class, () -> session.append(1));
    assertThrows(
        IllegalStateException.class,
        () -> Answers.answer(session, PROMPT, limits(engine, 3), _ -> {}));
    session.truncate(3);
    session.close();
    assertThrows(IllegalStateException.class, () -> engine.newSession().append(1));
  }

  @Test
  void closingWaitsForStepsAndEndsAnswers() throws IOException {
    for (int round = 0; round < 20; round++) {
      Engine engine = load();
      Session session = engine.newSession();
      CountDownLatch begun = new CountDownLatch(1);
      CompletableFuture<Result> answer =
          CompletableFuture.supplyAsync(
              () -> Answers.answer(session, PROMPT, limits(engine, -1), _ -> begun.countDown()));
      await(begun);
      engine.close();
      try {
        assertEquals(Stop.CONTEXT_FULL, answer.join().stop());
      } catch (CompletionException e) {
        assertEquals("the engine is closed", e.getCause().getMessage());
      }
    }
  }

  @Test
  void closingASessionEndsItsAnswer() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          int[] expected = reference(engine, LIVELY, 5);
          for (int round = 0; round < 20; round++) {
            Session session = engine.newSession();
            List<Integer> heard = new ArrayList<>();
            CountDownLatch begun = new CountDownLatch(1);
            CompletableFuture<Result> answer =
                CompletableFuture.supplyAsync(
                    () ->
                        Answers.answer(
                            session,
                            PROMPT,
                            limits(engine, -1),
                            token -> {
                              heard.add(token);
                              begun.countDown();
                            }));
            await(begun);
            session.close();
            Stop stop = answer.join().stop();
            assertTrue(stop == Stop.INTERRUPTED || stop == Stop.CONTEXT_FULL, stop.toString());
            assertEquals(expected[0], heard.getFirst());
            assertThrows(IllegalStateException.class, () -> session.append(1));
            session.close();
          }
          assertArrayEquals(expected, reference(engine, LIVELY, 5));
        });
  }

  @Test
  void aSessionIsClosedFromItsOwnAnswer() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          Session session = engine.newSession();
          Result result =
              Answers.answer(
                  session,
                  PROMPT,
                  limits(engine, -1),
                  _ -> {
                    assertThrows(IllegalStateException.class, session::length);
                    session.close();
                  });
          assertTrue(result.tokens().length >= 1);
          assertThrows(IllegalStateException.class, session::length);
        });
  }

  /** The interrupt is the caller's: it ends the answer and is still to be seen. */
  @Test
  void aThreadsInterruptionEndsItsAnswerAlone() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          try (Session session = engine.newSession()) {
            Result result =
                Answers.answer(
                    session, PROMPT, limits(engine, -1), _ -> Thread.currentThread().interrupt());
            assertTrue(Thread.interrupted());
            assertEquals(Stop.INTERRUPTED, result.stop());
            assertEquals(PROMPT.length + result.tokens().length - 1, session.length());
          }
          assertFalse(Thread.interrupted());
          assertEquals(3, reference(engine, LIVELY, 3).length);
        });
  }

  @Test
  void oneSessionUsedByTwoThreadsRunsOneCallAfterTheOther() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          try (Session session = engine.newSession()) {
            CompletableFuture<?>[] calls = new CompletableFuture<?>[8];
            for (int i = 0; i < calls.length; i++) {
              calls[i] = CompletableFuture.runAsync(() -> session.append(1, 2, 3));
            }
            CompletableFuture.allOf(calls).join();
            assertEquals(24, session.length());
          }
        });
  }

  @Test
  void anAnswerOfNothingIsAnError() {
    assertThrows(IllegalArgumentException.class, () -> new Generation.Limits(8, Set.of(), 0));
    assertThrows(IllegalArgumentException.class, () -> new Generation.Limits(0, Set.of(), 8));
  }

  /** A draw from more tokens than there are logits, which only the op itself refuses. */
  @Test
  @Tag("cpu")
  void aStepThatTheCpuRefusesEndsItsOwnTasksAlone() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          int[] expected = reference(engine, LIVELY, 3);
          try (Session session = engine.newSession()) {
            int tooMany = engine.config().vocab() + 1;
            Answer answer =
                new Answer(
                    session.sequence(),
                    PROMPT,
                    new Sampler(LIVELY),
                    new Generation.Limits(tooMany, Set.of(), 3),
                    -1,
                    engine.longestSequence(),
                    tooMany,
                    true);
            Answer.Event event = session.locked(() -> session.run(answer, Answers::next));
            assertInstanceOf(Answer.Failure.class, event);
            assertEquals(0, session.length());
          }
          assertArrayEquals(expected, reference(engine, LIVELY, 3));
        });
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
