// ExpertPlacementTest: placements come back from files, say who owns which expert, and are refused
// where a device or an expert is amiss.
package dev.gatun.shard;

import static dev.gatun.shard.ExpertFiles.SHAPE;
import static dev.gatun.shard.ExpertFiles.assertHolds;
import static dev.gatun.shard.ExpertFiles.expectUsage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpertPlacementTest {
  private static final String TEXT =
      """
      {
        "format" : "gatun-expert-placement",
        "version" : 1,
        "architecture" : "qwen3_moe",
        "experts" : 4,
        "devices" : 3,
        "layers" : {
          "1" : {
            "0" : [ 0, 1 ],
            "1" : [ 1, 2 ],
            "2" : [ 1, 3 ]
          },
          "3" : {
            "0" : [ 0, 1, 2, 3 ],
            "1" : [ ],
            "2" : [ 0 ]
          }
        }
      }
      """;

  private static final ExpertPlacement PLACEMENT =
      new ExpertPlacement(
          SHAPE,
          3,
          List.of(
              List.of(List.of(0, 1), List.of(2, 1), List.of(3, 1)),
              List.of(List.of(3, 2, 1, 0), List.of(), List.of(0))));

  @TempDir Path folder;

  private Path file(String text) {
    Path file = folder.resolve("placement.json");
    ExpertFiles.write(file, text);
    return file;
  }

  private void refused(String from, String to, String... words) {
    expectUsage(() -> ExpertPlacement.read(file(TEXT.replace(from, to)), SHAPE, 3), words);
  }

  @Test
  void aFileHoldsALineForEachDevice() throws IOException {
    Path file = folder.resolve("placement.json");
    PLACEMENT.write(file);
    assertEquals(TEXT, Files.readString(file));
    assertEquals(PLACEMENT, ExpertPlacement.read(file, SHAPE, 3));
    assertHolds(folder, "placement.json");
  }

  /** A person need not keep an order. */
  @Test
  void theOrderInAFileIsFree() {
    String other =
        TEXT.replace("[ 0, 1, 2, 3 ]", "[3,1,2,0]")
            .replace("\"0\" : [ 0, 1 ],", "")
            .replace("\"2\" : [ 1, 3 ]", "\"2\" : [ 3, 1 ], \"0\" : [1, 0]");
    assertEquals(PLACEMENT, ExpertPlacement.read(file(other), SHAPE, 3));
  }

  @Test
  void holdersAreInTheOrderOfTheirDevices() {
    assertEquals(List.of(0, 1, 2), PLACEMENT.holders(1).get(1));
    assertEquals(List.of(2), PLACEMENT.holders(1).get(3));
    assertEquals(List.of(0, 2), PLACEMENT.holders(3).get(0));
    assertThrows(IllegalArgumentException.class, () -> PLACEMENT.holders(2));
  }

  /** Whoever an expert's rows are given to holds it, on real numbers of experts. */
  @Test
  void holdersHoldTheirExperts() {
    ExpertCounts counts = skewed(Skew.ZIPF);
    for (ExpertPlacement placement :
        List.of(
            ExpertPlacement.contiguous(counts.shape(), 7),
            ExpertPlacement.balanced(counts, 8, 33, 8, 2),
            ExpertPlacement.hottestFirst(counts, 3, 20, 2))) {
      for (int layer : counts.shape().layers()) {
        List<List<Integer>> holders = placement.holders(layer);
        int held = 0;
        for (int expert = 0; expert < 256; expert++) {
          for (int device : holders.get(expert)) {
            assertTrue(placement.held(layer, device).contains(expert));
            held++;
          }
        }
        int listed = 0;
        for (int device = 0; device < placement.devices(); device++) {
          listed += placement.held(layer, device).size();
        }
        assertEquals(listed, held);
      }
    }
  }

  /** The first device has what was chosen most; nobody else has a copy of that. */
  @Test
  void theHottestExpertsAreOnTheFirstDevice() {
    ExpertCounts counts = new ExpertCounts(SHAPE);
    counts.add(1, new int[] {3, 3, 3, 1, 1, 2}); // 0: never, 1: twice, 2: once, 3: three times
    counts.add(3, new int[] {2, 2, 0, 1, 1});
    assertEquals(
        List.of(List.of(1, 3), List.of(2), List.of(0)),
        ExpertPlacement.hottestFirst(counts, 3, 2, 0).layers().get(0));
    assertEquals(
        List.of(List.of(1, 2), List.of(0), List.of(3)),
        ExpertPlacement.hottestFirst(counts, 3, 2, 0).layers().get(1));
    assertEquals(
        List.of(List.of(3), List.of(0, 1, 2), List.of(0, 1, 2)),
        ExpertPlacement.hottestFirst(counts, 3, 1, 1).layers().get(0));
    assertEquals(
        List.of(List.of(), List.of(0, 1, 2, 3)),
        ExpertPlacement.hottestFirst(counts, 2, 0, 0).layers().get(0));
    assertEquals(
        List.of(List.of(0, 1, 2, 3), List.of(), List.of()),
        ExpertPlacement.hottestFirst(counts, 3, 4, 0).layers().get(0));
  }

  private static ExpertCounts skewed(Skew skew) {
    ExpertShape shape = new ExpertShape("deepseek_v3", 256, List.of(3, 4));
    ExpertCounts counts = new ExpertCounts(shape);
    for (int layer : shape.layers()) {
      double[] loads = skew.loads(256, layer);
      counts.add(
          layer,
          IntStream.range(0, 256)
              .flatMap(expert -> IntStream.generate(() -> expert).limit((long) loads[expert]))
              .toArray());
    }
    return counts;
  }

  /** Each layer by its own counts; the balance is over both. */
  @Test
  void layersAreBalancedByTheirCounts() {
    ExpertCounts counts = skewed(Skew.LOGNORMAL_1);
    ExpertPlacement balanced = ExpertPlacement.balanced(counts, 16, 17, 8, 1);
    for (int i = 0; i < 2; i++) {
      assertEquals(ExpertBalance.balanced(counts.loads(3 + i), 16, 17), balanced.layers().get(i));
    }
    double contiguous = ExpertPlacement.contiguous(counts.shape(), 16).balance(counts);
    assertTrue(contiguous < 0.8 && balanced.balance(counts) > 0.95, "" + contiguous);
    ExpertCounts one = new ExpertCounts(SHAPE);
    one.add(1, new int[] {0, 0, 0, 2}); // mean 4/3, fullest 3
    one.add(3, new int[] {0, 0, 3}); // mean 1, fullest 2
    assertEquals((4 / 3.0 + 1) / (3 + 2), PLACEMENT.balance(one), 1e-12);
    assertEquals(1, PLACEMENT.balance(new ExpertCounts(SHAPE)));
  }

  @Test
  void anExpertLeftOutIsRefused() {
    refused("[ 1, 2 ]", "[ 1 ]", "layer 1", "leaves out expert 2");
    refused("[ 0, 1, 2, 3 ]", "[ 1, 2 ]", "layer 3", "leaves out expert 3");
  }

  @Test
  void aDeviceThatIsNotThereIsRefused() {
    refused(
        "\"2\" : [ 0 ]",
        "\"2\" : [ 0 ], \"3\" : [ 1 ]",
        "layer 3 names device 3",
        "3 devices, 0 to 2");
    refused("\"2\" : [ 0 ]", "\"cpu\" : [ 0 ]", "layer 3 has no device 2");
    refused("\"devices\" : 3", "\"devices\" : 4", "made for 4 devices, there are 3");
    refused("\"devices\" : 3", "\"devices\" : 2", "made for 2 devices, there are 3");
    refused("\"devices\" : 3", "\"devices\" : 0", "made for 0 devices, there are 3");
    refused("\"devices\" : 3,", "", "\"devices\" is nothing");
  }

  @Test
  void anExpertThatIsNotThereOrTwiceIsRefused() {
    refused("[ 1, 3 ]", "[ 1, 3, 4 ]", "layer 1", "expert 4", "device 2", "0 to 3");
    refused("[ 1, 3 ]", "[ 1, 3, 1 ]", "layer 1", "expert 1 twice on device 2");
    refused("[ 1, 3 ]", "[ 1, 3, -1 ]", "layer 1, device 2, an expert is -1");
    refused("[ 1, 3 ]", "[ 1, 3, 4294967297 ]", "layer 1", "device 2");
    refused("[ 1, 3 ]", "[ 1, [3] ]", "layer 1, device 2, an expert is [3]");
    refused("[ 1, 3 ]", "3", "layer 1, device 2, has no list");
  }

  @Test
  void aPlacementOfAnotherModelIsRefused() {
    refused("qwen3_moe", "deepseek_v3", "deepseek_v3", "qwen3_moe");
    refused("\"experts\" : 4", "\"experts\" : 3", "with 3 experts", "with 4 experts");
    refused("\"1\" : {", "\"2\" : {", "has no layer 1");
    refused("\"3\" : {", "\"5\" : {}, \"3\" : {", "names layer 5");
    refused("gatun-expert-placement", "gatun-expert-counts", "no gatun-expert-placement file");
  }

  @Test
  void listsThatAreNotForEachDeviceAreRefused() {
    List<List<Integer>> all = List.of(List.of(0, 1, 2, 3), List.of());
    expectUsage(() -> new ExpertPlacement(SHAPE, 3, List.of(all, all)), "layer 1 is for 2 devices");
    assertThrows(IllegalArgumentException.class, () -> new ExpertPlacement(SHAPE, 2, List.of(all)));
  }
}
