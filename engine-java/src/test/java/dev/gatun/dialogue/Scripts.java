// Scripts: a small model that says what a test wants it to say.
package dev.gatun.dialogue;

import dev.gatun.chat.ChatOptions;
import dev.gatun.device.DeviceChoice;
import dev.gatun.engine.Engine;
import dev.gatun.engine.Session;
import dev.gatun.load.EngineOptions;
import dev.gatun.sample.Sampler;
import dev.gatun.sample.SamplingOptions;
import dev.gatun.text.Tokenizer;
import dev.gatun.verify.Oracles;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.RopeOverride;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/**
 * Its weights are random and fixed, so what it draws is known; its tokens are then given the texts
 * that make this the wanted text. Other ids are the ASCII characters and words of their own.
 */
final class Scripts {
  static final int[] PROMPT = IntStream.range(1, 21).toArray();
  static final int CONTEXT = 256;

  /** Many different tokens. */
  static final SamplingOptions LIVELY = SamplingOptions.defaults().withTemperature(3).withSeed(5);

  static final ChatOptions OPTIONS = ChatOptions.defaults().withMaxTokens(24);

  private Scripts() {}

  static EngineOptions options() {
    return EngineOptions.defaults()
        .withDevice(DeviceChoice.cpu().named(System.getProperty("gatun.device", "cpu")))
        .withThreads(2)
        .withContext(CONTEXT);
  }

  static void withEngine(EngineOptions options, Consumer<Engine> test) throws IOException {
    Oracles oracles =
        new Oracles(
            Path.of("src/test/resources/oracle"),
            Path.of("target/oracle", System.getProperty("gatun.fork", "fork-1")));
    RopeOverride longer = // 1024 tokens
        new RopeOverride(Optional.of(RopeOverride.Kind.YARN), Optional.of(4.0), Optional.of(256));
    Path file = oracles.gguf("qwen2-q4_0").checkpoint();
    try (Checkpoint checkpoint = longer.apply(Checkpoint.open(file));
        Engine engine = Engine.load(checkpoint, options)) {
      test.accept(engine);
    }
  }

  /**
   * What the engine draws behind some tokens, each step by itself, and what a sampler makes of it.
   */
  static int[] drawn(Engine engine, int[] prompt, Sampler sampler, int count) {
    int[] tokens = new int[count];
    try (Session session = engine.newSession()) {
      Arrays.stream(prompt).forEach(sampler::accept);
      MemorySegment logits = session.append(prompt);
      for (int i = 0; i < count; i++) {
        tokens[i] = sampler.sample(logits, engine.config().vocab());
        sampler.accept(tokens[i]);
        logits = session.append(tokens[i]);
      }
    }
    return tokens;
  }

  static int[] drawn(Engine engine, int... prompt) {
    return drawn(engine, prompt, new Sampler(LIVELY), 24);
  }

  /** The first of some drawn tokens, from the {@code from}-th on, that was not drawn before. */
  static int fresh(int[] tokens, int from) {
    int at = from;
    while (isSeen(tokens, at)) {
      at++;
    }
    return at;
  }

  private static boolean isSeen(int[] tokens, int at) {
    return Arrays.stream(tokens, 0, at).anyMatch(each -> each == tokens[at]);
  }

  /** How a model speaks whose tokens have these texts; others get what is left. */
  static Dialect dialect(Engine engine, Map<Integer, String> texts, Integer... stopIds) {
    int vocab = engine.config().vocab();
    List<String> spare = new ArrayList<>();
    for (int c = 0; c < 128; c++) {
      spare.add(String.valueOf(visible(c)));
    }
    spare.addAll(List.of("zq", ThinkSplitter.OPEN, ThinkSplitter.CLOSE));
    spare.removeAll(texts.values());
    String[] tokens = new String[vocab];
    int[] types = new int[vocab];
    int next = 0;
    for (int id = 0; id < vocab; id++) {
      String text = texts.get(id);
      if (text == null) {
        text = next < spare.size() ? spare.get(next++) : "w" + id;
      }
      tokens[id] = text;
      types[id] = ThinkSplitter.isTag(text) ? 4 : 1;
    }
    Tokenizer tokenizer =
        Tokenizer.fromGguf(
            Map.of(
                "tokenizer.ggml.model",
                "gpt2",
                "tokenizer.ggml.tokens",
                Arrays.asList(tokens),
                "tokenizer.ggml.token_type",
                types,
                "tokenizer.ggml.merges",
                List.of("z q")));
    return new Dialect(tokenizer, Optional.empty(), vocab, Set.of(stopIds));
  }

  // The visible stand-in of a byte (source: openai/gpt-2, encoder.py, bytes_to_unicode), for ASCII.
  private static char visible(int value) {
    return (char) (value <= ' ' ? 256 + value : value == 127 ? 256 + 33 : value);
  }

  /** What the sink of an answer heard, with a mark before each part. */
  static final class Heard implements ThinkSplitter.Sink {
    final StringBuilder all = new StringBuilder();
    private ThinkSplitter.Part part;

    @Override
    public void accept(ThinkSplitter.Part now, String text) {
      if (now != part) {
        part = now;
        all.append(now.name().toLowerCase(Locale.ROOT)).append(':');
      }
      all.append(text);
    }
  }
}
