// dispatch_ops.cpp: the exported ops of a graph but for attention's: each checks its operands and calls the queue's
// back end.
#include "checks.hpp"
#include "draw.hpp"
#include "guard.hpp"

using gatun::Backend;
using gatun::guarded;
namespace checks = gatun::checks;

int32_t gk_activation_row_bytes(int32_t dtype, int64_t cols, int64_t *bytes) {
  return guarded(__func__, [&] {
    if (!checks::isQuantized(dtype)) {
      checks::refuse("dtype is %s (%d), expected A8, A16 or BF16", checks::dtypeName(dtype), dtype);
    }
    checks::within("cols", cols, GK_ACTIVATION_BLOCK, checks::maxExtent);
    if (cols % GK_ACTIVATION_BLOCK != 0) {
      checks::refuse("cols is %lld, expected a multiple of %d", static_cast<long long>(cols), GK_ACTIVATION_BLOCK);
    }
    checks::present(bytes, "bytes");
    constexpr int64_t a8Bytes = sizeof(float) + 2 * sizeof(int16_t) + GK_ACTIVATION_BLOCK;
    constexpr int64_t a16Bytes = sizeof(float) + 2 * sizeof(int32_t) + 2 * GK_ACTIVATION_BLOCK;
    constexpr int64_t bf16Bytes = sizeof(uint16_t) * GK_ACTIVATION_BLOCK;
    *bytes = cols / GK_ACTIVATION_BLOCK * (dtype == GK_A8 ? a8Bytes : dtype == GK_A16 ? a16Bytes : bf16Bytes);
  });
}

int32_t gk_embed(gk_queue *queue, const gk_source *table, const gk_tensor *tokens, const gk_tensor *drawn,
                 const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::source(table, "table");
    if (checks::isScattered(table->dtype)) {
      checks::refuse("table.dtype is %s, expected a format other than AWQ, GPTQ and F8",
                     checks::dtypeName(table->dtype));
    }
    checks::tensor(tokens, "tokens", GK_I32);
    checks::tensor(y, "y", GK_F32);
    checks::within("tokens.rows", tokens->rows, 1, 1);
    if (drawn != nullptr) {
      checks::tensor(drawn, "drawn", GK_I32);
      checks::within("drawn.rows", drawn->rows, 1, 1);
    }
    checks::equal("y.rows", y->rows, "tokens.cols", tokens->cols);
    checks::equal("y.cols", y->cols, "table.cols", table->cols);
    backend.embed(*table, *tokens, drawn, *y);
  });
}

int32_t gk_rms_norm(gk_queue *queue, const gk_tensor *x, const float *weight, float eps, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(x, "x", GK_F32);
    checks::result(y, "y");
    checks::floats(weight, "weight");
    checks::epsilon("eps", eps);
    checks::equal("x.rows", x->rows, "y.rows", y->rows);
    checks::equal("x.cols", x->cols, "y.cols", y->cols);
    backend.rmsNorm(*x, weight, eps, *y);
  });
}

int32_t gk_add_rms_norm(gk_queue *queue, const gk_tensor *residual, const gk_tensor *delta, const float *weight,
                        float eps, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(residual, "residual", GK_F32);
    checks::tensor(delta, "delta", GK_F32);
    checks::result(y, "y");
    checks::floats(weight, "weight");
    checks::epsilon("eps", eps);
    checks::equal("delta.rows", delta->rows, "residual.rows", residual->rows);
    checks::equal("delta.cols", delta->cols, "residual.cols", residual->cols);
    checks::equal("y.rows", y->rows, "residual.rows", residual->rows);
    checks::equal("y.cols", y->cols, "residual.cols", residual->cols);
    backend.addRmsNorm(*residual, *delta, weight, eps, *y);
  });
}

int32_t gk_add_bias(gk_queue *queue, const gk_tensor *x, const float *bias) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(x, "x", GK_F32);
    checks::floats(bias, "bias");
    backend.addBias(*x, bias);
  });
}

int32_t gk_gather_rows(gk_queue *queue, const gk_tensor *x, const gk_tensor *rows, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(x, "x", GK_F32);
    checks::tensor(rows, "rows", GK_I32);
    checks::tensor(y, "y", GK_F32);
    checks::within("rows.rows", rows->rows, 1, 1);
    checks::equal("y.rows", y->rows, "rows.cols", rows->cols);
    checks::equal("y.cols", y->cols, "x.cols", x->cols);
    backend.gatherRows(*x, *rows, *y);
  });
}

