// ContinuousBatchingTest: a sequence's tokens and logits are the same bits whatever its neighbours.
package dev.gatun.engine;

import static dev.gatun.engine.Answers.MODEL;
import static dev.gatun.engine.Arrivals.FAST;

import dev.gatun.device.DeviceChoice;
import dev.gatun.load.Batching;
import dev.gatun.load.EngineOptions;
import dev.gatun.load.Mesh;
import dev.gatun.shard.Placement;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("anyDevice")
class ContinuousBatchingTest {
  @Test
  void randomArrivalsChangeNoBit() throws Exception {
    Arrivals.changeNoBit(MODEL, FAST ? 400 : 40, Mesh.none());
  }

  /** The model alone on one device, all together on several. */
  @Tag("cpu")
  @Test
  void randomArrivalsOverDevicesChangeNoBit() throws Exception {
    DeviceChoice one = DeviceUnderTest.choice().withThreads(1);
    Arrivals.changeNoBit(MODEL, 80, new Mesh(List.of(one), Placement.Mode.TENSOR));
    Arrivals.changeNoBit(
        "deepseek-v3-q8_0", 80, new Mesh(List.of(one, one), Placement.Mode.HYBRID));
  }

  /** Each device has its own sequences, and pages for hardly two of them. */
  @Tag("cpu")
  @Test
  void randomArrivalsOnTheirDevicesChangeNoBit() throws Exception {
    DeviceChoice one = DeviceUnderTest.choice().withThreads(1);
    Mesh two = new Mesh(List.of(one), Placement.Mode.DATA);
    Mesh three = new Mesh(List.of(one, one), Placement.Mode.DATA);
    Arrivals.changeNoBit(MODEL, 60, Arrivals.LONGEST, two);
    Arrivals.changeNoBit("deepseek-v3-q8_0", 60, Arrivals.LONGEST, two);
    Arrivals.changeNoBit("qwen3-moe-q4_k_m", 60, Arrivals.LONGEST, three);
  }

  /** Also where the engine takes one sequence a step. */
  @Test
  void twoThreadsGetWhatEachWouldAlone() throws IOException {
    for (int sequences : new int[] {1, 2}) {
      Batching batching = Batching.alone().withSequences(sequences);
      EngineOptions options = Arrivals.options(batching, 64);
      Arrivals.requireSameAsAlone(MODEL, options, FAST ? 40 : 8, 2);
    }
  }

  /** Every family's ops, and experts, with rows of several sequences. */
  @Test
  void everyFamilyIsTheSameInCompany() throws IOException {
    Batching batching = Batching.alone().withSequences(4).withPromptTokens(9);
    EngineOptions options = Arrivals.options(batching, 40);
    Arrivals.requireSameAsAlone("llama-q4_k_m", options, FAST ? 16 : 4, 4);
    Arrivals.requireSameAsAlone("qwen3-moe-q4_k_m", options, FAST ? 16 : 4, 4);
  }
}
