// DeepSeekReference: DeepSeek-V3 and its layer of multi-token prediction in plain double precision.
package dev.gatun.engine;

import dev.gatun.verify.Oracle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Naive attention, a loop a formula, after transformers' modeling_deepseek_v3.py; the numbers are
 * those of the oracles' config.json.
 *
 * @param tensors of a folder, by name
 */
record DeepSeekReference(Map<String, Oracle.Stored> tensors) {
  private static final int HEADS = 4;
  private static final int LATENT = 64;
  private static final int NOPE = 32;
  private static final int ROPE = 16;
  private static final int VALUE = 32;
  private static final int EXPERTS = 16;
  private static final int PER_TOKEN = 4;
  private static final int GROUPS = 4;
  private static final int CHOSEN_GROUPS = 2;
  private static final double SCALE = 2.5;
  private static final double EPS = 1e-6;
  private static final double THETA = 1e4;
  private static final double FACTOR = 4;
  private static final double ORIGINAL = 32;
  private static final double BETA_FAST = 32;
  private static final int SIDE = 128;

  /**
   * The layer's logits of each token but the last.
   *
   * @param hidden of all tokens, behind the model's final norm
   * @param layer number of the layer
   */
  double[][] mtpLogits(int[] ids, double[][] hidden, int layer) {
    String prefix = "model.layers." + layer + ".";
    double[][] embedding = matrix(own(prefix + "embed_tokens.weight", "model.embed_tokens.weight"));
    double[][] x = new double[ids.length - 1][];
    for (int t = 0; t < x.length; t++) {
      double[] e = norm(embedding[ids[t + 1]], prefix + "enorm.weight");
      double[] h = norm(hidden[t], prefix + "hnorm.weight");
      double[] both = Arrays.copyOf(e, e.length + h.length);
      System.arraycopy(h, 0, both, e.length, h.length);
      x[t] = times(matrix(prefix + "eh_proj.weight"), both);
    }
    double[][] head = matrix(own(prefix + "shared_head.head.weight", "lm_head.weight"));
    return Arrays.stream(block(x, layer))
        .map(row -> times(head, norm(row, prefix + "shared_head.norm.weight")))
        .toArray(double[][]::new);
  }

  private String own(String name, String otherwise) {
    return tensors.containsKey(name) ? name : otherwise;
  }

  /** (tokens, vocab) of a model of {@code layers}. */
  double[][] logits(int[] ids, int layers) {
    double[][] embedding = matrix("model.embed_tokens.weight");
    double[][] x = Arrays.stream(ids).mapToObj(id -> embedding[id]).toArray(double[][]::new);
    for (int layer = 0; layer < layers; layer++) {
      x = block(x, layer);
    }
    double[][] head = matrix("lm_head.weight");
    return Arrays.stream(norms(x, "model.norm.weight"))
        .map(row -> times(head, row))
        .toArray(double[][]::new);
  }

  /** One layer; rows are tokens at positions 0 on. */
  double[][] block(double[][] x, int layer) {
    String prefix = "model.layers." + layer + ".";
    double[][] normed = norms(x, prefix + "input_layernorm.weight");
    double[][] y = sum(x, attention(normed, prefix + "self_attn."));
    double[][] fed = norms(y, prefix + "post_attention_layernorm.weight");
    return sum(
        y,
        Arrays.stream(fed).map(row -> feedForward(row, prefix + "mlp.")).toArray(double[][]::new));
  }

  private double[] feedForward(double[] x, String prefix) {
    return tensors.containsKey(prefix + "gate.weight") ? experts(x, prefix) : mlp(x, prefix);
  }

