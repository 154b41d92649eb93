// cached.hpp: a key/value cache on both devices with random tokens, filled by RopeStore, and what it then holds.
#pragma once

#include "../../kernels-cpu/test/cache_values.hpp"
#include "attention/cache_element.hpp"
#include "both.hpp"

namespace gatun::test {

struct CacheShape {
  int heads;
  int kvHeads;
  int headDim;
  int keyType;
  int valueType;
};

inline std::string name(const CacheShape &s) {
  return std::to_string(s.heads) + "/" + std::to_string(s.kvHeads) + " heads of " + std::to_string(s.headDim) + ", " +
         cacheTypeName(s.keyType) + " keys, " + cacheTypeName(s.valueType) + " values";
}

// A token of a step.
struct At {
  int sequence;
  int position;
};

class Cached {
 public:
  // Sequences of up to `longest` tokens; their pages lie scattered.
  Cached(const Both &both, const CacheShape &shape, int sequences, int longest, Random &random)
      : both_(both),
        shape_(shape),
        sequences_(sequences),
        maxPages_(longest / GK_PAGE_TOKENS + 2),
        pageCount_(sequences * maxPages_),
        table_(shuffled(random)),
        cpuPages_(filled(pageBytes(both.cpu()) * pageCount_)),
        cudaPages_(filled(pageBytes(both.cuda()) * pageCount_)) {}

  gk_cache cache(const Side &side) const {
    return {side.cuda ? static_cast<void *>(cudaPages_.data()) : cpuPages_.data(),
            pageCount_,
            shape_.kvHeads,
            shape_.headDim,
            shape_.keyType,
            shape_.valueType,
            0};
  }

  // The tokens of a step, on both devices.
  struct Tokens {
    Twin<int32_t> position, sequence;
    int32_t count;
  };
  static Tokens tokens(const std::vector<At> &step) {
    std::vector<int32_t> position, sequence;
    for (const At &at : step) {
      position.push_back(at.position);
      sequence.push_back(at.sequence);
    }
    return {Twin<int32_t>(position), Twin<int32_t>(sequence), static_cast<int32_t>(step.size())};
  }
  gk_batch batch(const Side &side, const Tokens &t) const { return batch(side, t, 0, t.count); }
  gk_batch batch(const Side &side, const Tokens &t, int first, int count, int singles = 0) const {
    return {t.position.on(side) + first,
            t.sequence.on(side) + first,
            table_.on(side),
            count,
            sequences_,
            maxPages_,
            singles};
  }

  // Fills positions 0 .. lengths[i] - 1 of sequence i with random keys and values.
  void fill(const std::vector<int> &lengths, Random &random) const {
    std::vector<At> step;
    for (size_t i = 0; i < lengths.size(); ++i) {
      for (int t = 0; t < lengths[i]; ++t) {
        step.push_back({static_cast<int>(i), t});
      }
    }
    const Tokens t = tokens(step);
    const int64_t width = int64_t{shape_.kvHeads} * shape_.headDim;
    const Twin<float> q(t.count * width, random), k(t.count * width, random, 2), v(t.count * width, random, 1.5f);
    const Twin<float> table(std::vector<float>(static_cast<size_t>(t.count) * 2, 0.6f));
    both_.run([&](const Side &side) {
      const gk_batch b = batch(side, t);
      const gk_cache c = cache(side);
      gk_rope rope = {};
      rope.table = table.on(side);
      rope.dim = 2;
      const gk_tensor qt = tensor(q.on(side), t.count, width), kt = tensor(k.on(side), t.count, width),
                      vt = tensor(v.on(side), t.count, width);
      OK(gk_rope_store(side, &rope, &b, &qt, &kt, &vt, &c));
    });
  }

  const CacheShape &shape() const { return shape_; }
  Array<uint8_t> cudaPages() const { return cudaPages_.download(); }
  int32_t page(int sequence, int position) const {
    return table_.ofCpu()[int64_t{sequence} * maxPages_ + position / GK_PAGE_TOKENS];
  }
  // A look at CUDA's pages as they are now.
  class View {
   public:
    View(const Cached &cached) : cached_(cached), pages_(cached.cudaPages_.download()) {
      gk_cache cache = cached.cache({nullptr, true});
      cache.pages = pages_.data();
      layout_ = cuda::cachePages(cache);
    }
    float key(At at, int head, int d) const {
      return cuda::keyElement(layout_, part(at, head), d, at.position % GK_PAGE_TOKENS);
    }
    float value(At at, int head, int d) const {
      return cuda::valueElement(layout_, part(at, head), d, at.position % GK_PAGE_TOKENS);
    }

   private:
    const unsigned char *part(At at, int head) const {
      return layout_.head(cached_.page(at.sequence, at.position), head);
    }
    const Cached &cached_;
    Array<uint8_t> pages_;
    cuda::CachePages layout_;
  };

 private:
  int64_t pageBytes(const Side &side) const {
    gk_cache cache = {nullptr, 1, shape_.kvHeads, shape_.headDim, shape_.keyType, shape_.valueType, 0};
    int64_t bytes = 0;
    OK(gk_cache_page_bytes(side, &cache, &bytes));
    return bytes;
  }
  Twin<int32_t> shuffled(Random &random) const {
    std::vector<int32_t> pages;
    for (int i = 0; i < pageCount_; ++i) {
      pages.push_back(i);
    }
    for (size_t i = pages.size(); i > 1; --i) {
      std::swap(pages[i - 1], pages[static_cast<size_t>(random.below(static_cast<int>(i)))]);
    }
    return Twin<int32_t>(pages);
  }
  // Not a number, in every type: what is not stored must not be seen.
  static Array<uint8_t> filled(int64_t bytes) {
    Array<uint8_t> array(bytes);
    array.fillBytes(0xff);
    return array;
  }

  const Both &both_;
  const CacheShape shape_;
  const int32_t sequences_, maxPages_, pageCount_;
  const Twin<int32_t> table_;
  const Array<uint8_t> cpuPages_;
  const DeviceArray<uint8_t> cudaPages_;
};

}  // namespace gatun::test
