// latent_test.cpp: LatentStore and Attention over a latent cache on CUDA against the CPU; bit-equal whatever the step a
// token comes in: alone, among others, as part of a prompt, in rounds.
//
// LatentStore is bit-equal to the CPU, and so is Attention where the cache is F32. Elsewhere the bound is
// attention/latent_tile.hpp's, of each row, as attention_test.cpp has it: but both terms of a query are added in one
// sum, of twice the products. GK_COMPUTE_INT16 changes the CPU's results within latent_rounding.hpp's bound, and none
// of CUDA's.
#include "../../kernels-cpu/test/latent_rounding.hpp"
#include "both.hpp"

using namespace gatun::test;

namespace {

constexpr int padding = -1;

struct At {
  int sequence;
  int position;
};

double roundings(int32_t type) { return type == GK_BF16 ? 0x1p-16 : type == GK_Q8_0 ? 0x1p-10 : 0x1p-11; }

class Case {
 public:
  Case(const Both &both, const LatentShape &shape)
      : both_(both),
        all_(shape, static_cast<uint64_t>(shape.heads + 31 * shape.dim())),
        width_(int64_t{all_.s.heads} * all_.s.dim()),
        out_(int64_t{all_.s.heads} * all_.s.latent),
        table_(all_.pageTable),
        norm_(all_.norm),
        absorbed_(all_.absorbed),
        pages_(pageBytes() * static_cast<int64_t>(all_.pageTable.size())) {
    store();
  }

  // A step's results: against the CPU, and the same bits cut into steps of other lengths.
  void check(const std::vector<At> &step, int singles) {
    const Tokens tokens(step);
    const Twin<float> q(rowsOf(step)), y(tokens.count * out_);
    both_.run([&](const Side &side) {
      attend(side, tokens, 0, tokens.count, singles, q, tensor(y.on(side), tokens.count, out_));
    });
    expected_ = std::make_unique<Array<float>>(y.ofCuda());
    if (all_.s.type == GK_F32) {
      expectSameBits("Attention, " + name(all_.s), y.ofCpu(), *expected_);
    } else {
      const std::vector<double> bounds = rowBounds(step);
      expectClose("Attention, " + name(all_.s), y.ofCpu(), *expected_,
                  [&](int64_t i) { return bounds[static_cast<size_t>(i / out_)]; });
    }
    for (const int chunk : {1, 7, 32}) {
      const DeviceArray<float> again(tokens.count * out_);
      for (int first = 0; first < tokens.count; first += chunk) {
        const int count = std::min(chunk, tokens.count - first);
        attend(both_.cuda(), tokens, first, count, chunk == 1 ? 1 : 0, q,
               tensor(again.data() + first * out_, count, out_));
      }
      OK(gk_queue_sync(both_.cuda()));
      expectSameBits("Attention, " + name(all_.s) + ", steps of " + std::to_string(chunk), *expected_,
                     again.download());
    }
  }

  // A result of another type is what the CPU makes of the floats.
  void checkQuantised(const std::vector<At> &step, int singles, int32_t dtype) {
    const Tokens tokens(step);
    const Twin<float> q(rowsOf(step));
    const int64_t bytes = tokens.count * activationBytes(dtype, out_);
    const DeviceArray<uint8_t> y(bytes);
    const Array<uint8_t> wanted(bytes);
    attend(both_.cuda(), tokens, 0, tokens.count, singles, q, activations(y.data(), tokens.count, out_, dtype));
    OK(gk_queue_sync(both_.cuda()));
    const gk_tensor floats = tensor(expected_->data(), tokens.count, out_),
                    quantised = activations(wanted.data(), tokens.count, out_, dtype);
    OK(gk_quantize(both_.cpu(), &floats, &quantised));
    expectSameBits("Attention, " + name(all_.s) + ", of type " + std::to_string(dtype), wanted, y.download());
  }

