// experts_test.cpp: the ops over chosen experts, and over heads, against loops of mat_mul and gate_up on the same
// queue, bit for bit; so a token's result depends on no other's. Rows whose id is no expert's are not touched.
#include "../../kernels-cpu/test/weights.hpp"
#include "both.hpp"

using namespace gatun::test;

namespace {

// A stack of experts packed for CUDA.
struct Stack {
  Stack(const Both &both, gatun::cpu::Pool &pool, int32_t dtype, int64_t rows, int64_t cols, int64_t experts,
        uint64_t seed)
      : stride(strideOf(both, dtype, rows, cols)), packed(stride * experts) {
    for (int64_t e = 0; e < experts; e++) {
      const Weights one(pool, dtype, rows, cols, 1, seed + static_cast<uint64_t>(e));
      OK(gk_pack(both.cuda(), &one.source, packed.data() + e * stride));
      weight = one.packed;
    }
    weight.data = packed.data(), weight.experts = experts, weight.expert_stride = stride;
  }
  static int64_t strideOf(const Both &both, int32_t dtype, int64_t rows, int64_t cols) {
    gk_source source = {};
    source.dtype = dtype, source.rows = rows, source.cols = cols;
    source.group = dtype == GK_AWQ || dtype == GK_GPTQ ? 32 : dtype == GK_F8 ? GK_SQUARE : 0;
    int64_t bytes = 0;
    OK(gk_packed_bytes(both.cuda(), &source, &bytes));
    return bytes + GK_ALIGNMENT;
  }
  gk_weight expert(int64_t e) const {
    gk_weight one = weight;
    one.data = packed.data() + e * stride, one.experts = 1;
    return one;
  }
  int64_t stride;
  DeviceArray<uint8_t> packed;
  gk_weight weight{};
};

// Rows of activations of a type on the device, each also alone.
struct Rows {
  Rows(const Both &both, int32_t dtype, int64_t rows, int64_t cols, uint64_t seed)
      : dtype_(dtype),
        cols_(cols),
        rowBytes_(dtype == GK_F32 ? cols * 4 : activationBytes(dtype, cols)),
        all(rows * rowBytes_) {
    Random random(seed);
    Array<float> floats(rows * cols, random);
    Array<uint8_t> bytes(rows * rowBytes_);
    if (dtype == GK_F32) {
      std::memcpy(bytes.data(), floats.data(), static_cast<size_t>(bytes.size()));
    } else {
      const gk_tensor from = tensor(floats.data(), rows, cols), to = activations(bytes.data(), rows, cols, dtype);
      OK(gk_quantize(both.cpu(), &from, &to));
    }
    all.upload(bytes);
    for (int64_t r = 0; r < rows; r++) {
      single.push_back(std::make_unique<DeviceArray<uint8_t>>(rowBytes_));
      deviceCopy(single.back()->data(), bytes.data() + r * rowBytes_, rowBytes_);
    }
  }
  gk_tensor of(void *data, int64_t rows) const { return {data, rows, cols_, cols_, dtype_, 0}; }
  int32_t dtype_;
  int64_t cols_, rowBytes_;
  DeviceArray<uint8_t> all;
  std::vector<std::unique_ptr<DeviceArray<uint8_t>>> single;
};

void check(const Both &both, gatun::cpu::Pool &pool, const TypeName &type, int32_t activation, int64_t tokens,
           int64_t k, int64_t inner, int64_t experts, bool crowded = false) {
  const int64_t hidden = 256, ff = 40, out = 24;
  const std::string name = std::string(type.name) + " x of type " + std::to_string(activation) + ", " +
                           std::to_string(tokens) + " tokens, " + std::to_string(k) + " of " + std::to_string(experts);
  const Side cuda = both.cuda();
  const Stack gate(both, pool, type.dtype, ff, hidden, experts, 10);
  const Stack up(both, pool, type.dtype, ff, hidden, experts, 50);
  const Stack down(both, pool, type.dtype, out, inner, experts, 90);
  const Rows x(both, activation, tokens, hidden, 4), h(both, activation, tokens * k, inner, 5);
  Random random(9);
  Array<int32_t> chosen(tokens * k);
  Array<float> shares(tokens * k, random);
  for (int64_t i = 0; i < chosen.size(); i++) {
    chosen[i] = crowded && i > 2 ? 1 : random.below(static_cast<int>(experts));
  }
  const DeviceArray<int32_t> chosenOnDevice(chosen);
  const DeviceArray<float> sharesOnDevice(shares);
  const gk_tensor idTensor = ids(chosenOnDevice.data(), tokens, k);
  const gk_tensor shareTensor = tensor(sharesOnDevice.data(), tokens, k);

  const int64_t stride = ff + 2, outStride = out + 1;
  const Twin<float> y(tokens * k * stride), rows(tokens * k * outStride), z(tokens * outStride);
  const gk_tensor toY = tensor(y.on(cuda), tokens * k, ff, stride), toZ = tensor(z.on(cuda), tokens, out, outStride);
  const gk_tensor toRows = tensor(rows.on(cuda), tokens * k, out, outStride);
  const gk_tensor fromX = x.of(x.all.data(), tokens), fromH = h.of(h.all.data(), tokens * k);
  OK(gk_expert_gate_up(cuda, &gate.weight, &up.weight, &fromX, &idTensor, &toY));
  OK(gk_expert_down(cuda, &down.weight, &fromH, &idTensor, &toRows));
  OK(gk_expert_combine(cuda, &toRows, &shareTensor, nullptr, &toZ));
  OK(gk_queue_sync(cuda));

  // What lies between rows is kept.
  Array<float> expectedY = copyOf(y.ofCpu()), expectedRows = copyOf(rows.ofCpu()), expectedZ = copyOf(z.ofCpu());
  const DeviceArray<float> part(ff);
  for (int64_t p = 0; p < tokens * k; p++) {
    const gk_weight a = gate.expert(chosen[p]), b = up.expert(chosen[p]), c = down.expert(chosen[p]);
    const gk_tensor ownX = x.of(x.single[size_t(p / k)]->data(), 1), ownH = h.of(h.single[size_t(p)]->data(), 1);
    const gk_tensor toFf = tensor(part.data(), 1, ff), toOut = tensor(part.data(), 1, out);
    OK(gk_gate_up(cuda, &a, &b, &ownX, &toFf));
    OK(gk_queue_sync(cuda));
    std::memcpy(&expectedY[p * stride], part.download().data(), size_t(ff) * sizeof(float));
    OK(gk_mat_mul(cuda, &c, &ownH, &toOut));
    OK(gk_queue_sync(cuda));
    const Array<float> product = part.download();
    std::memcpy(&expectedRows[p * outStride], product.data(), size_t(out) * sizeof(float));
    for (int64_t i = 0; i < out; i++) {
      float &sum = expectedZ[p / k * outStride + i];
      sum = std::fma(shares[p], product[i], p % k == 0 ? 0.0f : sum);
    }
  }
  expectSameBits(name + " gate_up", expectedY, y.ofCuda());
  expectSameBits(name + " down", expectedRows, rows.ofCuda());
  expectSameBits(name + " combine", expectedZ, z.ofCuda());

  // Every third row has no expert here, in one of three ways: what it holds stays, the others come again.
  for (int64_t p = 0; p < tokens * k; p += 3) {
    chosen[p] = p % 9 == 0 ? -1 : p % 9 == 3 ? static_cast<int32_t>(experts) : 1 << 30;
    std::fill_n(&expectedY[p * stride], ff, 7.0f);
    std::fill_n(&expectedRows[p * outStride], out, 7.0f);
    deviceCopy(y.on(cuda) + p * stride, &expectedY[p * stride], ff * 4);
    deviceCopy(rows.on(cuda) + p * outStride, &expectedRows[p * outStride], out * 4);
  }
  deviceCopy(chosenOnDevice.data(), chosen.data(), chosen.size() * 4);
  OK(gk_expert_gate_up(cuda, &gate.weight, &up.weight, &fromX, &idTensor, &toY));
  OK(gk_expert_down(cuda, &down.weight, &fromH, &idTensor, &toRows));
  OK(gk_queue_sync(cuda));
  expectSameBits(name + " gate_up of some", expectedY, y.ofCuda());
  expectSameBits(name + " down of some", expectedRows, rows.ofCuda());
}

// A table of copies, on both back ends.
void checkLocal(const Both &both, int64_t tokens, int64_t k, int64_t experts, int64_t copies) {
  Random random(3);
  Array<int32_t> chosen(tokens * k), table(experts * copies);
  for (int64_t i = 0; i < chosen.size(); i++) {
    chosen[i] = random.below(static_cast<int>(experts) + 3) - 1;
  }
  for (int64_t i = 0; i < table.size(); i++) {
    table[i] = random.below(6) - 1;
  }
  const DeviceArray<int32_t> chosenOnDevice(chosen), tableOnDevice(table);
  const Twin<int32_t> local(tokens * k);
  both.run([&](const Side &side) {
    const gk_tensor from = ids(side.cuda ? chosenOnDevice.data() : chosen.data(), tokens, k);
    const gk_tensor by = ids(side.cuda ? tableOnDevice.data() : table.data(), experts, copies);
    const gk_tensor to = ids(local.on(side), tokens, k);
    OK(gk_local_experts(side, &from, &by, &to));
  });
  const Array<int32_t> found = local.ofCuda();
  for (int64_t p = 0; p < tokens * k; p++) {
    const bool known = chosen[p] >= 0 && chosen[p] < experts;
    const int32_t expected = known ? table[chosen[p] * copies + p / k % copies] : -1;
    CHECK(local.ofCpu()[p] == expected && found[p] == expected, "local expert %ld", long(p));
  }
}

// Heads have `gap` elements more in x than in their product, and more in y.
void checkHeads(const Both &both, gatun::cpu::Pool &pool, const TypeName &type, int32_t activation, int64_t tokens,
                int64_t heads, int64_t rows, int64_t cols) {
  constexpr int64_t gap = 32, more = 3;
  const Side cuda = both.cuda();
  const Stack weight(both, pool, type.dtype, rows, cols, heads, 20);
  const int64_t width = heads * (cols + gap), out = heads * (rows + more);
  const Rows x(both, activation, tokens, width, 6);
  const Twin<float> y(tokens * out);
  const gk_tensor from = x.of(x.all.data(), tokens), to = tensor(y.on(cuda), tokens, out);
  OK(gk_head_mat_mul(cuda, &weight.weight, &from, &to));
  OK(gk_queue_sync(cuda));
  Array<float> expected = copyOf(y.ofCpu());
  const Array<uint8_t> all = x.all.download();
  const int64_t headBytes = x.rowBytes_ / heads, bytes = x.rowBytes_ * cols / width;
  const DeviceArray<uint8_t> own(bytes);
  const DeviceArray<float> part(rows);
  for (int64_t t = 0; t < tokens; t++) {
    for (int64_t h = 0; h < heads; h++) {
      deviceCopy(own.data(), all.data() + t * x.rowBytes_ + h * headBytes, bytes);
      const gk_weight matrix = weight.expert(h);
      const gk_tensor row = {own.data(), 1, cols, cols, activation, 0}, result = tensor(part.data(), 1, rows);
      OK(gk_mat_mul(cuda, &matrix, &row, &result));
      OK(gk_queue_sync(cuda));
      std::memcpy(&expected[t * out + h * (rows + more)], part.download().data(), size_t(rows) * sizeof(float));
    }
  }
  expectSameBits(std::string(type.name) + " x of type " + std::to_string(activation) + ", " + std::to_string(tokens) +
                     " tokens, " + std::to_string(heads) + " heads",
                 expected, y.ofCuda());
}

}  // namespace

