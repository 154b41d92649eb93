// Graph: the list of ops a model writes for one step.
package dev.gatun.graph;

import dev.gatun.device.DType;
import dev.gatun.device.EmbeddingTable;
import dev.gatun.device.FloatVector;
import dev.gatun.device.PackedMatrix;
import dev.gatun.device.RopeWeights;
import dev.gatun.op.AddBias;
import dev.gatun.op.AddRmsNorm;
import dev.gatun.op.Attention;
import dev.gatun.op.Embed;
import dev.gatun.op.GateUp;
import dev.gatun.op.Gated;
import dev.gatun.op.GatherRows;
import dev.gatun.op.HeadMatMul;
import dev.gatun.op.LatentStore;
import dev.gatun.op.MatMul;
import dev.gatun.op.Op;
import dev.gatun.op.Provider;
import dev.gatun.op.Qkv;
import dev.gatun.op.RmsNorm;
import dev.gatun.op.RopeStore;
import dev.gatun.op.RopeTable;
import dev.gatun.op.Rows;
import dev.gatun.op.Sample;
import dev.gatun.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Each method appends one op and returns what it writes; shapes follow from the inputs. */
public final class Graph {
  private final StepShape shape;
  private final Crossover crossover;
  private final Activations activations;
  private final ExpertOps experts;
  private final Transfers transfers = new Transfers(this);
  private List<Op> ops = new ArrayList<>();
  private List<Mark> marks = new ArrayList<>();
  private int tensors;

  /** A tensor whose content is of interest after op {@code op} (its index) has run. */
  public record Mark(String name, int op, Tensor tensor) {}

  /**
   * @param compute not AUTO
   * @param crossover what of integer compute is cuBLAS's, in bfloat16
   */
  public Graph(StepShape shape, Compute compute, Crossover crossover) {
    this.shape = shape;
    this.crossover = crossover;
    this.activations = new Activations(this, compute, crossover);
    this.experts = new ExpertOps(this, activations);
  }

  public StepShape shape() {
    return shape;
  }

  /** {@link StepShape#halves}; in one where cuBLAS computes products of some numbers of rows. */
  public List<Rows> halves() {
    return crossover.isNever() ? shape.halves() : List.of(shape.all());
  }

  /** What other ranks have a part in. */
  public Transfers transfers() {
    return transfers;
  }

  /** The ops over experts that each token chooses. */
  public ExpertOps experts() {
    return experts;
  }

  public List<Op> ops() {
    return ops;
  }

  /** Leaves out what need not be ops of their own. Nothing is appended after it. */
  public void fuse() {
    Fusion fusion = Fusion.of(ops, marks);
    ops = fusion.ops();
    marks = fusion.marks();
  }

  /** Number of tensors; their ids are 0 to this, exclusive, and some may be of no op. */
  int tensors() {
    return tensors;
  }

  /**
   * Names what {@code tensor} holds at this point, for whoever runs the graph with an observer.
   * Parts of a tensor have one name, and are marked in the order of their rows.
   */
  public void mark(String name, Tensor tensor) {
    marks.add(new Mark(name, ops.size() - 1, tensor));
  }

  public List<Mark> marks() {
    return marks;
  }

  /** (tokens, hidden): the rows of the table that the step's tokens name, or the next ones. */
  public Tensor embed(EmbeddingTable table, boolean next) {
    Tensor y = tensor(DType.F32, shape.tokens(), Math.toIntExact(table.cols()));
    ops.add(new Embed(table, next, y));
    return y;
  }

  public Tensor rmsNorm(Tensor x, FloatVector weight, float eps) {
    Tensor y = tensor(DType.F32, x.rows(), x.cols());
    ops.add(new RmsNorm(x, weight, eps, y, 0));
    return y;
  }

  /** (rows, cols of a and of b): the norms of both, side by side. */
  public Tensor rmsNorms(Tensor a, FloatVector weightA, Tensor b, FloatVector weightB, float eps) {
    Tensor y = tensor(DType.F32, a.rows(), a.cols() + b.cols());
    ops.add(new RmsNorm(a, weightA, eps, y, 0));
    ops.add(new RmsNorm(b, weightB, eps, y, a.cols()));
    return y;
  }

  /** Adds {@code delta} to {@code residual} in place; returns the norm of the sum. */
  public Tensor addRmsNorm(Tensor residual, Tensor delta, FloatVector weight, float eps) {
    Tensor y = like(residual);
    addRmsNorm(residual, delta, weight, eps, y);
    return y;
  }

  /** As the other, with the norm in {@code y}, some rows of {@link #like}'s tensor. */
  public void addRmsNorm(Tensor residual, Tensor delta, FloatVector weight, float eps, Tensor y) {
    ops.add(new AddRmsNorm(residual, delta, weight, eps, y));
  }

  /** A float32 tensor of the shape of {@code x}, for what is written part by part. */
  public Tensor like(Tensor x) {
    return tensor(DType.F32, x.rows(), x.cols());
  }

  /** The rows whose logits the step wants; {@code x} itself where it wants them all. */
  public Tensor logitRows(Tensor x) {
    if (shape.keepsAllRows()) {
      return x;
    }
    Tensor y = tensor(x.dtype(), shape.logitRows(), x.cols());
    ops.add(new GatherRows(x, y));
    return y;
  }

  /** (rows of x, rows of weight) = x * weight^T. */
  public Tensor matMul(PackedMatrix weight, Tensor x) {
    return multiply(weight, x, DType.A8);
  }

  /**
   * As {@link #matMul}, with 16-bit activations in int8 compute: for few outputs on which much
   * depends.
   */
  public Tensor fineMatMul(PackedMatrix weight, Tensor x) {
    return multiply(weight, x, DType.A16);
  }

