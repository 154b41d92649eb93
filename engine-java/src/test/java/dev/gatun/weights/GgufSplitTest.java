// GgufSplitTest: GGUF models in several files.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.gatun.device.DType;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GgufSplitTest {
  @TempDir Path folder;

  /** Part {@code number} of {@code count}, the first with all key-values, the rest with tensors. */
  private GgufWriter part(int number, int count) {
    GgufWriter part = number == 1 ? TinyModels.header("llama", 1) : new GgufWriter();
    part.put("split.no", number - 1).put("split.count", count).put("split.tensors.count", 2);
    return switch (number) {
      case 2 -> part.tensor("token_embd.weight", DType.F32, 8, 64);
      case 3 -> part.tensor("output_norm.weight", DType.F32, 64);
      default -> part;
    };
  }

  private Path part(String name) {
    return folder.resolve(name + ".gguf");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void opensAllPartsFromAnyOfThem(int given) throws IOException {
    for (int i = 1; i <= 3; i++) {
      part(i, 3).write(part("big-0000" + i + "-of-00003"));
    }
    try (Checkpoint model = Checkpoint.open(part("big-0000" + given + "-of-00003"))) {
      assertEquals("big", model.name());
      assertEquals(2, model.weights().size());
      assertArrayEquals(
          GgufWriter.counting(256), model.weight("model.norm.weight").range().toArray());
    }
  }

  @Test
  void refusesBrokenSplits() throws IOException {
    part(1, 3).write(part("big-00001-of-00003"));
    part(3, 3).write(part("big-00003-of-00003"));
    Refusals.expect(
        () -> Checkpoint.open(part("big-00001-of-00003")), "big-00002-of-00003.gguf", "missing");
    part(3, 3).write(part("big-00002-of-00003"));
    Refusals.expect(
        () -> Checkpoint.open(part("big-00001-of-00003")), "says it is part 3", "2 of 3");
    part(1, 3).write(part("renamed"));
    Refusals.expect(() -> Checkpoint.open(part("renamed")), "of 3", "1 of 1");
    part(1, 2).write(part("few-00001-of-00002"));
    new GgufWriter()
        .put("split.no", 1)
        .put("split.count", 2)
        .tensor("token_embd.weight", DType.F32, 8, 64)
        .write(part("few-00002-of-00002"));
    Refusals.expect(() -> Checkpoint.open(part("few-00002-of-00002")), "2 tensors", "hold 1");
    Refusals.expect(
        () -> Checkpoint.open(part(1, 0).write(part("odd-00000-of-00000"))),
        "odd-00001-of-00000.gguf",
        "missing");
    part(1, 2)
        .put("split.tensors.count", 2)
        .tensor("output_norm.weight", DType.F32, 64)
        .write(part("two-00001-of-00002"));
    part(1, 2)
        .put("split.no", 1)
        .tensor("output_norm.weight", DType.F32, 64)
        .write(part("two-00002-of-00002"));
    Refusals.expect(
        () -> Checkpoint.open(part("two-00001-of-00002")),
        "output_norm.weight",
        "two of its parts");
  }
}