  void checkInt16(const std::vector<At> &step, int singles) {
    const Tokens tokens(step);
    const Twin<float> q(rowsOf(step)), y(tokens.count * out_);
    both_.run([&](const Side &side) {
      attend(side, tokens, 0, tokens.count, singles, q, tensor(y.on(side), tokens.count, out_), GK_COMPUTE_INT16);
    });
    expectSameBits("Attention in int16, " + name(all_.s), *expected_, y.ofCuda());
    const std::vector<double> bounds = int16Bounds(step);
    expectClose("Attention in int16, " + name(all_.s), y.ofCpu(), y.ofCuda(),
                [&](int64_t i) { return bounds[static_cast<size_t>(i)]; });
  }

  void expectSameAs(const Case &other) const {
    expectSameBits("Attention, " + name(all_.s) + ", another queue", *other.expected_, *expected_);
  }

 private:
  struct Tokens {
    explicit Tokens(const std::vector<At> &step)
        : position(of(step, [](At at) { return at.position; })),
          sequence(of(step, [](At at) { return at.sequence; })),
          count(static_cast<int32_t>(step.size())) {}
    template <class Get>
    static std::vector<int32_t> of(const std::vector<At> &step, Get get) {
      std::vector<int32_t> values;
      for (const At &at : step) {
        values.push_back(get(at));
      }
      return values;
    }
    const Twin<int32_t> position, sequence;
    const int32_t count;
  };

  int64_t pageBytes() const {
    const gk_cache cache = all_.cacheAt(nullptr);
    int64_t ofCpu = 0, ofCuda = 0;
    OK(gk_cache_page_bytes(both_.cpu(), &cache, &ofCpu));
    OK(gk_cache_page_bytes(both_.cuda(), &cache, &ofCuda));
    CHECK(ofCpu == ofCuda);
    return ofCuda;
  }

  gk_batch batch(const Side &side, const Tokens &tokens, int first, int count, int singles) const {
    return {tokens.position.on(side) + first,
            tokens.sequence.on(side) + first,
            table_.on(side),
            count,
            static_cast<int32_t>(all_.s.lengths.size()),
            all_.maxPages,
            singles};
  }

  // All tokens of all sequences on both devices, and a row of padding.
  void store() {
    const LatentShape &s = all_.s;
    std::vector<At> step;
    for (size_t i = 0; i < s.lengths.size(); ++i) {
      for (int t = 0; t < s.lengths[i]; ++t) {
        step.push_back({static_cast<int>(i), t});
      }
    }
    step.push_back({padding, INT32_MAX});
    const Tokens tokens(step);
    std::vector<float> angles(static_cast<size_t>(tokens.count * s.rope));
    for (size_t i = 0; i + 1 < step.size(); ++i) {
      all_.angles(step[i].position, &angles[i * static_cast<size_t>(s.rope)]);
    }
    const auto padded = [&](std::vector<float> values, int64_t width) {
      values.resize(static_cast<size_t>(tokens.count * width), 3.0f);
      return values;
    };
    const int64_t qWidth = s.heads * all_.qWidth();
    const Twin<float> table(angles), q(padded(all_.q, qWidth)), kv(padded(all_.kv, s.dim())),
        absorbed(padded(all_.absorbed, width_));
    both_.run([&](const Side &side) {
      const gk_batch b = batch(side, tokens, 0, tokens.count, 0);
      const gk_cache cache = all_.cacheAt(pages_.on(side));
      gk_rope rope = {};
      rope.table = table.on(side), rope.k_norm = norm_.on(side);
      rope.norm_eps = 1e-6f, rope.dim = s.rope;
      rope.style = s.heads % 2 == 0 ? GK_ROPE_INTERLEAVED : GK_ROPE_HALF_SPLIT;
      const gk_tensor qs = tensor(q.on(side), tokens.count, qWidth), ks = tensor(kv.on(side), tokens.count, s.dim()),
                      as = tensor(absorbed.on(side), tokens.count, width_);
      OK(gk_latent_store(side, &rope, &b, &qs, &ks, &as, &cache));
    });
    expectSameBits("queries' keys, " + name(s), absorbed.ofCpu(), absorbed.ofCuda());
    expectSameBits("latents, " + name(s), pages_.ofCpu(), pages_.ofCuda());
  }

