// MaskedAnswerTest: an answer keeps to its mask, ends with it, and leaves its neighbours alone.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.LIVELY;
import static dev.gatun.engine.Answers.MODEL;
import static dev.gatun.engine.Answers.PROMPT;
import static dev.gatun.engine.Answers.drawnByTheOp;
import static dev.gatun.engine.Answers.limits;
import static dev.gatun.engine.Answers.options;
import static dev.gatun.engine.Answers.reference;
import static dev.gatun.engine.Answers.withEngine;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.chat.Cancellation;
import dev.gatun.device.EmulatedRuntime;
import dev.gatun.engine.Generation.Listener;
import dev.gatun.engine.Generation.Next;
import dev.gatun.engine.Generation.Result;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.load.Batching;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.ChangingMask;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.TokenMask;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("anyDevice")
class MaskedAnswerTest {
  private static final int TOKENS = 6;

  /** Every third token, as many as {@link #TOKENS}. */
  private static class Thirds implements TokenMask {
    private final int[] words;
    private final int breaksAt;
    private int count;

    Thirds(int vocab, int breaksAt) {
      words = new int[(vocab + 31) / 32];
      IntStream.range(0, vocab)
          .filter(token -> token % 3 == 0)
          .forEach(token -> words[token / 32] |= 1 << token);
      this.breaksAt = breaksAt;
    }

    @Override
    public MemorySegment allowed() {
      if (count == breaksAt) {
        throw Refusal.usage("the mask breaks", "mend it");
      }
      if (ends()) {
        throw new AssertionError("nothing may follow; the mask may be closed");
      }
      return MemorySegment.ofArray(words);
    }

    @Override
    public void accept(int token) {
      count++;
    }

    @Override
    public boolean ends() {
      return count == TOKENS;
    }

    @Override
    public void close() {}
  }

  private static Result masked(Engine engine, int breaksAt, int tokens, List<Integer> heard) {
    try (Session session = engine.newSession();
        TokenMask mask = new Thirds(engine.config().vocab(), breaksAt)) {
      return Generation.run(
          session,
          PROMPT,
          new Sampler(LIVELY, Optional.of(mask)),
          limits(engine, tokens),
          heard::add,
          Cancellation.never());
    }
  }

  /** What is drawn where all that the mask forbids is banned by the options. */
  private static int[] banned(Engine engine) {
    Map<Integer, Float> bans = new HashMap<>();
    IntStream.range(0, engine.config().vocab())
        .filter(token -> token % 3 != 0)
        .forEach(token -> bans.put(token, Float.NEGATIVE_INFINITY));
    return reference(engine, LIVELY.withLogitBias(bans), TOKENS);
  }

  private static Sampler changing(Engine engine, SamplingOptions sampling, long seed) {
    TokenMask mask = new ChangingMask(engine.config().vocab(), seed, -1);
    return new Sampler(sampling, Optional.of(mask));
  }

  private static int[] answer(Engine engine, Sampler sampler, int topLogProbs) {
    try (Session session = engine.newSession()) {
      Listener listener =
          (_, logProbs) -> logProbs.isPresent() == topLogProbs >= 0 ? Next.TOKEN : Next.END;
      return Generation.run(
              session,
              PROMPT,
              sampler,
              limits(engine, TOKENS),
              topLogProbs,
              listener,
              Cancellation.never())
          .tokens();
    }
  }

  /** Whatever the masks, the options, and whether the logits are wanted besides. */
  @Test
  void theDeviceDrawsWhatTheHostDraws() throws IOException {
    withEngine(
        MODEL,
        options().withBatching(Batching.alone().withSequences(2)),
        engine -> {
          for (SamplingOptions sampling : DrawingTest.drawnOnDevice()) {
            for (long seed = 0; seed < 8; seed++) {
              int[] expected;
              try (Session session = engine.newSession()) {
                expected = reference(session, changing(engine, sampling, seed), TOKENS);
              }
              String what = sampling + ", mask " + seed;
              assertArrayEquals(
                  expected, drawnByTheOp(engine, changing(engine, sampling, seed), TOKENS), what);
              assertArrayEquals(
                  expected, answer(engine, changing(engine, sampling, seed), -1), what);
              assertArrayEquals(
                  expected, answer(engine, changing(engine, sampling, seed), 2), what);
            }
          }
        });
  }

