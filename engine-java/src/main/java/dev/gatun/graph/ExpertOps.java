// ExpertOps: the ops of a graph over experts that each token chooses.
package dev.gatun.graph;

import dev.gatun.device.DType;
import dev.gatun.device.IntVector;
import dev.gatun.device.PackedMatrix;
import dev.gatun.device.RouterWeights;
import dev.gatun.op.ExpertCombine;
import dev.gatun.op.ExpertDown;
import dev.gatun.op.ExpertGateUp;
import dev.gatun.op.LocalExperts;
import dev.gatun.op.Provider;
import dev.gatun.op.Route;
import dev.gatun.op.Tensor;
import java.util.Optional;

/** Each method appends one op and returns what it writes, as those of {@link Graph} do. */
public final class ExpertOps {
  private final Graph graph;
  private final Activations activations;

  ExpertOps(Graph graph, Activations activations) {
    this.graph = graph;
    this.activations = activations;
  }

  /** The experts of {@code layer} that each token takes, and their weights; (tokens, perToken). */
  public Routing route(int layer, RouterWeights router, Tensor logits, int perToken) {
    Tensor ids = graph.tensor(DType.I32, logits.rows(), perToken);
    Tensor weights = graph.tensor(DType.F32, logits.rows(), perToken);
    graph.append(new Route(layer, router, logits, ids, weights));
    return new Routing(ids, weights);
  }

  /** The chosen experts as places in this device's stack, -1 for those it lacks. */
  public Tensor local(Tensor ids, IntVector table, int copies) {
    Tensor local = graph.tensor(DType.I32, ids.rows(), ids.cols());
    graph.append(new LocalExperts(ids, table, copies, local));
    return local;
  }

  /** What {@link #route} returns. */
  public record Routing(Tensor ids, Tensor weights) {}

  /** (tokens * perToken, ff). */
  public Tensor gateUp(PackedMatrix gate, PackedMatrix up, Tensor x, Tensor ids) {
    Activations.requireOneType(gate, up);
    Tensor input = activations.input(gate, x, DType.A8, Provider.KERNELS);
    int rows = x.rows() * ids.cols();
    Tensor y = graph.tensor(DType.F32, rows, Math.toIntExact(gate.rows()));
    graph.append(new ExpertGateUp(gate, up, input, ids, y));
    return y;
  }

  /** (tokens * perToken, hidden). */
  public Tensor down(PackedMatrix down, Tensor h, Tensor ids) {
    Tensor input = activations.input(down, h, DType.A8, Provider.KERNELS);
    Tensor y = graph.tensor(DType.F32, h.rows(), Math.toIntExact(down.rows()));
    graph.append(new ExpertDown(down, input, ids, y));
    return y;
  }

  /** (tokens, hidden): the weighted sum over each token's experts, and {@code shared}. */
  public Tensor combine(Tensor x, Routing routing, Optional<Tensor> shared) {
    Tensor y = graph.tensor(DType.F32, routing.ids().rows(), x.cols());
    graph.append(new ExpertCombine(x, routing.weights(), shared, y));
    return y;
  }
}