  /**
   * The three products that attention begins with, with 16-bit activations in int8 compute: keys
   * and values are few, every later token reads them, and one input for all three is one op.
   */
  public Qkv.Heads qkv(PackedMatrix q, PackedMatrix k, PackedMatrix v, Tensor x) {
    Optional<Tensor> input = activations.shared(List.of(q, k, v), x, DType.A16);
    if (input.isEmpty()) {
      return new Qkv.Heads(fineMatMul(q, x), fineMatMul(k, x), fineMatMul(v, x));
    }
    Qkv.Heads y = new Qkv.Heads(product(q, x), product(k, x), product(v, x));
    ops.add(new Qkv(q, k, v, input.get(), y));
    return y;
  }

  /** Adds {@code bias} (cols) to each row of {@code x}, in place. */
  public void addBias(Tensor x, FloatVector bias) {
    ops.add(new AddBias(x, bias));
  }

  private Tensor product(PackedMatrix weight, Tensor x) {
    return tensor(DType.F32, x.rows(), Math.toIntExact(weight.rows()));
  }

  private Tensor multiply(PackedMatrix weight, Tensor x, DType asked) {
    return multiply(weight, x, asked, activations.provider(weight, x, asked, false));
  }

  private Tensor multiply(PackedMatrix weight, Tensor x, DType asked, Provider provider) {
    Tensor input = activations.input(weight, x, asked, provider);
    Tensor y = product(weight, x);
    ops.add(new MatMul(weight, input, y, provider));
    return y;
  }

  /** silu(x * gate^T) * (x * up^T). */
  public Tensor gateUp(PackedMatrix gate, PackedMatrix up, Tensor x) {
    Activations.requireOneType(gate, up);
    Tensor y = tensor(DType.F32, x.rows(), Math.toIntExact(gate.rows()));
    Provider provider = activations.provider(gate, x, DType.A8, true);
    if (provider == Provider.CUBLAS) {
      Tensor gates = multiply(gate, x, DType.A8, provider);
      ops.add(new Gated(gates, multiply(up, x, DType.A8, provider), y));
    } else {
      ops.add(new GateUp(gate, up, activations.input(gate, x, DType.A8, provider), y));
    }
    return y;
  }

  /** (tokens, dim) cosines and sines of the step's positions; invFreq (dim / 2) float32. */
  public Tensor ropeTable(FloatVector invFreq, int dim, float scale) {
    Tensor table = tensor(DType.F32, shape.tokens(), dim);
    ops.add(new RopeTable(invFreq, dim, scale, table));
    return table;
  }

  /** Turns q in place and stores k and v in the cache of index {@code cache}. */
  public void ropeStore(
      RopeWeights weights, Tensor table, Tensor q, Tensor k, Tensor v, int cache) {
    ops.add(new RopeStore(weights, table, q, k, v, cache));
  }

  /**
   * (tokens, heads * headDim): q against what is in the cache of index {@code cache}.
   *
   * @param table of the rows that q is of
   */
  public Tensor attention(Tensor q, Tensor table, int cache, float scale) {
    Tensor y = tensor(DType.F32, q.rows(), q.cols());
    ops.add(new Attention(q, table.span(), cache, scale, false, y));
    return y;
  }

  /**
   * Queries on latents, (tokens, heads * headDim) for heads of {@code weights} in a latent cache:
   * of each head of q, the first elements times its matrix of {@code keys} (heads, latent, nope),
   * and the last ones turned. Normalises, turns and stores kv (tokens, headDim) in the cache of
   * index {@code cache}.
   */
  public Tensor absorb(
      PackedMatrix keys, RopeWeights weights, Tensor table, Tensor q, Tensor kv, int cache) {
    int heads = keys.experts();
    Tensor absorbed = tensor(DType.F32, q.rows(), heads * kv.cols());
    ops.add(new LatentStore(weights, table, q, kv, absorbed, cache));
    headMatMul(keys, q, absorbed, true);
    return absorbed;
  }

  /**
   * (tokens, heads * latent): absorbed queries against the latent cache of index {@code cache}.
   *
   * @param table of the rows that they are of
   */
  public Tensor latentAttention(
      Tensor absorbed, Tensor table, int cache, int heads, int latent, float scale) {
    Tensor y = tensor(DType.F32, absorbed.rows(), heads * latent);
    ops.add(new Attention(absorbed, table.span(), cache, scale, activations.integers(), y));
    return y;
  }

  /** (tokens, heads * rows): each head of x, of cols elements, times its matrix (rows, cols). */
  public Tensor headMatMul(PackedMatrix weight, Tensor x) {
    Tensor y = tensor(DType.F32, x.rows(), Math.toIntExact(weight.experts() * weight.rows()));
    headMatMul(weight, x, y, false);
    return y;
  }

  private void headMatMul(PackedMatrix weight, Tensor x, Tensor y, boolean kept) {
    // Blocks of quantised activations must not reach over the end of a head.
    boolean whole = x.cols() / weight.experts() % DType.A16.blockSize() == 0;
    Tensor input = whole ? activations.input(weight, x, DType.A16, Provider.KERNELS) : x;
    ops.add(new HeadMatMul(weight, input, y, kept));
  }

  /** Draws a token from each row of logits, and leaves it where {@link #embed} may read it. */
  public void sample(Tensor logits) {
    ops.add(new Sample(logits));
  }

  void append(Op op) {
    ops.add(op);
  }

  Tensor tensor(DType dtype, int rows, int cols) {
    return new Tensor(tensors++, dtype, rows, cols);
  }
}
