// latent_kernel.hpp: attention of a block of heads to a page of latents, in one arithmetic or another; a part of
// Attention.
#pragma once

#include "cache_load.hpp"
#include "simd.hpp"

namespace gatun::cpu::GK_ISA {

struct LatentShape {
  int64_t dim;     // of a key
  int64_t latent;  // its first elements, the value
  int64_t lanes;   // heads of a block, a multiple of 16; a lane without a head has a query of zeros
};

// `sums` is (latent + 2, lanes): the sums of probability * value so far, then a reference, which is near the greatest
// score, and the total of the probabilities, which are e^(score - reference).
struct LatentKernel {
  // Of a thread, a multiple of GK_ALIGNMENT: what load and attend are given as `room`.
  int64_t (*roomBytes)(const LatentShape &shape);
  // The queries (heads, dim), heads <= lanes, times `scale`. They stay in the room until the next load.
  void (*load)(const LatentShape &shape, const float *queries, int64_t heads, float scale, char *room);
  // Adds the first `count` latents of a page, 1 to GK_PAGE_TOKENS. next: the page that follows, fetched meanwhile, or
  // NULL.
  void (*attend)(const LatentShape &shape, const Plane &page, int64_t count, const uint8_t *next, char *room,
                 float *sums);
  int64_t mostLanes;
};

LatentKernel latentFp32();
LatentKernel latentInt16();

// Lays arrays out in a piece of memory. Of NULL it tells the bytes that they take.
class LatentRoom {
 public:
  explicit LatentRoom(void *memory) : begin_(reinterpret_cast<uintptr_t>(memory)), next_(begin_) {}
  template <class T>
  T *take(int64_t count) {
    T *const taken = reinterpret_cast<T *>(next_);
    next_ += (static_cast<uintptr_t>(count) * sizeof(T) + GK_ALIGNMENT - 1) / GK_ALIGNMENT * GK_ALIGNMENT;
    return taken;
  }
  int64_t bytes() const { return static_cast<int64_t>(next_ - begin_); }

 private:
  const uintptr_t begin_;
  uintptr_t next_;
};

}  // namespace gatun::cpu::GK_ISA
