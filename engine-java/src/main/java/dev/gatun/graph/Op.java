// Op: the sealed list of what a graph can do; one record an op of the contract.
package dev.gatun.graph;

import dev.gatun.device.EmbeddingTable;
import dev.gatun.device.FloatVector;
import dev.gatun.device.IntVector;
import dev.gatun.device.PackedMatrix;
import dev.gatun.device.RopeWeights;
import java.util.List;

/**
 * Shapes and formulas of each op are in kernels.h under its name there: {@code MatMul} is {@code
 * gk_mat_mul}.
 */
public sealed interface Op {

  /** Tensors whose content the op needs. */
  List<Tensor> reads();

  /** Tensors the op writes; one that is also read is changed in place. */
  List<Tensor> writes();

  /** Bytes of weights the op reads for the step's tokens: its cost where memory is the limit. */
  default long weightBytes() {
    return 0;
  }

  /** An op of one input and one output. */
  sealed interface OneToOne extends Op {
    Tensor x();

    Tensor y();

    @Override
    default List<Tensor> reads() {
      return List.of(x());
    }

    @Override
    default List<Tensor> writes() {
      return List.of(y());
    }
  }

  record Embed(EmbeddingTable table, Tensor y) implements Op {
    public List<Tensor> reads() {
      return List.of();
    }

    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  record RmsNorm(Tensor x, FloatVector weight, float eps, Tensor y) implements OneToOne {}

  record AddRmsNorm(Tensor residual, Tensor delta, FloatVector weight, float eps, Tensor y)
      implements Op {
    public List<Tensor> reads() {
      return List.of(residual, delta);
    }

    public List<Tensor> writes() {
      return List.of(residual, y);
    }
  }

  /** Keeps the rows of {@code x} whose logits the step wants. */
  record GatherRows(Tensor x, Tensor y) implements OneToOne {}

  record GatherCols(Tensor x, IntVector order, Tensor y) implements OneToOne {}

  record Quantize(Tensor x, Tensor y) implements OneToOne {}

  record MatMul(PackedMatrix weight, Tensor x, Tensor y) implements OneToOne {
    @Override
    public long weightBytes() {
      return weight.bytes();
    }
  }

  record Qkv(PackedMatrix q, PackedMatrix k, PackedMatrix v, Tensor x, Graph.Heads y)
      implements Op {
    public List<Tensor> reads() {
      return List.of(x);
    }

    public List<Tensor> writes() {
      return List.of(y.q(), y.k(), y.v());
    }

    @Override
    public long weightBytes() {
      return q.bytes() + k.bytes() + v.bytes();
    }
  }

  record GateUp(PackedMatrix gate, PackedMatrix up, Tensor x, Tensor y) implements OneToOne {
    @Override
    public long weightBytes() {
      return gate.bytes() + up.bytes();
    }
  }

  /** silu(gate) * up, of products that are there. */
  record Gated(Tensor gate, Tensor up, Tensor y) implements Op {
    public List<Tensor> reads() {
      return List.of(gate, up);
    }

    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /** {@code table} (tokens, dim): cosines, then sines. */
  record RopeTable(FloatVector invFreq, int dim, float scale, Tensor table) implements Op {
    public List<Tensor> reads() {
      return List.of();
    }

    public List<Tensor> writes() {
      return List.of(table);
    }
  }

  /** Changes {@code q} in place and writes the cache of {@code layer}. */
  record RopeStore(RopeWeights weights, Tensor table, Tensor q, Tensor k, Tensor v, int layer)
      implements Op {
    public List<Tensor> reads() {
      return List.of(table, q, k, v);
    }

    public List<Tensor> writes() {
      return List.of(q);
    }
  }

  record Attention(Tensor q, int layer, float scale, Tensor y) implements Op {
    public List<Tensor> reads() {
      return List.of(q);
    }

    public List<Tensor> writes() {
      return List.of(y);
    }
  }

  /**
   * Draws a token from each row, into {@link StepInputs#drawn}, where the next step may read it.
   */
  record Sample(Tensor logits) implements Op {
    public List<Tensor> reads() {
      return List.of(logits);
    }

    public List<Tensor> writes() {
      return List.of();
    }
  }

  record Route(Tensor logits, boolean normalize, Tensor ids, Tensor weights) implements Op {
    public List<Tensor> reads() {
      return List.of(logits);
    }

    public List<Tensor> writes() {
      return List.of(ids, weights);
    }
  }

  record ExpertGateUp(PackedMatrix gate, PackedMatrix up, Tensor x, Tensor ids, Tensor y)
      implements Op {
    public List<Tensor> reads() {
      return List.of(x, ids);
    }

    public List<Tensor> writes() {
      return List.of(y);
    }

    @Override
    public long weightBytes() {
      return (gate.expertBytes() + up.expertBytes()) * Math.min(gate.experts(), y.rows());
    }
  }

  record ExpertDown(PackedMatrix down, Tensor h, Tensor ids, Tensor weights, Tensor y)
      implements Op {
    public List<Tensor> reads() {
      return List.of(h, ids, weights);
    }

    public List<Tensor> writes() {
      return List.of(y);
    }

    @Override
    public long weightBytes() {
      return down.expertBytes() * Math.min(down.experts(), h.rows());
    }
  }
}
