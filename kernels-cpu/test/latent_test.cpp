// latent_test.cpp: LatentStore and Attention over a latent cache against double precision, and bit-equal whatever the
// instruction set, the threads, the chunks of a prompt and the neighbours in a batch.
//
// Results of values up to about 5, from the queries and the cache as they are, are within 2e-5: 5 times the 4e-6 that
// attention_test.cpp has for values up to 1. In 16-bit integers latent_rounding.hpp's bound comes on top.
#include "latent_rounding.hpp"

using namespace gatun::test;

namespace {

struct Step {
  std::vector<int32_t> position, sequence;
  int32_t singles = 0;
  void add(int32_t s, int32_t p) {
    sequence.push_back(s);
    position.push_back(p);
  }
};

struct Results {
  Array<float> absorbed;  // (all tokens, heads * dim)
  Array<float> y;         // (all tokens, heads * latent)
  Array<uint8_t> pages;
};

class Case {
 public:
  explicit Case(const LatentShape &shape, int32_t compute = GK_COMPUTE_F32)
      : all_(shape, static_cast<uint64_t>(shape.heads + 31 * shape.dim())),
        compute_(compute),
        name_(name(shape) + (compute == GK_COMPUTE_F32 ? "" : ", int16")) {}

  // Steps of up to `chunk` tokens of each sequence, padding behind them.
  Results run(gk_queue *queue, int chunk) const {
    const LatentShape &s = all_.s;
    int64_t pageBytes = 0;
    gk_cache cache = all_.cacheAt(nullptr);
    OK(gk_cache_page_bytes(queue, &cache, &pageBytes));
    Results results = {Array<float>(all_.tokens * s.heads * s.dim()), Array<float>(all_.tokens * s.heads * s.latent),
                       Array<uint8_t>(pageBytes * cache.page_count)};
    results.pages.fillBytes(0xff);  // not a number, or a code that would be seen
    cache.pages = results.pages.data();
    const int longest = *std::max_element(s.lengths.begin(), s.lengths.end());
    for (int done = 0; done < longest; done += chunk) {
      Step next;
      for (size_t i = 0; i < s.lengths.size(); ++i) {
        for (int t = done; t < std::min(done + chunk, s.lengths[i]); ++t) {
          next.add(static_cast<int32_t>(i), t);
        }
      }
      next.singles = chunk == 1 ? static_cast<int32_t>(next.position.size()) : 0;
      next.add(-1, INT32_MAX);
      step(queue, cache, next, results);
    }
    return results;
  }

  void check() const {
    const Queue one(1, GK_ISA_BEST);
    const Results expected = run(one, 1 << 20);
    checkEntries(expected);
    checkResults(expected);
    int turn = 0;
    for (int isa = GK_ISA_PLAIN; isa <= bestIsa(); ++isa) {
      for (const int threads : {1, 3}) {
        const Queue queue(threads, isa);
        const int chunks[] = {1 << 20, 37, 100, 1};
        const int chunk = chunks[turn++ % 4];
        const Results again = run(queue, chunk);
        CHECK(again.y.sameBits(expected.y) && again.absorbed.sameBits(expected.absorbed) &&
                  again.pages.sameBits(expected.pages),
              "%s: isa %d, %d threads, chunks of %d", name_.c_str(), isa, threads, chunk);
      }
    }
  }

