// QuantisedFolderTest: AWQ and GPTQ linears of a folder, alone and as experts.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.gatun.device.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QuantisedFolderTest {
  private static final String MOE =
      ", \"num_experts\": 3, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 32";
  private static final String AWQ =
      ", \"quantization_config\": {\"quant_method\": \"awq\", \"bits\": 4, \"group_size\": 32}";
  private static final String GPTQ =
      ", \"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4, \"group_size\": 32}";

  @TempDir Path temp;

  private Path folder(String type, String more, SafetensorsWriter tensors) throws IOException {
    return TinyModels.folder(temp.resolve("tiny"), TinyModels.config(type, more), tensors);
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(temp.resolve("tiny").resolve(name), text);
  }

  private Checkpoint open() {
    return Checkpoint.open(temp.resolve("tiny"));
  }

  @Test
  void joinsAwqLinears() throws IOException {
    SafetensorsWriter tensors =
        TinyModels.awq(new SafetensorsWriter(), "m.q_proj", 16, 64)
            .tensor("m.q_proj.bias", "F16", 16);
    folder("qwen2", AWQ, tensors);
    try (Checkpoint model = open()) {
      Weight q = model.weight("m.q_proj.weight");
      assertEquals(DType.AWQ, q.dtype());
      assertArrayEquals(new long[] {16, 64}, q.shape());
      assertEquals(64 * 16 / 2, q.range().bytes());
      GroupQuant group = q.group().orElseThrow();
      assertEquals(32, group.groupSize());
      assertEquals(DType.F16, group.scaleType());
      assertFalse(group.zerosMinusOne());
      assertEquals(2 * 16 / 2, group.zeros().getFirst().bytes());
      assertEquals(2 * 16 * 2, group.scales().getFirst().bytes());
      assertEquals(512 + 16 + 64, q.bytes());
      assertEquals(2, model.weights().size());
    }
    folder("qwen2", "", tensors);
    Refusals.expect(this::open, "m.q_proj.qweight", "quantization_config");
    folder("qwen2", AWQ.replace("32", "64"), tensors);
    Refusals.expect(this::open, "m.q_proj.scales", "(2, 16)", "(1, 16)");
    folder("qwen2", AWQ.replace("32", "-1"), tensors);
    Refusals.expect(this::open, "(1, 16)");
    folder("qwen2", AWQ.replace("32", "48"), tensors);
    Refusals.expect(this::open, "groups of 48");
    folder("qwen2", AWQ, new SafetensorsWriter().tensor("model.norm.weight", "F16", 64));
    Refusals.expect(this::open, "no tensor is quantised");
    folder("qwen2", AWQ, new SafetensorsWriter().tensor("m.qweight", "I32", 64, 2));
    Refusals.expect(this::open, "m.scales");
    folder("qwen2", AWQ, tensors.tensor("m.q_proj.weight", "F16", 16, 64));
    Refusals.expect(this::open, "m.q_proj", "both");
  }

  @Test
  void joinsGptqLinearsFromEitherConfiguration() throws IOException {
    SafetensorsWriter tensors =
        TinyModels.gptq(
            new SafetensorsWriter(),
            "m.a",
            16,
            64,
            IntStream.range(0, 64).map(k -> k / 32).toArray());
    TinyModels.gptq(tensors, "m.b", 16, 64, IntStream.range(0, 64).map(k -> k % 2).toArray());
    folder("qwen2", "", tensors);
    write("quantize_config.json", "{\"bits\": 4, \"group_size\": 32, \"desc_act\": true}");
    try (Checkpoint model = open()) {
      Weight plain = model.weight("m.a.weight");
      assertEquals(DType.GPTQ, plain.dtype());
      assertArrayEquals(new long[] {16, 64}, plain.shape());
      assertEquals(List.of(), plain.group().orElseThrow().groupIndex());
      assertEquals(true, plain.group().orElseThrow().zerosMinusOne());
      GroupQuant ordered = model.weight("m.b.weight").group().orElseThrow();
      assertEquals(256, ordered.groupIndex().getFirst().bytes());
      assertEquals(1, ordered.groupIndex().getFirst().toArray()[4]);
    }
    folder(
        "qwen2",
        GPTQ,
        TinyModels.gptq(new SafetensorsWriter(), "m.a", 16, 64, IntStream.range(0, 64).toArray()));
    Refusals.expect(this::open, "m.a.g_idx", "group 2 of 2");
    folder("qwen2", GPTQ, TinyModels.gptq(new SafetensorsWriter(), "m.a", 16, 64, new int[32]));
    Refusals.expect(this::open, "m.a.g_idx", "(32)", "(64)");
    folder("qwen2", AWQ, tensors);
    Refusals.expect(this::open, "m.a");
  }

  @ParameterizedTest
  @CsvSource({"I32,16", "F16,12", "BF16,16"})
  void refusesPartsOfAnotherForm(String type, int out) throws IOException {
    SafetensorsWriter tensors =
        new SafetensorsWriter()
            .tensor("m.qweight", "I32", 64, 2)
            .tensor("m.qzeros", type.equals("BF16") ? "F32" : "I32", 2, 2)
            .tensor("m.scales", type, 2, out);
    folder("qwen2", AWQ, tensors);
    Refusals.expect(this::open, "'m");
  }

  @Test
  void stacksQuantisedExperts() throws IOException {
    SafetensorsWriter tensors = new SafetensorsWriter();
    for (int expert = 0; expert < 3; expert++) {
      TinyModels.awq(tensors, "model.layers.0.mlp.experts." + expert + ".down_proj", 64, 32);
    }
    folder("qwen3_moe", MOE + AWQ, tensors);
    try (Checkpoint model = open()) {
      Weight down = model.weight("model.layers.0.mlp.experts.down_proj.weight");
      assertArrayEquals(new long[] {3, 64, 32}, down.shape());
      assertEquals(3, down.data().size());
      assertEquals(3, down.group().orElseThrow().zeros().size());
      assertEquals(3, down.group().orElseThrow().scales().size());
    }
  }
}