  std::vector<float> rowsOf(const std::vector<At> &step) const {
    std::vector<float> rows;
    for (const At &at : step) {
      const int64_t t = at.sequence == padding ? 0 : all_.token(at.sequence, at.position);
      rows.insert(rows.end(), all_.absorbed.begin() + t * width_, all_.absorbed.begin() + (t + 1) * width_);
    }
    return rows;
  }

  void attend(const Side &side, const Tokens &tokens, int first, int count, int singles, const Twin<float> &q,
              const gk_tensor &y, int32_t compute = GK_COMPUTE_F32) const {
    const gk_batch b = batch(side, tokens, first, count, singles);
    const gk_cache cache = all_.cacheAt(pages_.on(side));
    const gk_tensor qs = tensor(q.on(side) + first * width_, count, width_);
    OK(gk_attention(side, &b, &qs, &cache, all_.scale(), compute, &y));
  }

  // The bound of each token: that of its worst head.
  std::vector<double> rowBounds(const std::vector<At> &step) const {
    const LatentShape &s = all_.s;
    const gk_cache cache = all_.cacheAt(pages_.ofCpu().data());
    std::vector<double> bounds;
    for (const At &at : step) {
      double most = 0, greatest = 0;
      for (int p = 0; at.sequence != padding && p <= at.position; ++p) {
        const int32_t page = all_.pageTable[size_t(at.sequence * all_.maxPages + p / GK_PAGE_TOKENS)];
        const std::vector<float> key = storedLatent(cache, page, p % GK_PAGE_TOKENS);
        double sum = 0;  // queries' elements are within 2
        for (int d = 0; d < s.dim(); ++d) {
          sum += 2 * std::fabs(static_cast<double>(key[size_t(d)]));
          greatest = d < s.latent ? std::max(greatest, std::fabs(static_cast<double>(key[size_t(d)]))) : greatest;
        }
        most = std::max(most, sum * static_cast<double>(all_.scale()));
      }
      const double u = 0x1p-24, split = s.type == GK_BF16 ? 0x1p-16 : 0x1p-22, n = at.position + 1.0;
      const double score = most * (split + 2 * (2 * s.dim() + 8) * u + 3 * u + s.dim() * u);
      bounds.push_back(at.sequence == padding ? 0 : greatest * (2 * score + 8 * u + roundings(s.type) + 3 * n * u));
    }
    return bounds;
  }

  // Of each element of the results.
  std::vector<double> int16Bounds(const std::vector<At> &step) const {
    const LatentShape &s = all_.s;
    const gk_cache cache = all_.cacheAt(pages_.ofCpu().data());
    const std::vector<double> ofRows = rowBounds(step);
    const std::vector<float> queries = rowsOf(step);
    std::vector<double> bounds;
    for (size_t i = 0; i < step.size(); ++i) {
      LatentRounding rounding(s, all_.scale());
      std::vector<std::vector<float>> entries;
      for (int p = 0; step[i].sequence != padding && p <= step[i].position; ++p) {
        const int32_t page = all_.pageTable[size_t(step[i].sequence * all_.maxPages + p / GK_PAGE_TOKENS)];
        entries.push_back(storedLatent(cache, page, p % GK_PAGE_TOKENS));
        rounding.add(entries.back());
      }
      for (int h = 0; h < s.heads; ++h) {
        const float *const query = queries.data() + static_cast<int64_t>(i) * width_ + h * s.dim();
        const std::vector<double> shares =
            latentProbabilities(query, all_.scale(), entries, static_cast<int>(entries.size()));
        const std::vector<double> y = attendLatents(shares, s.latent, entries);
        for (const double bound : rounding.bounds(query, shares, y, entries)) {
          bounds.push_back(ofRows[i] + 2e-5 + bound);
        }
      }
    }
    return bounds;
  }

