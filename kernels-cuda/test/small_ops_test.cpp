// small_ops_test.cpp: the ops without products on CUDA against the CPU: bit for bit, but the rotary table.
#include <limits>

#include "both.hpp"

using namespace gatun::test;

namespace {

constexpr int32_t formats[] = {GK_F32,  GK_F16,  GK_BF16, GK_Q4_0, GK_Q4_1, GK_Q5_0,   GK_Q5_1,  GK_Q8_0,
                               GK_Q2_K, GK_Q3_K, GK_Q4_K, GK_Q5_K, GK_Q6_K, GK_IQ4_NL, GK_IQ4_XS};

int64_t blockCols(int32_t dtype) {
  switch (dtype) {
    case GK_F32:
    case GK_F16:
    case GK_BF16:
      return 1;
    case GK_Q2_K:
    case GK_Q3_K:
    case GK_Q4_K:
    case GK_Q5_K:
    case GK_Q6_K:
    case GK_IQ4_XS:
      return 256;
    default:
      return 32;
  }
}

int64_t blockBytes(int32_t dtype) {
  constexpr int64_t bytes[] = {4, 2, 2, 18, 20, 22, 24, 34, 84, 110, 144, 176, 210, 18, 136};
  for (size_t i = 0; i < std::size(bytes); ++i) {
    if (formats[i] == dtype) {
      return bytes[i];
    }
  }
  return 0;
}

std::string name(const char *op, int64_t a, int64_t b, int64_t c = 0) {
  return std::string(op) + " " + std::to_string(a) + ", " + std::to_string(b) + ", " + std::to_string(c);
}

// Any bits, so scales are of any size and sign, some of them no numbers.
Array<uint8_t> anyBytes(Random &random, int64_t count) {
  Array<uint8_t> bytes(count);
  for (int64_t i = 0; i < count; ++i) {
    bytes[i] = static_cast<uint8_t>(random.below(256));
  }
  return bytes;
}

// The same bits, or both no numbers.
void expectSame(const std::string &what, const Array<float> &expected, const Array<float> &actual) {
  expectAll(what, expected, actual, [&](int64_t i) {
    return std::memcmp(&expected[i], &actual[i], sizeof(float)) != 0 &&
           !(std::isnan(expected[i]) && std::isnan(actual[i]));
  });
}

void checkQuantize(const Both &both, int64_t rows, int64_t cols, int64_t stride, float scale) {
  Random random(static_cast<uint64_t>(rows * 10007 + cols));
  const Twin<float> x(rows * stride, random, scale);
  for (const int32_t dtype : {GK_A8, GK_A16, GK_BF16}) {
    const Twin<uint8_t> y(rows * activationBytes(dtype, cols));
    both.run([&](const Side &side) {
      const gk_tensor xs = tensor(x.on(side), rows, cols, stride), ys = activations(y.on(side), rows, cols, dtype);
      OK(gk_quantize(side, &xs, &ys));
    });
    expectSameBits(name(dtype == GK_A8    ? "A8"
                        : dtype == GK_A16 ? "A16"
                                          : "BF16",
                        rows, cols, stride),
                   y.ofCpu(), y.ofCuda());
  }
}

// On both, and by its formula.
void checkCombine(const Both &both, int64_t tokens, int64_t k, int64_t cols, int64_t stride) {
  Random random(static_cast<uint64_t>(tokens * 10007 + k * 101 + cols));
  const Twin<float> x(tokens * k * stride, random), weights(tokens * k, random), y(tokens * stride),
      common(tokens * stride, random), all(tokens * stride);
  Array<float> expected = copyOf(y.ofCpu()), sums = copyOf(all.ofCpu());  // what lies between rows is kept
  for (int64_t t = 0; t < tokens; ++t) {
    for (int64_t c = 0; c < cols; ++c) {
      float sum = 0;
      for (int64_t j = t * k; j < (t + 1) * k; ++j) {
        sum = std::fma(weights.ofCpu()[j], x.ofCpu()[j * stride + c], sum);
      }
      expected[t * stride + c] = sum;
      sums[t * stride + c] = sum + common.ofCpu()[t * stride + c];
    }
  }
  both.run([&](const Side &side) {
    const gk_tensor xs = tensor(x.on(side), tokens * k, cols, stride), ws = tensor(weights.on(side), tokens, k);
    const gk_tensor ys = tensor(y.on(side), tokens, cols, stride), as = tensor(all.on(side), tokens, cols, stride),
                    cs = tensor(common.on(side), tokens, cols, stride);
    OK(gk_expert_combine(side, &xs, &ws, nullptr, &ys));
    OK(gk_expert_combine(side, &xs, &ws, &cs, &as));
  });
  expectSameBits(name("combine on the CPU", tokens, k, cols), expected, y.ofCpu());
  expectSameBits(name("combine", tokens, k, cols), expected, y.ofCuda());
  expectSameBits(name("combine with what is shared", tokens, k, cols), sums, all.ofCuda());
}

// As floats within the bound of two exponentials and three more roundings; quantised, what the CPU makes of the floats.
void checkGated(const Both &both, int64_t rows, int64_t cols, int64_t stride) {
  Random random(static_cast<uint64_t>(rows * 71 + cols));
  const Twin<float> gate(rows * stride, random, 20), up(rows * stride, random, 3), y(rows * stride);
  both.run([&](const Side &side) {
    const gk_tensor gs = tensor(gate.on(side), rows, cols, stride), us = tensor(up.on(side), rows, cols, stride),
                    ys = tensor(y.on(side), rows, cols, stride);
    OK(gk_gated(side, &gs, &us, &ys));
  });
  const Array<float> found = y.ofCuda();
  expectClose(name("Gated", rows, cols, stride), y.ofCpu(), found,
              [&](int64_t i) { return 8 * 0x1p-23 * std::fabs(static_cast<double>(y.ofCpu()[i])); });
  for (const int32_t dtype : {GK_A8, GK_A16, GK_BF16}) {
    if (cols % GK_ACTIVATION_BLOCK != 0) {
      continue;
    }
    const int64_t bytes = rows * activationBytes(dtype, cols);
    const DeviceArray<uint8_t> quantised(bytes);
    const Array<uint8_t> wanted(bytes);
    const Side side = both.cuda();
    const gk_tensor gs = tensor(gate.on(side), rows, cols, stride), us = tensor(up.on(side), rows, cols, stride),
                    qs = activations(quantised.data(), rows, cols, dtype),
                    fs = tensor(found.data(), rows, cols, stride), ws = activations(wanted.data(), rows, cols, dtype);
    OK(gk_gated(side, &gs, &us, &qs));
    OK(gk_queue_sync(side));
    OK(gk_quantize(both.cpu(), &fs, &ws));
    expectSameBits(name("Gated, quantised", rows, cols, dtype), wanted, quantised.download());
  }
}

void checkAddBias(const Both &both, int64_t rows, int64_t cols, int64_t stride) {
  Random random(static_cast<uint64_t>(rows * 37 + cols));
  const Twin<float> x(rows * stride, random), bias(cols, random);
  both.run([&](const Side &side) {
    const gk_tensor xs = tensor(x.on(side), rows, cols, stride);
    OK(gk_add_bias(side, &xs, bias.on(side)));
  });
  expectSameBits(name("AddBias", rows, cols, stride), x.ofCpu(), x.ofCuda());
}

void checkGather(const Both &both, int64_t rows, int64_t cols, int64_t wanted) {
  Random random(static_cast<uint64_t>(rows * 31 + cols));
  const int64_t xStride = cols + random.below(3), yStride = cols + random.below(3);
  const Twin<float> x(rows * xStride, random);
  Array<int32_t> rowIds(wanted), order(cols);
  for (int64_t i = 0; i < wanted; ++i) {
    rowIds[i] = random.below(static_cast<int>(rows));
  }
  for (int64_t i = 0; i < cols; ++i) {
    order[i] = static_cast<int32_t>(i * 7919 % cols);
  }
  const Twin<int32_t> r(std::move(rowIds)), o(std::move(order));
  const Twin<float> byRow(wanted * yStride), byCol(rows * yStride);
  both.run([&](const Side &side) {
    const gk_tensor xs = tensor(x.on(side), rows, cols, xStride), ys = tensor(byRow.on(side), wanted, cols, yStride),
                    zs = tensor(byCol.on(side), rows, cols, yStride), rs = ids(r.on(side), 1, wanted),
                    os = ids(o.on(side), 1, cols);
    OK(gk_gather_rows(side, &xs, &rs, &ys));
    OK(gk_gather_cols(side, &xs, &os, &zs));
  });
  expectSameBits(name("GatherRows", rows, cols, wanted), byRow.ofCpu(), byRow.ofCuda());
  expectSameBits(name("GatherCols", rows, cols), byCol.ofCpu(), byCol.ofCuda());
}

// Cosine and sine are within 1e-15 before the one rounding to fp32, which may then fall either way: one unit.
void checkRopeTable(const Both &both, int32_t dim, float scale) {
  constexpr int32_t pages = 1 << 20;
  const std::vector<int32_t> positions = {0,     1,     2,      7,      100,     4095,    32767,   32768,
                                          40960, 99999, 131071, 131072, 1048575, 9999991, 33554431};
  const auto tokens = static_cast<int32_t>(positions.size());
  Array<float> frequencies(dim / 2);
  for (int32_t i = 0; i < dim / 2; ++i) {
    frequencies[i] = static_cast<float>(std::pow(1e6, -2.0 * i / dim));
  }
  const Twin<float> f(std::move(frequencies)), table(int64_t{tokens} * dim);
  const Twin<int32_t> position(positions), sequence(std::vector<int32_t>(positions.size(), 0)),
      pageTable(std::vector<int32_t>(16, 0));
  both.run([&](const Side &side) {
    const gk_batch batch = {position.on(side), sequence.on(side), pageTable.on(side), tokens, 1, pages, 0};
    OK(gk_rope_table(side, &batch, f.on(side), dim, scale, table.on(side)));
  });
  const Array<float> &expected = table.ofCpu();
  expectClose(name("RopeTable", dim, 0), expected, table.ofCuda(), [&](int64_t i) {
    const float x = std::fabs(expected[i]);
    return 2 * static_cast<double>(std::nextafter(x, std::numeric_limits<float>::infinity()) - x);
  });
}

enum class Logits { Any, Equal, NotANumber };

void checkRoute(const Both &both, int64_t tokens, int64_t experts, int64_t k, gk_router router, bool biased,
                Logits kind) {
  Random random(static_cast<uint64_t>(experts * 100 + k));
  const Twin<float> bias(experts, random, 0.4f);
  Array<float> values(tokens * experts, random, 8);
  for (int64_t i = 0; kind != Logits::Any && i < values.size(); ++i) {
    values[i] = kind == Logits::Equal ? std::round(values[i] / 4) : i % 5 == 3 ? NAN : values[i];
  }
  const Twin<float> logits(std::move(values)), weights(tokens * k);
  const Twin<int32_t> chosen(tokens * k);
  both.run([&](const Side &side) {
    const gk_tensor l = tensor(logits.on(side), tokens, experts), i = ids(chosen.on(side), tokens, k),
                    w = tensor(weights.on(side), tokens, k);
    gk_router own = router;
    own.bias = biased ? bias.on(side) : nullptr;
    OK(gk_route(side, &own, &l, &i, &w));
  });
  expectSameBits(name("Route, ids", tokens, experts, k), chosen.ofCpu(), chosen.ofCuda());
  expectSame(name("Route, weights", tokens, experts, k), weights.ofCpu(), weights.ofCuda());
}

// `offset` bytes past a multiple of GK_ALIGNMENT, as in a mapped file.
void checkDequantize(const Both &both, int32_t dtype, int64_t count, int64_t offset) {
  Random random(static_cast<uint64_t>(dtype * 1000 + count));
  const Twin<uint8_t> source(anyBytes(random, offset + count / blockCols(dtype) * blockBytes(dtype)));
  const Twin<float> y(count);
  both.run([&](const Side &side) { OK(gk_dequantize(side, dtype, source.on(side) + offset, count, y.on(side))); });
  expectSame(name("Dequantize type, count, offset", dtype, count, offset), y.ofCpu(), y.ofCuda());
}

void checkEmbed(const Both &both, int32_t dtype, int64_t cols, int64_t offset) {
  constexpr int64_t rows = 9, tokens = 5;
  Random random(static_cast<uint64_t>(dtype * 1000 + cols));
  const Twin<uint8_t> table(anyBytes(random, offset + rows * cols / blockCols(dtype) * blockBytes(dtype)));
  const Twin<int32_t> chosen(std::vector<int32_t>{8, 0, 3, 8, 5});
  const int64_t stride = cols + 3;
  const Twin<float> y(tokens * stride);
  both.run([&](const Side &side) {
    const gk_source source = {table.on(side) + offset, nullptr, nullptr, nullptr, rows, cols, dtype, 0, 0, 0};
    const gk_tensor t = ids(chosen.on(side), 1, tokens), ys = tensor(y.on(side), tokens, cols, stride);
    OK(gk_embed(side, &source, &t, nullptr, &ys));
  });
  expectSame(name("Embed type, cols, offset", dtype, cols, offset), y.ofCpu(), y.ofCuda());
}

// An id below 0 is a token that was drawn, or the first where none was.
void checkEmbedDrawn(const Both &both, int32_t dtype, int64_t cols) {
  constexpr int64_t rows = 9, tokens = 5;
  Random random(static_cast<uint64_t>(dtype));
  const Twin<uint8_t> table(anyBytes(random, rows * cols / blockCols(dtype) * blockBytes(dtype)));
  const Twin<int32_t> chosen(std::vector<int32_t>{-1, 3, -2, -3, -4}), given(std::vector<int32_t>{5, 3, 0, 0, 8}),
      drawn(std::vector<int32_t>{5, GK_NOT_A_NUMBER, rows, 8});
  const Twin<float> y(tokens * cols), expected(tokens * cols);
  both.run([&](const Side &side) {
    const gk_source source = {table.on(side), nullptr, nullptr, nullptr, rows, cols, dtype, 0, 0, 0};
    const gk_tensor t = ids(chosen.on(side), 1, tokens), g = ids(given.on(side), 1, tokens),
                    d = ids(drawn.on(side), 1, 4), ys = tensor(y.on(side), tokens, cols),
                    es = tensor(expected.on(side), tokens, cols);
    OK(gk_embed(side, &source, &t, &d, &ys));
    OK(gk_embed(side, &source, &g, nullptr, &es));
  });
  expectSame(name("Embed what was drawn, type, cols", dtype, cols, 0), expected.ofCpu(), y.ofCpu());
  expectSame(name("Embed what was drawn, type, cols", dtype, cols, 0), expected.ofCuda(), y.ofCuda());
}

void checkMeasurements(const Both &both) {
  const DeviceArray<uint8_t> buffer(100 * 1000);
  double read = 0, int8 = 0, bf16 = 0;
  OK(gk_measure_read(both.cuda(), buffer.data(), buffer.size(), 2, &read));
  OK(gk_measure_int8(both.cuda(), &int8));
  OK(gk_measure_bf16(both.cuda(), &bf16));
  for (const double rate : {read, int8, bf16}) {
    CHECK(std::isfinite(rate) && rate > 0, "%g a second", rate);
  }
}

// A wrong id reads nothing.
void checkWrongIds(const Both &both) {
  const DeviceArray<float> x(Array<float>(std::vector<float>(64, 1.0f))), y(64);
  const DeviceArray<int32_t> wrong(Array<int32_t>(std::vector<int32_t>{-1, 2}));
  const gk_tensor xs = tensor(x.data(), 2, 32), ys = tensor(y.data(), 2, 32), ws = ids(wrong.data(), 1, 2);
  const gk_tensor narrow = tensor(y.data(), 2, 2, 32);
  const gk_source table = {x.data(), nullptr, nullptr, nullptr, 2, 32, GK_F32, 0, 0, 0};
  OK(gk_gather_rows(both.cuda(), &xs, &ws, &ys));
  OK(gk_gather_cols(both.cuda(), &xs, &ws, &narrow));
  OK(gk_embed(both.cuda(), &table, &ws, nullptr, &ys));
  const gk_tensor one = ids(wrong.data() + 1, 1, 1);
  const DeviceArray<int32_t> beyond(Array<int32_t>(std::vector<int32_t>{-2, 2}));
  const gk_tensor bs = ids(beyond.data(), 1, 2);
  OK(gk_embed(both.cuda(), &table, &bs, &one, &ys));
  OK(gk_queue_sync(both.cuda()));
}

}  // namespace

