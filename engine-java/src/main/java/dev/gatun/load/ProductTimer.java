// ProductTimer: how long products take on a device, with weights of random bytes.
package dev.gatun.load;

import dev.gatun.device.Buffer;
import dev.gatun.device.DType;
import dev.gatun.device.Device;
import dev.gatun.device.PackedMatrix;
import dev.gatun.device.Recording;
import dev.gatun.graph.Crossover;
import dev.gatun.op.Exchanges;
import dev.gatun.op.GateUp;
import dev.gatun.op.Gated;
import dev.gatun.op.MatMul;
import dev.gatun.op.Op;
import dev.gatun.op.Operands;
import dev.gatun.op.Product;
import dev.gatun.op.Provider;
import dev.gatun.op.StepOperands;
import dev.gatun.op.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;

/**
 * Its memory suffices for the largest of the products it was made for. Not for experts. Weights are
 * read from one place after another, so that no cache still holds them.
 */
final class ProductTimer implements AutoCloseable {
  private static final int ROUNDS = 3;
  private static final int MOST_REPEATS = 50;
  private static final double ROUND_SECONDS = 2e-3;
  private static final int RANDOM_BYTES = 1 << 20;

  /** Twice the largest cache of a GPU. */
  private static final long MORE_THAN_CACHES = 256L << 20;

  private static final String PURPOSE = "timing products";

  private final Arena arena = Arena.ofShared();
  private final Device device;
  private final Buffer weights;
  private final Buffer x;
  private final Buffer first;
  private final Buffer second;
  private long next;

  /**
   * @param products each with the most rows that it will be timed with
   */
  ProductTimer(Device device, List<Product> products) {
    this.device = device;
    long bytes = MORE_THAN_CACHES;
    long inputs = 1;
    long outputs = 1;
    for (Product product : products) {
      long rows = product.x().rows();
      bytes = Math.max(bytes, product.weight().bytes());
      inputs = Math.max(inputs, DType.F32.bytes(rows * product.weight().cols()));
      outputs = Math.max(outputs, DType.F32.bytes(rows * product.weight().rows()));
    }
    weights = device.allocate(PURPOSE, bytes, arena);
    x = device.allocate(PURPOSE, inputs, arena);
    first = device.allocate(PURPOSE, outputs, arena);
    second = device.allocate(PURPOSE, outputs, arena);
    fill(weights);
    fill(x);
  }

  /** Zeros would be multiplied with less power than weights are, and so at a higher clock. */
  private void fill(Buffer buffer) {
    byte[] random = new byte[RANDOM_BYTES];
    new Random(1).nextBytes(random);
    MemorySegment bytes = arena.allocate(random.length).copyFrom(MemorySegment.ofArray(random));
    for (long at = 0; at < buffer.bytes(); at += random.length) {
      long count = Math.min(random.length, buffer.bytes() - at);
      device.upload(bytes.asSlice(0, count), buffer.slice(at, count));
    }
  }

  /**
   * Seconds of one product of {@code rows} rows, of both weights where it is gate and up.
   *
   * @param product with the activations that the kernels are given
   */
  double seconds(Product product, Provider provider, int rows) {
    List<Buffer> buffers = List.of(x, first, second);
    try (Arena structs = Arena.ofConfined()) {
      Operands operands =
          new Operands(
              structs,
              device.ops(),
              tensor -> buffers.get(tensor.id()),
              StepOperands.NONE,
              Exchanges.none(device));
      List<Runnable> calls =
          ops(product, provider, rows).stream().map(op -> op.bind(operands)).toList();
      return seconds(
          () -> {
            product.weights().forEach(this::bindNext);
            calls.forEach(Runnable::run);
          },
          device.records() && rows < Crossover.FEWEST);
    }
  }

  private static List<Op> ops(Product product, Provider provider, int rows) {
    PackedMatrix weight = product.weight();
    DType activations = provider == Provider.CUBLAS ? DType.BF16 : product.x().dtype();
    Tensor in = new Tensor(0, activations, rows, Math.toIntExact(weight.cols()));
    Tensor y = new Tensor(1, DType.F32, rows, Math.toIntExact(weight.rows()));
    if (!product.isGated()) {
      return List.of(new MatMul(weight, in, y, provider));
    }
    PackedMatrix up = product.weights().getLast();
    if (provider == Provider.KERNELS) {
      return List.of(new GateUp(weight, up, in, y));
    }
    Tensor z = new Tensor(2, DType.F32, y.rows(), y.cols());
    return List.of(
        new MatMul(weight, in, y, provider), new MatMul(up, in, z, provider), new Gated(y, z, y));
  }

  private void bindNext(PackedMatrix weight) {
    if (next + weight.bytes() > weights.bytes()) {
      next = 0;
    }
    weight.bind(weights.slice(next, weight.bytes()));
    next += weight.bytes();
  }

  /**
   * @param recorded as steps of so few tokens are: starting the kernels one by one takes longer
   *     than they do
   */
  private double seconds(Runnable call, boolean recorded) {
    time(call); // loads the kernels
    int repeats = Math.clamp((long) (ROUND_SECONDS / time(call)), 1, MOST_REPEATS);
    if (!recorded) {
      return best(() -> repeat(call, repeats)) / repeats;
    }
    try (Recording calls = device.record(() -> repeat(call, repeats))) {
      return best(calls::run) / repeats;
    }
  }

  private static void repeat(Runnable call, int times) {
    for (int i = 0; i < times; i++) {
      call.run();
    }
  }

  private double best(Runnable round) {
    double best = Double.POSITIVE_INFINITY;
    for (int i = 0; i < ROUNDS; i++) {
      best = Math.min(best, time(round));
    }
    return best;
  }

  private double time(Runnable call) {
    device.sync();
    long began = System.nanoTime();
    call.run();
    device.sync();
    return (System.nanoTime() - began) * 1e-9;
  }

  @Override
  public void close() {
    device.sync();
    arena.close();
  }
}