  const Both &both_;
  const Latents all_;
  const int64_t width_, out_;
  const Twin<int32_t> table_;
  const Twin<float> norm_, absorbed_;
  const Twin<uint8_t> pages_;
  std::unique_ptr<Array<float>> expected_;
};

void append(std::vector<At> &step, int sequence, int from, int to) {
  for (int position = from; position < to; ++position) {
    step.push_back({sequence, position});
  }
}

// Singles at the ends of pages and splits and padding, then two chunks of prompts and padding.
void checkMixed(const Both &both, const LatentShape &shape, int chunk) {
  std::vector<At> step = {{0, shape.lengths[0] - 1}, {1, 31}, {padding, INT32_MIN}};
  append(step, 2, 510, 510 + chunk);
  append(step, 3, 3, 12);
  step.push_back({padding, 7});
  Case c(both, shape);
  c.check(step, 3);
  c.checkInt16(step, 3);
  for (const int32_t dtype : {GK_A8, GK_A16, GK_BF16}) {
    c.checkQuantised(step, 3, dtype);
  }
}

// Few rows; a prompt of a few pages.
void checkShort(const Both &both, const LatentShape &shape) {
  Case c(both, shape);
  c.check({{0, 0}, {0, 30}, {0, 31}, {0, 32}, {1, 5}, {0, 39}}, 0);
  std::vector<At> step;
  append(step, 0, 6, 40);
  c.check(step, 0);
}

}  // namespace

int main(int argc, char **argv) {
  const bool all = argc < 2;
  const std::string only = all ? "" : argv[1];
  const Both both({512, 128, 576, 512, 2048});
  for (const int32_t type : {GK_F32, GK_F16, GK_BF16, GK_F8, GK_Q8_0}) {
    if (all || only == cacheTypeName(type)) {
      checkShort(both, {4, 64, 32, type, {40, 9}});
      checkMixed(both, {3, 32, 32, type, {1030, 32, 560, 20}}, 4);
      checkMixed(both, {5, 96, 32, type, {600, 32, 560, 20}}, 40);
    }
  }
  if (all || only == "shapes") {
    checkShort(both, {16, 512, 64, GK_F16, {40, 9}});
    checkShort(both, {40, 128, 64, GK_Q8_0, {40, 9}});
    checkShort(both, {3, 512, 64, GK_F8, {40, 9}});
    checkShort(both, {2, 512, 128, GK_BF16, {40, 9}});  // the longest key there may be, a page at a time in 99 KiB
    checkShort(both, {1, 512, 128, GK_Q8_0, {40, 9}});
    checkShort(both, {2, 64, 16, GK_BF16, {40, 9}});
    Case(both, {128, 512, 64, GK_F16, {40}}).check({{0, 39}}, 1);
    Case(both, {64, 512, 64, GK_BF16, {34}}).check({{0, 2}, {0, 33}}, 0);
  }
  if (all || only == "rounds") {
    const Both narrow({1, 20, 64, 32, 700});  // workspace for a few tokens: the others wait their turn
    std::vector<At> few = {{0, 3}, {0, 40}}, many;
    append(few, 0, 505, 520);
    append(many, 0, 540, 580);
    for (const int32_t type : {GK_F32, GK_F16}) {
      const LatentShape shape = {20, 32, 32, type, {600}};
      for (const std::vector<At> &step : {few, type == GK_F32 ? few : many}) {
        Case wide(both, shape), again(narrow, shape);
        wide.check(step, 0);
        again.check(step, 0);
        again.expectSameAs(wide);
      }
    }
  }
  return finish(both);
}