 private:
  void step(gk_queue *queue, const gk_cache &cache, const Step &step, const Results &results) const {
    const LatentShape &s = all_.s;
    const auto count = static_cast<int64_t>(step.position.size());
    const int64_t width = s.heads * s.dim(), qWidth = s.heads * all_.qWidth(), outWidth = s.heads * s.latent;
    Array<float> table(count * s.rope), q(count * qWidth), kv(count * s.dim()), absorbed(count * width),
        y(count * outWidth);
    for (Array<float> *array : {&table, &q, &kv, &absorbed, &y}) {
      array->fillBytes(0xff);
    }
    for (int64_t i = 0; i < count; ++i) {
      if (step.sequence[size_t(i)] >= 0) {
        const int64_t t = all_.token(step.sequence[size_t(i)], step.position[size_t(i)]);
        all_.angles(step.position[size_t(i)], table.data() + i * s.rope);
        std::copy_n(all_.q.data() + t * qWidth, qWidth, q.data() + i * qWidth);
        std::copy_n(all_.kv.data() + t * s.dim(), s.dim(), kv.data() + i * s.dim());
        std::copy_n(all_.absorbed.data() + t * width, width, absorbed.data() + i * width);
      }
    }
    const gk_batch batch = {step.position.data(),
                            step.sequence.data(),
                            all_.pageTable.data(),
                            static_cast<int32_t>(count),
                            static_cast<int32_t>(s.lengths.size()),
                            all_.maxPages,
                            step.singles};
    gk_rope rope = {};
    rope.table = table.data(), rope.k_norm = all_.norm.data();
    rope.norm_eps = 1e-6f, rope.dim = s.rope, rope.style = GK_ROPE_INTERLEAVED;
    const gk_tensor qs = tensor(q.data(), count, qWidth), kvs = tensor(kv.data(), count, s.dim()),
                    as = tensor(absorbed.data(), count, width), ys = tensor(y.data(), count, outWidth);
    OK(gk_latent_store(queue, &rope, &batch, &qs, &kvs, &as, &cache));
    OK(gk_attention(queue, &batch, &as, &cache, all_.scale(), compute_, &ys));
    for (int64_t i = 0; i < count; ++i) {
      if (step.sequence[size_t(i)] < 0) {
        const auto all = [](const float *row, int64_t n, unsigned char byte) {
          const auto *const bytes = reinterpret_cast<const unsigned char *>(row);
          return std::all_of(bytes, bytes + n * 4, [&](unsigned char b) { return b == byte; });
        };
        CHECK(all(absorbed.data() + i * width, width, 0xff), "padding: a query was written");
        CHECK(all(y.data() + i * outWidth, outWidth, 0), "padding: a result is not zero");
        continue;
      }
      const int64_t t = all_.token(step.sequence[size_t(i)], step.position[size_t(i)]);
      std::copy_n(absorbed.data() + i * width, width, results.absorbed.data() + t * width);
      std::copy_n(y.data() + i * outWidth, outWidth, results.y.data() + t * outWidth);
    }
  }

  int32_t page(size_t sequence, int position) const {
    return all_.pageTable[sequence * size_t(all_.maxPages) + size_t(position / GK_PAGE_TOKENS)];
  }

  // The cache's entries, and the queries' turned elements; the others are what they were.
  void checkEntries(const Results &results) const {
    const LatentShape &s = all_.s;
    const gk_cache cache = all_.cacheAt(results.pages.data());
    for (size_t i = 0; i < s.lengths.size(); ++i) {
      for (int p = 0; p < s.lengths[i]; ++p) {
        const int64_t t = all_.token(static_cast<int32_t>(i), p);
        const std::vector<double> wanted = all_.entry(static_cast<int32_t>(i), p);
        const std::vector<float> found = storedLatent(cache, page(i, p), p % GK_PAGE_TOKENS);
        for (size_t d = 0; d < wanted.size(); ++d) {
          double most = 0;
          for (size_t e = d / 32 * 32; e < std::min(d / 32 * 32 + 32, wanted.size()); ++e) {
            most = std::max(most, std::fabs(wanted[e]));
          }
          CHECK(std::fabs(static_cast<double>(found[d]) - wanted[d]) <= latentRounding(s.type, wanted[d], most),
                "%s: position %d element %zu is %g, expected %g", name_.c_str(), p, d, static_cast<double>(found[d]),
                wanted[d]);
        }
        for (int h = 0; h < s.heads; ++h) {
          const float *const head = results.absorbed.data() + (t * s.heads + h) * s.dim();
          const float *const before = all_.absorbed.data() + (t * s.heads + h) * s.dim();
          CHECK(std::memcmp(head, before, size_t(s.latent) * 4) == 0, "%s: what is no key changed", name_.c_str());
          const std::vector<double> key =
              all_.turned(all_.q.data() + (t * s.heads + h + 1) * all_.qWidth() - s.rope, p);
          for (int d = 0; d < s.rope; ++d) {
            CHECK(std::fabs(static_cast<double>(head[s.latent + d]) - key[size_t(d)]) < 2e-6, "%s: a query's key",
                  name_.c_str());
          }
        }
      }
    }
  }

