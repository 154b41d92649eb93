// attention_test.cpp: Attention on CUDA against the CPU; bit-equal whatever the step a token comes in: alone, among
// others, as part of a prompt, in rounds.
//
// Where keys or values are F32 the two are bit-equal. Elsewhere the bound is attention/attention_tile.hpp's, of each
// row with A = greatest scale * sum of |q k| of a key, B = sum of p |v|, n positions, u = 2^-24:
//   a score is off by A * (2^-22, with BF16 keys 2^-16, + 2 (head_dim + 8) u: tensor cores may round each addition of a
//   sum towards zero), and by 3 u of itself in units of log2, of which |s| <= A;
//   so p, and with it y, by twice that and the exponentials' 4 u, of B;
//   then come the roundings of p and v, and 2 n u of the sums. The CPU's own error is A * head_dim u and n u.
//   Values that the Walsh-Hadamard matrix of length l has spread: an element is the sum of l errors over sqrt(l), at
//   most sqrt(l) times each, and log2 l + 1 roundings of as much on either side.
#include "cached.hpp"

using namespace gatun::test;
namespace cuda = gatun::cuda;

namespace {

double roundings(int32_t valueType) {
  switch (valueType) {
    case GK_BF16:
      return 0x1p-16;
    case GK_Q8_0:
    case GK_Q4_0:
    case GK_TURBO4:
    case GK_TURBO3:
      return 0x1p-10;
    default:
      return 0x1p-11;
  }
}

bool isFp32(const CacheShape &s) { return s.keyType == GK_F32 || s.valueType == GK_F32; }

class Case {
 public:
  Case(const Both &both, const CacheShape &shape, const std::vector<int> &lengths, const std::vector<At> &step)
      : both_(both),
        s_(shape),
        random_(static_cast<uint64_t>(s_.heads * 1000 + s_.headDim + 7 * s_.keyType + 13 * s_.valueType)),
        width_(int64_t{s_.heads} * s_.headDim),
        cached_(both, s_, static_cast<int>(lengths.size()), *std::max_element(lengths.begin(), lengths.end()), random_),
        step_(step),
        tokens_(Cached::tokens(step)),
        q_(tokens_.count * width_, random_, 2),
        y_(tokens_.count * width_) {
    cached_.fill(lengths, random_);
  }

  void check() {
    both_.run([&](const Side &side) { attend(side, y_.on(side), 0, tokens_.count); });
    expected_ = std::make_unique<Array<float>>(y_.ofCuda());
    if (isFp32(s_)) {
      expectSameBits("Attention " + name(s_), y_.ofCpu(), *expected_);
    } else {
      const std::vector<double> bounds = rowBounds();
      expectClose("Attention " + name(s_), y_.ofCpu(), *expected_,
                  [&](int64_t i) { return bounds[static_cast<size_t>(i / s_.headDim)]; });
    }
    checkChunks(1);
    checkChunks(7);
    checkChunks(32);
  }

  // The same bits where the step is cut into steps of `chunk` tokens.
  void checkChunks(int chunk) {
    const DeviceArray<float> y(tokens_.count * width_);
    for (int first = 0; first < tokens_.count; first += chunk) {
      attend(both_.cuda(), y.data() + first * width_, first, std::min(chunk, tokens_.count - first));
    }
    OK(gk_queue_sync(both_.cuda()));
    expectSameBits("Attention " + name(s_) + ", steps of " + std::to_string(chunk), *expected_, y.download());
  }

  // A result of another type is what the CPU makes of the floats.
  void checkQuantised(int32_t dtype) {
    const int64_t bytes = tokens_.count * activationBytes(dtype, width_);
    const DeviceArray<uint8_t> y(bytes);
    const Array<uint8_t> wanted(bytes);
    attend(both_.cuda(), activations(y.data(), tokens_.count, width_, dtype), 0, tokens_.count);
    OK(gk_queue_sync(both_.cuda()));
    const gk_tensor floats = tensor(expected_->data(), tokens_.count, width_),
                    quantised = activations(wanted.data(), tokens_.count, width_, dtype);
    OK(gk_quantize(both_.cpu(), &floats, &quantised));
    expectSameBits("Attention " + name(s_) +
                       (dtype == GK_A8    ? " to A8"
                        : dtype == GK_A16 ? " to A16"
                                          : " to BF16"),
                   wanted, y.download());
  }

