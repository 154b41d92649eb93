// CachePressureTest: more conversations than the cache holds go on as if each had it alone.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.MODEL;
import static dev.gatun.engine.Answers.withEngine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Cancellation;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.engine.Generation.Limits;
import dev.gatun.engine.Generation.Result;
import dev.gatun.kv.CacheCounts;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.shard.Placement;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("anyDevice")
class CachePressureTest {
  private static final int PAGE = Device.pageTokens();
  private static final int CHATS = 10;
  private static final int LONGEST = 4 * PAGE;
  private static final boolean FAST = !"emulated".equals(System.getProperty("gatun.device"));
  private static final long PLENTY = 64L << 20;

  /** A cache of two of the longest conversations. */
  private static EngineOptions options(long cacheRam, int sequences) {
    return Answers.options()
        .withContext(2 * LONGEST) // of the model, too
        .withBatch(64, 64)
        .withBatching(Batching.alone().withSequences(sequences).withPromptTokens(20))
        .withCacheRam(cacheRam);
  }

  /** A turn of a conversation; how it draws is different in each. */
  private record Turn(int chat, int[] prompt, SamplingOptions sampling, int tokens) {}

  private static List<Turn> turns(int count, int vocab) {
    Random random = new Random(11);
    int[] lengths = new int[CHATS];
    List<Turn> turns = new ArrayList<>();
    while (turns.size() < count) {
      int chat = random.nextInt(CHATS);
      int[] prompt = random.ints(1 + random.nextInt(40), 1, vocab).toArray();
      int tokens = 1 + random.nextInt(20);
      SamplingOptions lively = SamplingOptions.defaults().withTemperature(3).withSeed(turns.size());
      lengths[chat] += prompt.length + tokens;
      if (lengths[chat] <= LONGEST) {
        boolean onHost = random.nextInt(3) == 0;
        turns.add(new Turn(chat, prompt, onHost ? lively.withRepeatPenalty(1.1) : lively, tokens));
      } else {
        lengths[chat] = 0; // it begins anew
        turns.add(new Turn(chat, new int[0], lively, 0));
      }
    }
    return turns;
  }

  private static int[] answer(Session session, Turn turn) {
    if (turn.tokens() == 0) {
      session.truncate(0);
      return new int[0];
    }
    Limits limits = new Limits(session.engine().config().vocab(), Set.of(), turn.tokens());
    Sampler sampler = new Sampler(turn.sampling());
    Result result =
        Generation.run(session, turn.prompt(), sampler, limits, _ -> true, Cancellation.never());
    return result.tokens();
  }

  /** Every chat's turns on an engine that has no other chat. */
  private static List<int[]> alone(String model, List<Turn> turns) throws IOException {
    int[][] answers = new int[turns.size()][];
    EngineOptions one =
        options(0, 1).withContext(LONGEST).withBatching(Batching.alone().withSharedPrefixes(false));
    withEngine(
        model,
        one,
        engine -> {
          for (int chat = 0; chat < CHATS; chat++) {
            try (Session session = engine.newSession()) {
              for (int i = 0; i < turns.size(); i++) {
                if (turns.get(i).chat() == chat) {
                  answers[i] = answer(session, turns.get(i));
                }
              }
            }
          }
        });
    return List.of(answers);
  }

