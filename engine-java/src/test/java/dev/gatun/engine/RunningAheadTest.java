// RunningAheadTest: an answer leaves its session as if no step had run before its token was known.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.CONTEXT;
import static dev.gatun.engine.Answers.LIVELY;
import static dev.gatun.engine.Answers.MODEL;
import static dev.gatun.engine.Answers.PROMPT;
import static dev.gatun.engine.Answers.limits;
import static dev.gatun.engine.Answers.options;
import static dev.gatun.engine.Answers.reference;
import static dev.gatun.engine.Answers.withEngine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.chat.Cancellation;
import dev.gatun.device.Device;
import dev.gatun.engine.Generation.Limits;
import dev.gatun.engine.Generation.Result;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.sample.Sampler;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("anyDevice")
class RunningAheadTest {
  private static final int PAGE = Device.pageTokens();

  /** Follows an answer, so that what it left in the cache shows. */
  private static final int[] FOLLOW_UP = {3, 5, 8};

  /** An answer and what its session is like after it. */
  private record Left(Stop stop, List<Integer> tokens, List<Integer> held, List<Float> logits) {}

  /** The tokens that {@link Answers#LIVELY} draws, none of them stopping anything. */
  private static int[] livelyTokens(Engine engine) {
    return reference(engine, LIVELY, CONTEXT - PROMPT.length + 1);
  }

  private static Left left(Session session, Stop stop, int[] tokens) {
    int[] held = session.tokens();
    // Every page that the session has no token in is another's to take.
    int free = CONTEXT - Math.ceilDiv(held.length, PAGE) * PAGE;
    if (free > 0) {
      try (Session other = session.engine().newSession()) {
        other.append(new int[free]);
      }
    }
    int room = Math.min(FOLLOW_UP.length, CONTEXT - held.length);
    session.truncate(held.length - (FOLLOW_UP.length - room));
    MemorySegment logits = session.append(FOLLOW_UP);
    return new Left(stop, boxed(tokens), boxed(held), boxed(logits));
  }

  private static List<Integer> boxed(int[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  private static List<Float> boxed(MemorySegment logits) {
    List<Float> all = new ArrayList<>();
    for (float logit : logits.toArray(ValueLayout.JAVA_FLOAT)) {
      all.add(logit);
    }
    return all;
  }

  /** The end that {@code count} tokens make, drawn on the host without anything running ahead. */
  private static Left expected(Engine engine, Stop stop, int count) {
    try (Session session = engine.newSession()) {
      int[] tokens = reference(session, LIVELY, count);
      return left(session, stop, tokens);
    }
  }

  private static Left actual(Engine engine, Limits limits, int interruptedAfter) {
    try (Session session = engine.newSession()) {
      int[] heard = new int[1];
      Result result =
          Generation.run(
              session,
              PROMPT,
              new Sampler(LIVELY),
              limits,
              token -> ++heard[0] != interruptedAfter,
              Cancellation.never());
      return left(session, result.stop(), result.tokens());
    }
  }

  @Test
  void anAnswerLeavesItsSessionAsIfNothingRanAhead() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          int[] tokens = livelyTokens(engine);
          // The 13th token of the answer is the 33rd after the prompt's 20: a step ahead of it
          // takes a page.
          for (int count : new int[] {1, 2, 12, 13, 14}) {
            int stop = tokens[count - 1];
            int first = Arrays.stream(tokens).boxed().toList().indexOf(stop) + 1;
            assertEquals(
                expected(engine, Stop.END_OF_TEXT, first),
                actual(engine, limits(engine, -1, stop), -1),
                "stop token " + first);
            assertEquals(
                expected(engine, Stop.LIMIT, count),
                actual(engine, limits(engine, count), -1),
                "limit " + count);
            assertEquals(
                expected(engine, Stop.INTERRUPTED, count),
                actual(engine, limits(engine, -1), count),
                "interrupt after " + count);
          }
          assertEquals(
              expected(engine, Stop.CONTEXT_FULL, CONTEXT - PROMPT.length + 1),
              actual(engine, limits(engine, -1), -1),
              "context full");
        });
  }

  @Test
  void anEndByAnExceptionLeavesTheSessionInOrder() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          int[] first = Arrays.copyOf(livelyTokens(engine), 1);
          Left expected = expected(engine, Stop.INTERRUPTED, 1);
          try (Session session = engine.newSession()) {
            IllegalStateException thrown = new IllegalStateException("nobody listens");
            Exception caught =
                assertThrows(
                    IllegalStateException.class,
                    () ->
                        Answers.answer(
                            session,
                            PROMPT,
                            limits(engine, -1),
                            token -> {
                              throw thrown;
                            }));
            assertEquals(thrown, caught);
            assertEquals(expected, left(session, Stop.INTERRUPTED, first));
          }
        });
  }

  /** It gives its pages up to an answer that needs all, and goes on as if it had not. */
  @Test
  void anotherSessionsTokensAreLeftAlone() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          int[] tokens = livelyTokens(engine);
          try (Session other = engine.newSession();
              Session session = engine.newSession()) {
            other.append(new int[2 * PAGE]);
            List<Float> expected = boxed(other.append(FOLLOW_UP));
            other.truncate(2 * PAGE);
            Result result = Answers.answer(session, PROMPT, limits(engine, -1), _ -> {});
            assertEquals(Stop.CONTEXT_FULL, result.stop());
            assertArrayEquals(tokens, result.tokens());
            assertEquals(2 * PAGE, other.length());
            assertEquals(expected, boxed(other.append(FOLLOW_UP)));
          }
        });
  }
}
