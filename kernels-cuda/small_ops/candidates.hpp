// candidates.hpp: the candidates of one row of logits, how a block of threads finds the one at a place in their order,
// and lists them once they are few.
#pragma once

#include "device/dialect.hpp"
#include "draw.hpp"

namespace gatun::cuda::candidates {

constexpr int threads = 1024, warps = threads / 32;
constexpr int bins = 2 * threads;
constexpr int capacity = 2 * threads;
constexpr float binsPerUnit = 64;  // of logit, counted from the greatest

struct Shared {
  uint32_t low[bins], high[bins];  // of each bin's weight
  uint32_t count[bins];
  uint64_t list[capacity];
  uint64_t ofWarp[warps];
  uint64_t before;  // of the place located
  uint32_t index;
  uint32_t listed;
};

// The candidates of a row: its logits whose keys reach the floors, or the list.
struct Candidates {
  const float *logits;
  const uint32_t *mask;  // NULL where every id may be drawn
  int32_t limit;
  float temperature = 1;     // what the logits are divided by
  uint64_t floorBefore = 0;  // of keys before the division
  uint64_t floor = 0;        // of keys after it
  float greatest;            // logit after it
  int32_t listed = -1;       // candidates in Shared::list, in order of rank; -1: they are not there
  bool ranked = false;       // something was cut
};

__device__ __forceinline__ int thread() { return static_cast<int>(threadIdx.x); }
__device__ __forceinline__ int lane() { return thread() % 32; }
__device__ __forceinline__ int warp() { return thread() / 32; }

// ---- all threads of the block ----

__device__ __forceinline__ uint64_t greatestOfBlock(uint64_t value) {
  auto &s = shared<Shared>();
  const auto greater = [](uint64_t a, uint64_t b) { return a > b ? a : b; };
  for (int mask = 16; mask > 0; mask /= 2) {
    value = greater(value, shuffleXor(value, mask));
  }
  __syncthreads();  // what was there has been read
  if (lane() == 0) {
    s.ofWarp[warp()] = value;
  }
  __syncthreads();
  value = s.ofWarp[lane()];
  for (int mask = 16; mask > 0; mask /= 2) {
    value = greater(value, shuffleXor(value, mask));
  }
  return value;
}

__device__ __forceinline__ uint64_t runningSumOfWarp(uint64_t value) {
  for (int by = 1; by < 32; by *= 2) {
    const uint64_t before = shuffleUp(value, by);
    value += lane() >= by ? before : 0;
  }
  return value;
}

// The sum up to and with this thread's value.
__device__ __forceinline__ uint64_t runningSum(uint64_t value, uint64_t *total) {
  auto &s = shared<Shared>();
  value = runningSumOfWarp(value);
  __syncthreads();  // what was there has been read
  if (lane() == 31) {
    s.ofWarp[warp()] = value;
  }
  __syncthreads();
  const uint64_t sums = runningSumOfWarp(s.ofWarp[lane()]);
  const uint64_t before = shuffle(sums, warp() > 0 ? warp() - 1 : 0);
  *total = shuffle(sums, 31);
  return value + (warp() > 0 ? before : 0);
}

// Orders list[0 .. count) by falling key: a bitonic network, a pair a thread.
__device__ __forceinline__ void rankList(int count) {
  auto &s = shared<Shared>();
  int size = 2;
  while (size < count) {
    size *= 2;
  }
  for (int i = count + thread(); i < size; i += threads) {
    s.list[i] = 0;  // less than any key
  }
  __syncthreads();
  for (int run = 2; run <= size; run *= 2) {
    for (int apart = run / 2; apart > 0; apart /= 2) {
      if (thread() < size / 2) {
        const int i = 2 * thread() - (thread() & (apart - 1)), j = i + apart;
        const uint64_t a = s.list[i], b = s.list[j];
        if ((a < b) == ((i & run) == 0)) {
          s.list[i] = b;
          s.list[j] = a;
        }
      }
      __syncthreads();
    }
  }
}

// ---- the row ----

// The logits of ids `first`, first + apart, ... as they count: all loads are under way before the first is used.
template <int count, int apart>
__device__ __forceinline__ void loadLogits(const Candidates &c, int first, float *logits) {
#pragma unroll
  for (int j = 0; j < count; ++j) {
    logits[j] = c.logits[first + j * apart];
  }
  if (c.mask == nullptr) {
    return;
  }
  bool allowed[count];
#pragma unroll
  for (int j = 0; j < count; ++j) {
    allowed[j] = draw::allows(c.mask, static_cast<uint32_t>(first + j * apart));
  }
#pragma unroll
  for (int j = 0; j < count; ++j) {
    logits[j] = allowed[j] ? logits[j] : -INFINITY;
  }
}

// use(id, logit before the division) for ids `first`, first + apart, ... below `end`.
template <int apart, class Use>
__device__ __forceinline__ void forLogits(const Candidates &c, int first, int end, Use use) {
  constexpr int ahead = 8;  // loads under way
  float logits[ahead];
  int i = first;
  for (; i + (ahead - 1) * apart < end; i += ahead * apart) {
    loadLogits<ahead, apart>(c, i, logits);
#pragma unroll
    for (int j = 0; j < ahead; ++j) {
      use(i + j * apart, logits[j]);
    }
  }
#pragma unroll 1
  for (; i < end; i += apart) {
    loadLogits<1, apart>(c, i, logits);
    use(i, logits[0]);
  }
}

// use(id, logit) for every candidate of the row.
template <class Use>
__device__ __forceinline__ void forEach(const Candidates &c, Use use) {
  const bool divided = c.temperature != 1, floors = (c.floorBefore | c.floor) != 0;
  forLogits<threads>(c, thread(), c.limit, [&](int i, float before) {
    const auto id = static_cast<uint32_t>(i);
    const float logit = divided ? before / c.temperature : before;
    if (!floors || (draw::key(before, id) >= c.floorBefore && draw::key(logit, id) >= c.floor)) {
      use(id, logit);
    }
  });
}

__device__ __forceinline__ uint64_t weight(const Candidates &c, float logit) {
  return draw::weight(logit - c.greatest);
}

// Falls with the logit, from 0 for the greatest.
__device__ __forceinline__ int distance(const Candidates &c, float logit) {
  return static_cast<int>(fminf((c.greatest - logit) * binsPerUnit, static_cast<float>(bins - 1)));
}

// Counts the candidates in each bin and adds up their weights. binOf(id, logit): -1 for none.
template <class BinOf>
__device__ __forceinline__ void fillBins(const Candidates &c, bool weighted, BinOf binOf) {
  auto &s = shared<Shared>();
  __syncthreads();  // what was there has been read
  for (int bin = thread(); bin < bins; bin += threads) {
    s.low[bin] = s.high[bin] = s.count[bin] = 0;
  }
  __syncthreads();
  uint32_t last = 0;  // in the last bin, where most of a row may lie: counted apart, as threads would queue for it
  forEach(c, [&](uint32_t id, float logit) {
    const int bin = binOf(id, logit);
    if (bin == bins - 1) {
      ++last;
    } else if (bin >= 0) {
      atomicAdd(&s.count[bin], 1u);
    }
    const uint64_t w = weighted && bin >= 0 ? weight(c, logit) : 0;
    if (w > 0) {
      const auto part = static_cast<uint32_t>(w);
      const uint32_t carry = part > ~atomicAdd(&s.low[bin], part) ? 1 : 0;
      const uint32_t rest = static_cast<uint32_t>(w >> 32) + carry;
      if (rest > 0) {
        atomicAdd(&s.high[bin], rest);
      }
    }
  });
  if (last > 0) {
    atomicAdd(&s.count[bins - 1], last);
  }
  __syncthreads();
}

struct Place {
  uint32_t index;
  uint64_t before;  // the measure of all that comes before it
  uint64_t total;   // of all
};

// Thread i holds the measures of places 2 i and 2 i + 1: the first place whose running sum reaches target(total).
template <class Target>
__device__ __forceinline__ Place locate(uint64_t first, uint64_t second, Target target) {
  auto &s = shared<Shared>();
  uint64_t total;
  const uint64_t sum = runningSum(first + second, &total), before = sum - first - second;
  const uint64_t wanted = target(total);
  if (before < wanted && wanted <= sum) {
    const bool later = wanted > before + first;
    s.index = 2 * threadIdx.x + (later ? 1 : 0);
    s.before = later ? before + first : before;
  }
  __syncthreads();
  return {s.index, s.before, total};
}

template <class Target>
__device__ __forceinline__ Place locateBin(bool weighted, Target target) {
  auto &s = shared<Shared>();
  const auto measure = [&](int bin) {
    return weighted ? static_cast<uint64_t>(s.high[bin]) << 32 | s.low[bin] : s.count[bin];
  };
  return locate(measure(2 * thread()), measure(2 * thread() + 1), target);
}

template <class Target>
__device__ __forceinline__ Place locateInList(const Candidates &c, int count, bool weighted, Target target) {
  auto &s = shared<Shared>();
  const auto measure = [&](int i) -> uint64_t {
    return i >= count ? 0 : weighted ? weight(c, draw::logitOf(s.list[i])) : 1;
  };
  return locate(measure(2 * thread()), measure(2 * thread() + 1), target);
}

// The candidates for which chosen(id, logit), to the list; how many.
template <class Chosen>
__device__ __forceinline__ int collect(const Candidates &c, Chosen chosen) {
  auto &s = shared<Shared>();
  if (thread() == 0) {
    s.listed = 0;
  }
  __syncthreads();
  forEach(c, [&](uint32_t id, float logit) {
    if (chosen(id, logit)) {
      s.list[atomicAdd(&s.listed, 1u)] = draw::key(logit, id);
    }
  });
  __syncthreads();
  const auto count = static_cast<int>(s.listed);
  rankList(count);
  return count;
}

struct Found {
  uint64_t key;
  int32_t index;   // in the list, where the candidates are there
  uint64_t total;  // measure of all candidates
};

// The first candidate in order of rank with which the running sum of their weights, or their number, reaches
// target(total), 1 to total. Lists the candidates down to its bin where they are few.
template <class Target>
__device__ __forceinline__ Found find(Candidates &c, bool weighted, Target target) {
  auto &s = shared<Shared>();
  if (c.listed >= 0) {
    const Place place = locateInList(c, c.listed, weighted, target);
    return {s.list[place.index], static_cast<int32_t>(place.index), place.total};
  }
  fillBins(c, weighted, [&](uint32_t, float logit) { return distance(c, logit); });
  Place place = locateBin(weighted, target);
  const uint64_t total = place.total, wanted = target(total);
  const auto bin = static_cast<int>(place.index);
  uint64_t downToBin;
  const auto counted = [&](int i) -> uint64_t { return i <= bin ? s.count[i] : 0; };
  runningSum(counted(2 * thread()) + counted(2 * thread() + 1), &downToBin);
  const bool few = downToBin <= capacity;
  // Else of this bin's candidates those whose keys begin like that of the one wanted, until they are few.
  uint64_t before = few ? 0 : place.before, prefix = 0;
  int shift = draw::keyBits;
  while (!few && s.count[place.index] > capacity) {
    const int width = shift < 11 ? shift : 11, last = (1 << width) - 1;
    shift -= width;
    fillBins(c, weighted, [&](uint32_t id, float logit) {
      const uint64_t key = draw::key(logit, id);
      const bool begins = distance(c, logit) == bin && key >> (shift + width) == prefix;
      return begins ? last - static_cast<int>(key >> shift & static_cast<uint64_t>(last)) : -1;
    });
    place = locateBin(weighted, [&](uint64_t) { return wanted - before; });
    before += place.before;
    prefix = prefix << width | static_cast<uint64_t>(last - static_cast<int>(place.index));
  }
  const int count = collect(c, [&](uint32_t id, float logit) {
    const int at = distance(c, logit);
    return at < bin ? few : at == bin && (few || draw::key(logit, id) >> shift == prefix);
  });
  c.listed = few ? count : -1;
  place = locateInList(c, count, weighted, [&](uint64_t) { return wanted - before; });
  return {s.list[place.index], static_cast<int32_t>(place.index), total};
}

}  // namespace gatun::cuda::candidates
