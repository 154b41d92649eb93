// ExpertCounts: how often each expert of each layer was chosen.
package dev.gatun.shard;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gatun.refusal.Refusal;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.LongStream;

/** For one thread; others count for themselves and are merged. */
public final class ExpertCounts {
  private static final String FORMAT = "gatun-expert-counts";

  private final ExpertShape shape;
  private final long[][] counts;
  private long tokens;

  /** Nothing counted yet. */
  public ExpertCounts(ExpertShape shape) {
    this.shape = shape;
    this.counts = new long[shape.layers().size()][shape.experts()];
  }

  public ExpertShape shape() {
    return shape;
  }

  /** Tokens that were counted. */
  public long tokens() {
    return tokens;
  }

  /** Says that the experts of {@code more} tokens, at least 0, have been or will be added. */
  public void addTokens(long more) {
    if (more < 0) {
      throw new IllegalArgumentException(more + " tokens");
    }
    tokens = sum(tokens, more, "the tokens");
  }

  /**
   * @param layer of the model
   * @param experts chosen by the tokens of a step, in any order; rows that only pad a step are not
   *     among them
   */
  public void add(int layer, int[] experts) {
    long[] row = counts[shape.index(layer)];
    for (int expert : experts) {
      row[expert]++;
    }
  }

  /** All of it as numbers: tokens, then the experts of each layer. */
  public long[] numbers() {
    return LongStream.concat(
            LongStream.of(tokens), Arrays.stream(counts).flatMapToLong(Arrays::stream))
        .toArray();
  }

  /** What {@link #numbers} of a shape says. */
  public static ExpertCounts of(ExpertShape shape, long[] numbers) {
    ExpertCounts made = new ExpertCounts(shape);
    made.tokens = numbers[0];
    for (int row = 0; row < made.counts.length; row++) {
      System.arraycopy(numbers, 1 + row * shape.experts(), made.counts[row], 0, shape.experts());
    }
    return made;
  }

  /** Adds what another has counted, of the same shape. */
  public void merge(ExpertCounts other) {
    if (!shape.equals(other.shape)) {
      throw Refusal.usage(
          "counts of " + other.shape.words() + " are no counts of " + shape.words(),
          "merge counts of one model");
    }
    for (int layer : shape.layers()) {
      long[] row = counts[shape.index(layer)];
      long[] more = other.counts[shape.index(layer)];
      for (int expert = 0; expert < row.length; expert++) {
        row[expert] =
            sum(row[expert], more[expert], "the counts of layer " + layer + ", expert " + expert);
      }
    }
    tokens = sum(tokens, other.tokens, "the tokens");
  }

  private static long sum(long a, long b, String what) {
    if (a > Long.MAX_VALUE - b) {
      throw Refusal.usage(
          what + " add up to more than " + Long.MAX_VALUE, "begin a new file of counts");
    }
    return a + b;
  }

  public long count(int layer, int expert) {
    return counts[shape.index(layer)][expert];
  }

  /** The counts of a layer's experts, as {@link ExpertBalance} takes them. */
  public double[] loads(int layer) {
    return Arrays.stream(counts[shape.index(layer)]).asDoubleStream().toArray();
  }

  /**
   * Counts that {@link #write} wrote for {@code model}. Refusal where the file is something else,
   * damaged, or of a model of another shape.
   */
  public static ExpertCounts read(Path path, ExpertShape model) {
    JsonFile file = new JsonFile(path, FORMAT);
    return read(file, file.read(model), model);
  }

  /** As {@link #read(Path, ExpertShape)}, of whatever model. */
  public static ExpertCounts read(Path path) {
    JsonFile file = new JsonFile(path, FORMAT);
    JsonNode root = file.root();
    return read(file, root, file.shape(root));
  }

  private static ExpertCounts read(JsonFile file, JsonNode root, ExpertShape shape) {
    ExpertCounts read = new ExpertCounts(shape);
    read.tokens = file.field(root, "tokens");
    for (int layer : shape.layers()) {
      JsonNode row = root.path("layers").path(String.valueOf(layer));
      if (!row.isArray() || row.size() != shape.experts()) {
        throw file.wrong(
            "layer " + layer + " has " + row.size() + " counts",
            "expected a list of " + shape.experts() + ", one for each expert");
      }
      for (int expert = 0; expert < shape.experts(); expert++) {
        read.counts[shape.index(layer)][expert] =
            file.integer(row.get(expert), "layer " + layer + ", expert " + expert + ",");
      }
    }
    return read;
  }

  /**
   * Refuses what {@link #write} would refuse to write over: a folder, or a file that holds no
   * counts. To be asked before anything is counted.
   */
  public static void checkTarget(Path path) {
    new JsonFile(path, FORMAT).checkTarget();
  }

  /**
   * Writes a JSON file: what was counted, and a line for each layer. It appears when it is whole.
   */
  public void write(Path path) {
    JsonFile file = new JsonFile(path, FORMAT);
    ObjectNode root = file.begin(shape).put("tokens", tokens);
    ObjectNode layers = root.putObject("layers");
    for (int layer : shape.layers()) {
      ArrayNode row = layers.putArray(String.valueOf(layer));
      Arrays.stream(counts[shape.index(layer)]).forEach(row::add);
    }
    file.write(root);
  }
}
