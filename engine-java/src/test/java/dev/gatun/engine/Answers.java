// Answers: an engine of a small model, and answers drawn by hand.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;

import dev.gatun.chat.Cancellation;
import dev.gatun.engine.Generation.Limits;
import dev.gatun.engine.Generation.Result;
import dev.gatun.engine.Generation.Stop;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Without the engine's own loop: what its answers are held against. */
final class Answers {
  static final String MODEL = "qwen2-q4_0";
  static final int CONTEXT = 96;
  static final int[] PROMPT = IntStream.range(1, 21).toArray();

  /** Many different tokens. */
  static final SamplingOptions LIVELY = SamplingOptions.defaults().withTemperature(3).withSeed(5);

  private Answers() {}

  static EngineOptions options() {
    return EngineOptions.defaults()
        .withDevice(DeviceUnderTest.choice())
        .withThreads(2)
        .withCompute(Compute.INT8)
        .withContext(CONTEXT);
  }

  static void withEngine(String model, EngineOptions options, Consumer<Engine> test)
      throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.gguf(model).checkpoint());
        Engine engine = Engine.load(checkpoint, options)) {
      test.accept(engine);
    }
  }

  /**
   * Token by token on the host, each step awaited before the next: what every answer must equal.
   */
  static int[] reference(Engine engine, SamplingOptions sampling, int count) {
    try (Session session = engine.newSession()) {
      return reference(session, sampling, count);
    }
  }

  /** As above, in a session that goes on. */
  static int[] reference(Session session, SamplingOptions sampling, int count) {
    return reference(session, new Sampler(sampling), count);
  }

  /** As above, by a sampler that has seen nothing. */
  static int[] reference(Session session, Sampler sampler, int count) {
    int vocab = session.engine().config().vocab();
    int[] tokens = new int[count];
    MemorySegment logits = session.append(PROMPT);
    Arrays.stream(PROMPT).forEach(sampler::accept);
    for (int i = 0; i < count; i++) {
      tokens[i] = sampler.sample(logits, vocab);
      sampler.advance(tokens[i]);
      if (i + 1 < count) {
        logits = session.append(tokens[i]);
      }
    }
    return tokens;
  }

  /** Draws what follows the prompt, lively, with nothing to interrupt it. */
  static Result answer(Session session, int[] prompt, Limits limits, IntConsumer onToken) {
    return Generation.run(
        session,
        prompt,
        new Sampler(LIVELY),
        limits,
        token -> {
          onToken.accept(token);
          return true;
        },
        Cancellation.never());
  }

  /** An answer of many tokens, handed over and not waited for. */
  static Answer submit(Session session, int[] prompt, int tokens) {
    Engine engine = session.engine();
    Answer task = session.newAnswer(prompt, new Sampler(LIVELY), limits(engine, tokens), -1);
    engine.scheduler().submit(task);
    return task;
  }

  /** All tokens of an answer that comes to its end. */
  static List<Answer.Token> drawn(Answer task) {
    List<Answer.Token> tokens = new ArrayList<>();
    do {
      tokens.add((Answer.Token) next(task));
    } while (tokens.getLast().stop().isEmpty());
    task.join();
    return tokens;
  }

  static int[] ids(List<Answer.Token> tokens) {
    return tokens.stream().mapToInt(Answer.Token::id).toArray();
  }

  /**
   * What follows the prompt by {@code gk_sample}, which the next step's embedding reads: on a CPU
   * too, where answers are else drawn by the host.
   */
  static int[] drawnByTheOp(Engine engine, Sampler sampler, int count) {
    int vocab = engine.config().vocab();
    List<Integer> drawn = new ArrayList<>();
    try (Session session = engine.newSession()) {
      Answer answer =
          new Answer(
              session.sequence(),
              PROMPT,
              sampler,
              limits(engine, count),
              -1,
              engine.longestSequence(),
              vocab,
              true);
      session.locked(() -> session.run(answer, task -> hear(task, drawn)));
    }
    return drawn.stream().mapToInt(Integer::intValue).toArray();
  }

  private static Stop hear(Answer task, List<Integer> drawn) {
    Optional<Stop> stop = Optional.empty();
    while (stop.isEmpty()) {
      switch (next(task)) {
        case Answer.Token token -> {
          drawn.add(token.id());
          stop = token.stop();
        }
        case Answer.Failure failure -> throw Task.rethrown(failure.cause());
        case Answer.Cancelled _ -> throw new AssertionError("nobody cancelled it");
      }
    }
    return stop.get();
  }

  /** Adds tokens to {@code heard}, and cancels after so many of them; 0 is before the first. */
  static IntPredicate hearing(List<Integer> heard, int cancelAfter, Cancellation cancellation) {
    if (cancelAfter == 0) {
      cancellation.cancel();
    }
    return token -> {
      heard.add(token);
      if (heard.size() == cancelAfter) {
        cancellation.cancel();
      }
      return true;
    };
  }

  /** Waits for what a task says next. */
  static Answer.Event next(Answer task) {
    try {
      return task.take();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  static Limits limits(Engine engine, int tokens, Integer... stops) {
    return new Limits(engine.config().vocab(), Set.of(stops), tokens);
  }
}
