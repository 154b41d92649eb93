// SequencesOfRanksTest: which device has which sequence, where each has its own.
package dev.gatun.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Gemm;
import dev.gatun.load.Mesh;
import dev.gatun.refusal.Refusal;
import dev.gatun.shard.Placement;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SequencesOfRanksTest {
  private static final String MODEL = "deepseek-v3-q8_0";
  private static final int PAGE = Device.pageTokens();
  private static final int PAGES = 6;

  private static EngineOptions options(int devices, int sequences) {
    DeviceChoice one = DeviceChoice.cpu().withThreads(1);
    return Answers.options()
        .withContext(PAGES * PAGE)
        .withBatch(64, 64)
        .withBatching(Batching.alone().withSequences(sequences))
        .withMesh(new Mesh(Collections.nCopies(devices - 1, one), Placement.Mode.DATA));
  }

  private static int[] tokens(int from, int count) {
    return IntStream.range(0, count).map(i -> 1 + (from + 7 * i) % 200).toArray();
  }

  private static float[] floats(MemorySegment logits) {
    return logits.toArray(ValueLayout.JAVA_FLOAT);
  }

  @Test
  void theyAreSharedOutEvenly() throws IOException {
    Answers.withEngine(
        MODEL,
        options(3, 6),
        engine -> {
          assertEquals(3 * PAGES * PAGE, engine.context());
          assertEquals(PAGES * PAGE, engine.longestSequence());
          List<Session> sessions =
              IntStream.range(0, 6).mapToObj(_ -> engine.newSession()).toList();
          List<Answer> tasks;
          synchronized (engine.scheduler()) { // It sees all of them at once.
            tasks =
                IntStream.range(0, 6)
                    .mapToObj(i -> Answers.submit(sessions.get(i), tokens(31 * i, 40), 20))
                    .toList();
          }
          tasks.forEach(Answers::drawn);
          int[] counts = new int[3];
          sessions.forEach(session -> counts[session.sequence().rank()]++);
          assertArrayEquals(new int[] {2, 2, 2}, counts);
          sessions.forEach(Session::close);
          assertEquals(0, engine.cacheCounts().heldPages());
        });
  }

  /** One at a time, each goes where nothing is lost for it. */
  @Test
  void conversationsThatRestAreSharedOutToo() throws IOException {
    Answers.withEngine(
        MODEL,
        options(3, 1),
        engine -> {
          List<Session> sessions =
              IntStream.range(0, 3).mapToObj(_ -> engine.newSession()).toList();
          for (int i = 0; i < 3; i++) {
            sessions.get(i).append(tokens(31 * i, 2 * PAGE));
            assertEquals(i, sessions.get(i).sequence().rank());
          }
          sessions.forEach(Session::close);
        });
  }

  /** Prompts that begin alike meet, as long as no device has nothing to do for it. */
  @Test
  void aPromptGoesWhereItsBeginningIsKnown() throws IOException {
    Answers.withEngine(
        MODEL,
        options(2, 4),
        engine -> {
          int[] head = tokens(0, 3 * PAGE);
          int[] other = tokens(100, 3 * PAGE);
          try (Session first = engine.newSession();
              Session second = engine.newSession();
              Session third = engine.newSession()) {
            Answer one;
            Answer two;
            synchronized (engine.scheduler()) { // It sees both at once.
              one = Answers.submit(first, head, 30);
              two = Answers.submit(second, other, 30);
            }
            Answers.drawn(one);
            Answers.drawn(two);
            assertEquals(0, first.sequence().rank());
            assertEquals(1, second.sequence().rank());
            third.append(other);
            third.append(9);
            assertEquals(1, third.sequence().rank());
            third.truncate(0);
            third.append(head);
            assertEquals(0, third.sequence().rank());
          }
        });
  }

  /** The marks of a graph are rank 0's alone, so what is observed moves there. */
  @Test
  void whatIsObservedIsOnTheFirst() throws IOException {
    Map<String, float[]> one = observed(options(1, 2).withLogitRows(16));
    Map<String, float[]> two = observed(options(2, 2).withLogitRows(16));
    assertEquals(List.copyOf(one.keySet()), List.copyOf(two.keySet()));
    one.forEach((name, tensor) -> assertArrayEquals(tensor, two.get(name), name));
    assertTrue(one.containsKey("hidden.1"), one.keySet().toString());
  }

  private static Map<String, float[]> observed(EngineOptions options) throws IOException {
    Map<String, float[]> marks = new LinkedHashMap<>();
    Answers.withEngine(
        MODEL,
        options,
        engine -> {
          try (Session first = engine.newSession();
              Session second = engine.newSession()) {
            Answer one;
            Answer two;
            synchronized (engine.scheduler()) { // It sees both at once, so they go to two ranks.
              one = Answers.submit(first, tokens(0, 20), 30);
              two = Answers.submit(second, tokens(50, 20), 30);
            }
            Answers.drawn(one);
            Answers.drawn(two);
            second.truncate(20);
            second.observe(tokens(3, 10), (name, tensor) -> marks.put(name, floats(tensor)));
          }
        });
    return marks;
  }

  /**
   * Two answers fill one device, and neither goes on before the other has made room: that does not
   * wait for the end of a longer one on another device.
   */
  @Test
  void aFullDeviceDoesNotWaitForAnother() throws IOException {
    int[] prompt = tokens(0, 2 * PAGE + PAGE / 2);
    int[] lengths = {2 * PAGE, 3 * PAGE, 2 * PAGE};
    List<int[]> expected = new ArrayList<>();
    Answers.withEngine(
        MODEL,
        options(1, 1),
        engine -> {
          for (int length : lengths) {
            try (Session session = engine.newSession()) {
              Answer task = Answers.submit(session, prompt, length);
              expected.add(Answers.ids(Answers.drawn(task)));
            }
          }
        });
    Answers.withEngine(
        MODEL,
        options(2, 3).withBatching(Batching.alone().withSequences(3).withSharedPrefixes(false)),
        engine -> {
          List<Session> sessions =
              IntStream.range(0, 3).mapToObj(_ -> engine.newSession()).toList();
          List<Answer> tasks;
          synchronized (engine.scheduler()) { // It sees all three at once.
            tasks =
                IntStream.range(0, 3)
                    .mapToObj(i -> Answers.submit(sessions.get(i), prompt, lengths[i]))
                    .toList();
          }
          List<List<Answer.Token>> answers = tasks.stream().map(Answers::drawn).toList();
          for (int i = 0; i < 3; i++) {
            assertArrayEquals(expected.get(i), Answers.ids(answers.get(i)), "answer " + i);
          }
          assertEquals(
              List.of(0, 1, 0),
              sessions.stream().map(session -> session.sequence().rank()).toList());
          assertTrue(
              answers.get(0).getLast().nanos() < answers.get(1).getLast().nanos(),
              "it ended after the longer one on the other device");
          sessions.forEach(Session::close);
        });
  }

  /** What makes room on a full device goes on at once where there is room. */
  @Test
  void whatIsPreemptedGoesToADeviceWithRoom() throws IOException {
    int[] prompt = tokens(0, 2 * PAGE + PAGE / 2);
    Answers.withEngine(
        MODEL,
        options(2, 2).withBatching(Batching.alone().withSequences(2).withSharedPrefixes(false)),
        engine -> {
          try (Session first = engine.newSession();
              Session second = engine.newSession()) {
            // What is observed is on rank 0.
            first.observe(new int[] {5}, (_, _) -> {});
            second.observe(new int[] {5}, (_, _) -> {});
            Answer one;
            Answer two;
            synchronized (engine.scheduler()) { // It sees both at once.
              one = Answers.submit(first, prompt, 2 * PAGE);
              two = Answers.submit(second, prompt, 2 * PAGE);
            }
            List<Answer.Token> stayed = Answers.drawn(one);
            List<Answer.Token> went = Answers.drawn(two);
            assertArrayEquals(Answers.ids(stayed), Answers.ids(went));
            assertEquals(0, first.sequence().rank());
            assertEquals(1, second.sequence().rank());
            assertTrue(
                went.get(PAGE).nanos() < stayed.getLast().nanos(), "it waited for the other's end");
          }
        });
  }

  @Test
  void cublasIsRefused() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(Resources.ORACLES.gguf(MODEL).checkpoint())) {
      EngineOptions options = options(2, 1).withGemm(Gemm.CUBLAS);
      Refusal refusal = assertThrows(Refusal.class, () -> Engine.load(checkpoint, options));
      assertTrue(refusal.getMessage().contains("cuBLAS"), refusal.getMessage());
    }
  }
}
