// faults_test.cpp: what breaks CUDA's rules ends the program with a report that names kernel and place; races are
// found where the build looks for them.
#include "launching.hpp"

using namespace gatun::cuda;
using namespace gatun::test;

namespace {

struct Ints {
  int at[64];
};

// ---- deadlocks and wild accesses ----

void someAtBarrier(int) {
  dependencyWait();
  if (threadIdx.x < 33) {
    __syncthreads();
  }
}

void differentBarriers(int) {
  dependencyWait();
  if (threadIdx.x < 32) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

void someShuffle(int) {
  dependencyWait();
  if (threadIdx.x != 40) {
    ballot(true);
  }
}

void shuffleAndBarrier(int) {
  dependencyWait();
  if (threadIdx.x == 3) {
    __syncthreads();
  } else {
    shuffle(1, 0);
  }
  __syncthreads();
}

void someWait(int) {
  if (threadIdx.x != 40) {
    dependencyWait();
  }
}

void beyondShared(int) {
  dependencyWait();
  int *const at = shared<Ints>().at;
  if (threadIdx.x == 0) {
    *const_cast<volatile int *>(at + 64) = 1;
  }
}

struct Large {
  int at[65];
};
void largerShared(int) {
  dependencyWait();
  shared<Large>().at[0] = 1;
}

void unalignedLoad(int) {
  dependencyWait();
  uint32_t r[4];
  loadMatrices(r, shared<Ints>().at + 1);
}

void copyElsewhere(int) {
  dependencyWait();
  alignas(16) int local[4], from[4] = {};
  copyAsync16(local, from);
}

void unalignedWeight(int) {
  dependencyWait();
  const uint4 all[2] = {};
  loadWeight(reinterpret_cast<const uint4 *>(reinterpret_cast<const char *>(all) + 4));
}

void faults() {
  const auto says = [](void (*kernel)(int), const char *wanted) {
    const std::string words = lastWords([&] { start({1, 64, sizeof(Ints)}, kernel, 0); });
    CHECK(words.find(wanted) != std::string::npos, "said \"%s\", expected \"%s\"", words.c_str(), wanted);
  };
  says(someAtBarrier, "31 threads returned");
  says(someAtBarrier, "33 threads at faults_test.cpp:");
  says(someAtBarrier, "kernel launched at faults_test.cpp:");
  says(differentBarriers, "wait at different barriers");
  says(someShuffle, "someShuffle");
  says(shuffleAndBarrier, "different barriers");
  says(someWait, "a thread returned without dependencyWait");
#if defined(__SANITIZE_ADDRESS__)
  says(beyondShared, "use-after-poison");
#else
  says(beyondShared, "a thread wrote beyond the 256 bytes of shared memory");
#endif
  says(largerShared, "the kernel uses 260 bytes of shared memory, its launch gives it 256");
  says(unalignedLoad, "loadMatrices: shared memory at offset 4");
  says(copyElsewhere, "copyAsync: shared memory at offset");
  says(unalignedWeight, "loadWeight: the address");
}

// ---- races ----

// The warps of the first half write, then those of the second read.
template <bool Barrier>
void acrossWarps(int *out) {
  dependencyWait();
  auto &s = shared<Ints>();
  const auto i = static_cast<int>(threadIdx.x);
  s.at[i] = i;
  if (Barrier) {
    __syncthreads();
  }
  out[i] = s.at[63 - i];
}

template <bool Barrier>
void acrossLanes(int *out) {
  dependencyWait();
  auto &s = shared<Ints>();
  const auto i = static_cast<int>(threadIdx.x);
  s.at[i] = i;
  if (Barrier) {
    __syncwarp();
  } else {
    shuffle(i, 0);  // brings lanes together, orders no memory
  }
  out[i] = s.at[i ^ 1];
}

// Everybody reads a word, then one writes it.
template <bool Barrier>
void writeAfterRead(int *out) {
  dependencyWait();
  auto &s = shared<Ints>();
  const auto i = static_cast<int>(threadIdx.x);
  s.at[i] = i;
  __syncthreads();
  out[i] = s.at[5];
  if (Barrier) {
    __syncthreads();
  } else {
    shuffle(i, 0);  // so that it is not the first to read that writes
  }
  if (i == 5) {
    s.at[5] = 7;
  }
}

// Two lanes read a word, then one of them writes it.
template <bool Barrier>
void oneReaderWrites(int *out) {
  dependencyWait();
  auto &s = shared<Ints>();
  const auto i = static_cast<int>(threadIdx.x);
  s.at[i] = i;
  __syncthreads();
  out[i] = i == 5 || i == 6 ? s.at[5] : 0;
  if (Barrier) {
    __syncwarp();
  } else {
    shuffle(i, 0);
  }
  if (i == 5) {
    s.at[5] = 7;
  }
}

// One warp reads a word, once more and then writes it, its lanes meeting between; the other reads it once: one race for
// each word wherever the other has its turn.
template <bool Barrier>
void otherReadsBetween(int *out) {
  dependencyWait();
  auto &s = shared<Ints>();
  const auto i = static_cast<int>(threadIdx.x);
  s.at[i] = i;
  int sum = 0;
  for (int &word : s.at) {
    __syncthreads();
    for (int time = 0; time < 2; ++time) {
      if (i == 0 || (i == 32 && time == 0)) {
        sum += word;
      }
      __syncwarp();
    }
    if (Barrier) {
      __syncthreads();
    }
    if (i == 0) {
      word = 7;
    }
  }
  out[i] = sum;
}

// The fifth lane of both warps writes.
template <bool Apart>
void sameLane(int *) {
  dependencyWait();
  const auto i = static_cast<int>(threadIdx.x);
  if (i % 32 == 5) {
    shared<Ints>().at[Apart ? i : 5] = i;
  }
}

// As a ring of buffers is: copied by one, used by all, copied again.
template <bool Barrier>
void copyRing(int *out) {
  dependencyWait();
  auto &s = shared<Ints>();
  const auto i = static_cast<int>(threadIdx.x);
  for (int turn = 0; turn < 3; ++turn) {
    copyAsync4(s.at + i, out + 64 + i);
    copyAsyncCommit();
    copyAsyncWait<0>();
    __syncthreads();
    out[i] = s.at[63 - i];
    if (Barrier) {
      __syncthreads();
    }
  }
}

template <bool Barrier>
void bytesAndMatrices(int *out) {
  dependencyWait();
  auto &s = shared<uint4[32]>();
  const auto lane = static_cast<int>(threadIdx.x % 32);
  if (threadIdx.x < 32) {
    for (int byte = 0; byte < 16; ++byte) {
      reinterpret_cast<char *>(&s[lane])[byte] = 1;  // bytes of one word by one thread: no race
    }
    if (Barrier) {
      __syncwarp();
    }
    uint32_t r[4];
    loadMatrices(r, &s[31 - lane]);
    out[lane] = static_cast<int>(r[0]);
  }
}

// What was written a word at a time is written by four threads a byte each, and then as a word by another.
template <bool Shared, bool Barrier>
void bytesThenWord(int *out) {
  dependencyWait();
  int *const at = Shared ? shared<Ints>().at : out;
  const auto i = static_cast<int>(threadIdx.x);
  at[i] = i;
  __syncthreads();
  reinterpret_cast<char *>(at)[i] = 1;
  if (Barrier) {
    __syncthreads();
  }
  if (i == 0) {
    at[1] = 1;
  }
}

// The other way round: bytes of several threads become the word of one, of which another writes a byte.
template <bool Shared, bool Barrier>
void wordThenByte(int *out) {
  dependencyWait();
  int *const at = Shared ? shared<Ints>().at : out;
  const auto i = static_cast<int>(threadIdx.x);
  reinterpret_cast<char *>(at)[i] = 1;
  __syncthreads();
  if (i >= 48) {
    at[i - 48] = i;
  }
  if (Barrier) {
    __syncthreads();
  }
  if (i == 8) {
    reinterpret_cast<char *>(at)[7] = 1;
  }
}

// Different bytes of a word: no race. Without Apart, neighbours write the same.
template <bool Apart>
void globalBytes(int *out) {
  dependencyWait();
  reinterpret_cast<char *>(out)[Apart ? threadIdx.x : threadIdx.x / 2] = 1;
}

template <bool Apart>
void globalBlocks(int *out) {
  dependencyWait();
  out[threadIdx.x + (Apart ? 64 * blockIdx.x : 0)] = 1;
}

void early(int *out) {
  out[threadIdx.x] = 1;
  dependencyWait();
}

template <bool Late>
void readsTheKernelBefore(int *out) {
  const int before = Late ? 0 : out[threadIdx.x];
  dependencyWait();
  out[threadIdx.x] = 1 + (Late ? out[threadIdx.x] : before);
}

void nothing(int) { dependencyWait(); }

void races() {
  // Each turn in another order of the threads.
  const auto words = [](void (*kernel)(int *), int turn) {
    const bool blocks = kernel == globalBlocks<false> || kernel == globalBlocks<true>;
    std::vector<int> out(128);
    return lastWords([&] {
      for (int launch = 0; launch < turn; ++launch) {
        start({1, 32, 0}, nothing, 0);
      }
      for (int launch = 0; launch < 2; ++launch) {
        start({blocks ? 2u : 1u, 64, 512}, kernel, out.data());
      }
    });
  };
  const auto only = [&](const char *name, void (*racing)(int *), void (*correct)(int *), const char *memory) {
    for (int turn = 0; turn < 8; ++turn) {
      const std::string said = words(racing, turn), nothingSaid = words(correct, turn);
#if defined(GATUN_RACES)
      CHECK(said.find(memory) != std::string::npos && said.find("faults_test.cpp") != std::string::npos,
            "%s: said \"%s\"", name, said.c_str());
#else
      CHECK(said.empty() && memory != nullptr, "%s", name);  // this build does not look
#endif
      CHECK(nothingSaid.empty(), "%s: said \"%s\"", name, nothingSaid.c_str());
    }
  };
  only("acrossWarps", acrossWarps<false>, acrossWarps<true>, "a race in shared memory");
  only("acrossLanes", acrossLanes<false>, acrossLanes<true>, "a race in shared memory");
  only("writeAfterRead", writeAfterRead<false>, writeAfterRead<true>,
       "a race in shared memory at 0x14: thread 5 writes");
  only("oneReaderWrites", oneReaderWrites<false>, oneReaderWrites<true>, "a race in shared memory at 0x14");
  only("otherReadsBetween", otherReadsBetween<false>, otherReadsBetween<true>, "256 bytes raced for");
  only("sameLane", sameLane<false>, sameLane<true>, "a race in shared memory at 0x14");
  only("copyRing", copyRing<false>, copyRing<true>, "a race in shared memory");
  only("bytesAndMatrices", bytesAndMatrices<false>, bytesAndMatrices<true>, "a race in shared memory");
  const char *const byte = "a race in shared memory at 0x7: thread", *const global = "a race in global memory";
  only("bytesThenWord", bytesThenWord<true, false>, bytesThenWord<true, true>, "a race in shared memory");
  only("bytesThenWord", bytesThenWord<false, false>, bytesThenWord<false, true>, global);
  only("wordThenByte", wordThenByte<true, false>, wordThenByte<true, true>, byte);
  only("wordThenByte", wordThenByte<false, false>, wordThenByte<false, true>, global);
  only("globalBytes", globalBytes<false>, globalBytes<true>, "a race in global memory");
  only("globalBlocks", globalBlocks<false>, globalBlocks<true>, "a race in global memory, between blocks");
  only("early", early, globalBytes<true>, "written before dependencyWait");
  only("readsTheKernelBefore", readsTheKernelBefore<false>, readsTheKernelBefore<true>,
       "that the kernel before wrote is read before dependencyWait");
}

}  // namespace

int main() {
  faults();
  races();
  return finish();
}
