// GenerationTest: an answer is the same whether the host or the device draws it, and whether or not
// steps run ahead.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceMemory;
import dev.gatun.engine.Generation.Limits;
import dev.gatun.engine.Generation.Result;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.graph.Compute;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.Stage;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Tag("anyDevice")
class GenerationTest {
  private static final String MODEL = "qwen2-q4_0";
  private static final int CONTEXT = 96;
  private static final int PAGE = Device.pageTokens();
  private static final int TOKENS = 12;
  private static final int[] PROMPT = IntStream.range(1, 21).toArray();

  /** Follows an answer, so that what it left in the cache shows. */
  private static final int[] FOLLOW_UP = {3, 5, 8};

  private static EngineOptions options() {
    return EngineOptions.defaults()
        .withDevice(DeviceUnderTest.choice())
        .withThreads(2)
        .withCompute(Compute.INT8)
        .withContext(CONTEXT);
  }

  /** One of each family; that all formats compute the same on each device is not shown here. */
  static List<String> models() {
    return List.of(MODEL, "llama-q4_k_m", "qwen3-moe-q4_k_m");
  }

  /** What the device can draw by itself. */
  private static List<SamplingOptions> drawnOnDevice() {
    SamplingOptions plain = SamplingOptions.defaults().withSeed(11);
    return List.of(
        plain,
        plain.withTemperature(0),
        plain.withTemperature(1.5).withTopK(0).withTopP(1).withMinP(0).withSeed(3),
        plain.withTopK(0).withTopP(0.7).withMinP(0.1).withTemperature(2),
        plain.withSamplers(List.of(Stage.TEMPERATURE, Stage.TOP_P, Stage.TOP_K)).withTopP(0.9));
  }

