// order_test.cpp: blocks, warps and threads run in an order that nobody can build on, and warps in between each other;
// shared memory begins as garbage.
#include <numeric>
#include <set>

#include "device/dialect.hpp"
#include "launching.hpp"

using namespace gatun::cuda;
using namespace gatun::test;

namespace {

// Counts on; no concern of the race check.
__attribute__((no_sanitize("thread"), noinline)) unsigned ticket() {
  static unsigned next = 0;
  return next++;
}

void orderKernel(unsigned *order, uint64_t *garbage) {
  dependencyWait();
  order[blockIdx.x * 64 + threadIdx.x] = ticket();
  garbage[blockIdx.x * 64 + threadIdx.x] = shared<uint64_t>();
}

void orders() {
  std::vector<unsigned> order(64 * 10), sorted(64 * 10);
  std::vector<uint64_t> garbage(64 * 10);
  start({10, 64, 8}, orderKernel, order.data(), garbage.data());
  std::iota(sorted.begin(), sorted.end(), 0u);
  CHECK(std::is_permutation(order.begin(), order.end(), sorted.begin()));
  CHECK(std::set<uint64_t>(garbage.begin(), garbage.end()).size() == 10);
  int laterBlocks = 0;
  for (size_t block = 1; block < 10; ++block) {
    laterBlocks += order[64 * block] > order[64 * (block - 1)];
    const auto rank = [&](size_t b, size_t i) { return order[64 * b + i] % 64; };
    size_t same = 0;
    for (size_t i = 0; i < 64; ++i) {
      same += rank(block, i) == rank(block - 1, i);
    }
    CHECK(same < 16, "%zu of 64 threads come at the same place", same);
  }
  CHECK(laterBlocks < 9);
}

// Which of two warps begins is a matter of chance.
void firstWarps() {
  constexpr int blocks = 100;
  std::vector<unsigned> order(64 * blocks);
  std::vector<uint64_t> garbage(64 * blocks);
  start({blocks, 64, 8}, orderKernel, order.data(), garbage.data());
  int second = 0;
  for (int block = 0; block < blocks; ++block) {
    const auto first = order.begin() + 64 * block;
    second += std::min_element(first, first + 64) - first >= 32;
  }
  CHECK(second > 25 && second < 75, "the second of two warps began %d of %d blocks", second, blocks);
}

// Believes that no other warp draws between its own two tickets, and counts how often that is false.
void twoTicketsKernel(unsigned *parted) {
  dependencyWait();
  const bool first = threadIdx.x % 32 == 0;
  unsigned count = 0;
  for (int turn = 0; turn < 100; ++turn) {
    const unsigned before = first ? ticket() : 0;
    __syncwarp();
    count += first && ticket() != before + 1;
    __syncwarp();
  }
  if (first) {
    parted[threadIdx.x / 32] = count;
  }
}

void turns() {
  std::vector<unsigned> parted(4);
  start({1, 128}, twoTicketsKernel, parted.data());
  for (const unsigned count : parted) {
    CHECK(count > 0, "no other warp ran between two meetings of a warp");
  }
}

}  // namespace

int main() {
  orders();
  firstWarps();
  turns();
  return finish();
}
