// mat_mul.cu: y = x * weight^T, by what its rows and type ask for; alone, as the three products that attention begins
// with, as gate | up, and with a matrix for each head.
#include "experts/experts.hpp"
#include "ops.hpp"
#include "products/mat_mul_float.hpp"
#include "products/mat_mul_tiles.hpp"

namespace gatun::cuda {
namespace {

bool few(const gk_tensor &x) { return x.dtype != GK_F32 && x.rows <= vecTokens; }

}  // namespace

void matMul(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) {
  if (x.rows > 0) {
    (x.dtype == GK_F32 ? matMulFloat : few(x) ? matMulVec : matMulTiles)(queue, weight, x, y);
  }
}

void qkv(const Queue &queue, const gk_weight &q, const gk_weight &k, const gk_weight &v, const gk_tensor &x,
         const gk_tensor &yq, const gk_tensor &yk, const gk_tensor &yv) {
  if (x.rows > 0 && few(x)) {
    qkvVec(queue, q, k, v, x, yq, yk, yv);
    return;
  }
  matMul(queue, q, x, yq);
  matMul(queue, k, x, yk);
  matMul(queue, v, x, yv);
}

void gateUp(const Queue &queue, const gk_weight &gate, const gk_weight &up, const gk_tensor &x, const gk_tensor &y) {
  if (x.rows > 0) {
    (x.dtype == GK_F32 ? gateUpFloat : few(x) ? gateUpVec : gateUpTiles)(queue, gate, up, x, y);
  }
}

// A head's rows, three and more, go through tiles together; fewer are what few rows of experts are, one by one, with
// the head as its token's choice.
void headMatMul(const Queue &queue, const gk_weight &weight, const gk_tensor &x, const gk_tensor &y) {
  constexpr int64_t fewRows = 2;
  if (x.rows == 0) {
    return;
  }
  const int64_t heads = weight.experts, ofHead = x.cols / heads;
  RowGroups groups = allRows(x.rows);
  groups.matrices = groups.heads = static_cast<int32_t>(heads);
  groups.headX = x.dtype == GK_F32 ? ofHead * 4 : ofHead / blockColumns * cpu::activationBlockBytes(x.dtype);
  groups.headY = y.cols / heads;
  if (x.dtype == GK_F32) {
    FloatJob job = floatJob(weight, nullptr, x, y);
    job.groups = groups;
    forWeightType(weight.dtype, [&]<int Dtype>() { multiplyFloats<Dtype>(queue, job); });
  } else if (x.rows > fewRows) {
    TilesJob job = tilesJob(weight, nullptr, x, y);
    job.groups = groups;
    forQuantizedType(weight.dtype, [&]<int Dtype>() { multiplyTiles<Dtype>(queue, job, x.dtype == GK_A16); });
  } else {
    ExpertJob job = expertJob(weight, x, y, heads);
    job.choiceX = groups.headX;
    job.tokenY = y.stride;
    job.choiceY = groups.headY;
    job.rows = static_cast<int32_t>(y.rows * heads);
    multiplyRowByRow(queue, weight, x, job, y);
  }
}

// Of experts: what serves few rows of each. Where they are many, and are sorted, tiles do.
const char *matMulKernel(const gk_weight &weight, const gk_tensor &x) {
  return x.dtype == GK_F32              ? "mat_mul_float, fp32"
         : few(x) || weight.experts > 1 ? "mat_mul_vec, int8 mma"
                                        : "mat_mul_tiles, int8 mma";
}

}  // namespace gatun::cuda
