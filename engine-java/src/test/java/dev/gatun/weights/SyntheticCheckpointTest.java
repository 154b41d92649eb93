// SyntheticCheckpointTest: sizes of published files, sane numbers, and what is refused.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.Buffer;
import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.device.DeviceChoice;
import dev.gatun.device.EmbeddingTable;
import dev.gatun.op.Embed;
import dev.gatun.op.Exchanges;
import dev.gatun.op.Operands;
import dev.gatun.op.StepInputs;
import dev.gatun.op.StepOperands;
import dev.gatun.op.Tensor;
import dev.gatun.refusal.Refusal;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SyntheticCheckpointTest {
  private static final int ROWS = 100;
  private static final int COLS = 1024;

  // Tensor bytes of QwQ-32B's files: llama-quantize's own rules applied to the published shapes;
  // Q4_K_M is the 18.48 GiB that loaders log, AWQ the 5.73 B elements that its page shows.
  @ParameterizedTest
  @CsvSource({
    "bf16, 65529991168",
    "q8_0, 34814906368",
    "q6_k, 26880176128",
    "q5_k_m, 23256178688",
    "q5_0, 22632275968",
    "q4_k_m, 19845357568",
    "q4_k_s, 18778431488",
    "q4_0, 18634252288",
    "iq4_xs, 17864122368",
    "iq4_xs_imatrix, 17687175168",
    "q3_k_m, 15929069568",
    "q2_k, 12307120128",
    "fp8, 34329749504",
    "awq, 19328804864"
  })
  void filesOfQwqHaveTheirPublishedSizes(String type, long bytes) {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:type=" + type)) {
      assertEquals(bytes, checkpoint.fileBytes());
      assertEquals(32_763_876_352L, parameters(checkpoint));
    }
  }

  // Their makers' figures: 0.49 B, 1.54 B and 32.8 B.
  @ParameterizedTest
  @CsvSource({"qwen2.5-0.5b, 494032768", "qwen2.5-1.5b, 1543714304", "qwen3-32b, 32762123264"})
  void theOtherModelsHaveTheirPublishedParameters(String name, long parameters) {
    try (Checkpoint checkpoint = Checkpoint.synthetic(name)) {
      assertEquals(parameters, parameters(checkpoint));
    }
  }

  private static long parameters(Checkpoint checkpoint) {
    return checkpoint.weights().stream().mapToLong(Weight::count).sum();
  }

  // As a loader logs QwQ's file: 321 F32, 385 Q4_K, 65 Q6_K.
  @Test
  void aQ4KMFileMixesItsTypes() {
    assertEquals(Map.of("F32", 321L, "Q4_K", 385L, "Q6_K", 65L), types("qwq-32b"));
  }

  // Rows of 896 are not whole blocks of 256: what llama-quantize takes instead.
  @Test
  void narrowRowsTakeOtherTypes() {
    assertEquals(
        Map.of("F32", 121L, "Q5_0", 132L, "Q8_0", 13L, "Q4_K", 12L, "Q6_K", 12L),
        types("qwen2.5-0.5b:type=q4_k_m"));
  }

  private static Map<String, Long> types(String spec) {
    try (Checkpoint checkpoint = Checkpoint.synthetic(spec)) {
      return checkpoint.weights().stream()
          .collect(
              Collectors.groupingBy(w -> w.dtype().name(), TreeMap::new, Collectors.counting()));
    }
  }

  @Test
  void fewerLayersAreTheFirstOnes() {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwq-32b:layers=2:type=q4_0")) {
      assertEquals(2, checkpoint.config().layers());
      assertEquals(3 + 2 * 12, checkpoint.weights().size());
      assertTrue(checkpoint.find("model.layers.2.input_layernorm.weight").isEmpty());
      assertEquals("qwq-32b:layers=2:type=q4_0", checkpoint.name());
    }
  }

  // The formats' own dequantisation must find weights of about the deviation asked for.
  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = "A8|A16|AWQ|GPTQ|I32|F8|TURBO.",
      mode = EnumSource.Mode.MATCH_NONE)
  void randomBlocksAreWeights(DType type) {
    int count = ROWS * COLS;
    DeviceChoice cpu = DeviceChoice.cpu().withThreads(1);
    try (Device device = Device.open(cpu);
        Arena arena = Arena.ofConfined()) {
      RandomWeights random = new RandomWeights();
      var kind = new RandomWeights.Kind(type, RandomWeights.Content.BLOCKS);
      random.reserve(kind, type.bytes(count));
      MemorySegment blocks = random.front(kind, type.bytes(count), arena);
      random.fill();
      float[] values = rows(device, type, blocks, arena);
      double mean = mean(values, 1);
      double deviation = Math.sqrt(mean(values, 2) - mean * mean);
      assertTrue(Math.abs(mean) < 0.004, type + " has the mean " + mean);
      assertTrue(deviation > 0.015 && deviation < 0.027, type + " deviates by " + deviation);
    }
  }

  /** All rows of a table of those blocks. */
  private static float[] rows(Device device, DType type, MemorySegment blocks, Arena arena) {
    EmbeddingTable table = EmbeddingTable.of(arena, type, ROWS, COLS);
    MemorySegment rows = device.hostMemory("the table", blocks.byteSize(), arena);
    table.bind(device.seen(rows.copyFrom(blocks), arena));
    Buffer ids = device.allocate("the ids", 4L * ROWS, arena);
    int[] all = IntStream.range(0, ROWS).toArray();
    device.upload(arena.allocateFrom(ValueLayout.JAVA_INT, all), ids);
    Buffer floats = device.allocate("the rows", 4L * ROWS * COLS, arena);
    Buffer none = Buffer.NONE;
    StepInputs inputs = new StepInputs(ids, none, none, none, none, none, none, none, none, 0, 0);
    StepOperands step =
        new StepOperands(_ -> MemorySegment.NULL, layer -> MemorySegment.NULL, inputs);
    Operands operands =
        new Operands(arena, device.ops(), tensor -> floats, step, Exchanges.none(device));
    new Embed(table, false, new Tensor(0, DType.F32, ROWS, COLS)).bind(operands).run();
    MemorySegment read = arena.allocate(ValueLayout.JAVA_FLOAT, (long) ROWS * COLS);
    device.download(floats, read);
    return read.toArray(ValueLayout.JAVA_FLOAT);
  }

  private static double mean(float[] values, int power) {
    double sum = 0;
    for (float value : values) {
      sum += Math.pow(value, power);
    }
    return sum / values.length;
  }

  @Test
  void numbersComeWhenAskedForAndAreTheSameEveryTime() {
    byte[] first = firstBytes();
    assertFalse(Arrays.equals(new byte[first.length], first));
    assertEquals(Arrays.toString(first), Arrays.toString(firstBytes()));
  }

  private static byte[] firstBytes() {
    try (Checkpoint checkpoint = Checkpoint.synthetic("qwen2.5-0.5b:layers=1:type=q4_0")) {
      ByteRange data = checkpoint.weight("model.layers.0.mlp.up_proj.weight").range();
      checkpoint.materialize();
      return data.slice(0, 1000).toArray();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "qwq",
        "qwq-32b:",
        "qwq-32b:layers",
        "qwq-32b:layers=",
        "qwq-32b:layers=0",
        "qwq-32b:layers=65",
        "qwq-32b:layers=x",
        "qwq-32b:type=q7",
        "qwq-32b:layers=1:layers=2",
        "qwq-32b:size=1"
      })
  void whatIsNoSpecIsRefusedWithTheList(String spec) {
    Refusal refusal = assertThrows(Refusal.class, () -> Checkpoint.synthetic(spec));
    assertEquals(Refusal.Reason.USAGE, refusal.reason());
    assertTrue(
        refusal.getMessage().matches(".*(qwen3-32b|iq4_xs|1 to 64).*"), refusal.getMessage());
  }
}
