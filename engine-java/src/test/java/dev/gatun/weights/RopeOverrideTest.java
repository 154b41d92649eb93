// RopeOverrideTest: what --rope-scaling makes of a model's positions.
package dev.gatun.weights;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.gatun.refusal.Refusal;
import dev.gatun.weights.RopeOverride.Kind;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RopeOverrideTest {
  private static final ModelConfig QWQ = SyntheticSpec.parse("qwq-32b").config();
  private static final ModelConfig SMALL = SyntheticSpec.parse("qwen2.5-0.5b").config();

  // QwQ's file states 40,960 tokens; its makers' recipe is 4 times 32,768.
  @Test
  void yarnOnQwqFollowsItsMakersRecipe() {
    ModelConfig config = yarn(Optional.empty(), Optional.empty()).apply(QWQ);
    Scaling.Yarn yarn = assertInstanceOf(Scaling.Yarn.class, config.rope().scaling());
    assertEquals(4, yarn.factor());
    assertEquals(32_768, yarn.originalContext());
    assertEquals(131_072, config.contextLength());
    assertEquals("YaRN, factor 4 of 32768 tokens", RopeOverride.described(config));
  }

  @Test
  void anOriginalLengthThatIsGivenWins() {
    ModelConfig config = yarn(Optional.of(2.0), Optional.of(40_960)).apply(QWQ);
    Scaling.Yarn yarn = assertInstanceOf(Scaling.Yarn.class, config.rope().scaling());
    assertEquals(40_960, yarn.originalContext());
    assertEquals(81_920, config.contextLength());
  }

  @Test
  void aModelThatStatesWhatItWasTrainedOnIsScaledFromThere() {
    assertEquals(131_072, yarn(Optional.empty(), Optional.empty()).apply(SMALL).contextLength());
    ModelConfig linear =
        new RopeOverride(Optional.of(Kind.LINEAR), Optional.of(2.0), Optional.empty()).apply(SMALL);
    assertEquals(65_536, linear.contextLength());
    assertEquals(new Scaling.Linear(2), linear.rope().scaling());
  }

  @Test
  void noneTakesAFilesYarnAway() {
    ModelConfig extended = yarn(Optional.empty(), Optional.empty()).apply(QWQ);
    ModelConfig plain =
        new RopeOverride(Optional.of(Kind.NONE), Optional.empty(), Optional.empty())
            .apply(extended);
    assertEquals(new Scaling.None(), plain.rope().scaling());
    assertEquals(32_768, plain.contextLength());
  }

  @Test
  void aFilesYarnKeepsItsNumbersWhereNoneAreGiven() {
    ModelConfig extended = yarn(Optional.of(2.0), Optional.of(32_768)).apply(QWQ);
    assertEquals(extended, yarn(Optional.empty(), Optional.empty()).apply(extended));
  }

  @Test
  void withoutFlagsNothingChanges() {
    assertEquals(QWQ, RopeOverride.NOTHING.apply(QWQ));
  }

  @Test
  void theRemedyNamesTheExactFlags() {
    assertEquals(
        Optional.of("--rope-scaling yarn --rope-scale 4 --yarn-orig-ctx 32768"),
        RopeOverride.flagsFor(QWQ, 131_072));
    assertEquals(
        Optional.of("--rope-scaling yarn --rope-scale 2 --yarn-orig-ctx 32768"),
        RopeOverride.flagsFor(QWQ, 40_961));
    assertEquals(Optional.empty(), RopeOverride.flagsFor(QWQ, 131_073));
  }

  @Test
  void contradictionsAreRefused() {
    Optional<Double> two = Optional.of(2.0);
    Optional<Integer> context = Optional.of(32_768);
    for (Runnable contradiction :
        List.<Runnable>of(
            () -> new RopeOverride(Optional.empty(), two, Optional.empty()),
            () -> new RopeOverride(Optional.empty(), Optional.empty(), context),
            () -> new RopeOverride(Optional.of(Kind.LINEAR), two, context),
            () -> new RopeOverride(Optional.of(Kind.LINEAR), Optional.empty(), Optional.empty()),
            () -> new RopeOverride(Optional.of(Kind.NONE), two, Optional.empty()),
            () -> yarn(Optional.of(0.5), Optional.empty()),
            () -> yarn(Optional.of(Double.NaN), Optional.empty()),
            () -> yarn(Optional.empty(), Optional.of(0)))) {
      Refusal refusal = assertThrows(Refusal.class, contradiction::run);
      assertEquals(Refusal.Reason.USAGE, refusal.reason());
      assertTrue(refusal.getMessage().contains("--"), refusal.getMessage());
    }
  }

  private static RopeOverride yarn(Optional<Double> factor, Optional<Integer> original) {
    return new RopeOverride(Optional.of(Kind.YARN), factor, original);
  }
}