int32_t gk_gather_cols(gk_queue *queue, const gk_tensor *x, const gk_tensor *order, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(x, "x", GK_F32);
    checks::tensor(order, "order", GK_I32);
    checks::tensor(y, "y", GK_F32);
    checks::within("order.rows", order->rows, 1, 1);
    checks::equal("y.rows", y->rows, "x.rows", x->rows);
    checks::equal("y.cols", y->cols, "order.cols", order->cols);
    backend.gatherCols(*x, *order, *y);
  });
}

int32_t gk_quantize(gk_queue *queue, const gk_tensor *x, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(x, "x", GK_F32);
    checks::quantized(y, "y");
    checks::equal("y.rows", y->rows, "x.rows", x->rows);
    checks::equal("y.cols", y->cols, "x.cols", x->cols);
    backend.quantize(*x, *y);
  });
}

int32_t gk_mat_mul(gk_queue *queue, const gk_weight *weight, const gk_tensor *x, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::weight(backend, weight, "weight", false);
    checks::factor(x, "x");
    checks::tensor(y, "y", GK_F32);
    checks::multiplies(*weight, "weight", *x, "x");
    checks::equal("y.rows", y->rows, "x.rows", x->rows);
    checks::equal("y.cols", y->cols, "weight.rows", weight->rows);
    backend.matMul(*weight, *x, *y);
  });
}

int32_t gk_qkv(gk_queue *queue, const gk_weight *q, const gk_weight *k, const gk_weight *v, const gk_tensor *x,
               const gk_tensor *yq, const gk_tensor *yk, const gk_tensor *yv) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::factor(x, "x");
    const auto product = [&](const gk_weight *weight, const char *name, const gk_tensor *y, const char *yName) {
      checks::weight(backend, weight, name, false);
      checks::tensor(y, yName, GK_F32);
      checks::multiplies(*weight, name, *x, "x");
      checks::equal("rows of a result", y->rows, "x.rows", x->rows);
      checks::equal("cols of a result", y->cols, "its weight's rows", weight->rows);
    };
    product(q, "q", yq, "yq");
    product(k, "k", yk, "yk");
    product(v, "v", yv, "yv");
    backend.qkv(*q, *k, *v, *x, *yq, *yk, *yv);
  });
}

int32_t gk_gate_up(gk_queue *queue, const gk_weight *gate, const gk_weight *up, const gk_tensor *x,
                   const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::weight(backend, gate, "gate", false);
    checks::weight(backend, up, "up", false);
    checks::factor(x, "x");
    checks::factor(y, "y");
    checks::sameShape(*gate, "gate", *up, "up");
    checks::multiplies(*gate, "gate", *x, "x");
    checks::multiplies(*up, "up", *x, "x");
    checks::equal("y.rows", y->rows, "x.rows", x->rows);
    checks::equal("y.cols", y->cols, "gate.rows", gate->rows);
    backend.gateUp(*gate, *up, *x, *y);
  });
}

int32_t gk_gated(gk_queue *queue, const gk_tensor *gate, const gk_tensor *up, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(gate, "gate", GK_F32);
    checks::tensor(up, "up", GK_F32);
    checks::result(y, "y");
    for (const gk_tensor *x : {gate, up}) {
      checks::equal("rows of a product", x->rows, "y.rows", y->rows);
      checks::equal("cols of a product", x->cols, "y.cols", y->cols);
    }
    backend.gated(*gate, *up, *y);
  });
}

int32_t gk_mat_mul_kernel(gk_queue *queue, const gk_weight *weight, const gk_tensor *x, const char **name) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::weightShape(weight, "weight");
    checks::present(x, "x");
    if (x->dtype != GK_F32 && !checks::isBlocked(x->dtype)) {
      checks::refuse("x.dtype is %s (%d), expected F32, A8 or A16", checks::dtypeName(x->dtype), x->dtype);
    }
    checks::multiplies(*weight, "weight", *x, "x");
    checks::present(name, "name");
    *name = backend.matMulKernel(*weight, *x);
  });
}

int32_t gk_route(gk_queue *queue, const gk_router *router, const gk_tensor *logits, const gk_tensor *ids,
                 const gk_tensor *weights) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::present(router, "router");
    checks::optionalFloats(router->bias, "router.bias");
    checks::within("router.scoring", router->scoring, GK_SCORING_SOFTMAX, GK_SCORING_SIGMOID);
    checks::within("router.normalize", router->normalize, 0, 1);
    checks::finite("router.scale", router->scale);
    checks::tensor(logits, "logits", GK_F32);
    checks::tensor(ids, "ids", GK_I32);
    checks::tensor(weights, "weights", GK_F32);
    checks::within("logits.cols", logits->cols, 1, 65536);
    checks::within("router.groups", router->groups, 1,
                   logits->cols < gatun::maxExpertGroups ? logits->cols : gatun::maxExpertGroups);
    if (logits->cols % router->groups != 0) {
      checks::refuse("router.groups is %d, expected a number that divides logits.cols, which is %lld", router->groups,
                     static_cast<long long>(logits->cols));
    }
    checks::within("router.chosen_groups", router->chosen_groups, 1, router->groups);
    checks::within("ids.cols", ids->cols, 1, logits->cols / router->groups * router->chosen_groups);
    checks::equal("ids.rows", ids->rows, "logits.rows", logits->rows);
    checks::equal("weights.rows", weights->rows, "logits.rows", logits->rows);
    checks::equal("weights.cols", weights->cols, "ids.cols", ids->cols);
    backend.route(*router, *logits, *ids, *weights);
  });
}

