// ExpertCountsTest: what was counted comes back from a file as it was, and nothing else does.
package dev.gatun.shard;

import static dev.gatun.shard.ExpertFiles.SHAPE;
import static dev.gatun.shard.ExpertFiles.assertHolds;
import static dev.gatun.shard.ExpertFiles.expect;
import static dev.gatun.shard.ExpertFiles.expectUsage;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.gatun.refusal.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpertCountsTest {
  private static final String TEXT =
      """
      {
        "format" : "gatun-expert-counts",
        "version" : 1,
        "architecture" : "qwen3_moe",
        "experts" : 4,
        "tokens" : 3,
        "layers" : {
          "1" : [ 1, 3, 0, 2 ],
          "3" : [ 0, 0, 1, 0 ]
        }
      }
      """;

  @TempDir Path folder;

  private static ExpertCounts counted() {
    ExpertCounts counts = new ExpertCounts(SHAPE);
    counts.addTokens(2);
    counts.add(1, new int[] {3, 1, 1, 0});
    counts.addTokens(1);
    counts.add(1, new int[] {1, 3});
    counts.add(3, new int[] {2});
    return counts;
  }

  private Path file(String text) {
    Path file = folder.resolve("counts.json");
    ExpertFiles.write(file, text);
    return file;
  }

  private void refused(String from, String to, String... words) {
    String changed = TEXT.replace(from, to);
    expectUsage(() -> ExpertCounts.read(file(changed), SHAPE), words);
    expectUsage(() -> ExpertCounts.read(file(changed), SHAPE), "counts.json': ");
  }

  @Test
  void countsByLayerAndExpert() {
    ExpertCounts counts = counted();
    assertEquals(3, counts.tokens());
    assertArrayEquals(new double[] {1, 3, 0, 2}, counts.loads(1));
    assertArrayEquals(new double[] {0, 0, 1, 0}, counts.loads(3));
    assertEquals(2, counts.count(1, 3));
    assertThrows(IllegalArgumentException.class, () -> counts.add(2, new int[] {0}));
    assertThrows(IndexOutOfBoundsException.class, () -> counts.add(1, new int[] {4}));
  }

  @Test
  void mergesWhatOthersCounted() {
    ExpertCounts counts = counted();
    counts.merge(counted());
    assertEquals(6, counts.tokens());
    assertArrayEquals(new double[] {2, 6, 0, 4}, counts.loads(1));
    ExpertShape other = new ExpertShape("qwen3_moe", 4, List.of(1, 2));
    expectUsage(() -> counts.merge(new ExpertCounts(other)), "layers, 1 to 2", "layers, 1 to 3");
  }

  @Test
  void aFileHoldsALineForEachLayer() throws IOException {
    Path file = folder.resolve("counts.json");
    counted().write(file);
    assertEquals(TEXT, Files.readString(file));
    ExpertCounts read = ExpertCounts.read(file, SHAPE);
    read.merge(counted());
    read.write(file); // over its own kind
    assertArrayEquals(new double[] {2, 6, 0, 4}, ExpertCounts.read(file, SHAPE).loads(1));
    assertEquals(6, ExpertCounts.read(file, SHAPE).tokens());
    assertHolds(folder, "counts.json");
  }

  @Test
  void sumsPastALongAreRefused() {
    String most = TEXT.replace("[ 0, 0, 1, 0 ]", "[ 0, 0, " + Long.MAX_VALUE + ", 0 ]");
    ExpertCounts counts = ExpertCounts.read(file(most), SHAPE);
    expectUsage(() -> counts.merge(counted()), "layer 3, expert 2", "" + Long.MAX_VALUE);
    counts.addTokens(Long.MAX_VALUE - 3);
    expectUsage(() -> counts.addTokens(1), "the tokens");
  }

  @Test
  void countsOfAnotherModelAreRefused() {
    refused("qwen3_moe", "deepseek_v3", "made for deepseek_v3 with 4 experts", "qwen3_moe with 4");
    refused("\"experts\" : 4", "\"experts\" : 5", "with 5 experts", "with 4 experts in 2 layers");
    refused("\"3\" :", "\"2\" :", "has no layer 3");
    refused("\"1\" :", "\"0\" : [], \"1\" :", "names layer 0", "expected 2 layers, 1 to 3");
    refused("0, 0, 1, 0", "0, 0, 1", "layer 3 has 3 counts", "4");
  }

  @Test
  void whatIsNoCountIsRefused() {
    refused("3, 0, 2", "-3, 0, 2", "layer 1, expert 1, is -3", "from 0");
    refused("3, 0, 2", "3.5, 0, 2", "layer 1, expert 1, is 3.5");
    refused("3, 0, 2", "\"3\", 0, 2", "layer 1, expert 1, is \"3\"");
    refused("3, 0, 2", "9223372036854775808, 0, 2", "layer 1, expert 1, is 9223372036854775808");
    refused("\"tokens\" : 3", "\"tokens\" : -1", "\"tokens\" is -1");
    refused("\"tokens\" : 3,", "", "\"tokens\" is nothing");
    refused("[ 1, 3, 0, 2 ]", "{}", "layer 1 has 0 counts");
  }

  @Test
  void whatIsNoFileOfCountsIsRefused() {
    refused("gatun-expert-counts", "gatun-expert-placement", "no gatun-expert-counts file");
    refused("\"version\" : 1", "\"version\" : 2", "version 2", "expected 1");
    refused("\"version\" : 1", "\"version\" : 1.5", "\"version\" is 1.5");
    refused("\"3\" :", "\"1\" :", "no valid JSON", "Duplicate");
    refused("\"3\" :", "\"" + "x".repeat(9999) + "\" : [], \"3\" :", "names layer xxx");
    refused(TEXT, "", "no gatun-expert-counts file");
    refused(TEXT, "[1]", "no gatun-expert-counts file");
    refused(TEXT, TEXT + "{}", "no valid JSON");
    refused(TEXT, TEXT.substring(0, TEXT.length() / 2), "no valid JSON");
    refused(TEXT, "[".repeat(100_000), "no valid JSON");
    refused(TEXT, " ".repeat((32 << 20) + 1), "more than 32 MiB");
    refused("\"layers\" : {", "\"layer\" : {", "no object of layers");
    expect(
        Refusal.Reason.IO,
        () -> ExpertCounts.read(folder.resolve("none.json"), SHAPE),
        "cannot read",
        "no such file");
  }

  @Test
  void nothingElseIsWrittenOver() throws IOException {
    Path model = folder.resolve("model.gguf");
    Files.writeString(model, "GGUF");
    expectUsage(() -> counted().write(model), "model.gguf");
    expectUsage(() -> ExpertCounts.checkTarget(model), "model.gguf");
    expectUsage(() -> ExpertCounts.checkTarget(folder), "is a folder");
    expectUsage(() -> ExpertCounts.checkTarget(Path.of("/dev/null")), "no file that can be");
    assertEquals("GGUF", Files.readString(model));
    ExpertCounts.checkTarget(file(TEXT));
    ExpertCounts.checkTarget(folder.resolve("new.json"));
    expect(
        Refusal.Reason.IO, () -> counted().write(folder.resolve("none/new.json")), "cannot write");
    assertHolds(folder, "counts.json", "model.gguf");
  }
}
