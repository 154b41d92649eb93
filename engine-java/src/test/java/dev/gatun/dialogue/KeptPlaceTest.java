// KeptPlaceTest: an answer that goes on after its thinking was closed goes on before others begin.
package dev.gatun.dialogue;

import static dev.gatun.dialogue.Scripts.LIVELY;
import static dev.gatun.dialogue.Scripts.OPTIONS;
import static dev.gatun.dialogue.Scripts.PROMPT;
import static dev.gatun.dialogue.Scripts.dialect;
import static dev.gatun.dialogue.Scripts.options;
import static dev.gatun.dialogue.Scripts.withEngine;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.chat.ChatOptions;
import dev.gatun.chat.ThinkingOptions;
import dev.gatun.engine.Engine;
import dev.gatun.engine.TaskCounts;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.TokenMask;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class KeptPlaceTest {
  private static final Prompt OPENED = new Prompt("hm <think>\n", PROMPT);
  private static final Prompt CLOSED = new Prompt("<think>\n\n</think>\n\n", PROMPT);

  /** On the engine's thread: who drew, a letter a token. */
  private final StringBuffer drew = new StringBuffer();

  private final CountDownLatch othersWait = new CountDownLatch(1);
  private volatile Thread thinking;

  /** Allows every token. */
  private class Named implements TokenMask {
    private final char name;
    private final int vocab;

    Named(char name, int vocab) {
      this.name = name;
      this.vocab = vocab;
    }

    @Override
    public MemorySegment allowed() {
      int[] all = new int[Math.ceilDiv(vocab, Integer.SIZE)];
      Arrays.fill(all, -1);
      return MemorySegment.ofArray(all);
    }

    @Override
    public void accept(int token) {
      drew.append(name);
    }

    @Override
    public boolean ends() {
      return false;
    }

    @Override
    public void close() {}
  }

  /** Keeps the engine waiting: at its first token for others to come, at its third for a pause. */
  private final class Holding extends Named {
    private int tokens;

    Holding(int vocab) {
      super('h', vocab);
    }

    @Override
    public MemorySegment allowed() {
      if (tokens == 0) {
        await(othersWait);
      } else if (tokens == 2) {
        while (!waitsForItsEnd(thinking)) {
          Thread.onSpinWait();
        }
      }
      return super.allowed();
    }

    @Override
    public void accept(int token) {
      tokens++;
      super.accept(token);
    }
  }

  /** Whether it has asked the engine to end what it hears. */
  private static boolean waitsForItsEnd(Thread thread) {
    return Arrays.stream(thread.getStackTrace())
        .anyMatch(
            frame ->
                frame.getClassName().equals("dev.gatun.engine.Task")
                    && frame.getMethodName().equals("join"));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static void say(
      Engine engine, Prompt prompt, ChatOptions options, TokenMask mask, ThinkSplitter.Sink sink) {
    try (Dialogue dialogue = new Dialogue(engine, dialect(engine, Map.of()))) {
      dialogue.answer(
          prompt,
          LIVELY,
          options,
          sink,
          _ -> {},
          Optional.of(sampling -> new Sampler(sampling, Optional.of(mask))));
    }
  }

  private static void awaitCounts(Engine engine, int running, int waiting) {
    while (!engine.taskCounts().equals(new TaskCounts(running, waiting))) {
      Thread.onSpinWait();
    }
  }

  /** Of two places one is another answer's, and the next in the queue wants the other. */
  @Test
  void whoGoesOnIsNotOvertaken() throws IOException {
    EngineOptions two = options().withContext(2048).withBatching(Batching.alone().withSequences(2));
    withEngine(
        two,
        engine -> {
          int vocab = engine.config().vocab();
          ThinkSplitter.Sink nobody = (part, text) -> {};
          ThinkSplitter.Sink slow =
              (part, text) -> {
                if (part == ThinkSplitter.Part.TAG) {
                  while (engine.taskCounts().waiting() > 0) { // the next one has not begun
                    Thread.onSpinWait();
                  }
                }
              };
          ThinkingOptions brief = ThinkingOptions.defaults().withBudget(1);
          ChatOptions most = OPTIONS.withMaxTokens(400).withThinking(brief);
          try (ExecutorService threads = Executors.newCachedThreadPool()) {
            Future<?> first =
                threads.submit(
                    () -> say(engine, CLOSED, most.withMaxTokens(900), new Holding(vocab), nobody));
            awaitCounts(engine, 1, 0);
            Future<?> thinks =
                threads.submit(
                    () -> {
                      thinking = Thread.currentThread();
                      say(engine, OPENED, most, new Named('t', vocab), slow);
                    });
            awaitCounts(engine, 1, 1);
            Future<?> next =
                threads.submit(() -> say(engine, CLOSED, OPTIONS, new Named('n', vocab), nobody));
            awaitCounts(engine, 1, 2);
            othersWait.countDown();
            for (Future<?> each : new Future<?>[] {first, thinks, next}) {
              each.get();
            }
          } catch (InterruptedException | ExecutionException e) {
            throw new AssertionError(e);
          }
          String order = drew.toString().replace("h", "").replaceAll("(.)\\1+", "$1");
          assertEquals("tn", order, "who drew, in order");
        });
  }
}
