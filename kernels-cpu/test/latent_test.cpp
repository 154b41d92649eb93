// latent_test.cpp: LatentStore and Attention over a latent cache against double precision, and bit-equal whatever the
// instruction set, the threads, the chunks of a prompt and the neighbours in a batch.
//
// Results of values up to about 5, from the queries and the cache as they are, are within 2e-5: 5 times the 4e-6 that
// attention_test.cpp has for values up to 1.
#include "latents.hpp"

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
  explicit Case(const LatentShape &shape)
      : all_(shape, static_cast<uint64_t>(shape.heads + 31 * shape.dim())), name_(name(shape)) {}

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
    OK(gk_attention(queue, &batch, &as, &cache, all_.scale(), &ys));
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
    double worst = 0;
    for (size_t i = 0; i < s.lengths.size(); ++i) {
      std::vector<std::vector<float>> entries;
      for (int p = 0; p < s.lengths[i]; ++p) {
        entries.push_back(storedLatent(cache, page(i, p), p % GK_PAGE_TOKENS));
        const int inPage = p % GK_PAGE_TOKENS;
        if (s.lengths[i] > 100 && p + 1 < s.lengths[i] && (p % 512 > 33 && p % 512 < 500)) {
          continue;
        }
        if (inPage > 1 && inPage < 30 && p + 1 < s.lengths[i]) {
          continue;
        }
        const int64_t t = all_.token(static_cast<int32_t>(i), p);
        for (int h = 0; h < s.heads; h += s.heads > 16 ? 7 : 1) {
          const std::vector<double> wanted = attendLatents(results.absorbed.data() + (t * s.heads + h) * s.dim(),
                                                           all_.scale(), s.latent, entries, p + 1);
          const float *const found = results.y.data() + (t * s.heads + h) * s.latent;
          for (int d = 0; d < s.latent; ++d) {
            const double error = std::fabs(static_cast<double>(found[d]) - wanted[size_t(d)]);
            worst = std::isnan(error) ? INFINITY : std::max(worst, error);
          }
        }
      }
    }
    CHECK(worst < 2e-5, "%s: off by %g", name_.c_str(), worst);
    std::printf("%s: off by %.2g\n", name_.c_str(), worst);
  }

  const Latents all_;
  const std::string name_;
};

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
  }
  Case({1, 32, 16, GK_F32, {5}}).check();
  Case({3, 512, 128, GK_F16, {65}}).check();  // the longest key there may be
  Case({40, 64, 64, GK_BF16, {70, 3}}).check();
  Case({64, 128, 64, GK_Q8_0, {36, 3}}).check();
  Case({128, 512, 64, GK_F16, {9}}).check();
  Case({3, 32, 32, GK_F8, {1100, 513, 512}}).check();
  pageBytes();
  return finish();
}
