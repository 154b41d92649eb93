/* fake_cublas.c: of cuBLAS the functions that the engine calls, for tests without a GPU: products of bfloat16 matrices
 * in host memory, column-major, as cuBLAS states them. One handle, whose calls must come in an order that a real one
 * takes: setting the stream takes the workspace away, and a product without workspace would allocate some. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { SUCCESS = 0, NOT_INITIALIZED = 1, INVALID_VALUE = 7, EXECUTION_FAILED = 13 };
enum { OP_N = 0, OP_T = 1, TYPE_F32 = 0, TYPE_BF16 = 14, COMPUTE_32F = 68, GEMM_DEFAULT = -1 };

int fake_cublas_live = 0;
int fake_cublas_fault = SUCCESS; /* what a product answers */

static char context;
static void *stream = NULL;
static const void *workspace = NULL;

int cublasCreate_v2(void **handle) {
  *handle = &context;
  fake_cublas_live++;
  return SUCCESS;
}
int cublasDestroy_v2(void *handle) {
  fake_cublas_live--;
  stream = NULL;
  return handle == &context ? SUCCESS : NOT_INITIALIZED;
}
int cublasSetStream_v2(void *handle, void *on) {
  stream = on;
  workspace = NULL;
  return handle == &context ? SUCCESS : NOT_INITIALIZED;
}
int cublasSetMathMode(void *handle, int mode) {
  return handle == &context && mode == 0 ? SUCCESS : INVALID_VALUE; /* CUBLAS_DEFAULT_MATH */
}
int cublasSetWorkspace_v2(void *handle, void *memory, size_t bytes) {
  workspace = memory;
  return handle == &context && (uintptr_t)memory % 256 == 0 && bytes > 0 ? SUCCESS : INVALID_VALUE;
}
const char *cublasGetStatusName(int status) {
  return status == EXECUTION_FAILED ? "CUBLAS_STATUS_EXECUTION_FAILED" : "CUBLAS_STATUS_FAKE";
}
const char *cublasGetStatusString(int status) {
  return status == EXECUTION_FAILED ? "the function failed to launch" : "a status made up";
}

static float at(const uint16_t *matrix, int ld, int row, int col) {
  const uint32_t bits = (uint32_t)matrix[(size_t)col * (size_t)ld + (size_t)row] << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* c (m, n) = alpha * op(a) (m, k) * op(b) (k, n) + beta * c, all column-major. */
int cublasGemmEx(void *handle, int op_a, int op_b, int m, int n, int k, const float *alpha, const void *a, int a_type,
                 int lda, const void *b, int b_type, int ldb, const float *beta, float *c, int c_type, int ldc,
                 int compute, int algorithm) {
  if (handle != &context || stream == NULL || workspace == NULL) {
    return NOT_INITIALIZED;
  }
  if (a_type != TYPE_BF16 || b_type != TYPE_BF16 || c_type != TYPE_F32 || compute != COMPUTE_32F ||
      algorithm != GEMM_DEFAULT || lda < (op_a == OP_N ? m : k) || ldb < (op_b == OP_N ? k : n) || ldc < m) {
    return INVALID_VALUE;
  }
  if (fake_cublas_fault != SUCCESS) {
    return fake_cublas_fault;
  }
  for (int col = 0; col < n; col++) {
    for (int row = 0; row < m; row++) {
      float sum = 0;
      for (int i = 0; i < k; i++) {
        sum += (op_a == OP_T ? at(a, lda, i, row) : at(a, lda, row, i)) *
               (op_b == OP_T ? at(b, ldb, col, i) : at(b, ldb, i, col));
      }
      float *to = c + (size_t)col * (size_t)ldc + row;
      *to = *alpha * sum + (*beta == 0 ? 0 : *beta * *to);
    }
  }
  return SUCCESS;
}
