// refusals_test.cpp: every op refuses what it does not take, with the line of text its user will read, and touches
// nothing. Each case spoils one argument of a call that succeeds. Steps and the cache are in step_refusals_test.
#include <cmath>
#include <limits>
#include <string>

#include "refusing.hpp"

using namespace gatun::test;

namespace {

void queues() {
  gk_queue *queue = nullptr;
  REFUSES(gk_queue_cpu(0, GK_ISA_BEST, &queue), "gk_queue_cpu: threads is 0, expected 1 to 1024");
  REFUSES(gk_queue_cpu(1025, GK_ISA_BEST, &queue), "gk_queue_cpu: threads is 1025, expected 1 to 1024");
  REFUSES(gk_queue_cpu(1, 5, &queue), "gk_queue_cpu: isa is 5, expected 0 to 4");
  REFUSES(gk_queue_cpu(1, GK_ISA_BEST, nullptr), "gk_queue_cpu: queue is NULL");
  REFUSES(gk_queue_sync(nullptr), "gk_queue_sync: queue is NULL");
  REFUSES(gk_cpu_best_isa(nullptr), "gk_cpu_best_isa: isa is NULL");
  REFUSES(gk_cuda_build(nullptr), "gk_cuda_build: kind is NULL");
  int32_t cuda = -1;
  OK(gk_cuda_build(&cuda));
  if (cuda == GK_CUDA_NONE) {
    refuses(gk_queue_cuda(0, nullptr, &queue), GK_UNSUPPORTED,
            "gk_queue_cuda: this libgatun was built without its CUDA back end", __LINE__);
  } else if (cuda == GK_CUDA_EMULATED) {
    refuses(gk_queue_cuda(1, nullptr, &queue), GK_UNSUPPORTED, "gk_queue_cuda: device is 1, this machine has 1",
            __LINE__);
  }
  OK(gk_queue_free(nullptr));
  const char *names[] = {"best", "plain", "avx2", "avx512", "avx512vnni"};
  for (int isa = bestIsa() + 1; isa <= GK_ISA_AVX512_VNNI; ++isa) {
    const std::string text = std::string("gk_queue_cpu: isa is ") + names[isa] +
                             ", the widest this machine and this build have is " + names[bestIsa()];
    refuses(gk_queue_cpu(1, isa, &queue), GK_UNSUPPORTED, text.c_str(), __LINE__);
  }
  CHECK(queue == nullptr);
  for (int isa = GK_ISA_BEST; isa <= bestIsa(); ++isa) {
    const Queue works(2, isa);
    OK(gk_queue_sync(works));
  }
}

void memory() {
  void *address = nullptr;
  REFUSES(gk_host_alloc(0, &address), "gk_host_alloc: bytes is 0, expected 1 to 70368744177664");
  REFUSES(gk_host_alloc(64, nullptr), "gk_host_alloc: address is NULL");
  REFUSES(gk_host_free(nullptr, 64), "gk_host_free: address is NULL");
  CHECK(gk_host_alloc(int64_t{1} << 46, &address) == GK_OUT_OF_MEMORY, "%s", gk_last_error());
  for (int64_t bytes : {int64_t{1}, int64_t{4097}, int64_t{2} << 20, (int64_t{5} << 20) + 3}) {
    OK(gk_host_alloc(bytes, &address));
    CHECK(reinterpret_cast<uintptr_t>(address) % GK_ALIGNMENT == 0);
    std::memset(address, 1, static_cast<size_t>(bytes));
    OK(gk_host_free(address, bytes));
  }
}

void norms(gk_queue *queue) {
  const Array<float> x(3 * 32), w(32);
  x.data()[0] = 7;
  gk_tensor a = tensor(x.data(), 3, 32), y = tensor(x.data(), 3, 32), d = tensor(x.data(), 3, 32);
  const float *weight = w.data();
  float eps = 1e-6f;
  const auto norm = [&] { return gk_rms_norm(queue, &a, weight, eps, &y); };
  const auto add = [&] { return gk_add_rms_norm(queue, &a, &d, weight, eps, &y); };
  REFUSES(gk_rms_norm(nullptr, &a, weight, eps, &y), "gk_rms_norm: queue is NULL");
  REFUSES(gk_rms_norm(queue, nullptr, weight, eps, &y), "gk_rms_norm: x is NULL");
  REFUSES(gk_rms_norm(queue, &a, weight, eps, nullptr), "gk_rms_norm: y is NULL");
  REFUSES(with(weight, nullptr, norm), "gk_rms_norm: weight is NULL");
  REFUSES(with(weight, off(weight, 2), norm),
          "gk_rms_norm: weight is 2 bytes past a multiple of 4, expected that alignment");
  REFUSES(with(eps, -1, norm), "gk_rms_norm: eps is -1, expected a finite number, 0 or more");
  REFUSES(with(eps, std::numeric_limits<float>::infinity(), norm),
          "gk_rms_norm: eps is inf, expected a finite number, 0 or more");
  REFUSES(with(a.data, nullptr, norm), "gk_rms_norm: x.data is NULL");
  REFUSES(with(a.data, off(x.data(), 4), norm),
          "gk_rms_norm: x.data is 4 bytes past a multiple of 64, expected that alignment");
  REFUSES(with(a.dtype, GK_F16, norm), "gk_rms_norm: x.dtype is F16 (1), expected F32");
  REFUSES(with(y.dtype, 77, norm), "gk_rms_norm: y.dtype is unknown (77), expected F32, A8, A16 or BF16");
  REFUSES(with(a.rows, -1, norm), "gk_rms_norm: x.rows is -1, expected 0 to 1073741824");
  REFUSES(with(a.cols, 0, norm), "gk_rms_norm: x.cols is 0, expected 1 to 1073741824");
  REFUSES(with(a.stride, 31, norm),
          "gk_rms_norm: x.stride is 31, expected at least x.cols, which is 32, and at most 1073741824");
  REFUSES(with(y.rows, 2, norm), "gk_rms_norm: x.rows is 3, y.rows is 2");
  REFUSES(with(a.cols, 31, norm), "gk_rms_norm: x.cols is 31, y.cols is 32");
  REFUSES(with(d.rows, 2, add), "gk_add_rms_norm: delta.rows is 2, residual.rows is 3");
  REFUSES(with(d.cols, 16, add), "gk_add_rms_norm: delta.cols is 16, residual.cols is 32");
  REFUSES(with(y.cols, 16, add), "gk_add_rms_norm: y.cols is 16, residual.cols is 32");
  REFUSES(with(weight, nullptr, add), "gk_add_rms_norm: weight is NULL");
  CHECK(x.data()[0] == 7);
}

void gathers(gk_queue *queue) {
  const Array<float> x(4 * 16), out(4 * 16), table(4 * 16);
  Array<int32_t> i(16);
  i.fillBytes(0);
  gk_tensor a = tensor(x.data(), 4, 16), y = tensor(out.data(), 2, 16), rows = ids(i.data(), 1, 2),
            order = ids(i.data(), 1, 16), all = tensor(out.data(), 4, 16);
  gk_source source = {table.data(), nullptr, nullptr, nullptr, 4, 16, GK_F32, 0, 0, 0};
  const auto gather = [&] { return gk_gather_rows(queue, &a, &rows, &y); };
  const auto columns = [&] { return gk_gather_cols(queue, &a, &order, &all); };
  Array<int32_t> d(2);
  d[0] = 3, d[1] = GK_ALL_BANNED;
  gk_tensor drawn = ids(d.data(), 1, 2);
  const auto embed = [&] { return gk_embed(queue, &source, &rows, nullptr, &y); };
  const auto embedDrawn = [&] { return gk_embed(queue, &source, &rows, &drawn, &y); };
  std::memset(x.data(), 0, sizeof(float) * 64);
  std::memset(table.data(), 0, sizeof(float) * 64);
  OK(gather());
  OK(columns());
  OK(embed());
  REFUSES(with(rows.rows, 2, gather), "gk_gather_rows: rows.rows is 2, expected 1 to 1");
  REFUSES(with(rows.dtype, GK_F32, gather), "gk_gather_rows: rows.dtype is F32 (0), expected I32");
  REFUSES(with(rows.cols, 1, gather), "gk_gather_rows: y.rows is 2, rows.cols is 1");
  REFUSES(with(i[1], 4, gather), "gk_gather_rows: rows[0][1] is 4, x.rows is 4");
  REFUSES(with(i[1], -1, gather), "gk_gather_rows: rows[0][1] is -1, x.rows is 4");
  REFUSES(with(i[15], 16, columns), "gk_gather_cols: order[0][15] is 16, x.cols is 16");
  REFUSES(with(order.cols, 15, columns), "gk_gather_cols: y.cols is 16, order.cols is 15");
  REFUSES(with(i[0], 4, embed), "gk_embed: tokens[0][0] is 4, table.rows is 4");
  REFUSES(with(i[1], -5, embed), "gk_embed: tokens[0][1] is -5, table.rows is 4");
  OK(with(i[1], -2, embedDrawn));
  REFUSES(with(i[1], -1, embed), "gk_embed: tokens[0][1] is -1, table.rows is 4");
  REFUSES(with(i[1], -3, embedDrawn),
          "gk_embed: tokens[0][1] is -3, expected -2 to 3: table.rows is 4, drawn.cols is 2");
  REFUSES(with(i[0], 4, embedDrawn), "gk_embed: tokens[0][0] is 4, expected -2 to 3: table.rows is 4, drawn.cols is 2");
  REFUSES(with(drawn.rows, 2, embedDrawn), "gk_embed: drawn.rows is 2, expected 1 to 1");
  REFUSES(with(drawn.dtype, GK_F32, embedDrawn), "gk_embed: drawn.dtype is F32 (0), expected I32");
  REFUSES(with(drawn.data, nullptr, embedDrawn), "gk_embed: drawn.data is NULL");
  REFUSES(with(source.cols, 15, embed), "gk_embed: y.cols is 16, table.cols is 15");
  REFUSES(with(source.data, nullptr, embed), "gk_embed: table.data is NULL");
  REFUSES(with(source.dtype, GK_AWQ, embed), "gk_embed: table.cols is 16, expected a multiple of 32, the block of AWQ");
  REFUSES(with(source.dtype, GK_Q4_K, embed),
          "gk_embed: table.cols is 16, expected a multiple of 256, the block of Q4_K");
  source.group = GK_SQUARE;
  REFUSES(with(source.dtype, GK_F8, embed), "gk_embed: table.scales is NULL");
  const float scale = 1;
  source.scales = &scale;
  REFUSES(with(source.dtype, GK_F8, embed),
          "gk_embed: table.dtype is F8, expected a format other than AWQ, GPTQ and F8");
  source.group = 0;
  REFUSES(with(source.dtype, GK_I32, embed), "gk_embed: table.dtype is I32 (26), expected a format of weights");
}

void squares(gk_queue *queue) {
  int64_t bytes = 0;
  const Array<uint8_t> blob(1 << 16), packed(1 << 16);
  float scales[] = {1, -255, 1, 0};  // of 2 x 2 squares
  gk_source source = {blob.data(), nullptr, scales, nullptr, 129, 130, GK_F8, GK_SQUARE, 0, 0};
  const auto size = [&] { return gk_packed_bytes(queue, &source, &bytes); };
  const auto pack = [&] { return gk_pack(queue, &source, packed.data()); };
  OK(size());
  OK(pack());
  REFUSES(with(source.group, 64, size), "gk_packed_bytes: source.group is 64, GK_SQUARE is 128");
  REFUSES(with(source.scales, nullptr, pack), "gk_pack: source.scales is NULL");
  REFUSES(with(source.scales, blob.data() + 2, pack),
          "gk_pack: source.scales is 2 bytes past a multiple of 4, expected that alignment");
  REFUSES(with(scales[1], 256.0f, pack), "gk_pack: source.scales[0][1] is 256, expected a magnitude below 256");
  REFUSES(with(scales[2], NAN, pack), "gk_pack: source.scales[1][0] is nan, expected a magnitude below 256");
  REFUSES(with(source.zero_offset, 1, pack), "gk_pack: source.zero_offset is 1, expected 0 to 0");
  const int32_t order = 0;
  REFUSES(with(source.order, &order, pack), "gk_pack: source.order is given for F8, expected NULL for all but GPTQ");
}

void weights(gk_queue *queue) {
  int64_t bytes = 0;
  const Array<uint8_t> blob(1 << 16);
  const Array<float> x(1 << 10), out(1 << 12);
  gk_source source = {blob.data(), nullptr, nullptr, nullptr, 32, 64, GK_Q8_0, 0, 0, 0};
  const auto size = [&] { return gk_packed_bytes(queue, &source, &bytes); };
  const auto pack = [&] { return gk_pack(queue, &source, blob.data()); };
  OK(size());
  CHECK(bytes >= 32 * 64 && bytes <= 1 << 13, "%ld", static_cast<long>(bytes));
  REFUSES(with(source.rows, 0, size), "gk_packed_bytes: source.rows is 0, expected 1 to 1073741824");
  REFUSES(with(source.cols, 65, size),
          "gk_packed_bytes: source.cols is 65, expected a multiple of 32, the block of Q8_0");
  REFUSES(with(source.group, 32, size), "gk_packed_bytes: source.group is 32, expected 0 for Q8_0");
  REFUSES(gk_packed_bytes(queue, nullptr, &bytes), "gk_packed_bytes: source is NULL");
  REFUSES(gk_packed_bytes(queue, &source, nullptr), "gk_packed_bytes: bytes is NULL");
  REFUSES(with(source.data, nullptr, pack), "gk_pack: source.data is NULL");
  REFUSES(with(source.zero_offset, 1, pack), "gk_pack: source.zero_offset is 1, expected 0 to 0");
  REFUSES(gk_pack(queue, &source, blob.data() + 32),
          "gk_pack: destination is 32 bytes past a multiple of 64, expected that alignment");
  const int32_t order = 0;
  REFUSES(with(source.order, &order, pack), "gk_pack: source.order is given for Q8_0, expected NULL for all but GPTQ");
  source.dtype = GK_AWQ;
  REFUSES(with(source.group, 48, size),
          "gk_packed_bytes: source.group is 48, expected a multiple of 32 that divides source.cols, which is 64");
  source.group = 32;
  REFUSES(pack(), "gk_pack: source.zeros is NULL");
  source.zeros = blob.data();
  REFUSES(pack(), "gk_pack: source.scales is NULL");
  source.scales = blob.data();
  REFUSES(with(source.rows, 31, pack), "gk_pack: source.rows is 31, expected a multiple of 8 for AWQ");
  squares(queue);

  REFUSES(gk_dequantize(queue, GK_GPTQ, blob.data(), 32, out.data()),
          "gk_dequantize: dtype is GPTQ (65), expected a format of weights other than AWQ, GPTQ and F8");
  REFUSES(gk_dequantize(queue, GK_F8, blob.data(), 32, out.data()),
          "gk_dequantize: dtype is F8 (68), expected a format of weights other than AWQ, GPTQ and F8");
  REFUSES(gk_dequantize(queue, GK_Q4_K, blob.data(), 32, out.data()),
          "gk_dequantize: count is 32, expected a multiple of 256, the block of Q4_K");
  REFUSES(gk_dequantize(queue, GK_Q8_0, nullptr, 32, out.data()), "gk_dequantize: source is NULL");
  REFUSES(gk_dequantize(queue, GK_Q8_0, blob.data(), 32, nullptr), "gk_dequantize: destination is NULL");

  gk_weight w = {blob.data(), 32, 64, 1, bytes, GK_Q8_0, 0};
  gk_tensor a = tensor(x.data(), 4, 64), y = tensor(out.data(), 4, 32);
  const auto product = [&] { return gk_mat_mul(queue, &w, &a, &y); };
  REFUSES(with(w.data, nullptr, product), "gk_mat_mul: weight.data is NULL");
  REFUSES(with(w.data, blob.data() + 8, product),
          "gk_mat_mul: weight.data is 8 bytes past a multiple of 64, expected that alignment");
  REFUSES(with(w.experts, 2, product), "gk_mat_mul: weight.experts is 2, expected 1 to 1");
  REFUSES(with(a.cols, 63, product), "gk_mat_mul: x.cols is 63, weight.cols is 64");
  REFUSES(with(a.dtype, GK_I32, product), "gk_mat_mul: x.dtype is I32 (26), expected F32, A8 or A16");
  REFUSES(with(y.rows, 3, product), "gk_mat_mul: y.rows is 3, x.rows is 4");
  REFUSES(with(y.cols, 31, product), "gk_mat_mul: y.cols is 31, weight.rows is 32");
  a.dtype = GK_A8;
  REFUSES(with(w.dtype, GK_BF16, product), "gk_mat_mul: x.dtype is A8, expected F32 with weight.dtype BF16");
  REFUSES(with(a.cols, 63, product), "gk_mat_mul: x.cols is 63, expected a multiple of 32 for A8");
  a.dtype = GK_A16;
  REFUSES(with(w.dtype, GK_F16, product), "gk_mat_mul: x.dtype is A16, expected F32 with weight.dtype F16");
  REFUSES(with(a.cols, 63, product), "gk_mat_mul: x.cols is 63, expected a multiple of 32 for A16");
  a.dtype = GK_F32;
  gk_weight up = w;
  const auto gateUp = [&] { return gk_gate_up(queue, &w, &up, &a, &y); };
  REFUSES(with(up.rows, 16, gateUp), "gk_gate_up: gate.rows is 32, up.rows is 16");
  REFUSES(with(up.cols, 32, gateUp), "gk_gate_up: gate.cols is 64, up.cols is 32");
  const std::string types = "gk_gate_up: gate.dtype is " + std::to_string(w.dtype) + ", up.dtype is 2";
  REFUSES(with(up.dtype, GK_Q4_0, gateUp), types.c_str());
  gk_tensor rows = tensor(out.data(), 1, 64);
  REFUSES(gk_unpack(queue, &w, 0, 32, &rows), "gk_unpack: first_row is 32, expected 0 to 31");
  REFUSES(gk_unpack(queue, &w, 1, 0, &rows), "gk_unpack: expert is 1, expected 0 to 0");
  const auto unpack = [&] { return gk_unpack(queue, &w, 0, 31, &rows); };
  OK(unpack());
  REFUSES(with(rows.rows, 2, unpack), "gk_unpack: y.rows is 2, expected 0 to 1");
  REFUSES(with(rows.cols, 63, unpack), "gk_unpack: y.cols is 63, weight.cols is 64");
  REFUSES(with(rows.dtype, GK_A8, unpack), "gk_unpack: y.dtype is A8 (66), expected F32 or BF16");
  int64_t row = 0;
  OK(gk_activation_row_bytes(GK_A8, 64, &row));
  CHECK(row == 80);
  OK(gk_activation_row_bytes(GK_A16, 64, &row));
  CHECK(row == 152);
  REFUSES(gk_activation_row_bytes(GK_A16, 65, &row), "gk_activation_row_bytes: cols is 65, expected a multiple of 32");
  REFUSES(gk_activation_row_bytes(GK_F32, 64, &row),
          "gk_activation_row_bytes: dtype is F32 (0), expected A8, A16 or BF16");
  REFUSES(gk_activation_row_bytes(GK_A8, 64, nullptr), "gk_activation_row_bytes: bytes is NULL");
  gk_tensor quantised = {out.data(), 4, 64, 0, GK_A8, 0};
  const auto quantize = [&] { return gk_quantize(queue, &a, &quantised); };
  REFUSES(with(quantised.dtype, GK_F32, quantize), "gk_quantize: y.dtype is F32 (0), expected A8, A16 or BF16");
  REFUSES(with(quantised.rows, 3, quantize), "gk_quantize: y.rows is 3, x.rows is 4");

  // Experts: 4 of (32, 64), two a token.
  w.experts = up.experts = 4;
  Array<int32_t> chosen(8);
  chosen.fillBytes(0);
  gk_tensor i = ids(chosen.data(), 4, 2), h = tensor(out.data(), 8, 32), p = tensor(x.data(), 4, 2);
  const auto experts = [&] { return gk_expert_gate_up(queue, &w, &up, &a, &i, &h); };
  std::string text =
      "gk_expert_gate_up: gate.expert_stride is 64, expected a multiple of 64 of at least " + std::to_string(bytes);
  REFUSES(with(w.expert_stride, 64, experts), text.c_str());
  REFUSES(with(up.experts, 3, experts), "gk_expert_gate_up: gate.experts is 4, up.experts is 3");
  REFUSES(with(h.rows, 7, experts), "gk_expert_gate_up: y.rows is 7, ids.rows * ids.cols is 8");
  REFUSES(with(chosen[5], 4, experts), "gk_expert_gate_up: ids[2][1] is 4, gate.experts is 4");
  gk_tensor hidden = tensor(x.data(), 8, 64), pairs = tensor(out.data(), 8, 32), sums = tensor(out.data(), 4, 64);
  const auto expertDown = [&] { return gk_expert_down(queue, &w, &hidden, &i, &pairs); };
  REFUSES(with(hidden.rows, 7, expertDown), "gk_expert_down: h.rows is 7, ids.rows * ids.cols is 8");
  REFUSES(with(pairs.rows, 4, expertDown), "gk_expert_down: y.rows is 4, h.rows is 8");
  REFUSES(with(chosen[0], -2, expertDown), "gk_expert_down: ids[0][0] is -2, down.experts is 4");
  gk_tensor common = tensor(x.data(), 4, 64);
  const gk_tensor *shared = nullptr;
  const auto combine = [&] { return gk_expert_combine(queue, &hidden, &p, shared, &sums); };
  REFUSES(with(p.cols, 1, combine), "gk_expert_combine: x.rows is 8, weights.rows * weights.cols is 4");
  REFUSES(with(sums.cols, 32, combine), "gk_expert_combine: y.cols is 32, x.cols is 64");
  shared = &common;
  REFUSES(with(common.rows, 3, combine), "gk_expert_combine: shared.rows is 3, y.rows is 4");
  REFUSES(with(common.cols, 32, combine), "gk_expert_combine: shared.cols is 32, y.cols is 64");
  REFUSES(with(common.dtype, GK_I32, combine), "gk_expert_combine: shared.dtype is I32 (26), expected F32");
  REFUSES(with(common.data, nullptr, combine), "gk_expert_combine: shared.data is NULL");
  gk_tensor heads = tensor(x.data(), 2, 256), results = tensor(out.data(), 2, 128);
  const auto ofHeads = [&] { return gk_head_mat_mul(queue, &w, &heads, &results); };
  OK(ofHeads());
  REFUSES(with(heads.cols, 255, ofHeads),
          "gk_head_mat_mul: x.cols is 255, expected weight.experts, which is 4, times a multiple of 1 of at least "
          "weight.cols, which is 64");
  REFUSES(with(heads.cols, 252, ofHeads),
          "gk_head_mat_mul: x.cols is 252, expected weight.experts, which is 4, times a multiple of 1 of at least "
          "weight.cols, which is 64");
  REFUSES(with(results.cols, 124, ofHeads),
          "gk_head_mat_mul: y.cols is 124, expected weight.experts, which is 4, times at least weight.rows, which is "
          "32");
  REFUSES(with(results.rows, 1, ofHeads), "gk_head_mat_mul: y.rows is 1, x.rows is 2");
  REFUSES(with(heads.dtype, GK_I32, ofHeads), "gk_head_mat_mul: x.dtype is I32 (26), expected F32, A8 or A16");
  REFUSES(with(results.dtype, GK_A8, ofHeads), "gk_head_mat_mul: y.dtype is A8 (66), expected F32");
}

void routes(gk_queue *queue) {
  Array<float> l(2 * 8), p(2 * 8);
  const Array<int32_t> chosen(2 * 8);
  l.fillBytes(0);
  gk_tensor logits = tensor(l.data(), 2, 8), i = ids(chosen.data(), 2, 3), w = tensor(p.data(), 2, 3);
  const Array<float> bias(8);
  gk_router router = {bias.data(), GK_SCORING_SIGMOID, 4, 2, 1, 2.5f, 0};
  std::memset(bias.data(), 0, 8 * sizeof(float));
  const gk_router *chosenBy = &router;
  const auto route = [&] { return gk_route(queue, chosenBy, &logits, &i, &w); };
  OK(route());
  REFUSES(with(chosenBy, nullptr, route), "gk_route: router is NULL");
  REFUSES(with(router.bias, off(bias.data(), 1), route),
          "gk_route: router.bias is 1 bytes past a multiple of 4, expected that alignment");
  REFUSES(with(router.scoring, 2, route), "gk_route: router.scoring is 2, expected 0 to 1");
  REFUSES(with(router.groups, 0, route), "gk_route: router.groups is 0, expected 1 to 8");
  REFUSES(with(router.groups, 3, route),
          "gk_route: router.groups is 3, expected a number that divides logits.cols, which is 8");
  REFUSES(with(router.chosen_groups, 5, route), "gk_route: router.chosen_groups is 5, expected 1 to 4");
  REFUSES(with(router.chosen_groups, 1, route), "gk_route: ids.cols is 3, expected 1 to 2");
  REFUSES(with(router.normalize, 2, route), "gk_route: router.normalize is 2, expected 0 to 1");
  REFUSES(with(router.scale, std::numeric_limits<float>::quiet_NaN(), route),
          "gk_route: router.scale is nan, expected a finite number");
  router.groups = router.chosen_groups = 1;
  REFUSES(with(i.dtype, GK_F32, route), "gk_route: ids.dtype is F32 (0), expected I32");
  REFUSES(with(logits.cols, 2, route), "gk_route: ids.cols is 3, expected 1 to 2");
  REFUSES(with(w.cols, 2, route), "gk_route: weights.cols is 2, ids.cols is 3");
  REFUSES(with(i.rows, 1, route), "gk_route: ids.rows is 1, logits.rows is 2");
}

void samples(gk_queue *queue) {
  Array<float> l(2 * 16);
  l.fillBytes(0);
  const Array<int32_t> drawn(2);
  const Array<float> p(2);
  gk_tensor logits = tensor(l.data(), 2, 16), t = ids(drawn.data(), 1, 2);
  Array<int32_t> bits(2);
  bits.fillBytes(0xff);
  gk_tensor m = ids(bits.data(), 2, 1);
  gk_sampling s[2] = {{1, 2, 0.9, 0.6f, -3.0f, 5, 0x4321, 16, 1},
                      {1, 2, 1.0, 0.0f, -std::numeric_limits<float>::infinity(), 0, 0, 1, -1}};
  const auto sample = [&] { return gk_sample(queue, &logits, s, &m, &t, p.data()); };
  OK(sample());
  OK(gk_sample(queue, &logits, s, nullptr, &t, nullptr));
  REFUSES(gk_sample(queue, &logits, nullptr, &m, &t, p.data()), "gk_sample: sampling is NULL");
  REFUSES(with(m.data, nullptr, sample), "gk_sample: masks.data is NULL");
  REFUSES(with(m.dtype, GK_F32, sample), "gk_sample: masks.dtype is F32 (0), expected I32");
  const gk_tensor wide = ids(bits.data(), 1, 2);
  REFUSES(gk_sample(queue, &logits, s, &wide, &t, p.data()), "gk_sample: masks.cols is 2, ceil(logits.cols / 32) is 1");
  REFUSES(with(s[0].mask, 2, sample), "gk_sample: sampling[0].mask is 2, expected -1, or a row of masks, which has 2");
  REFUSES(with(s[1].mask, -2, sample),
          "gk_sample: sampling[1].mask is -2, expected -1, or a row of masks, which has 2");
  REFUSES(with(s[1].limit, 0, sample), "gk_sample: sampling[1].limit is 0, expected 1 to logits.cols, which is 16");
  REFUSES(with(s[0].limit, 17, sample), "gk_sample: sampling[0].limit is 17, expected 1 to logits.cols, which is 16");
  REFUSES(with(logits.cols, (1 << 22) + 1, sample),
          "gk_sample: logits.stride is 16, expected at least logits.cols, which is 4194305, and at most 1073741824");
  REFUSES(with(t.dtype, GK_F32, sample), "gk_sample: tokens.dtype is F32 (0), expected I32");
  REFUSES(with(t.cols, 1, sample), "gk_sample: tokens.cols is 1, logits.rows is 2");
  REFUSES(with(s[1].temperature, -1, sample),
          "gk_sample: sampling[1].temperature is -1, expected 0, or 0.001 to 1000000");
  REFUSES(with(s[1].top_p, 1.5, sample), "gk_sample: sampling[1].top_p is 1.5, expected 0 to 1");
  REFUSES(with(s[1].min_p, 0.5, sample),
          "gk_sample: sampling[1].min_p is 0.5, expected the logarithm of a share, 0 or less");
  const char *chain = "gk_sample: sampling[0].chain is 0x%x, expected each of the stages 1 to 4 at most once";
  for (const int32_t wrong : {0x11, 0x5, 0x102, 0x12341}) {
    char text[200];
    std::snprintf(text, sizeof text, chain, static_cast<unsigned>(wrong));
    REFUSES(with(s[0].chain, wrong, sample), text);
  }
}

void limits(gk_queue *queue) {
  const Array<uint8_t> buffer(1 << 16);
  double rate = 0;
  std::memset(buffer.data(), 1, 1 << 16);
  REFUSES(gk_measure_read(queue, buffer.data(), 63, 1, &rate),
          "gk_measure_read: bytes is 63, expected 64 to 70368744177664");
  REFUSES(gk_measure_read(queue, buffer.data(), 64, 0, &rate), "gk_measure_read: repeats is 0, expected 1 to 1000000");
  REFUSES(gk_measure_read(queue, nullptr, 64, 1, &rate), "gk_measure_read: buffer is NULL");
  REFUSES(gk_measure_int8(queue, nullptr), "gk_measure_int8: ops_per_second is NULL");
  OK(gk_measure_read(queue, buffer.data(), 1 << 16, 10, &rate));
  CHECK(rate > 1e6);
  rate = 0;
  OK(gk_measure_int8(queue, &rate));
  CHECK(rate > 1e6);
}

}  // namespace

int main() {
  queues();
  memory();
  const Queue queue(2, GK_ISA_BEST);
  norms(queue);
  gathers(queue);
  weights(queue);
  routes(queue);
  samples(queue);
  limits(queue);
  return finish();
}
