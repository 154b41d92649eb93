// Arrivals: jobs of several threads, each held against the same one alone.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.withEngine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.chat.Cancellation;
import dev.gatun.engine.Generation.Limits;
import dev.gatun.engine.Generation.Result;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.load.Batching;
import dev.gatun.load.Batching.PromptOrder;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.ChangingMask;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.TokenMask;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntPredicate;

/**
 * Answers, some of them masked, prompts, cuts, cancellations and refusals arrive from several
 * threads in whatever order these run, now and then more than the cache holds; each is held against
 * the same job done alone, one sequence a step, nothing shared.
 */
final class Arrivals {
  static final int LONGEST = 256; // of the models
  private static final int CONTEXT = 640; // less than five sequences at once want now and then
  private static final int[] FOLLOW_UP = {3, 5, 8};
  static final boolean FAST = !"emulated".equals(System.getProperty("gatun.device"));

  private enum End {
    SAME_AS_ALONE,
    CANCELLED,
    FAILED
  }

  /**
   * @param cancelAfter tokens; -1 for never
   * @param fails whether its sampler refuses to draw, or its mask breaks on the way
   * @param mask seed of its mask, where it has one
   */
  private record Job(
      int[] prompt,
      SamplingOptions sampling,
      int limit,
      int cancelAfter,
      boolean fails,
      OptionalLong mask) {

    Optional<TokenMask> newMask(int vocab, boolean mayBreak) {
      int breaksAt = fails && mayBreak ? limit / 2 : -1;
      return mask.isPresent()
          ? Optional.of(new ChangingMask(vocab, mask.getAsLong(), breaksAt))
          : Optional.empty();
    }
  }

  /**
   * @param tokens of the whole answer
   * @param logits after the follow-up, behind the tokens that are heard
   */
  private record Alone(int[] tokens, float[] logits) {}

  static EngineOptions options(Batching batching, int stepTokens) {
    return Answers.options()
        .withContext(Math.min(CONTEXT, LONGEST * batching.sequences()))
        .withBatch(stepTokens, stepTokens)
        .withBatching(batching);
  }

  private static Job job(Random random, int vocab, List<int[]> heads) {
    int[] head = heads.get(random.nextInt(heads.size()));
    int[] tail = random.ints(1 + random.nextInt(40), 1, vocab).toArray();
    int[] prompt = Arrays.copyOf(head, head.length + tail.length);
    System.arraycopy(tail, 0, prompt, head.length, tail.length);
    SamplingOptions sampling =
        SamplingOptions.defaults().withTemperature(3).withSeed(random.nextInt(1000));
    boolean fails = random.nextInt(12) == 0;
    sampling =
        switch (random.nextInt(3)) {
          case 0 -> sampling.withTemperature(0);
          case 1 -> sampling.withRepeatPenalty(1.1); // drawn on the host, on every device
          default -> sampling;
        };
    int limit = 1 + random.nextInt(24);
    int cancelAfter = random.nextInt(4) == 0 ? random.nextInt(limit) : -1;
    OptionalLong mask =
        random.nextInt(3) == 0 ? OptionalLong.of(random.nextLong()) : OptionalLong.empty();
    boolean refuses = fails && mask.isEmpty();
    SamplingOptions drawing = refuses ? sampling.withLogitBias(Map.of(vocab, 1f)) : sampling;
    return new Job(prompt, drawing, limit, cancelAfter, fails, mask);
  }

  private static Alone alone(Engine engine, Job job) {
    if (job.fails() && job.mask().isEmpty()) {
      return new Alone(new int[0], new float[0]);
    }
    Optional<TokenMask> mask = job.newMask(engine.config().vocab(), false);
    try (Session session = engine.newSession()) {
      Result result = run(session, job, mask, new ArrayList<>(), -1);
      int heard = job.cancelAfter() > 0 ? job.cancelAfter() : job.limit();
      session.truncate(job.prompt().length + heard - 1);
      return new Alone(result.tokens(), floats(session.append(FOLLOW_UP)));
    }
  }

  private static Result run(
      Session session, Job job, Optional<TokenMask> mask, List<Integer> heard, int cancelAfter) {
    Limits limits = new Limits(session.engine().config().vocab(), Set.of(), job.limit());
    Cancellation cancellation = new Cancellation();
    IntPredicate hearing = Answers.hearing(heard, cancelAfter, cancellation);
    Sampler sampler = new Sampler(job.sampling(), mask);
    try {
      return Generation.run(session, job.prompt(), sampler, limits, hearing, cancellation);
    } finally {
      mask.ifPresent(TokenMask::close);
    }
  }