  void expectSameAs(const Case &other) const {
    expectSameBits("Attention " + name(s_) + ", another queue", *other.expected_, *expected_);
  }

 private:
  float scale() const { return 1 / std::sqrt(static_cast<float>(s_.headDim)); }

  void attend(const Side &side, float *y, int first, int count) const {
    attend(side, tensor(y, count, width_), first, count);
  }
  void attend(const Side &side, const gk_tensor &y, int first, int count) const {
    const gk_batch batch = cached_.batch(side, tokens_, first, count, count == 1 ? 1 : 0);
    const gk_cache cache = cached_.cache(side);
    const gk_tensor q = tensor(q_.on(side) + first * width_, count, width_);
    OK(gk_attention(side, &batch, &q, &cache, scale(), GK_COMPUTE_F32, &y));
  }

  // The bound of each row (token, head).
  std::vector<double> rowBounds() const {
    const Cached::View view(cached_);
    std::vector<double> bounds;
    for (size_t t = 0; t < step_.size(); ++t) {
      for (int h = 0; h < s_.heads; ++h) {
        const float *const q = q_.ofCpu().data() + static_cast<int64_t>(t) * width_ + int64_t{h} * s_.headDim;
        bounds.push_back(rowBound(view, step_[t], h / (s_.heads / s_.kvHeads), q));
      }
    }
    return bounds;
  }

  double rowBound(const Cached::View &view, At at, int head, const float *q) const {
    const int n = at.position + 1, dim = s_.headDim;
    double most = 0, greatest = 0;
    for (At key = {at.sequence, 0}; key.position < n; ++key.position) {
      double sum = 0;
      for (int d = 0; d < dim; ++d) {
        sum += std::fabs(static_cast<double>(view.key(key, head, d)) * static_cast<double>(q[d]));
        greatest = std::max(greatest, std::fabs(static_cast<double>(view.value(key, head, d))));
      }
      most = std::max(most, sum * static_cast<double>(scale()));
    }
    const double u = 0x1p-24, split = s_.keyType == GK_BF16 ? 0x1p-16 : 0x1p-22;
    const double score = most * (split + 2 * (dim + 8) * u + 3 * u + dim * u);
    const double bound = greatest * (2 * score + 8 * u + roundings(s_.valueType) + 3 * n * u);  // B <= the greatest |v|
    const double length = dim & -dim;
    return !cuda::spreadsValues(s_.valueType)
               ? bound
               : std::sqrt(length) * (bound + 2 * (std::log2(length) + 1) * u * greatest);
  }

  const Both &both_;
  const CacheShape s_;
  Random random_;
  const int64_t width_;
  const Cached cached_;
  const std::vector<At> step_;
  const Cached::Tokens tokens_;
  const Twin<float> q_, y_;
  std::unique_ptr<Array<float>> expected_;
};

// Tokens `from` to `to` of a sequence.
void append(std::vector<At> &step, int sequence, int from, int to) {
  for (int position = from; position < to; ++position) {
    step.push_back({sequence, position});
  }
}

// The ends of pages and splits, of several sequences.
const std::vector<int> lengths = {1100, 40, 513};
std::vector<At> edges() { return {{0, 0}, {0, 30}, {0, 31}, {0, 510}, {0, 511}, {0, 1099}, {2, 512}, {1, 5}, {1, 32}}; }

std::vector<At> prompt() {
  std::vector<At> step = {{2, 512}};
  append(step, 1, 4, 36);
  for (const int position : {0, 30, 31, 510, 511, 512, 1099}) {
    step.push_back({0, position});
  }
  return step;
}

// Prompts of a few pages.
void checkShort(const Both &both, const CacheShape &shape) {
  std::vector<At> step;
  append(step, 1, 20, 53);
  append(step, 0, 28, 36);
  Case c(both, shape, {36, 53}, step);
  c.check();
}

void checkLong(const Both &both, const CacheShape &shape) { Case(both, shape, lengths, edges()).check(); }

}  // namespace

