// cute_layouts.cpp: see cute_layouts.hpp. Compiled by the host's compiler, CuTe's layouts being plain C++.
#include "cute_layouts.hpp"

#include <cute/atom/copy_traits_sm75.hpp>
#include <cute/atom/mma_traits_sm80.hpp>

namespace gatun::test {
namespace {

template <class Layout>
Places placesOf(const Layout &layout) {
  Places places;
  for (int lane = 0; lane < cute::size<0>(layout); ++lane) {
    places.emplace_back();
    for (int i = 0; i < cute::size<1>(layout); ++i) {
      places.back().push_back(layout(lane, i));
    }
  }
  return places;
}

template <class Instruction>
MmaLayout mmaLayout() {
  using Traits = cute::MMA_Traits<Instruction>;
  static_assert(cute::size<0>(typename Traits::Shape_MNK{}) == 16 && cute::size<1>(typename Traits::Shape_MNK{}) == 8);
  return {cute::size<2>(typename Traits::Shape_MNK{}), placesOf(typename Traits::ALayout{}),
          placesOf(typename Traits::BLayout{}), placesOf(typename Traits::CLayout{})};
}

template <class Instruction>
LoadLayout loadLayout() {
  using Traits = cute::Copy_Traits<Instruction>;
  return {placesOf(typename Traits::SrcLayout{}), placesOf(typename Traits::DstLayout{})};
}

}  // namespace

MmaLayout cuteInt8() { return mmaLayout<cute::SM80_16x8x32_S32S8S8S32_TN>(); }
MmaLayout cuteInt8Half() { return mmaLayout<cute::SM80_16x8x16_S32S8S8S32_TN>(); }
MmaLayout cuteF16() { return mmaLayout<cute::SM80_16x8x16_F32F16F16F32_TN>(); }
MmaLayout cuteBf16() { return mmaLayout<cute::SM80_16x8x16_F32BF16BF16F32_TN>(); }
LoadLayout cuteLoad() { return loadLayout<cute::SM75_U32x4_LDSM_N>(); }
LoadLayout cuteLoadTransposed() { return loadLayout<cute::SM75_U16x8_LDSM_T>(); }

}  // namespace gatun::test