int main() {
  const Both both;
  gatun::cpu::Pool pool(2);
  checkLocal(both, 1, 8, 16, 1);
  checkLocal(both, 70, 8, 256, 3);
  for (const int32_t activation : {GK_A8, GK_A16, GK_F32}) {
    for (const TypeName &type : kTypes) {
      if (gatun::cpu::formatOf(type.dtype).bits != 0) {
        check(both, pool, type, activation, 1, 2, 256, 4);
      }
    }
    check(both, pool, {GK_Q6_K, "Q6_K"}, activation, 3, 8, 1280, 8);  // two chunks an expert
    check(both, pool, {GK_Q8_0, "Q8_0"}, activation, 2, 13, 96, 16);  // more choices than a block has warps
    check(both, pool, {GK_AWQ, "AWQ"}, activation, 5, 2, 64, 3);
  }
  check(both, pool, {GK_F32, "F32"}, GK_F32, 2, 3, 64, 5);
  check(both, pool, {GK_F8, "F8"}, GK_F32, 3, 3, 200, 5);
  check(both, pool, {GK_F8, "F8"}, GK_F32, 30, 2, 136, 3);
  check(both, pool, {GK_BF16, "BF16"}, GK_F32, 3, 3, 256, 5);
  check(both, pool, {GK_F16, "F16"}, GK_F32, 9, 2, 72, 5);
  // Sorted by expert: some in vain, one with more than a group.
  check(both, pool, {GK_Q4_K, "Q4_K"}, GK_A8, 20, 4, 256, 6);
  check(both, pool, {GK_Q4_K, "Q4_K"}, GK_A8, 20, 4, 256, 9, true);
  check(both, pool, {GK_Q4_1, "Q4_1"}, GK_A16, 9, 8, 96, 3);
  check(both, pool, {GK_GPTQ, "GPTQ"}, GK_A8, 70, 2, 64, 2, true);
  check(both, pool, {GK_BF16, "BF16"}, GK_F32, 30, 2, 64, 3, true);
  for (const int64_t tokens : {1, 2, 3, 34}) {
    checkHeads(both, pool, {GK_BF16, "BF16"}, GK_F32, tokens, 4, 40, 64);
    checkHeads(both, pool, {GK_F32, "F32"}, GK_F32, tokens, 3, 20, 30);
    checkHeads(both, pool, {GK_Q8_0, "Q8_0"}, GK_F32, tokens, 3, 24, 96);
    checkHeads(both, pool, {GK_Q8_0, "Q8_0"}, GK_A8, tokens, 5, 24, 128);
    checkHeads(both, pool, {GK_Q4_0, "Q4_0"}, GK_A16, tokens, 5, 24, 64);
  }
  return finish(both);
}