int main() {
  const Both both;
  for (const int64_t cols : {32, 64, 96, 576, 1056, 5120}) {
    for (const int64_t rows : {1, 3, 17}) {
      checkQuantize(both, rows, cols, cols, 3);
      checkQuantize(both, rows, cols, cols + 1, 1e-37f);
      checkQuantize(both, rows, cols, cols + 4, 1e-43f);  // scales are subnormal or zero
      checkGated(both, rows, cols, cols);
      checkGated(both, rows, cols - 1, cols + 2);
      checkGated(both, rows, cols, cols + 1);
      checkAddBias(both, rows, cols, cols + 1);
      checkGather(both, rows, cols - 1, 2 * rows);
    }
  }
  checkGather(both, 200, 5, 70000);
  for (const int32_t dim : {2, 6, 64, 128, 256}) {
    checkRopeTable(both, dim, 1);
    checkRopeTable(both, dim, 1.2079441f);
  }
  for (const int32_t normalize : {0, 1}) {
    const gk_router softmax = {nullptr, GK_SCORING_SOFTMAX, 1, 1, normalize, 1, 0};
    const auto grouped = [&](int32_t groups, int32_t chosen) {
      return gk_router{nullptr, GK_SCORING_SIGMOID, groups, chosen, normalize, 2.5f, 0};
    };
    for (const Logits kind : {Logits::Any, Logits::Equal, Logits::NotANumber}) {
      checkRoute(both, 5, 128, 8, softmax, false, kind);
      checkRoute(both, 3, 257, 9, softmax, false, kind);
      checkRoute(both, 33, 60, 4, softmax, true, kind);
      checkRoute(both, 2, 17, 17, softmax, false, kind);
      checkRoute(both, 1, 1, 1, softmax, false, kind);
      for (const bool biased : {false, true}) {
        checkRoute(both, 9, 256, 8, grouped(8, 4), biased, kind);
        checkRoute(both, 3, 384, 8, grouped(1, 1), biased, kind);
        checkRoute(both, 3, 24, 6, grouped(12, 3), biased, kind);
        checkRoute(both, 3, 20, 7, grouped(20, 7), biased, kind);  // a group an expert
        checkRoute(both, 2, 600, 5, grouped(300, 5), biased, kind);
        checkRoute(both, 2, 160, 5, grouped(2, 1), biased, kind);
      }
    }
    checkRoute(both, 1, 4099, 3, softmax, false, Logits::Any);
  }
  for (const int64_t cols : {1, 255, 512, 513, 2048}) {
    checkCombine(both, 1, 8, cols, cols);
    checkCombine(both, 7, 3, cols, cols + 3);
    checkCombine(both, 2, 13, cols, cols);
    checkCombine(both, 3, 1, cols, cols);
  }
  for (const int32_t dtype : formats) {
    const int64_t block = blockCols(dtype);
    for (const int64_t blocks : {int64_t{1}, int64_t{2}, 2048 / block, 2048 / block + 1, 4096 / block + 3}) {
      checkDequantize(both, dtype, blocks * block, blocks % 4);
      checkEmbed(both, dtype, blocks * block, 0);
      checkEmbed(both, dtype, blocks * block, 1 + blocks % 7);
    }
    checkEmbed(both, dtype, 5120, 32);
    checkEmbedDrawn(both, dtype, 2 * block);
  }
  checkMeasurements(both);
  checkWrongIds(both);
  return finish(both);
}
