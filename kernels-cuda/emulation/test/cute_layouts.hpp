// cute_layouts.hpp: which element of a matrix each lane of a warp holds, as NVIDIA's CuTe states it; as plain numbers,
// since CuTe's headers need CUDA's own, whose names the emulation has for itself.
#pragma once

#include <vector>

namespace gatun::test {

// at[lane][i]: the place of the lane's i-th value.
using Places = std::vector<std::vector<int>>;

// Of an mma: in a, row + 16 k; in b, column + 8 k; in c and d, row + 16 column.
struct MmaLayout {
  int k;
  Places a, b, c;
};

// Of an ldmatrix of four matrices, in bits of the 512 bytes: source, lane's first bit of its row; target, its 128 bits.
struct LoadLayout {
  Places source, target;
};

MmaLayout cuteInt8();      // m16n8k32
MmaLayout cuteInt8Half();  // m16n8k16
MmaLayout cuteF16();
MmaLayout cuteBf16();
LoadLayout cuteLoad();
LoadLayout cuteLoadTransposed();

}  // namespace gatun::test