  private static void withEngine(String model, EngineOptions options, Consumer<Engine> test)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.gguf(model).checkpoint());
        Engine engine = Engine.load(checkpoint, options)) {
      test.accept(engine);
    }
  }

  /**
   * Token by token on the host, each step awaited before the next: what every answer must equal.
   */
  private static int[] reference(Session session, int[] prompt, Sampler sampler, int count) {
    int vocab = session.engine().config().vocab();
    int[] tokens = new int[count];
    MemorySegment logits = session.append(prompt);
    Arrays.stream(prompt).forEach(sampler::accept);
    for (int i = 0; i < count; i++) {
      tokens[i] = sampler.sample(logits, vocab);
      sampler.accept(tokens[i]);
      if (i + 1 < count) {
        logits = session.append(tokens[i]);
      }
    }
    return tokens;
  }

  private static Limits limits(Engine engine, int tokens, Integer... stops) {
    return new Limits(engine.config().vocab(), Set.of(stops), tokens);
  }

  @ParameterizedTest
  @MethodSource("models")
  void theDeviceDrawsWhatTheHostDraws(String model) throws IOException {
    withEngine(
        model,
        options(),
        engine -> {
          for (SamplingOptions sampling : drawnOnDevice()) {
            assertTrue(new Sampler(sampling).onDevice(8).isPresent(), sampling.toString());
            int[] expected;
            try (Session session = engine.newSession()) {
              expected = reference(session, PROMPT, new Sampler(sampling), TOKENS);
            }
            assertArrayEquals(expected, answer(engine, PROMPT, sampling), sampling.toString());
          }
        });
  }

  @Test
  void aPromptOfManyStepsIsFollowedByTheSameDraws() throws IOException {
    List<int[]> answers = new ArrayList<>();
    for (int chunk : new int[] {512, 6}) {
      withEngine(
          MODEL,
          options().withBatch(chunk, chunk),
          engine -> answers.add(answer(engine, PROMPT, LIVELY)));
    }
    assertArrayEquals(answers.get(0), answers.get(1));
  }

  private static int[] answer(Engine engine, int[] prompt, SamplingOptions sampling) {
    try (Session session = engine.newSession()) {
      List<Integer> heard = new ArrayList<>();
      Result result =
          Generation.run(
              session,
              prompt,
              new Sampler(sampling),
              limits(engine, TOKENS),
              heard::add,
              () -> false);
      assertEquals(Stop.LIMIT, result.stop());
      assertArrayEquals(result.tokens(), heard.stream().mapToInt(Integer::intValue).toArray());
      assertEquals(prompt.length + TOKENS - 1, session.length());
      return result.tokens();
    }
  }

  @Test
  void whatTheDeviceCannotDrawIsDrawnByTheHost() throws IOException {
    SamplingOptions plain = SamplingOptions.defaults().withSeed(11);
    List<SamplingOptions> onHost =
        List.of(
            plain.withRepeatPenalty(1.3),
            plain.withPresencePenalty(0.5),
            plain.withTypicalP(0.5),
            plain.with(new SamplingOptions.Dry(0.8, 1.75, 2, -1, List.of())),
            plain.withLogitBias(Map.of(7, 5f)),
            plain.withSamplers(List.of(Stage.TOP_K, Stage.TEMPERATURE, Stage.TOP_K)));
    withEngine(
        MODEL,
        options(),
        engine -> {
          for (SamplingOptions sampling : onHost) {
            assertFalse(new Sampler(sampling).onDevice(8).isPresent(), sampling.toString());
            int[] expected;
            try (Session session = engine.newSession()) {
              expected = reference(session, PROMPT, new Sampler(sampling), TOKENS);
            }
            assertArrayEquals(expected, answer(engine, PROMPT, sampling), sampling.toString());
          }
        });
  }

  @Test
  void recordedAndPlainStepsDrawTheSame() throws IOException {
    List<int[]> answers = new ArrayList<>();
    for (boolean graphs : new boolean[] {true, false}) {
      EngineOptions options = options().withDevice(DeviceUnderTest.choice().withGraphs(graphs));
      withEngine(
          MODEL,
          options,
          engine -> {
            long allocations = engine.device().allocations();
            DeviceMemory memory = engine.device().memory();
            drawnOnDevice().forEach(s -> answers.add(answer(engine, PROMPT, s)));
            assertEquals(allocations, engine.device().allocations(), "allocations after load");
            if (engine.device().isGpu()) {
              assertEquals(memory, engine.device().memory());
            }
          });
    }
    int half = answers.size() / 2;
    for (int i = 0; i < half; i++) {
      assertArrayEquals(answers.get(i), answers.get(half + i));
    }
  }

  /** An answer and what its session is like after it. */
  private record Left(Stop stop, List<Integer> tokens, List<Integer> held, List<Float> logits) {}

  private static final SamplingOptions LIVELY =
      SamplingOptions.defaults().withTemperature(3).withSeed(5);

  /** The tokens that {@link #LIVELY} draws, none of them stopping anything. */
  private static int[] livelyTokens(Engine engine) {
    try (Session session = engine.newSession()) {
      return reference(session, PROMPT, new Sampler(LIVELY), CONTEXT - PROMPT.length + 1);
    }
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
      int[] tokens = reference(session, PROMPT, new Sampler(LIVELY), count);
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
              token -> heard[0]++,
              () -> heard[0] == interruptedAfter);
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
                        Generation.run(
                            session,
                            PROMPT,
                            new Sampler(LIVELY),
                            limits(engine, -1),
                            token -> {
                              throw thrown;
                            },
                            () -> false));
            assertEquals(thrown, caught);
            assertEquals(expected, left(session, Stop.INTERRUPTED, first));
          }
        });
  }

  @Test
  void anotherSessionsPagesAreLeftAlone() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          try (Session other = engine.newSession();
              Session session = engine.newSession()) {
            other.append(new int[2 * PAGE]);
            int[] heard = new int[1];
            Refusal full =
                assertThrows(
                    Refusal.class,
                    () ->
                        Generation.run(
                            session,
                            PROMPT,
                            new Sampler(LIVELY),
                            limits(engine, -1),
                            token -> heard[0]++,
                            () -> false));
            assertEquals(Refusal.Reason.DOES_NOT_FIT, full.reason());
            assertEquals(PAGE, session.length());
            assertEquals(PAGE - PROMPT.length + 1, heard[0], "a token is heard before it is run");
          }
        });
  }
}
