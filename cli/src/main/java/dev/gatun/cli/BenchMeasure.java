// BenchMeasure: the time that a case of a bench takes on a loaded engine.
package dev.gatun.cli;

import dev.gatun.chat.Cancellation;
import dev.gatun.device.Device;
import dev.gatun.engine.Engine;
import dev.gatun.engine.Generation;
import dev.gatun.engine.MeshCounts;
import dev.gatun.engine.Session;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Tokens are random, and drawn as {@code run} draws them without options. A prompt's step draws a
 * token and a generated token's step runs the one before it, so {@code tg128} is a prompt of one
 * token and 128 draws: 128 steps.
 */
final class BenchMeasure {
  private static final long SEED = 42;

  private final Engine engine;
  private final Random random = new Random(SEED);
  private MeshCounts counts;

  BenchMeasure(Engine engine) {
    this.engine = engine;
    counts = engine.meshCounts().none();
  }

  /** What devices did in the times that were measured, of all cases together. */
  MeshCounts counts() {
    return counts;
  }

  /** Nanoseconds from the first sequence's start to the last one's end. */
  long nanos(BenchCase test) {
    List<Session> sessions = new ArrayList<>();
    try {
      for (int i = 0; i < test.parallel(); i++) {
        sessions.add(engine.newSession());
        if (test.depth() > 0) {
          sessions.getLast().append(tokens(test.depth()));
        }
      }
      return test.parallel() == 1 ? alone(sessions.getFirst(), test) : together(sessions, test);
    } finally {
      sessions.forEach(Session::close);
    }
  }

  /** Tokens of the cache that a case takes: of each sequence whole pages. */
  static int cacheTokens(BenchCase test) {
    int page = Device.pageTokens();
    return Math.toIntExact(
        test.parallel() == 1
            ? Math.max(1, test.context())
            : (long) test.parallel() * Math.ceilDiv(test.context() + 1, page) * page);
  }

  private long alone(Session session, BenchCase test) {
    int[] prompt = prompt(test);
    MeshCounts before = engine.meshCounts();
    long start = System.nanoTime();
    answer(session, prompt, test);
    return end(start, before);
  }

  private long end(long start, MeshCounts before) {
    long nanos = System.nanoTime() - start;
    counts = counts.plus(engine.meshCounts().minus(before));
    return nanos;
  }

  private long together(List<Session> sessions, BenchCase test) {
    List<int[]> prompts = sessions.stream().map(_ -> prompt(test)).toList();
    try (ExecutorService threads = Executors.newFixedThreadPool(sessions.size())) {
      List<Future<?>> answers = new ArrayList<>();
      MeshCounts before = engine.meshCounts();
      long start = System.nanoTime();
      for (int i = 0; i < sessions.size(); i++) {
        Session session = sessions.get(i);
        int[] prompt = prompts.get(i);
        answers.add(threads.submit(() -> answer(session, prompt, test)));
      }
      for (Future<?> answer : answers) {
        answer.get();
      }
      return end(start, before);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause
          ? cause
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      throw Refusal.interrupted("interrupted while measuring");
    }
  }

  private void answer(Session session, int[] prompt, BenchCase test) {
    int vocab = engine.config().vocab();
    Sampler sampler = new Sampler(SamplingOptions.defaults().withSeed(SEED));
    Generation.Limits limits =
        new Generation.Limits(vocab, Set.of(), Math.max(1, test.generated()));
    Generation.run(session, prompt, sampler, limits, _ -> true, Cancellation.never());
  }

  private int[] prompt(BenchCase test) {
    return tokens(Math.max(1, test.prompt()));
  }

  private int[] tokens(int count) {
    return random.ints(count, 0, engine.config().vocab()).toArray();
  }
}