int32_t gk_local_experts(gk_queue *queue, const gk_tensor *ids, const gk_tensor *table, const gk_tensor *local) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(ids, "ids", GK_I32);
    checks::tensor(table, "table", GK_I32);
    checks::tensor(local, "local", GK_I32);
    checks::within("table.rows", table->rows, 1, 65536);
    checks::within("table.cols", table->cols, 1, 65536);
    checks::equal("local.rows", local->rows, "ids.rows", ids->rows);
    checks::equal("local.cols", local->cols, "ids.cols", ids->cols);
    backend.localExperts(*ids, *table, *local);
  });
}

int32_t gk_expert_gate_up(gk_queue *queue, const gk_weight *gate, const gk_weight *up, const gk_tensor *x,
                          const gk_tensor *ids, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::weight(backend, gate, "gate", true);
    checks::weight(backend, up, "up", true);
    checks::factor(x, "x");
    checks::tensor(ids, "ids", GK_I32);
    checks::tensor(y, "y", GK_F32);
    checks::sameShape(*gate, "gate", *up, "up");
    checks::multiplies(*gate, "gate", *x, "x");
    checks::multiplies(*up, "up", *x, "x");
    checks::equal("ids.rows", ids->rows, "x.rows", x->rows);
    checks::equal("y.rows", y->rows, "ids.rows * ids.cols", ids->rows * ids->cols);
    checks::equal("y.cols", y->cols, "gate.rows", gate->rows);
    backend.expertGateUp(*gate, *up, *x, *ids, *y);
  });
}

int32_t gk_expert_down(gk_queue *queue, const gk_weight *down, const gk_tensor *h, const gk_tensor *ids,
                       const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::weight(backend, down, "down", true);
    checks::factor(h, "h");
    checks::tensor(ids, "ids", GK_I32);
    checks::tensor(y, "y", GK_F32);
    checks::multiplies(*down, "down", *h, "h");
    checks::equal("h.rows", h->rows, "ids.rows * ids.cols", ids->rows * ids->cols);
    checks::equal("y.rows", y->rows, "h.rows", h->rows);
    checks::equal("y.cols", y->cols, "down.rows", down->rows);
    backend.expertDown(*down, *h, *ids, *y);
  });
}

int32_t gk_expert_combine(gk_queue *queue, const gk_tensor *x, const gk_tensor *weights, const gk_tensor *shared,
                          const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(x, "x", GK_F32);
    checks::tensor(weights, "weights", GK_F32);
    checks::tensor(y, "y", GK_F32);
    checks::equal("x.rows", x->rows, "weights.rows * weights.cols", weights->rows * weights->cols);
    checks::equal("y.rows", y->rows, "weights.rows", weights->rows);
    checks::equal("y.cols", y->cols, "x.cols", x->cols);
    if (shared != nullptr) {
      checks::tensor(shared, "shared", GK_F32);
      checks::equal("shared.rows", shared->rows, "y.rows", y->rows);
      checks::equal("shared.cols", shared->cols, "y.cols", y->cols);
    }
    backend.expertCombine(*x, *weights, shared, *y);
  });
}

int32_t gk_sample(gk_queue *queue, const gk_tensor *logits, const gk_sampling *sampling, const gk_tensor *masks,
                  const gk_tensor *tokens, float *probabilities) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::tensor(logits, "logits", GK_F32);
    checks::within("logits.cols", logits->cols, 1, int64_t{1} << gatun::draw::idBits);
    checks::aligned(sampling, "sampling", alignof(gk_sampling));
    if (masks != nullptr) {
      checks::tensor(masks, "masks", GK_I32);
      checks::equal("masks.cols", masks->cols, "ceil(logits.cols / 32)", (logits->cols + 31) / 32);
    }
    checks::tensor(tokens, "tokens", GK_I32);
    checks::within("tokens.rows", tokens->rows, 1, 1);
    checks::equal("tokens.cols", tokens->cols, "logits.rows", logits->rows);
    checks::optionalFloats(probabilities, "probabilities");
    backend.sample(*logits, sampling, masks, *tokens, probabilities);
  });
}
