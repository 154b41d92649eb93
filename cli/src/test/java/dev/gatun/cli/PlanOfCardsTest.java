// PlanOfCardsTest: what a plan predicts of cards, and how it divides a model without experts.
package dev.gatun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class PlanOfCardsTest {
  private static Cli.Result plan(String name, String vram, String... more) {
    List<String> args = new ArrayList<>(List.of("plan", "--synthetic", name, "--vram", vram));
    args.addAll(List.of(more));
    return Cli.terminal().run(args.toArray(String[]::new));
  }

  @Test
  void tokensASecondFollowFromTheBandwidthsThatAreNamed() {
    String none = plan("qwq-32b:type=q4_k_m", "2x24G").succeeded();
    assertTrue(
        none.contains("\n  tokens/s are predicted with each device's bandwidth: 24G@1008G\n"));
    assertFalse(none.contains("at most"), none);
    double one = tokensASecond("qwq-32b:type=q4_k_m", "24G@1008G");
    double faster = tokensASecond("qwq-32b:type=q4_k_m", "24G@2.016TB/s");
    // What is printed has two digits behind the point.
    assertEquals(2 * one, faster, 0.02);
    double divided = tokensASecond("qwq-32b:type=q4_k_m", "2x24G@1008G", "-sm", "tensor");
    double inTurn = tokensASecond("qwq-32b:type=q4_k_m", "2x24G@1008G", "-sm", "layer");
    assertEquals(one, inTurn, 0.02);
    assertEquals(2 * one, divided, 1);
    double hybrid = tokensASecond("qwen3-30b-a3b:type=q4_k_m", "12G@1008G,host:64GiB@80G");
    double slow = tokensASecond("qwen3-30b-a3b:type=q4_k_m", "12G@1008G,host:64GiB@40G");
    assertTrue(slow < hybrid && hybrid < 2 * slow, slow + ", " + hybrid);
  }

  private static double tokensASecond(String name, String vram, String... more) {
    String out = plan(name, vram, more).succeeded();
    Matcher matcher =
        Pattern.compile("at most ([0-9.]+) tokens/s \\(counted, not measured\\)").matcher(out);
    assertTrue(matcher.find(), out);
    return Double.parseDouble(matcher.group(1));
  }

  @Test
  void aModelWithoutExpertsGoesByLayersOverACardAndItsHost() {
    Cli.Result result = plan("qwq-32b:type=q4_k_m", "12G,host:64GiB");
    assertEquals(
        "", result.succeeded().lines().filter(l -> l.contains("hybrid")).findAny().orElse(""));
    assertEquals(
        "the model has no experts: each device has whole layers (-sm layer)", result.err().strip());
    assertTrue(result.out().contains("2 devices, whole layers on each (-sm layer)"), result.out());
    assertEquals("", plan("qwen3-30b-a3b:type=q4_k_m", "12G,host:64GiB").err());
    assertEquals(2, plan("qwq-32b", "12G,host:64GiB", "-sm", "hybrid").exitCode());
  }
}