  private static CacheCounts inTurns(
      Engine engine, List<Turn> turns, List<int[]> expected, int threads) {
    List<Session> sessions = IntStream.range(0, CHATS).mapToObj(_ -> engine.newSession()).toList();
    List<List<Integer>> ofThread = IntStream.range(0, threads).mapToObj(_ -> turnsOf()).toList();
    for (int i = 0; i < turns.size(); i++) {
      ofThread.get(turns.get(i).chat() % threads).add(i);
    }
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> running = new ArrayList<>();
      for (List<Integer> own : ofThread) {
        running.add(
            pool.submit(
                () -> {
                  for (int i : own) {
                    Turn turn = turns.get(i);
                    int[] tokens = answer(sessions.get(turn.chat()), turn);
                    assertArrayEquals(expected.get(i), tokens, "turn " + i);
                  }
                }));
      }
      for (Future<?> each : running) {
        each.get();
      }
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError(e);
    }
    sessions.forEach(Session::close);
    assertEquals(0, engine.cacheCounts().heldPages(), "every page came back");
    return engine.cacheCounts();
  }

  private static List<Integer> turnsOf() {
    return new ArrayList<>();
  }

  /** Ten chats in a cache of two: with host memory for all, for a few pages, and without any. */
  @Test
  void idleConversationsDoNotHoldTheCache() throws IOException {
    List<Turn> turns = turns(FAST ? 250 : 12, 200);
    List<int[]> expected = alone(MODEL, turns);
    for (long cacheRam : new long[] {PLENTY, 40 << 10, 0}) {
      withEngine(
          MODEL,
          options(cacheRam, 1),
          engine -> {
            CacheCounts counts = inTurns(engine, turns, expected, 1);
            assertEquals(2 * LONGEST / PAGE, counts.pages());
            assertEquals(cacheRam > 0, counts.movedOut() > 0, counts.toString());
            assertEquals(cacheRam > 0, counts.movedIn() > 0, counts.toString());
            assertEquals(cacheRam > 0, counts.hostPages() > 0, counts.toString());
            assertTrue(counts.sharedTokens() < counts.queriedTokens(), counts.toString());
          });
    }
  }

  /** Several at once want more than there is: who came last makes room, and goes on. */
  @Test
  void conversationsThatRunTogetherAreAsAlone() throws IOException {
    List<Turn> turns = turns(FAST ? 250 : 12, 200);
    List<int[]> expected = alone(MODEL, turns);
    EngineOptions none = options(0, 5);
    List<EngineOptions> all =
        List.of(
            options(PLENTY, 5), none, none.withBatching(none.batching().withSharedPrefixes(false)));
    for (EngineOptions options : all) {
      withEngine(MODEL, options, engine -> inTurns(engine, turns, expected, CHATS));
    }
  }

  /** Every rank moves its part of a page. */
  @Tag("cpu")
  @Test
  void pagesMoveOnAllDevices() throws IOException {
    List<Turn> turns = turns(80, 200);
    DeviceChoice one = DeviceUnderTest.choice().withThreads(1);
    pagesMove(MODEL, turns, new Mesh(List.of(one), Placement.Mode.TENSOR));
    pagesMove("llama-q4_k_m", turns, new Mesh(List.of(one), Placement.Mode.LAYER));
    pagesMove("deepseek-v3-q8_0", turns, new Mesh(List.of(one, one), Placement.Mode.HYBRID));
    pagesMove("deepseek-v3-q8_0", turns, new Mesh(List.of(one, one), Placement.Mode.DATA));
  }

  private static void pagesMove(String model, List<Turn> turns, Mesh mesh) throws IOException {
    List<int[]> expected = alone(model, turns);
    withEngine(
        model,
        options(PLENTY, 2).withMesh(mesh),
        engine -> {
          CacheCounts counts = inTurns(engine, turns, expected, 3);
          assertTrue(counts.movedIn() > 0, mesh.mode() + ": " + counts);
        });
  }

  /**
   * The cache has three pages: the first of the two waits for its second one while the other goes
   * on, and then draws what follows its own last token.
   */
  @Test
  void anAnswerThatWaitsForAPageGoesOnWhereItWas() throws IOException {
    int[][] prompts = {Answers.PROMPT, IntStream.range(30, 30 + PAGE - 4).toArray()};
    List<int[]> expected = new ArrayList<>();
    withEngine(
        MODEL,
        options(0, 2),
        engine -> {
          for (int[] prompt : prompts) {
            try (Session session = engine.newSession()) {
              expected.add(Answers.ids(Answers.drawn(Answers.submit(session, prompt, 30))));
            }
          }
        });
    withEngine(
        MODEL,
        options(0, 2).withContext(3 * PAGE),
        engine -> {
          try (Session first = engine.newSession();
              Session second = engine.newSession()) {
            Answer one = Answers.submit(first, prompts[0], 30);
            Answer two = Answers.submit(second, prompts[1], 30);
            assertArrayEquals(expected.get(0), Answers.ids(Answers.drawn(one)));
            assertArrayEquals(expected.get(1), Answers.ids(Answers.drawn(two)));
          }
        });
  }

  /** What comes back is counted: all of it from host memory, or run again. */
  @Test
  void whatComesBackIsCounted() throws IOException {
    int[] chat = IntStream.range(1, 5 * PAGE + 8).toArray();
    int[] other = IntStream.range(0, 8 * PAGE - 20).map(i -> 1 + i % 7).toArray();
    for (long cacheRam : new long[] {PLENTY, 0}) {
      withEngine(
          MODEL,
          options(cacheRam, 1),
          engine -> {
            try (Session session = engine.newSession();
                Session second = engine.newSession()) {
              session.append(chat);
              float[] expected = session.append(7, 8).toArray(ValueLayout.JAVA_FLOAT);
              session.truncate(chat.length);
              second.append(other);
              assertEquals(chat.length, session.length());
              assertEquals(Math.ceilDiv(other.length, PAGE), engine.cacheCounts().heldPages());
              CacheCounts before = engine.cacheCounts();
              assertArrayEquals(expected, session.append(7, 8).toArray(ValueLayout.JAVA_FLOAT));
              CacheCounts after = engine.cacheCounts();
              long found = after.sharedTokens() - before.sharedTokens();
              long moved = after.movedIn() - before.movedIn();
              if (cacheRam > 0) {
                assertEquals(5 * PAGE, found, before + " " + after);
                assertTrue(moved > 0, before + " " + after);
              } else {
                assertTrue(found < 5 * PAGE, before + " " + after);
                assertEquals(0, moved);
              }
              session.truncate(chat.length);
              second.append(3, 4);
              Result result =
                  Answers.answer(session, new int[] {9}, Answers.limits(engine, 3), _ -> {});
              int lost = result.stats().rereadTokens();
              assertTrue(cacheRam > 0 ? lost < PAGE : lost > PAGE, result.stats().toString());
            }
          });
    }
  }
}