  /** Of a step the host sees what was drawn, and the logits only where they are wanted. */
  @Test
  @Tag("emulated")
  void theLogitsStayOnTheDevice() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          long drawn = (long) Integer.BYTES * engine.options().stepBounds().logitRows();
          long logits = (long) Float.BYTES * engine.config().vocab();
          long allocations = engine.device().allocations();
          assertEquals(
              TOKENS * drawn, bytesToHost(() -> answer(engine, changing(engine, LIVELY, 1), -1)));
          assertEquals(
              TOKENS * (drawn + logits),
              bytesToHost(() -> answer(engine, changing(engine, LIVELY, 1), 0)));
          SamplingOptions onHost = LIVELY.withRepeatPenalty(1.3);
          assertEquals(
              TOKENS * logits, bytesToHost(() -> answer(engine, changing(engine, onHost, 1), -1)));
          assertEquals(allocations, engine.device().allocations(), "allocations after load");
        });
  }

  private static long bytesToHost(Runnable run) {
    long before = EmulatedRuntime.bytesToHost();
    run.run();
    return EmulatedRuntime.bytesToHost() - before;
  }

  /** The host hears of a token, and works the next mask out, while the next step runs. */
  @Test
  @Tag("emulated")
  void theStepOfATokenDoesNotWaitForTheHost() throws IOException {
    List<Long> recordings = new ArrayList<>();
    withEngine(
        MODEL,
        options(),
        engine -> {
          long before = EmulatedRuntime.recordingsRun();
          TokenMask mask =
              new Thirds(engine.config().vocab(), -1) {
                @Override
                public void accept(int token) {
                  super.accept(token);
                  recordings.add(EmulatedRuntime.recordingsRun() - before);
                }
              };
          answer(engine, new Sampler(LIVELY, Optional.of(mask)), -1);
        });
    // The first step is the prompt's, the second the first of its shape; behind the last is none.
    assertEquals(List.of(0L, 1L, 2L, 3L, 4L, 4L), recordings);
  }

  /** Though a step had run ahead of the end. */
  @Test
  void theSessionIsAsIfNoneHadBeenMasked() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          try (Session masked = engine.newSession();
              Session plain = engine.newSession();
              TokenMask mask = new Thirds(engine.config().vocab(), -1)) {
            Result result =
                Generation.run(
                    masked,
                    PROMPT,
                    new Sampler(LIVELY, Optional.of(mask)),
                    limits(engine, 50),
                    _ -> true,
                    Cancellation.never());
            assertEquals(PROMPT.length + TOKENS - 1, masked.length());
            plain.append(PROMPT);
            plain.append(Arrays.copyOf(result.tokens(), TOKENS - 1));
            int last = result.tokens()[TOKENS - 1];
            assertEquals(-1, plain.append(last).mismatch(masked.append(last)));
          }
        });
  }

  @Test
  void theAnswerEndsWithItsMask() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          List<Integer> heard = new ArrayList<>();
          Result result = masked(engine, -1, 50, heard);
          assertEquals(Stop.END_OF_TEXT, result.stop());
          assertArrayEquals(banned(engine), result.tokens());
          assertEquals(TOKENS, heard.size()); // the last is part of the text
        });
  }

  @Test
  void aLimitEndsItBefore() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> assertEquals(Stop.LIMIT, masked(engine, -1, 3, new ArrayList<>()).stop()));
  }

  @Test
  void neighboursAreDrawnAsEver() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          SamplingOptions onDevice = SamplingOptions.defaults().withSeed(11);
          int[] alone = reference(engine, onDevice, 30);
          int[] constrained = banned(engine);
          CompletableFuture<Result> beside =
              CompletableFuture.supplyAsync(() -> masked(engine, -1, 50, new ArrayList<>()));
          try (Session session = engine.newSession()) {
            Result free =
                Generation.run(
                    session,
                    PROMPT,
                    new Sampler(onDevice),
                    limits(engine, 30),
                    _ -> true,
                    Cancellation.never());
            assertArrayEquals(alone, free.tokens());
          }
          assertArrayEquals(constrained, beside.join().tokens());
        });
  }

  @Test
  void aMaskThatBreaksEndsItsOwnAnswer() throws IOException {
    withEngine(
        MODEL,
        options(),
        engine -> {
          List<Integer> heard = new ArrayList<>();
          assertThrows(Refusal.class, () -> masked(engine, 2, 50, heard));
          assertEquals(2, heard.size());
          assertArrayEquals(banned(engine), masked(engine, -1, 50, heard).tokens());
        });
  }
}
