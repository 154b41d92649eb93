// EmulatedDeviceTest: what a GPU asks of the engine: recorded steps, fixed memory, one line where
// it
// runs out.
package dev.gatun.engine;

import static dev.gatun.engine.Resources.ORACLES;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.device.DeviceMemory;
import dev.gatun.device.EmulatedRuntime;
import dev.gatun.graph.Compute;
import dev.gatun.load.EngineOptions;
import dev.gatun.refusal.Refusal;
import dev.gatun.verify.Divergence;
import dev.gatun.verify.Oracle;
import dev.gatun.weights.Checkpoint;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("emulated")
class EmulatedDeviceTest {
  private static final String MODEL = "qwen2-q4_0";
  private static final String MEMORY = "gatun.emulated.bytes";
  private static final int TOKENS = 8;

  @AfterEach
  void freeMemoryAgain() {
    System.clearProperty(MEMORY);
  }

  private static EngineOptions options(boolean graphs) {
    return EngineOptions.defaults()
        .withDevice(DeviceUnderTest.choice().withGraphs(graphs))
        .withCompute(Compute.INT8)
        .withContext(256);
  }

  @Test
  void recordedStepsEqualPlainOnes() throws IOException {
    long none = EmulatedRuntime.recordingsRun();
    List<float[]> plain = generate(options(false));
    assertEquals(none, EmulatedRuntime.recordingsRun());
    List<float[]> recorded = generate(options(true));
    assertEquals(TOKENS, plain.size());
    // Each step of one token; the first such ran at load.
    assertEquals(none + TOKENS, EmulatedRuntime.recordingsRun());
    for (int i = 0; i < TOKENS; i++) {
      assertArrayEquals(plain.get(i), recorded.get(i), "token " + i);
    }
  }

  private static List<float[]> generate(EngineOptions options) throws IOException {
    Oracle oracle = ORACLES.gguf(MODEL);
    List<float[]> all = new ArrayList<>();
    try (Checkpoint checkpoint = Checkpoint.open(oracle.checkpoint());
        Engine engine = Engine.load(checkpoint, options);
        Session session = engine.newSession()) {
      long allocations = engine.device().allocations();
      DeviceMemory memory = engine.device().memory();
      MemorySegment logits = session.append(oracle.inputIds());
      for (int i = 0; i < TOKENS; i++) {
        all.add(logits.toArray(ValueLayout.JAVA_FLOAT));
        logits = session.append(Divergence.argmax(all.getLast()));
      }
      assertEquals(allocations, engine.device().allocations(), "allocations after load");
      assertEquals(memory, engine.device().memory());
    }
    return all;
  }

  @Test
  void memoryThatRunsOutIsNamed() throws IOException {
    long needed = bytesOfALoad(Long.MAX_VALUE);
    assertEquals(needed, bytesOfALoad(needed), "memory that sufficed once must suffice again");
    Set<String> purposes = new TreeSet<>();
    for (long bytes = needed - 1; bytes > 0; bytes = bytes * 7 / 8) {
      long limit = bytes;
      Refusal refusal = assertThrows(Refusal.class, () -> bytesOfALoad(limit));
      assertEquals(Refusal.Reason.DOES_NOT_FIT, refusal.reason(), refusal.getMessage());
      purposes.add(refusal.getMessage().replaceAll("^emulated \\(.*\\) has no room for |: .*", ""));
    }
    Set<String> large =
        Set.of("the weights", "the cache", "the kernels' workspace", "the activations");
    assertTrue(purposes.containsAll(large), purposes.toString());
    purposes.removeAll(large);
    purposes.remove("the steps' inputs"); // so small that few limits fall there
    assertEquals(Set.of(), purposes);
  }

  /** Loads the model on a device of {@code limit} bytes and tells how many it took. */
  private static long bytesOfALoad(long limit) throws IOException {
    System.setProperty(MEMORY, String.valueOf(limit));
    try (Checkpoint checkpoint = Checkpoint.open(ORACLES.gguf(MODEL).checkpoint());
        Engine engine = Engine.load(checkpoint, options(true))) {
      DeviceMemory memory = engine.device().memory();
      return memory.total() - memory.free();
    }
  }
}
