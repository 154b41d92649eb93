// attention_tasks.hpp: how the kernels of attention find their work from positions and sequences, which only the device
// knows: a launch has blocks for the device, not for the longest context there might be.
#pragma once

#include "attention/attention.hpp"
#include "attention/head.hpp"

namespace gatun::cuda {

// A split of the context of some tokens.
struct SplitTask {
  int token;     // the first
  int tokens;    // of one sequence, side by side; 0: there is no such task
  int sequence;  // row of the page table
  int headTile;  // which of the tokens' heads: 16, or of fp32 one
  int split;
};

__device__ __forceinline__ int lowestBit(uint32_t bits) { return 31 - leadingZeros(bits & (~bits + 1)); }

// Task `index` of a launch of singles and of up to 32 more tokens, of which up to `most` neighbours of a sequence are
// taken together; each split has `headTiles` tasks. All lanes of the warp take part: a lane counts a token's tasks.
__device__ __forceinline__ SplitTask splitTask(const Attention &a, int index, int most, int headTiles) {
  const int lane = laneId();
  for (int first = 0, end = 0; first < a.tokens; first = end) {
    const bool singles = first < a.singles;
    end = singles ? a.singles : a.tokens;
    end = end < first + 32 ? end : first + 32;
    const int token = first + lane;
    const int position = token < end ? a.positionOf(token) : 0, sequence = token < end ? a.sequence[token] : -1;
    int tokens = 1, last = position;
    bool begins = true;
    if (!singles && most > 1) {
      const int before = shuffleUp(sequence, 1);
      const uint32_t runs = ballot(lane == 0 || sequence != before);  // lanes where one begins
      const int begin = 31 - leadingZeros(runs & (0xffffffffu >> (31 - lane)));
      const uint32_t after = lane < 31 ? runs >> (lane + 1) : 0;
      const int run = after != 0 ? lowestBit(after) + 1 : 32 - lane;
      tokens = run < most ? run : most;
      begins = (lane - begin) % most == 0;
      last = shuffle(position, lane + tokens - 1);
    }
    const int tasks = begins && sequence >= 0 ? (last / splitTokens + 1) * headTiles : 0;
    int upTo = tasks;  // of this token and those before it
    for (int by = 1; by < 32; by *= 2) {
      const int before = shuffleUp(upTo, by);
      upTo += lane >= by ? before : 0;
    }
    const uint32_t beyond = ballot(upTo > index);
    if (beyond != 0) {
      const int at = lowestBit(beyond);
      index -= shuffle(upTo - tasks, at);
      return {first + at, shuffle(tokens, at), shuffle(sequence, at), index % headTiles, index / headTiles};
    }
    index -= shuffle(upTo, 31);
  }
  return {0, 0, 0, 0, 0};
}

// Where the run of neighbours of `token`'s sequence ends, or of padding: the token after its last. All lanes of the
// warp take part, so that 1,024 tokens take two looks.
__device__ __forceinline__ int runEnd(const Attention &a, int token) {
  const int sequence = a.sequence[token];
  int low = token + 1, high = a.tokens;  // it is one of these, or between
  while (low < high) {
    const int step = (high - low + 31) / 32, probe = low + (laneId() + 1) * step - 1;
    const uint32_t others = ~ballot(probe < high && a.sequence[probe < high ? probe : token] == sequence);
    low += (others != 0 ? lowestBit(others) : 32) * step;
    high = high < low + step - 1 ? high : low + step - 1;
  }
  return low;
}

}  // namespace gatun::cuda