  private double[][] attention(double[][] x, String prefix) {
    double[][] queries = new double[x.length][];
    double[][] latents = new double[x.length][];
    double[][] turned = new double[x.length][];
    double[][] expand = matrix(prefix + "kv_b_proj.weight");
    for (int t = 0; t < x.length; t++) {
      double[] low = linear(x[t], prefix + "q_a_proj");
      queries[t] = linear(norm(low, prefix + "q_a_layernorm.weight"), prefix + "q_b_proj");
      double[] down = linear(x[t], prefix + "kv_a_proj_with_mqa");
      double[] latent = Arrays.copyOf(down, LATENT);
      latents[t] = times(expand, norm(latent, prefix + "kv_a_layernorm.weight"));
      turned[t] = turn(Arrays.copyOfRange(down, LATENT, LATENT + ROPE), t);
    }
    double[][] result = new double[x.length][];
    for (int t = 0; t < x.length; t++) {
      double[] heads = new double[HEADS * VALUE];
      for (int head = 0; head < HEADS; head++) {
        double[] weights = weights(queries[t], latents, turned, t, head);
        for (int past = 0; past <= t; past++) {
          for (int i = 0; i < VALUE; i++) {
            heads[head * VALUE + i] +=
                weights[past] * latents[past][head * (NOPE + VALUE) + NOPE + i];
          }
        }
      }
      result[t] = linear(heads, prefix + "o_proj");
    }
    return result;
  }

  /** A head's softmax over positions 0 to t. */
  private static double[] weights(
      double[] queries, double[][] latents, double[][] turned, int t, int head) {
    int at = head * (NOPE + ROPE);
    double[] turnedQuery = turn(Arrays.copyOfRange(queries, at + NOPE, at + NOPE + ROPE), t);
    double m = 0.1 * Math.log(FACTOR) + 1;
    double scale = m * m / Math.sqrt(NOPE + ROPE);
    double[] weights = new double[t + 1];
    for (int past = 0; past <= t; past++) {
      double dot = 0;
      for (int i = 0; i < NOPE; i++) {
        dot += queries[at + i] * latents[past][head * (NOPE + VALUE) + i];
      }
      for (int i = 0; i < ROPE; i++) {
        dot += turnedQuery[i] * turned[past][i];
      }
      weights[past] = Math.exp(scale * dot);
    }
    double total = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(w -> w / total).toArray();
  }

  /** Pairs of neighbours turned by YaRN's frequencies. */
  private static double[] turn(double[] x, int position) {
    double low = Math.max(0, Math.floor(pair(BETA_FAST)));
    double high = Math.min(ROPE - 1, Math.ceil(pair(1)));
    double[] y = new double[ROPE];
    for (int i = 0; i < ROPE / 2; i++) {
      double ramp = Math.clamp((i - low) / Math.max(high - low, 0.001), 0.0, 1.0);
      double frequency = Math.pow(THETA, -2.0 * i / ROPE) * (1 - ramp + ramp / FACTOR);
      double cos = Math.cos(position * frequency);
      double sin = Math.sin(position * frequency);
      y[2 * i] = x[2 * i] * cos - x[2 * i + 1] * sin;
      y[2 * i + 1] = x[2 * i + 1] * cos + x[2 * i] * sin;
    }
    return y;
  }

  /** The pair that turns so many times in the original context. */
  private static double pair(double turns) {
    return ROPE * Math.log(ORIGINAL / (turns * 2 * Math.PI)) / (2 * Math.log(THETA));
  }

  private double[] experts(double[] x, String prefix) {
    double[] scores = times(matrix(prefix + "gate.weight"), x);
    double[] bias = values(prefix + "gate.e_score_correction_bias");
    double[] ranks = new double[EXPERTS];
    for (int e = 0; e < EXPERTS; e++) {
      scores[e] = 1 / (1 + Math.exp(-scores[e]));
      ranks[e] = scores[e] + bias[e];
    }
    int each = EXPERTS / GROUPS;
    List<Integer> groups =
        best(
            GROUPS,
            CHOSEN_GROUPS,
            g -> twoBest(Arrays.copyOfRange(ranks, g * each, (g + 1) * each)));
    List<Integer> chosen =
        best(
            EXPERTS,
            PER_TOKEN,
            e -> groups.contains(e / each) ? ranks[e] : Double.NEGATIVE_INFINITY);
    double total = chosen.stream().mapToDouble(e -> scores[e]).sum();
    double[] y = mlp(x, prefix + "shared_experts.");
    for (int e : chosen) {
      double[] one = mlp(x, prefix + "experts." + e + ".");
      for (int i = 0; i < y.length; i++) {
        y[i] += SCALE * scores[e] / total * one[i];
      }
    }
    return y;
  }

