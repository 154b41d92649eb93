// vec_launch.hpp: how a product with up to 16 rows is started: warps, slots and turns of its blocks.
#pragma once

#include "products/vec_block.hpp"

namespace gatun::cuda {

inline VecJob vecJob(const gk_weight &weight, const gk_tensor &x) {
  VecJob job = {};
  job.shape = matrixOf(weight);
  job.x = static_cast<const uint8_t *>(x.data);
  job.xRowBytes = x.cols / blockColumns * cpu::activationBlockBytes(x.dtype);
  job.tokens = static_cast<int32_t>(x.rows);
  job.chunks = static_cast<int32_t>(ceilDiv(x.cols, chunkColumns));
  return job;
}

// Most warps of a block whose slots have one each, or more.
template <class Block>
int64_t mostWarps(const Queue &queue, int64_t most) {
  const int64_t fit = queue.sharedLimit / Block::sharedBytes(1, 1);
  return fit < most ? fit : most;
}

// Chooses warps for a slot: as few rounds as `most` warps allow, and as few warps as those rounds need.
inline void shareChunks(VecJob &job, int64_t most) {
  job.rounds = static_cast<int32_t>(ceilDiv(job.chunks, most));
  job.warps = static_cast<int32_t>(ceilDiv(job.chunks, job.rounds));
}

// The blocks of a launch for `workTiles`, each of `turns` tiles; sets warps, slots and turns. One token: small
// blocks so that every multiprocessor has some; larger ones, and more turns, only where work tiles abound.
template <class Block>
int64_t shareWorkTiles(const Queue &queue, VecJob &job, int64_t workTiles, int32_t turns) {
  constexpr int64_t plainWarps = 10;  // of a tile: QwQ's 27 chunks are three rounds of 9
  const int64_t most = mostWarps<Block>(queue, plainWarps);
  shareChunks(job, most);
  const int64_t fit = (most < 8 ? most : 8) / job.warps, each = workTiles / (2 * queue.multiprocessors);
  job.slots = static_cast<int32_t>(each < 1 || fit < 1 || turns > 1 ? 1 : each < fit ? each : fit);
  const int64_t repeats = turns > 1 ? 1 : workTiles / (int64_t{8} * job.slots * queue.multiprocessors);
  job.turns = static_cast<int32_t>(turns * (repeats < 1 ? 1 : repeats < Block::results ? repeats : Block::results));
  return ceilDiv(workTiles, int64_t{job.slots} * (job.turns / turns));
}

// Many tokens: a block a multiprocessor, which stages the activations once for all its work tiles. Of the ways to share
// them that shared memory allows, the one with the least of: chunks of tiles that a multiprocessor's warps take one
// after the other, no fewer than 10 warps being worth their time; and as much as 4 of them a round and launch for
// staging.
template <class Block>
int64_t shareStagedWorkTiles(const Queue &queue, VecJob &job, int64_t workTiles, int32_t turns, int64_t most) {
  constexpr int64_t idle = 10, staging = 4;
  const int64_t each = ceilDiv(workTiles, queue.multiprocessors);
  int64_t least = INT64_MAX, blocks = 0;
  VecJob found = job;
  for (int64_t rounds = 1; rounds <= job.chunks; rounds++) {
    const int64_t warps = ceilDiv(job.chunks, rounds);
    for (int64_t slots = 1; warps * slots <= most && Block::sharedBytes(warps, slots) <= queue.sharedLimit; slots++) {
      const auto busy = [&](int64_t n) { return n == 0 ? 0 : warps * n < idle ? idle : warps * n; };
      // Between rounds a slot keeps the sums of few turns.
      const int64_t kept = rounds > 1 ? Block::results / turns : each, wanted = ceilDiv(each, slots);
      const int64_t repeats = wanted < kept ? wanted : kept;
      const int64_t cost =
          rounds * (turns * (each / slots * busy(slots) + busy(each % slots)) + staging * ceilDiv(wanted, repeats));
      if (cost < least) {
        least = cost;
        found.warps = static_cast<int32_t>(warps);
        found.rounds = static_cast<int32_t>(rounds);
        found.slots = static_cast<int32_t>(slots);
        found.turns = static_cast<int32_t>(turns * repeats);
        blocks = ceilDiv(workTiles, slots * repeats);
        if (repeats == wanted && blocks < queue.multiprocessors) {
          const int64_t all = ceilDiv(workTiles, slots);
          blocks = all < queue.multiprocessors ? all : queue.multiprocessors;
        }
      }
    }
  }
  job = found;
  return blocks;
}

// call.operator()<Dtype>() for a weight's type.
template <class Call>
void forVecType(const gk_weight &weight, Call call) {
  const bool groups = weight.dtype == GK_AWQ || weight.dtype == GK_GPTQ;
  if (groups && weight.group % pairColumns == 0) {
    return call.template operator()<GK_GPTQ>();
  }
  forQuantizedType(weight.dtype, call);
}

// call.operator()<Wide, Tokens>() for the activations' type and rows.
template <class Call>
void forTokens(const gk_tensor &x, Call call) {
  const bool wide = x.dtype == GK_A16;
  if (x.rows == 1) {
    wide ? call.template operator()<true, 1>() : call.template operator()<false, 1>();
  } else if (x.rows <= 8) {
    wide ? call.template operator()<true, 8>() : call.template operator()<false, 8>();
  } else {
    wide ? call.template operator()<true, 16>() : call.template operator()<false, 16>();
  }
}

// Starts `kernel` for work tiles of `turns` tiles, many tokens' in blocks of at most `most` warps.
template <class Block, class... Parameters, class... Arguments>
void launchVec(const Queue &queue, VecJob job, int64_t workTiles, int32_t turns, int most,
               void (*kernel)(VecJob, Parameters...), Arguments... arguments) {
  int64_t blocks;
  if constexpr (Block::staged) {
    blocks = shareStagedWorkTiles<Block>(queue, job, workTiles, turns, most);
  } else {
    blocks = shareWorkTiles<Block>(queue, job, workTiles, turns);
  }
  const int warps = job.warps * job.slots;
  launch(queue, {gridOf(blocks), static_cast<unsigned>(32 * warps), Block::sharedBytes(job.warps, job.slots)}, kernel,
         job, arguments...);
}

}  // namespace gatun::cuda
