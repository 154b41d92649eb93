// CheckpointLifetimeTest: an engine needs no checkpoint once it is loaded, and a load needs it
// whole.
package dev.gatun.engine;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DType;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.verify.Oracles;
import dev.gatun.weights.Checkpoint;
import dev.gatun.weights.GgufWriter;
import dev.gatun.weights.ReadHook;
import dev.gatun.weights.TinyModels;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("anyDevice")
class CheckpointLifetimeTest {
  private static final int[] PROMPT = {1, 2, 3, 4, 5};

  @TempDir Path folder;

  /** A checkpoint that may be changed, and the last of its files. */
  private record Model(Path path, Path file) {
    void resize(double factor) {
      try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
        long bytes = (long) (factor * channel.size());
        channel.truncate(bytes);
        channel.write(ByteBuffer.allocate(1), Math.max(0, bytes - 1));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private Model model(String name) throws IOException {
    if (name.equals("split")) {
      Path first = folder.resolve("m-00001-of-00002.gguf");
      TinyModels.gguf("llama").put("split.no", 0).put("split.count", 2).write(first);
      Path last = folder.resolve("m-00002-of-00002.gguf");
      new GgufWriter()
          .put("split.no", 1)
          .put("split.count", 2)
          .tensor("output.weight", DType.Q8_0, 8, 64)
          .write(last);
      return new Model(first, last);
    }
    Oracles oracles = new Oracles(Resources.ORACLES.packed(), folder);
    if (Files.isDirectory(oracles.packed().resolve(name))) {
      Path path = oracles.folder(name).checkpoint();
      return new Model(path, path.resolve("model.safetensors"));
    }
    Path path = oracles.gguf(name).checkpoint();
    return new Model(path, path);
  }

  private static Engine load(Checkpoint checkpoint) {
    return Engine.load(checkpoint, EngineOptions.defaults().withDevice(DeviceUnderTest.choice()));
  }

  /** As bits, since some of these models have no numbers to show. */
  private static int[] logits(Engine engine) {
    try (Session session = engine.newSession()) {
      return session.append(PROMPT).toArray(ValueLayout.JAVA_INT);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2-q4_k_m", "qwen2-f16", "qwen2", "qwen2-awq", "qwen3-moe", "split"})
  void theCheckpointMayBeClosedBeforeTheFirstToken(String name) throws IOException {
    Model model = model(name);
    int[] expected;
    try (Checkpoint checkpoint = Checkpoint.open(model.path);
        Engine engine = load(checkpoint)) {
      expected = logits(engine);
    }
    Checkpoint checkpoint = Checkpoint.open(model.path);
    try (Engine engine = load(checkpoint)) {
      checkpoint.close();
      model.resize(0);
      assertArrayEquals(expected, logits(engine));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2-q4_k_m", "qwen2", "qwen2-gptq", "split"})
  void aFileThatIsCutBeforeTheLoadIsRefused(String name) throws IOException {
    Model model = model(name);
    try (Checkpoint checkpoint = Checkpoint.open(model.path)) {
      model.resize(0.6);
      refused(model, checkpoint);
      model.resize(0);
      refused(model, checkpoint);
    }
  }

  @ParameterizedTest
  @CsvSource({"qwen2-q4_k_m, 1", "qwen2-q4_k_m, 5", "qwen2, 2", "qwen2-awq, 9", "split, 10"})
  void aFileThatIsCutDuringTheLoadIsRefused(String name, int read) throws IOException {
    Model model = model(name);
    try (Checkpoint checkpoint = Checkpoint.open(model.path)) {
      refused(model, ReadHook.before(read, checkpoint, () -> model.resize(0)));
    }
  }

  private static void refused(Model model, Checkpoint checkpoint) {
    Refusal refusal = assertThrows(Refusal.class, () -> load(checkpoint));
    assertEquals(Refusal.Reason.MODEL, refusal.reason());
    String line = refusal.getMessage();
    assertTrue(line.matches("tensor '[^']+' of '" + model.file.getFileName() + "' .*"), line);
    assertTrue(line.matches(".* \\d+ bytes from \\d+ on expected, .* ends at \\d+;.*"), line);
  }

  @ParameterizedTest
  @ValueSource(strings = {"qwen2-q4_k_m", "qwen2", "split"})
  void aFileThatGrowsIsLoadedAsItWas(String name) throws IOException {
    Model model = model(name);
    try (Checkpoint checkpoint = Checkpoint.open(model.path);
        Engine before = load(checkpoint)) {
      model.resize(1.5);
      try (Engine after = load(checkpoint)) {
        assertArrayEquals(logits(before), logits(after));
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"qwen2-q4_k_m, 1", "qwen2-q4_k_m, 7", "qwen2, 3", "split, 10"})
  void aCheckpointThatIsClosedDuringTheLoadEndsIt(String name, int read) throws IOException {
    Checkpoint checkpoint = Checkpoint.open(model(name).path);
    Checkpoint watched = ReadHook.before(read, checkpoint, checkpoint::close);
    Exception e = assertThrows(IllegalStateException.class, () -> load(watched));
    assertTrue(e.getMessage().contains("closed"), e.getMessage());
  }
}