int main(int argc, char **argv) {
  const Both both;
  const bool all = argc < 2;
  const std::string only = all ? "" : argv[1];
  if (all || only == "types") {
    for (const CacheType key : cacheTypes) {
      for (const CacheType value : cacheTypes) {
        checkShort(both, {3, 1, 64, key.dtype, value.dtype});
      }
    }
  }
  if (all || only == "shapes") {
    for (const int32_t type : {GK_F32, GK_F16, GK_BF16, GK_F8}) {
      checkShort(both, {2, 2, 16, type, type});
      checkShort(both, {3, 1, 80, type, type});
      checkShort(both, {1, 1, 112, type, GK_F16});
    }
    for (const int32_t type : {GK_F32, GK_F16, GK_F8, GK_Q8_0, GK_Q4_0, GK_TURBO4, GK_TURBO3}) {
      checkShort(both, {7, 1, 96, type, type});
      checkShort(both, {2, 1, 256, type, type});
      checkShort(both, {16, 1, 32, type, type});
      checkShort(both, {20, 1, 128, type, type});
    }
  }
  if (all || only == "long") {
    checkLong(both, {5, 1, 128, GK_F16, GK_F16});
    checkLong(both, {2, 1, 32, GK_F32, GK_F32});
    checkLong(both, {1, 1, 64, GK_BF16, GK_BF16});
    checkLong(both, {4, 2, 64, GK_Q8_0, GK_Q4_0});
    checkLong(both, {8, 1, 128, GK_Q4_0, GK_Q4_0});
    checkLong(both, {5, 1, 128, GK_TURBO4, GK_TURBO3});
    checkLong(both, {1, 1, 256, GK_TURBO3, GK_TURBO4});
    checkLong(both, {2, 1, 32, GK_F32, GK_TURBO3});
    Case(both, {2, 1, 64, GK_F8, GK_Q8_0}, lengths, prompt()).check();
    Case(both, {2, 1, 64, GK_Q8_0, GK_TURBO3}, lengths, prompt()).check();
  }
  if (all || only == "results") {
    for (const CacheShape &shape : {CacheShape{4, 2, 64, GK_F16, GK_F16}, CacheShape{4, 2, 32, GK_F32, GK_F32},
                                    CacheShape{4, 2, 64, GK_TURBO4, GK_TURBO3}}) {
      Case few(both, shape, {600}, {{0, 3}, {0, 40}, {0, 599}});
      few.check();
      few.checkQuantised(GK_A8);
      few.checkQuantised(GK_A16);
      few.checkQuantised(GK_BF16);
      std::vector<At> step;
      append(step, 0, 500, 540);
      Case many(both, shape, {600}, step);
      many.check();
      many.checkQuantised(GK_A8);
      many.checkQuantised(GK_A16);
      many.checkQuantised(GK_BF16);
      const Both narrow({1, 4, 64, 0, 700});  // workspace for one token: the others wait their turn
      Case again(narrow, shape, {600}, {{0, 3}, {0, 40}, {0, 599}});
      again.check();
      again.expectSameAs(few);
    }
    // Blocks of the result straddle heads; the prompt's tokens take turns in the workspace.
    const Both narrow({1, 4, 80, 0, 700});
    for (const int from : {500, 537}) {
      std::vector<At> step;
      append(step, 0, from, 540);
      Case odd(narrow, {4, 2, 80, GK_F16, GK_F16}, {600}, step);
      odd.check();
      odd.checkQuantised(GK_A8);
      odd.checkQuantised(GK_A16);
      odd.checkQuantised(GK_BF16);
    }
  }
  return finish(both);
}
