// PausedSessionTest: who pauses keeps a place in the steps until it goes on, or gives that up.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.LIVELY;
import static dev.gatun.engine.Answers.MODEL;
import static dev.gatun.engine.Answers.PROMPT;
import static dev.gatun.engine.Answers.limits;
import static dev.gatun.engine.Answers.options;
import static dev.gatun.engine.Answers.withEngine;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.chat.Cancellation;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.TokenMask;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("anyDevice")
class PausedSessionTest {
  private static EngineOptions places(int count) {
    return options().withContext(256 * count).withBatching(Batching.alone().withSequences(count));
  }

  /**
   * Draws two tokens, and pauses; the engine waits meanwhile, so that it cannot come to its end.
   */
  private static int[] paused(Session session) {
    HoldingMask mask = new HoldingMask(session.engine().config().vocab(), 2);
    Sampler sampler = new Sampler(LIVELY, Optional.of(mask));
    Answer answer = session.newAnswer(PROMPT, sampler, limits(session.engine(), 40), -1);
    int[] tokens = new int[2];
    mask.begins.countDown();
    session.locked(
        () ->
            session.run(
                answer,
                task -> {
                  for (int i = 0; i < tokens.length; i++) {
                    tokens[i] = ((Answer.Token) Answers.next(task)).id();
                  }
                  task.pause();
                  mask.goesOn.countDown();
                  return tokens;
                }));
    session.truncate(PROMPT.length + 1);
    return tokens;
  }

  private static int[] whole(Session session, int[] prompt, int tokens) {
    return Answers.answer(session, prompt, limits(session.engine(), tokens), _ -> {}).tokens();
  }

  private static void awaitCounts(Engine engine, int running, int waiting) {
    while (!engine.taskCounts().equals(new TaskCounts(running, waiting))) {
      Thread.onSpinWait();
    }
  }

  /** Allows every token; keeps the engine's thread at the first, and after some. */
  private static final class HoldingMask implements TokenMask {
    private final int[] all;
    private final CountDownLatch begins = new CountDownLatch(1);
    private final CountDownLatch came = new CountDownLatch(1);
    private final CountDownLatch goesOn = new CountDownLatch(1);
    private final int some;
    private int left;

    HoldingMask(int vocab, int some) {
      this.some = some;
      left = some;
      all = new int[Math.ceilDiv(vocab, Integer.SIZE)];
      Arrays.fill(all, -1);
    }

    @Override
    public MemorySegment allowed() {
      if (left == some) {
        await(begins);
      } else if (left == 0) {
        came.countDown();
        await(goesOn);
      }
      return MemorySegment.ofArray(all);
    }

    @Override
    public void accept(int token) {
      left--;
    }

    @Override
    public boolean ends() {
      return false;
    }

    @Override
    public void close() {}
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void draw(Session session, TokenMask mask) {
    Generation.run(
        session,
        PROMPT,
        new Sampler(LIVELY, Optional.of(mask)),
        limits(session.engine(), 40),
        _ -> true,
        Cancellation.never());
  }

  /** While another answer draws 30 tokens. */
  @Test
  void nobodyElseTakesThePlace() throws IOException {
    withEngine(
        MODEL,
        places(2),
        engine -> {
          HoldingMask mask = new HoldingMask(engine.config().vocab(), 30);
          try (Session other = engine.newSession();
              Session pauses = engine.newSession();
              Session next = engine.newSession();
              ExecutorService threads = Executors.newCachedThreadPool()) {
            int[] first = paused(pauses);
            Future<?> draws = threads.submit(() -> draw(other, mask));
            awaitCounts(engine, 1, 0);
            Future<int[]> waits = threads.submit(() -> whole(next, PROMPT, 8));
            awaitCounts(engine, 1, 1);
            mask.begins.countDown();
            await(mask.came);
            TaskCounts afterMany = engine.taskCounts();
            int[] goesOn = {first[1], 7};
            Future<int[]> rest = threads.submit(() -> whole(pauses, goesOn, 40));
            mask.goesOn.countDown();
            assertEquals(new TaskCounts(1, 1), afterMany);
            assertEquals(40, rest.get().length);
            assertEquals(8, waits.get().length);
            draws.get();
          } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
          }
        });
  }

  @Test
  void aPlaceThatIsGivenUpIsTheNextOnes() throws IOException {
    List<Consumer<Session>> ways = List.of(Session::giveUpPlace, Session::close);
    for (Consumer<Session> way : ways) {
      withEngine(
          MODEL,
          places(1),
          engine -> {
            try (Session pauses = engine.newSession();
                Session next = engine.newSession();
                ExecutorService threads = Executors.newCachedThreadPool()) {
              paused(pauses);
              Future<int[]> waits = threads.submit(() -> whole(next, PROMPT, 8));
              while (engine.taskCounts().waiting() == 0 && !waits.isDone()) {
                Thread.onSpinWait();
              }
              assertEquals(new TaskCounts(0, 1), engine.taskCounts());
              way.accept(pauses);
              assertEquals(8, waits.get().length);
              assertEquals(new TaskCounts(0, 0), engine.taskCounts());
            } catch (InterruptedException | ExecutionException e) {
              throw new AssertionError(e);
            }
          });
    }
  }
}
