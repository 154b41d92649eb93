// PrefixSharingTest: a beginning that sessions have in common is computed once, with the same bits.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.MODEL;
import static dev.gatun.engine.Answers.limits;
import static dev.gatun.engine.Answers.options;
import static dev.gatun.engine.Answers.withEngine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.Device;
import dev.gatun.engine.Generation.Result;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("anyDevice")
class PrefixSharingTest {
  private static final int PAGE = Device.pageTokens();
  private static final int[] HEAD = IntStream.range(1, 3 * PAGE + 6).toArray();

  private static EngineOptions with(boolean shared) {
    return options()
        .withContext(8 * PAGE)
        .withBatching(Batching.alone().withSharedPrefixes(shared));
  }

  private static int[] prompt(int tail) {
    int[] ids = Arrays.copyOf(HEAD, HEAD.length + 2);
    ids[HEAD.length] = tail;
    ids[HEAD.length + 1] = tail + 1;
    return ids;
  }

  private static Result answer(Session session, int[] prompt) {
    Engine engine = session.engine();
    return Answers.answer(session, prompt, limits(engine, 5), _ -> {});
  }

  private static float[] logits(Session session, int... ids) {
    return session.append(ids).toArray(ValueLayout.JAVA_FLOAT);
  }

  @Test
  void aCommonHeadIsComputedOnce() throws IOException {
    List<int[]> tokens = new ArrayList<>();
    List<float[]> logits = new ArrayList<>();
    for (boolean shared : new boolean[] {false, true}) {
      withEngine(
          MODEL,
          with(shared),
          engine -> {
            for (int i = 0; i < 3; i++) {
              try (Session session = engine.newSession()) {
                Result result = answer(session, prompt(200 + i));
                assertEquals(
                    shared && i > 0 ? 3 * PAGE : 0, result.stats().sharedTokens(), "answer " + i);
                assertEquals(HEAD.length + 2, result.stats().promptTokens());
                tokens.add(result.tokens());
                logits.add(logits(session, 7, 8));
              }
            }
          });
    }
    for (int i = 0; i < 3; i++) {
      assertArrayEquals(tokens.get(i), tokens.get(3 + i), "answer " + i);
      assertArrayEquals(logits.get(i), logits.get(3 + i), "after answer " + i);
    }
  }

  /** What an answer wrote is a beginning too: a conversation that goes on in another session. */
  @Test
  void anAnswersTokensAreSharedAsWell() throws IOException {
    withEngine(
        MODEL,
        with(true),
        engine -> {
          int[] held;
          try (Session session = engine.newSession()) {
            Answers.answer(session, prompt(200), limits(engine, 2 * PAGE), _ -> {});
            held = session.tokens();
          }
          int[] next = Arrays.copyOf(held, held.length + 1);
          next[held.length] = 9;
          try (Session session = engine.newSession()) {
            int expected = held.length / PAGE * PAGE;
            assertEquals(expected, answer(session, next).stats().sharedTokens());
          }
        });
  }

  /** Two sessions hold the same pages at once, and each goes on by itself. */
  @Test
  void sharedPagesAreNotWrittenTo() throws IOException {
    withEngine(
        MODEL,
        with(true),
        engine -> {
          try (Session first = engine.newSession();
              Session second = engine.newSession()) {
            float[] after = logits(first, prompt(200));
            assertArrayEquals(after, logits(second, prompt(200)));
            // Back to the middle of a page that both read: the page is given up as a whole.
            assertEquals(PAGE, second.truncate(PAGE + 5));
            assertEquals(PAGE, second.length());
            logits(second, IntStream.range(100, 100 + 2 * PAGE).toArray());
            assertEquals(HEAD.length + 2, first.length());
            float[] expected = logits(first, 3, 5);
            first.truncate(0);
            assertArrayEquals(expected, logits(first, join(prompt(200), 3, 5)));
          }
        });
  }

  private static int[] join(int[] ids, int... more) {
    int[] all = Arrays.copyOf(ids, ids.length + more.length);
    System.arraycopy(more, 0, all, ids.length, more.length);
    return all;
  }

  /** What nobody holds makes room for what somebody needs. */
  @Test
  void beginningsThatNobodyHoldsAreGivenUp() throws IOException {
    withEngine(
        MODEL,
        with(true),
        engine -> {
          for (int i = 0; i < 20; i++) {
            int[] ids = new int[4 * PAGE];
            Arrays.fill(ids, 1 + i);
            try (Session session = engine.newSession()) {
              session.append(ids);
            }
          }
          int[] whole = new int[8 * PAGE];
          try (Session session = engine.newSession()) {
            session.append(whole);
            assertEquals(8, engine.cacheCounts().heldPages());
          }
          assertEquals(0, engine.cacheCounts().heldPages());
        });
  }
}