  // Some tokens: around the ends of pages and splits, and the last.
  void checkResults(const Results &results) const {
    const LatentShape &s = all_.s;
    const gk_cache cache = all_.cacheAt(results.pages.data());
    double worst = 0, share = 0;  // of the bound
    for (size_t i = 0; i < s.lengths.size(); ++i) {
      std::vector<std::vector<float>> entries;
      LatentRounding rounding(s, all_.scale());
      for (int p = 0; p < s.lengths[i]; ++p) {
        entries.push_back(storedLatent(cache, page(i, p), p % GK_PAGE_TOKENS));
        rounding.add(entries.back());
        const int inPage = p % GK_PAGE_TOKENS;
        if (s.lengths[i] > 100 && p + 1 < s.lengths[i] && (p % 512 > 33 && p % 512 < 500)) {
          continue;
        }
        if (inPage > 1 && inPage < 30 && p + 1 < s.lengths[i]) {
          continue;
        }
        const int64_t t = all_.token(static_cast<int32_t>(i), p);
        for (int h = 0; h < s.heads; h += s.heads > 16 ? 7 : 1) {
          const float *const query = results.absorbed.data() + (t * s.heads + h) * s.dim();
          const std::vector<double> shares = latentProbabilities(query, all_.scale(), entries, p + 1);
          const std::vector<double> wanted = attendLatents(shares, s.latent, entries);
          const std::vector<double> rounded = compute_ == GK_COMPUTE_F32
                                                  ? std::vector<double>(wanted.size(), 0.0)
                                                  : rounding.bounds(query, shares, wanted, entries);
          const float *const found = results.y.data() + (t * s.heads + h) * s.latent;
          for (int d = 0; d < s.latent; ++d) {
            const double error = std::fabs(static_cast<double>(found[d]) - wanted[size_t(d)]);
            worst = std::isnan(error) ? INFINITY : std::max(worst, error);
            share = std::isnan(error) ? INFINITY : std::max(share, error / (2e-5 + rounded[size_t(d)]));
          }
        }
      }
    }
    CHECK(share < 1, "%s: off by %g", name_.c_str(), worst);
    std::printf("%s: off by %.2g, %.2f of the bound\n", name_.c_str(), worst, share);
  }

