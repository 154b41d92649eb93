// Ops: one checked method for each op of the contract.
package dev.gatun.device;

import dev.gatun.bindings.Kernels;
import dev.gatun.bindings.gk_tensor;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * The ops of one device's queue. Arguments are the structs of {@link Structs}; shapes are stated in
 * kernels.h and checked there. A product whose activations are BF16 is NVIDIA's library's ({@link
 * Device#openGemm}). Used by one thread at a time.
 */
public final class Ops {
  private final MemorySegment queue;
  private final boolean syncEach;
  private Optional<UnpackedProducts> unpacked = Optional.empty();

  /**
   * @param syncEach waits after each op, so that its faults are told with its name
   */
  Ops(MemorySegment queue, boolean syncEach) {
    this.queue = queue;
    this.syncEach = syncEach;
  }

  void multiplyBy(UnpackedProducts products) {
    unpacked = Optional.of(products);
  }

  private void check(int status, String op) {
    Library.check(status, op);
    if (syncEach) {
      Library.check(Kernels.gk_queue_sync(queue), op);
    }
  }

  /**
   * @param drawn what an earlier {@link #sample} wrote, which negative tokens stand for, or NULL
   */
  public void embed(
      MemorySegment table, MemorySegment tokens, MemorySegment drawn, MemorySegment y) {
    check(Kernels.gk_embed(queue, table, tokens, drawn, y), "gk_embed");
  }

  public void rmsNorm(MemorySegment x, FloatVector weight, float eps, MemorySegment y) {
    check(Kernels.gk_rms_norm(queue, x, weight.data(), eps, y), "gk_rms_norm");
  }

  public void addRmsNorm(
      MemorySegment residual, MemorySegment delta, FloatVector weight, float eps, MemorySegment y) {
    check(
        Kernels.gk_add_rms_norm(queue, residual, delta, weight.data(), eps, y), "gk_add_rms_norm");
  }

  public void gatherRows(MemorySegment x, MemorySegment rows, MemorySegment y) {
    check(Kernels.gk_gather_rows(queue, x, rows, y), "gk_gather_rows");
  }

  public void gatherCols(MemorySegment x, MemorySegment order, MemorySegment y) {
    check(Kernels.gk_gather_cols(queue, x, order, y), "gk_gather_cols");
  }

  public void quantize(MemorySegment x, MemorySegment y) {
    check(Kernels.gk_quantize(queue, x, y), "gk_quantize");
  }

  public void matMul(PackedMatrix weight, MemorySegment x, MemorySegment y) {
    if (isUnpacked(x)) {
      unpacked.orElseThrow().multiply(weight, x, y);
      check(Kernels.GK_OK(), "cublasGemmEx");
    } else {
      check(Kernels.gk_mat_mul(queue, weight.struct(), x, y), "gk_mat_mul");
    }
  }

  private static boolean isUnpacked(MemorySegment x) {
    return gk_tensor.dtype(x) == DType.BF16.id();
  }

  public void qkv(
      PackedMatrix q,
      PackedMatrix k,
      PackedMatrix v,
      MemorySegment x,
      MemorySegment yq,
      MemorySegment yk,
      MemorySegment yv) {
    if (isUnpacked(x)) {
      matMul(q, x, yq);
      matMul(k, x, yk);
      matMul(v, x, yv);
    } else {
      check(Kernels.gk_qkv(queue, q.struct(), k.struct(), v.struct(), x, yq, yk, yv), "gk_qkv");
    }
  }

  public void gateUp(PackedMatrix gate, PackedMatrix up, MemorySegment x, MemorySegment y) {
    check(Kernels.gk_gate_up(queue, gate.struct(), up.struct(), x, y), "gk_gate_up");
  }

  public void gated(MemorySegment gate, MemorySegment up, MemorySegment y) {
    check(Kernels.gk_gated(queue, gate, up, y), "gk_gated");
  }

  public void ropeTable(
      MemorySegment batch, FloatVector invFreq, int dim, float scale, Buffer table) {
    check(
        Kernels.gk_rope_table(queue, batch, invFreq.data(), dim, scale, table.segment()),
        "gk_rope_table");
  }

  public void ropeStore(
      MemorySegment rope,
      MemorySegment batch,
      MemorySegment q,
      MemorySegment k,
      MemorySegment v,
      MemorySegment cache) {
    check(Kernels.gk_rope_store(queue, rope, batch, q, k, v, cache), "gk_rope_store");
  }

  public void attention(
      MemorySegment batch, MemorySegment q, MemorySegment cache, float scale, MemorySegment y) {
    check(Kernels.gk_attention(queue, batch, q, cache, scale, y), "gk_attention");
  }

  /** Draws a token from each row of {@code logits} as {@code sampling} says, all on the device. */
  public void sample(MemorySegment logits, Buffer sampling, MemorySegment tokens) {
    check(
        Kernels.gk_sample(queue, logits, sampling.segment(), tokens, MemorySegment.NULL),
        "gk_sample");
  }

  public void route(
      MemorySegment logits, boolean normalize, MemorySegment ids, MemorySegment weights) {
    check(Kernels.gk_route(queue, logits, normalize ? 1 : 0, ids, weights), "gk_route");
  }

  public void expertGateUp(
      PackedMatrix gate, PackedMatrix up, MemorySegment x, MemorySegment ids, MemorySegment y) {
    check(
        Kernels.gk_expert_gate_up(queue, gate.struct(), up.struct(), x, ids, y),
        "gk_expert_gate_up");
  }

  public void expertDown(
      PackedMatrix down,
      MemorySegment h,
      MemorySegment ids,
      MemorySegment weights,
      MemorySegment y) {
    check(Kernels.gk_expert_down(queue, down.struct(), h, ids, weights, y), "gk_expert_down");
  }
}
