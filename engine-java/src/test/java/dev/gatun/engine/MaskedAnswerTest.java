// MaskedAnswerTest: an answer keeps to its mask, ends with it, and leaves its neighbours alone.
package dev.gatun.engine;

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
import dev.gatun.engine.Generation.Result;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.refusal.Refusal;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.sample.TokenMask;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
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
  private static final class Thirds implements TokenMask {
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