  private static double twoBest(double[] ranks) {
    Arrays.sort(ranks);
    return ranks[ranks.length - 1] + ranks[ranks.length - 2];
  }

  private interface Rank {
    double of(int index);
  }

  private static List<Integer> best(int all, int count, Rank rank) {
    Comparator<Integer> descending = Comparator.comparingDouble(i -> -rank.of(i));
    return new ArrayList<>(IntStream.range(0, all).boxed().sorted(descending).toList())
        .subList(0, count);
  }

  private double[] mlp(double[] x, String prefix) {
    double[] gate = linear(x, prefix + "gate_proj");
    double[] up = linear(x, prefix + "up_proj");
    for (int i = 0; i < gate.length; i++) {
      gate[i] = gate[i] / (1 + Math.exp(-gate[i])) * up[i];
    }
    return linear(gate, prefix + "down_proj");
  }

  private double[][] norms(double[][] x, String weight) {
    return Arrays.stream(x).map(row -> norm(row, weight)).toArray(double[][]::new);
  }

  private double[] norm(double[] x, String weight) {
    double scale = 1 / Math.sqrt(Arrays.stream(x).map(v -> v * v).average().orElse(0) + EPS);
    double[] w = values(weight);
    return IntStream.range(0, x.length).mapToDouble(i -> x[i] * scale * w[i]).toArray();
  }

  private static double[][] sum(double[][] a, double[][] b) {
    double[][] y = new double[a.length][a[0].length];
    for (int row = 0; row < y.length; row++) {
      for (int i = 0; i < y[row].length; i++) {
        y[row][i] = a[row][i] + b[row][i];
      }
    }
    return y;
  }

  /** With the bias where there is one. */
  private double[] linear(double[] x, String name) {
    double[] y = times(matrix(name + ".weight"), x);
    if (tensors.containsKey(name + ".bias")) {
      double[] bias = values(name + ".bias");
      Arrays.setAll(y, i -> y[i] + bias[i]);
    }
    return y;
  }

  private static double[] times(double[][] weight, double[] x) {
    return Arrays.stream(weight)
        .mapToDouble(row -> IntStream.range(0, x.length).mapToDouble(i -> row[i] * x[i]).sum())
        .toArray();
  }

  private double[][] matrix(String name) {
    int cols = (int) tensors.get(name).shape()[1];
    double[] all = values(name);
    double[][] rows = new double[all.length / cols][];
    Arrays.setAll(rows, row -> Arrays.copyOfRange(all, row * cols, (row + 1) * cols));
    return rows;
  }

  private double[] values(String name) {
    Oracle.Stored tensor = tensors.get(name);
    ByteBuffer from = ByteBuffer.wrap(tensor.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    return switch (tensor.dtype()) {
      case "F32" -> doubles(tensor.bytes().length / 4, i -> from.getFloat(4 * i));
      case "BF16" ->
          doubles(tensor.bytes().length / 2, i -> Float.intBitsToFloat(from.getShort(2 * i) << 16));
      case "F8_E4M3" -> squares(name, tensor);
      default -> throw new IllegalArgumentException(name + " is " + tensor.dtype());
    };
  }

  private static double[] doubles(int count, Rank value) {
    return IntStream.range(0, count).mapToDouble(value::of).toArray();
  }

  private double[] squares(String name, Oracle.Stored tensor) {
    double[] scales = values(name + "_scale_inv");
    int cols = (int) tensor.shape()[1];
    int across = Math.ceilDiv(cols, SIDE);
    return doubles(
        tensor.bytes().length,
        i -> float8(tensor.bytes()[i]) * scales[i / cols / SIDE * across + i % cols / SIDE]);
  }

  private static double float8(byte code) {
    int exponent = code >> 3 & 15;
    double size = Math.scalb((exponent == 0 ? 0 : 8.0) + (code & 7), Math.max(exponent, 1) - 10);
    return code < 0 ? -size : size;
  }
}