  const Latents all_;
  const int32_t compute_;
  const std::string name_;
};

// Three latents of 32 + 16 elements and two heads, in 16-bit integers: `element` at position 1, and `query` in the
// second head; all else is 1.
std::vector<float> threeLatents(int isa, float element, float query) {
  constexpr int latent = 32, dim = 48, heads = 2, tokens = 3;
  const Queue queue(2, isa);
  Array<float> page(int64_t{GK_PAGE_TOKENS} * dim), q(int64_t{tokens} * heads * dim),
      y(int64_t{tokens} * heads * latent);
  page.fillBytes(0xff);
  std::fill_n(page.data(), tokens * dim, 1.0f);
  std::fill_n(q.data(), q.size(), 1.0f);
  std::fill_n(page.data() + dim, dim, element);
  for (int t = 0; t < tokens; ++t) {
    q[t * heads * dim + dim + 5] = query;
  }
  const int32_t position[] = {0, 1, 2}, sequence[] = {0, 0, 0}, table[] = {0};
  const gk_batch batch = {position, sequence, table, tokens, 1, 1, 0};
  const gk_cache cache = {page.data(), 1, 1, dim, GK_F32, GK_F32, latent};
  const gk_tensor qs = tensor(q.data(), tokens, heads * dim), ys = tensor(y.data(), tokens, heads * latent);
  OK(gk_attention(queue, &batch, &qs, &cache, 1e-3f, GK_COMPUTE_INT16, &ys));
  return {y.data(), y.data() + y.size()};
}

// What is no number shows where it is read, and there alone; magnitudes that squares would not hold are no harm.
void extremes() {
  for (int isa = GK_ISA_PLAIN; isa <= bestIsa(); ++isa) {
    const auto rowIs = [](const std::vector<float> &y, int row, auto &&is) {
      return std::all_of(y.begin() + row * 32, y.begin() + row * 32 + 32, is);
    };
    const auto isNan = [](float x) { return std::isnan(x); };
    const auto isOne = [](float x) { return std::fabs(x - 1) < 1e-4f; };
    const std::vector<float> key = threeLatents(isa, NAN, 1), query = threeLatents(isa, 1, NAN),
                             zero = threeLatents(isa, 0, 1), tiny = threeLatents(isa, 1e-38f, 1),
                             huge = threeLatents(isa, 1e30f, 1);
    for (int row = 0; row < 6; ++row) {
      CHECK(rowIs(key, row, row < 2 ? +isOne : +isNan), "isa %d: a key that is no number, row %d", isa, row);
      CHECK(rowIs(query, row, row % 2 == 0 ? +isOne : +isNan), "isa %d: a query that is no number, row %d", isa, row);
      const float share = 1 / (1 + std::exp(-0.048f));  // of the key of ones among two
      CHECK(row / 2 != 1 || rowIs(zero, row, [&](float x) { return std::fabs(x - share) < 1e-4f; }), "isa %d: zeros",
            isa);
      CHECK(rowIs(tiny, row, [&](float x) { return std::fabs(x - zero[size_t(row * 32)]) < 1e-6f; }), "isa %d: tiny",
            isa);
      CHECK(row / 2 != 1 || rowIs(huge, row, [&](float x) { return std::fabs(x / 1e30f - 1) < 1e-4f; }), "isa %d: huge",
            isa);
    }
  }
}

// A page is a plane of codes and, of Q8_0, their scales.
void pageBytes() {
  const Queue queue(1, GK_ISA_BEST);
  for (const auto &[type, expected] : {std::pair{GK_F32, 96 * 4}, {GK_BF16, 96 * 2}, {GK_F8, 96}, {GK_Q8_0, 96 + 6}}) {
    const gk_cache cache = {nullptr, 2, 1, 96, type, type, 64};
    int64_t bytes = 0;
    OK(gk_cache_page_bytes(queue, &cache, &bytes));
    CHECK(bytes == GK_PAGE_TOKENS * expected, "type %d: %ld bytes", type, long(bytes));
  }
}

}  // namespace

int main() {
  for (const int32_t type : {GK_F32, GK_F16, GK_BF16, GK_F8, GK_Q8_0}) {
    Case({4, 64, 32, type, {33, 1, 64}}).check();
    Case({16, 512, 64, type, {34, 5}}).check();
    Case({2, 32, 32, type, {34, 513}}).check();
    Case({4, 64, 32, type, {33, 1, 64}}, GK_COMPUTE_INT16).check();
    Case({16, 512, 64, type, {34, 5}}, GK_COMPUTE_INT16).check();
  }
  Case({1, 32, 16, GK_F32, {5}}, GK_COMPUTE_INT16).check();
  Case({3, 512, 128, GK_F16, {65}}, GK_COMPUTE_INT16).check();  // the longest key there may be
  Case({40, 64, 64, GK_BF16, {70, 3}}, GK_COMPUTE_INT16).check();
  Case({128, 512, 64, GK_F16, {9}}, GK_COMPUTE_INT16).check();
  Case({130, 32, 32, GK_F16, {70}}, GK_COMPUTE_INT16).check();  // more heads than a block has
  Case({3, 32, 32, GK_F8, {1100, 513, 512}}, GK_COMPUTE_INT16).check();
  Case({1, 32, 16, GK_F32, {5}}).check();
  Case({3, 512, 128, GK_F16, {65}}).check();  // the longest key there may be
  Case({40, 64, 64, GK_BF16, {70, 3}}).check();
  Case({64, 128, 64, GK_Q8_0, {36, 3}}).check();
  Case({128, 512, 64, GK_F16, {9}}).check();
  Case({3, 32, 32, GK_F8, {1100, 513, 512}}).check();
  extremes();
  pageBytes();
  return finish();
}
