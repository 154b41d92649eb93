// Skew: loads of a layer's experts as uneven as models are thought to have them.
package dev.gatun.shard;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Whole numbers, as counts are; about a million in all. */
enum Skew {
  LOGNORMAL_HALF,
  LOGNORMAL_1,
  /** The expert of rank r has a share of r to the power of -0.8; the ranks are shuffled. */
  ZIPF;

  private static final double CHOICES = 1e6;

  double[] loads(int experts, int seed) {
    Random random = new Random(seed); // the Javadoc fixes its algorithm
    double[] loads =
        switch (this) {
          case LOGNORMAL_HALF -> lognormal(0.5, experts, random);
          case LOGNORMAL_1 -> lognormal(1, experts, random);
          case ZIPF -> zipf(experts, random);
        };
    double sum = Arrays.stream(loads).sum();
    return Arrays.stream(loads).map(load -> Math.rint(load / sum * CHOICES)).toArray();
  }

  private static double[] lognormal(double sigma, int experts, Random random) {
    return IntStream.range(0, experts)
        .mapToDouble(expert -> StrictMath.exp(sigma * random.nextGaussian()))
        .toArray();
  }

  private static double[] zipf(int experts, Random random) {
    List<Integer> ranks =
        IntStream.rangeClosed(1, experts).boxed().collect(Collectors.toCollection(ArrayList::new));
    Collections.shuffle(ranks, random);
    return ranks.stream().mapToDouble(rank -> StrictMath.pow(rank, -0.8)).toArray();
  }
}