  private static End together(Engine engine, Job job, Alone alone) {
    List<Integer> heard = Collections.synchronizedList(new ArrayList<>());
    try (Session session = engine.newSession()) {
      Result result;
      try {
        Optional<TokenMask> mask = job.newMask(engine.config().vocab(), true);
        result = run(session, job, mask, heard, job.cancelAfter());
      } catch (Refusal refusal) {
        requirePrefix(heard, alone.tokens());
        assertTrue(job.fails(), refusal.toString());
        assertTrue(heard.size() <= job.limit() / 2, heard + " of " + job.limit());
        return End.FAILED;
      }
      requirePrefix(heard, alone.tokens());
      assertArrayEquals(heard.stream().mapToInt(Integer::intValue).toArray(), result.tokens());
      if (job.cancelAfter() == 0) {
        assertEquals(Stop.INTERRUPTED, result.stop());
        return End.CANCELLED;
      }
      int count = job.cancelAfter() > 0 ? job.cancelAfter() : job.limit();
      assertEquals(count, heard.size());
      assertEquals(job.cancelAfter() > 0 ? Stop.INTERRUPTED : Stop.LIMIT, result.stop());
      return followUp(session, job, heard, alone);
    }
  }

  /** What an answer left in the cache is what it would have been alone. */
  private static End followUp(Session session, Job job, List<Integer> heard, Alone alone) {
    int[] held = session.tokens();
    int[] expected = Arrays.copyOf(job.prompt(), job.prompt().length + heard.size() - 1);
    for (int i = 0; i + 1 < heard.size(); i++) {
      expected[job.prompt().length + i] = heard.get(i);
    }
    assertArrayEquals(Arrays.copyOf(expected, held.length), held);
    // A page that others read too was given up: its tokens are run again.
    int[] rest = Arrays.copyOfRange(expected, held.length, expected.length + FOLLOW_UP.length);
    System.arraycopy(FOLLOW_UP, 0, rest, rest.length - FOLLOW_UP.length, FOLLOW_UP.length);
    assertArrayEquals(alone.logits(), floats(session.append(rest)));
    return job.cancelAfter() > 0 ? End.CANCELLED : End.SAME_AS_ALONE;
  }

  private static void requirePrefix(List<Integer> heard, int[] tokens) {
    for (int i = 0; i < heard.size(); i++) {
      assertEquals(tokens[i], heard.get(i), "token " + i);
    }
  }

  private static float[] floats(MemorySegment logits) {
    return logits.toArray(ValueLayout.JAVA_FLOAT);
  }

  private Arrivals() {}

  static void changeNoBit(String model, int count, Mesh mesh) throws Exception {
    changeNoBit(model, count, CONTEXT, mesh);
  }

  static void changeNoBit(String model, int count, int context, Mesh mesh) throws Exception {
    Random random = new Random(20);
    List<int[]> heads =
        List.of(new int[0], random.ints(32, 1, 200).toArray(), random.ints(70, 1, 200).toArray());
    List<Job> jobs = new ArrayList<>();
    List<Alone> expected = new ArrayList<>();
    withEngine(
        model,
        options(Batching.alone().withSharedPrefixes(false), 64),
        engine -> {
          for (int i = 0; i < count; i++) {
            jobs.add(job(random, engine.config().vocab(), heads));
            expected.add(alone(engine, jobs.getLast()));
          }
        });
    Map<End, Integer> ends = new EnumMap<>(End.class);
    for (PromptOrder order : PromptOrder.values()) {
      Batching batching = Batching.alone().withSequences(5).withPromptTokens(7).withOrder(order);
      withEngine(
          model,
          options(batching, order == PromptOrder.EQUAL ? 24 : 512)
              .withContext(context)
              .withMesh(mesh),
          engine -> {
            for (End end : all(engine, 8, jobs, expected)) {
              ends.merge(end, 1, Integer::sum);
            }
            assertEquals(0, engine.cacheCounts().heldPages(), "every page came back");
            assertEquals(new TaskCounts(0, 0), engine.taskCounts());
          });
    }
    for (End end : End.values()) {
      assertNotNull(ends.get(end), end + " in " + ends);
    }
  }

  private static List<End> all(Engine engine, int threads, List<Job> jobs, List<Alone> expected) {
    List<Future<End>> running = new ArrayList<>();
    List<End> ends = new ArrayList<>();
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      for (int i = 0; i < jobs.size(); i++) {
        Job job = jobs.get(i);
        Alone alone = expected.get(i);
        running.add(pool.submit((Callable<End>) () -> together(engine, job, alone)));
      }
      for (Future<End> each : running) {
        ends.add(each.get());
      }
    } catch (ExecutionException | InterruptedException e) {
      throw new AssertionError(e.getCause());
    }
    return ends;
  }

  static void requireSameAsAlone(String model, EngineOptions options, int count, int threads)
      throws IOException {
    withEngine(
        model,
        options,
        engine -> {
          Random random = new Random(4);
          List<Job> jobs = new ArrayList<>();
          List<Alone> expected = new ArrayList<>();
          for (int i = 0; i < count; i++) {
            int[] prompt = random.ints(5 + random.nextInt(50), 1, 200).toArray();
            jobs.add(new Job(prompt, Answers.LIVELY, 12, -1, false, OptionalLong.empty()));
            expected.add(alone(engine, jobs.getLast()));
          }
          assertEquals(Set.of(End.SAME_AS_ALONE), Set.copyOf(all(engine, threads, jobs, expected)));
        });
  }
}
