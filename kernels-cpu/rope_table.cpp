// rope_table.cpp: RopeTable. Bytes moved: 4 dim a token. Operations: a cosine and a sine for each of dim / 2 angles.
//
// The angle is rounded to fp32, as checkpoints were trained with; its cosine and sine are computed in double and
// rounded once, so that they do not depend on how a library approximates them in fp32.
#include <cmath>

#include "ops.hpp"

namespace gatun::cpu {

void ropeTable(Pool &pool, const gk_batch &batch, const float *invFreq, int32_t dim, float scale, float *table) {
  struct Rows {
    const gk_batch &batch;
    const float *invFreq;
    int64_t half;
    float scale;
    float *table;
  } rows{batch, invFreq, dim / 2, scale, table};
  pool.parallelFor(
      batch.tokens, 16,
      [](void *arg, int64_t begin, int64_t end, int) {
        const Rows &r = *static_cast<const Rows *>(arg);
        for (int64_t t = begin; t < end; ++t) {
          if (isPadding(r.batch, t)) {
            continue;
          }
          const float position = static_cast<float>(r.batch.position[t]);
          float *const cosines = r.table + t * 2 * r.half;
          for (int64_t i = 0; i < r.half; ++i) {
            const double angle = position * r.invFreq[i];
            cosines[i] = static_cast<float>(std::cos(angle)) * r.scale;
            cosines[r.half + i] = static_cast<float>(std::sin(angle)) * r.scale;
          }
        }
      },
      &rows);
}

}  // namespace gatun::cpu
