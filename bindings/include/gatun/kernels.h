/* kernels.h: the contract between the engine and its kernels. C99; every back end implements every op.
 *
 * What may cross: opaque handles, addresses, fixed-width integers, floats and the plain structs below.
 * Every function returns GK_OK or an error code; gk_last_error() then holds one line of text for the
 * calling thread. Every op checks shapes, strides and alignment before it touches memory.
 *
 * Axes are named at each declaration, outermost first; rows are dense unless a stride is given.
 * An op named here is searchable in its four spellings: MatMul, gk_mat_mul, matMul, mat_mul.cpp/.cu.
 *
 * Determinism: each element of a result is computed in an order that depends only on the op's own operands. Logits are
 * bit-equal for every thread count, batch neighbour and prefill chunk, and on the CPU for every instruction set; the
 * two back ends differ by no more than the order of their fp32 sums and their exponentials.
 *
 * Memory: every address an op is given is memory of the queue's device: on the CPU any, on CUDA device memory or pinned
 * host memory. The arrays inside a gk_source may lie in any host memory. Ops on a CUDA queue return before they are
 * done; a fault of the device is reported by gk_queue_sync or by a later op.
 */
#ifndef GATUN_KERNELS_H
#define GATUN_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GK_ABI_VERSION 8

/* Rows that one tile of packed weights interleaves. */
#define GK_TILE_ROWS 16
/* Tokens in one page of the key/value cache. */
#define GK_PAGE_TOKENS 32
/* Rows, and columns, of the weights that share one scale in GK_F8. */
#define GK_SQUARE 128
/* Activations that share one scale in GK_A8 and GK_A16. */
#define GK_ACTIVATION_BLOCK 32
/* Alignment in bytes of packed weights, activations and cache pages. */
#define GK_ALIGNMENT 64

enum gk_status {
  GK_OK = 0,
  GK_BAD_ARGUMENT = 1, /* a shape, stride, alignment or type the op does not take */
  GK_UNSUPPORTED = 2,  /* this build or this machine has no such device or instruction set */
  GK_OUT_OF_MEMORY = 3,
  GK_DEVICE_FAILED = 4, /* the device reported a fault */
  GK_INTERNAL = 5
};

/* Number formats. Values below 64 are GGUF's type ids (source: gguf/constants.py, GGMLQuantizationType). */
enum gk_dtype {
  GK_F32 = 0,
  GK_F16 = 1,
  GK_Q4_0 = 2,
  GK_Q4_1 = 3,
  GK_Q5_0 = 6,
  GK_Q5_1 = 7,
  GK_Q8_0 = 8,
  GK_Q2_K = 10,
  GK_Q3_K = 11,
  GK_Q4_K = 12,
  GK_Q5_K = 13,
  GK_Q6_K = 14,
  GK_IQ4_NL = 20,
  GK_IQ4_XS = 23,
  GK_I32 = 26,
  GK_BF16 = 30,
  GK_AWQ = 64,  /* int4, scale and zero a group; AutoAWQ "gemm" layout */
  GK_GPTQ = 65, /* int4, scale and zero a group; AutoGPTQ layout */
  GK_A8 = 66,   /* activations: int8 in blocks of GK_ACTIVATION_BLOCK, see gk_quantize */
  GK_A16 = 67,  /* the same with 16 bits as two int8 digits */
  /* Float8 e4m3fn; the greatest is 448 (source: OCP OFP8 1.0). Cache: no scale. Weights: see gk_source. */
  GK_F8 = 68,
  /* Cache: 4 and 3 bits an element and a float16 scale a head, see gk_rope_store. */
  GK_TURBO4 = 70,
  GK_TURBO3 = 71
};

/* Instruction sets of the CPU back end, each a superset of the one before. */
enum gk_isa {
  GK_ISA_BEST = 0,       /* the widest this machine has */
  GK_ISA_PLAIN = 1,      /* portable C++ */
  GK_ISA_AVX2 = 2,       /* AVX2, FMA, F16C */
  GK_ISA_AVX512 = 3,     /* AVX-512 F, BW, DQ, VL */
  GK_ISA_AVX512_VNNI = 4 /* and AVX-512 VNNI */
};

/* How RoPE pairs the elements of a head of size d. */
enum gk_rope_style {
  GK_ROPE_HALF_SPLIT = 0, /* (i, i + d/2): Hugging Face checkpoints, "NEOX" */
  GK_ROPE_INTERLEAVED = 1 /* (2i, 2i + 1): GGUF files of architecture llama */
};

/* In what gk_attention multiplies. */
enum gk_compute {
  GK_COMPUTE_F32 = 0,
  GK_COMPUTE_INT16 = 1 /* of a latent cache */
};

/* How gk_route makes scores of logits. */
enum gk_scoring {
  GK_SCORING_SOFTMAX = 0,
  GK_SCORING_SIGMOID = 1 /* 1 / (1 + exp(-x)) */
};

/* One step of a chain of gk_sample. */
enum gk_stage {
  GK_STAGE_END = 0,
  GK_STAGE_TOP_K = 1,
  GK_STAGE_TOP_P = 2,
  GK_STAGE_MIN_P = 3,
  GK_STAGE_TEMPERATURE = 4
};

/* What gk_sample writes where it draws no token. */
enum gk_no_token {
  GK_NOT_A_NUMBER = -1, /* a logit is NaN or infinity */
  GK_ALL_BANNED = -2    /* every logit is -infinity, or masked */
};

/* An ordered stream of work on one device. Used by one thread at a time. */
typedef struct gk_queue gk_queue;

/* Activations: (rows, cols), row r at data + r * stride elements. Rows of GK_A8, GK_A16 and
 * GK_BF16 are gk_activation_row_bytes(dtype, cols) apart. */
typedef struct gk_tensor {
  void *data;
  int64_t rows;
  int64_t cols;
  int64_t stride; /* elements between rows, >= cols; ignored for GK_A8, GK_A16 and GK_BF16 */
  int32_t dtype;  /* GK_F32, GK_I32, GK_A8, GK_A16 or GK_BF16 */
  int32_t unused;
} gk_tensor;

/* A weight matrix (rows = outputs, cols = inputs) as the checkpoint stores it.
 *
 * GK_F8: one scale for each square of `group` rows and columns, the last ones smaller where rows or cols end; a weight
 * is its float8 times the scale, rounded to fp32 (source: DeepSeek-V3, README_WEIGHTS.md, weight_scale_inv). Scales
 * are finite and below 256 in magnitude. A weight that is not a number makes the scale of its tile of GK_TILE_ROWS
 * rows in that square not a number, so it shows in those rows' products. */
typedef struct gk_source {
  const void *data;     /* rows of blocks; GK_AWQ, GK_GPTQ: qweight */
  const void *zeros;    /* GK_AWQ, GK_GPTQ: qzeros; else NULL */
  const void *scales;   /* GK_AWQ, GK_GPTQ: float16 scales (cols / group, rows); GK_F8: float32 (ceil(rows / group),
                           ceil(cols / group)), aligned; else NULL */
  const int32_t *order; /* GK_GPTQ with act-order: (cols) packed column j is column order[j]; else NULL */
  int64_t rows;
  int64_t cols; /* a multiple of the type's block; GK_AWQ, GK_GPTQ: of group, and group of 32 */
  int32_t dtype;
  int32_t group;       /* GK_AWQ, GK_GPTQ: columns that share a scale; GK_F8: GK_SQUARE; else 0 */
  int32_t zero_offset; /* added to every stored zero: 0 for AWQ, 1 for GPTQ as AutoGPTQ writes it */
  int32_t unused;
} gk_source;

/* A weight matrix, or a stack of them (experts, rows, cols), packed for this device by gk_pack. */
typedef struct gk_weight {
  const void *data; /* GK_ALIGNMENT-aligned */
  int64_t rows;
  int64_t cols;
  int64_t experts;       /* 1 for a plain matrix */
  int64_t expert_stride; /* bytes between experts */
  int32_t dtype;         /* the source's */
  int32_t group;         /* the source's */
} gk_weight;

/* One layer's cache: pages of GK_PAGE_TOKENS tokens, with the keys and values of every key/value head, or of a latent
 * cache with the latent that all heads share. The layout inside a page is the device's own; gk_cache_page_bytes gives
 * its size.
 *
 * A latent cache (multi-head latent attention; source: DeepSeek-V2, arXiv 2405.04434) has one key of head_dim elements
 * a token and no values: the first `latent` elements of a key are its value, the rest is a rotated key of its own. */
typedef struct gk_cache {
  void *pages;
  int32_t page_count;
  int32_t kv_heads;    /* 1 of a latent cache */
  int32_t head_dim;    /* a multiple of 16, at most 256, of a latent cache 640; of 32 with types that have scales */
  int32_t key_dtype;   /* GK_F32, GK_F16, GK_BF16, GK_F8 or, with scales, GK_Q8_0, GK_Q4_0, GK_TURBO4, GK_TURBO3; the
                          last three not of a latent cache */
  int32_t value_dtype; /* likewise; of a latent cache key_dtype */
  int32_t latent;      /* 0: keys and values; else a multiple of 32, at most 512 and less than head_dim */
} gk_cache;

/* The tokens of one step, a row each, of one or several sequences. Arrays live in the device's memory; the scalars are
 * the host's, and a captured graph keeps them.
 *
 * Rows 0 to singles - 1 are each the only row of their sequence: sequences that decode. The rows behind come in runs:
 * all rows of a sequence side by side, at ascending positions, as chunks of prompts do. A row of sequence -1 is
 * padding, at the end of the singles or of the step: its position is ignored, nothing of the cache or of page_table is
 * read or written for it, gk_rope_table and gk_rope_store leave its rows as they are, and gk_attention writes zeros. */
typedef struct gk_batch {
  const int32_t *position;   /* (tokens) position of the token in its sequence, from 0 */
  const int32_t *sequence;   /* (tokens) row of page_table, or -1 */
  const int32_t *page_table; /* (sequences, max_pages) physical page of each logical page */
  int32_t tokens;
  int32_t sequences;
  int32_t max_pages;
  int32_t singles; /* 0 to tokens */
} gk_batch;

/* What rotation needs. table is what gk_rope_table wrote; norms are NULL where the family has none. */
typedef struct gk_rope {
  const float *table;  /* (tokens, 2, dim / 2): cosines, then sines */
  const float *q_bias; /* (heads * head_dim) or NULL */
  const float *k_bias; /* (kv_heads * head_dim) or NULL */
  const float *v_bias; /* (kv_heads * head_dim) or NULL */
  const float *q_norm; /* (head_dim) RMSNorm weight on each query head after the bias, or NULL */
  const float *k_norm; /* (head_dim) or NULL */
  float norm_eps;
  int32_t dim;   /* rotated elements of a head, even, <= head_dim; the rest passes through */
  int32_t style; /* enum gk_rope_style */
  int32_t unused;
} gk_rope;

/* How gk_route chooses among experts. */
typedef struct gk_router {
  const float *bias;     /* (experts) added to the scores for the choice alone, or NULL */
  int32_t scoring;       /* enum gk_scoring */
  int32_t groups;        /* equal runs of consecutive experts, 1 to 1024 */
  int32_t chosen_groups; /* 1 to groups; experts of other groups are not chosen */
  int32_t normalize;     /* 1: weights are divided by their sum + 1e-20 */
  float scale;           /* multiplies them after that */
  int32_t unused;
} gk_router;

/* How one row of gk_sample is drawn. Lies in the device's memory, so that a captured graph may be replayed for the next
 * position, or with other options. */
typedef struct gk_sampling {
  int64_t seed;      /* key of the random number */
  int64_t position;  /* its counter */
  double top_p;      /* 0 to 1; 1 is off */
  float temperature; /* 0: the greatest logit, whatever the chain is; else 1e-3 or more */
  float min_p;       /* 0 or less, the logarithm of the share; -INFINITY is off */
  int32_t top_k;     /* 0 or less is off */
  int32_t chain;     /* enum gk_stage from the lowest four bits up, each at most once; an absent stage is off */
  int32_t limit;     /* ids from here on are not read and never drawn; 1 to logits.cols */
  int32_t mask;      /* row of the masks; -1: no id is masked. Not read where there are no masks */
} gk_sampling;

/* The largest step that will run on a queue: what its workspace must suffice for. */
typedef struct gk_limits {
  int32_t tokens; /* of one step */
  int32_t heads;  /* query heads */
  int32_t head_dim;
  int32_t latent;  /* as in gk_cache */
  int32_t context; /* tokens of the longest sequence */
} gk_limits;

/* What gk_queue_cuda would make. */
enum gk_cuda_build {
  GK_CUDA_NONE = 0,    /* no CUDA back end in this library */
  GK_CUDA_DEVICE = 1,  /* kernels compiled for GPUs */
  GK_CUDA_EMULATED = 2 /* the same sources compiled for the CPU, for tests: device memory is host memory */
};

/* ---- library, queues, memory ---- */

/* GK_ABI_VERSION of the library. */
int32_t gk_abi_version(void);
/* The last error of the calling thread: one line, never NULL, valid until its next call. */
const char *gk_last_error(void);
/* The widest instruction set this machine and this build have. */
int32_t gk_cpu_best_isa(int32_t *isa);
/* A CPU queue of `threads` threads (1 to 1024), the calling thread among them. isa: enum gk_isa. */
int32_t gk_queue_cpu(int32_t threads, int32_t isa, gk_queue **queue);
/* enum gk_cuda_build of this library. */
int32_t gk_cuda_build(int32_t *kind);
/* A CUDA queue on `device` over the caller's cudaStream_t; NULL is the default stream. GK_UNSUPPORTED where the build
 * has no CUDA back end, or the machine no driver, no such device, or one older than compute capability 8.0. */
int32_t gk_queue_cuda(int32_t device, void *stream, gk_queue **queue);
/* Bytes of workspace a queue needs for steps up to `limits`; 0 on the CPU. */
int32_t gk_workspace_bytes(gk_queue *queue, const gk_limits *limits, int64_t *bytes);
/* Lends the queue device memory that its ops use between them until the queue ends, GK_ALIGNMENT-aligned. An op that
 * needs more than it was lent returns GK_OUT_OF_MEMORY. */
int32_t gk_workspace(gk_queue *queue, void *data, int64_t bytes);
/* Ends the queue's threads and frees it; NULL is allowed. */
int32_t gk_queue_free(gk_queue *queue);
/* Returns when all work issued so far is done. */
int32_t gk_queue_sync(gk_queue *queue);
/* Host memory of `bytes` bytes, GK_ALIGNMENT-aligned, not initialised, in huge pages where the system has them. */
int32_t gk_host_alloc(int64_t bytes, void **address);
int32_t gk_host_free(void *address, int64_t bytes);

/* ---- weights ---- */

/* Bytes that gk_pack writes for one matrix of the source's shape and type (its pointers are not read). */
int32_t gk_packed_bytes(gk_queue *queue, const gk_source *source, int64_t *bytes);
/* Repacks a checkpoint's matrix into the device's own layout, without changing a value. destination:
 * GK_ALIGNMENT-aligned. The source is not read any more when it returns. Tiles of rows follow each other, all of one
 * size: rows r and on of a matrix, r a multiple of GK_TILE_ROWS (GK_F8: of GK_SQUARE), may be packed by themselves to
 * destination + r / GK_TILE_ROWS * (the bytes of GK_TILE_ROWS rows). */
int32_t gk_pack(gk_queue *queue, const gk_source *source, void *destination);
/* Dequantises `count` weights of consecutive blocks, bit-equal to the format's reference (gguf/quants.py). Not for
 * GK_AWQ, GK_GPTQ, GK_F8. */
int32_t gk_dequantize(gk_queue *queue, int32_t dtype, const void *source, int64_t count, float *destination);
/* y (rows, weight cols) = rows first_row and on of expert `expert` of a packed weight, dequantised; columns in packed
 * order. y GK_F32, or GK_BF16: then rounded as gk_quantize does. */
int32_t gk_unpack(gk_queue *queue, const gk_weight *weight, int64_t expert, int64_t first_row, const gk_tensor *y);

/* ---- ops ---- */

/* Bytes of one row of `cols` activations, cols / 32 blocks. GK_A8: {float scale; int16 sum[2]; int8 q[32]}, GK_A16:
 * {float scale; int32 sum[2]; int8 high[32]; int8 low[32]}. The sums are those of the first and the last 16 q. GK_BF16:
 * {bfloat16 x[32]}, so rows are dense. */
int32_t gk_activation_row_bytes(int32_t dtype, int64_t cols, int64_t *bytes);
/* y (tokens, cols) = rows `tokens` of the table, which is in the checkpoint's own layout. tokens: (1, n) GK_I32.
 * table->dtype: any but AWQ, GPTQ, F8. drawn: (1, m) GK_I32, or NULL: what an earlier gk_sample wrote, which the host
 * need not have seen. An entry -1 - k of tokens, k < m, then means the token drawn[k], or token 0 where drawn[k] is
 * none of the table: see enum gk_no_token. */
int32_t gk_embed(gk_queue *queue, const gk_source *table, const gk_tensor *tokens, const gk_tensor *drawn,
                 const gk_tensor *y);
/* y = x / sqrt(mean(x^2) + eps) * weight, a row at a time; weight (cols). y GK_F32, which may be x, or GK_A8, GK_A16
 * or GK_BF16: then quantised as gk_quantize does. */
int32_t gk_rms_norm(gk_queue *queue, const gk_tensor *x, const float *weight, float eps, const gk_tensor *y);
/* residual += delta; y = rms_norm(residual), of the types gk_rms_norm takes. */
int32_t gk_add_rms_norm(gk_queue *queue, const gk_tensor *residual, const gk_tensor *delta, const float *weight,
                        float eps, const gk_tensor *y);
/* x += bias, for each row of x (GK_F32); bias (cols). */
int32_t gk_add_bias(gk_queue *queue, const gk_tensor *x, const float *bias);
/* y[r] = x[rows[r]]: keeps the rows whose logits are wanted. rows: (1, n) GK_I32. */
int32_t gk_gather_rows(gk_queue *queue, const gk_tensor *x, const gk_tensor *rows, const gk_tensor *y);
/* y[., j] = x[., order[j]]: the column order of act-order weights. order: (1, cols) GK_I32. */
int32_t gk_gather_cols(gk_queue *queue, const gk_tensor *x, const gk_tensor *order, const gk_tensor *y);
/* y (GK_A8, GK_A16 or GK_BF16) = x (GK_F32). GK_A8 and GK_A16: scale = max|x| / limit of each block of 32, q = round to
 * nearest even (x / scale), |q| <= limit. GK_A8: limit 127. GK_A16: limit 32385 = 254 * 127 + 127, and q = 254 * high +
 * low with high = round to nearest even (q / 254), |high| <= 127, |low| <= 127. GK_BF16: rounded to nearest even. cols:
 * a multiple of 32. */
int32_t gk_quantize(gk_queue *queue, const gk_tensor *x, const gk_tensor *y);
/* y (tokens, weight rows) = x (tokens, weight cols) * weight^T. x GK_F32: all arithmetic in fp32 on exactly
 * dequantised weights. x GK_A8 or GK_A16: exact integer dot products of each block, summed in fp32 in ascending block
 * order; weights in GK_F32, GK_F16, GK_BF16, GK_F8 take x GK_F32 only. */
int32_t gk_mat_mul(gk_queue *queue, const gk_weight *weight, const gk_tensor *x, const gk_tensor *y);
/* The three products of gk_mat_mul that attention begins with: yq = x * q^T, yk = x * k^T, yv = x * v^T. The weights
 * may differ in type and rows. */
int32_t gk_qkv(gk_queue *queue, const gk_weight *q, const gk_weight *k, const gk_weight *v, const gk_tensor *x,
               const gk_tensor *yq, const gk_tensor *yk, const gk_tensor *yv);
/* y = silu(x * gate^T) * (x * up^T), silu(a) = a / (1 + exp(-a)). gate and up have the same shape and type; x as in
 * gk_mat_mul; y GK_F32, or GK_A8 or GK_A16: then quantised as gk_quantize does. */
int32_t gk_gate_up(gk_queue *queue, const gk_weight *gate, const gk_weight *up, const gk_tensor *x, const gk_tensor *y);
/* y = silu(gate) * up, as gk_gate_up has it, of products that are there already; y of the types gk_rms_norm takes, or
 * one of the two. */
int32_t gk_gated(gk_queue *queue, const gk_tensor *gate, const gk_tensor *up, const gk_tensor *y);
/* The kernel of gk_mat_mul for this weight, whose data is not read, and this x; lives as long as the library. gk_qkv
 * and gk_gate_up, and with experts gk_expert_gate_up and gk_expert_down, are served by the same arithmetic. */
int32_t gk_mat_mul_kernel(gk_queue *queue, const gk_weight *weight, const gk_tensor *x, const char **name);
/* Bytes of one page of the cache: both keys and values of GK_PAGE_TOKENS tokens; cache->pages is not read. */
int32_t gk_cache_page_bytes(gk_queue *queue, const gk_cache *cache, int64_t *bytes);
/* table (tokens, 2, dim / 2) = scale * cos and scale * sin of position * inv_freq[i], the product in fp32. */
int32_t gk_rope_table(gk_queue *queue, const gk_batch *batch, const float *inv_freq, int32_t dim, float scale,
                      float *table);
/* Adds biases, normalises heads where asked, rotates q (tokens, heads * head_dim) in place, and stores rotated k
 * and v (tokens, kv_heads * head_dim) at each token's position in the cache, rounding to nearest even of the cache's
 * types. GK_F8 saturates at 448. GK_Q8_0, a block of 32 elements of a head: scale = float16(max|x| / 127), q =
 * round(x / scale), |q| <= 127. GK_Q4_0: scale = float16(m / -8), m the first element of greatest magnitude, q =
 * clamp(round(x / scale), -8, 7). A scale of 0 gives q = 0; divisions by the scale before its rounding, in fp32.
 * GK_TURBO4 and GK_TURBO3 have one scale a head (source: TurboQuant, arXiv 2504.19874). With magnitudes c = 5 15 25 36
 * 48 62 79 104 and u = 0.026222 * rms, or c = 10 31 55 88 and u = 0.024447 * rms, where rms = sqrt(sum of x^2 /
 * head_dim): |x| takes the magnitude c[i] with i the number of j for which |x| > u * (c[j] + c[j + 1]) / 2; scale =
 * float16(32 * sum of |x| c / sum of c^2), the least squares; what is stored is c * scale / 32 with the sign of x. The
 * sums have 16 lanes, by element mod 16, each an fma an element, ascending; lanes i and i + 8 add up, then i + 4, i +
 * 2, i + 1.
 * With GK_Q4_0, GK_TURBO4 or GK_TURBO3 keys, q and k are multiplied, after rotation, by the orthonormal
 * Walsh-Hadamard matrix (Sylvester order, fp32) of the greatest power of two that divides head_dim, a run of that many
 * elements at a time: scores stay what they were, and outliers spread (source: QuaRot, arXiv 2404.00456). So are v with
 * GK_TURBO4 or GK_TURBO3 values; gk_attention undoes it, the matrix being its own inverse. */
int32_t gk_rope_store(gk_queue *queue, const gk_rope *rope, const gk_batch *batch, const gk_tensor *q,
                      const gk_tensor *k, const gk_tensor *v, const gk_cache *cache);
/* Of multi-head latent attention, in its absorbed form: kv (tokens, head_dim) is a latent of cache->latent elements and
 * a key of rope->dim, which is the rest. Stores rms_norm(latent, rope->k_norm, rope->norm_eps) and the rotated key at
 * each token's position in the latent cache, rounded as gk_rope_store does. q (tokens, heads * width): the last
 * rope->dim elements of each head, rotated, become the last of each head of absorbed (tokens, heads * head_dim), whose
 * other elements are not touched: gk_head_mat_mul writes them. The other pointers of rope are NULL. Rows of padding are
 * left as they are. */
int32_t gk_latent_store(gk_queue *queue, const gk_rope *rope, const gk_batch *batch, const gk_tensor *q,
                        const gk_tensor *kv, const gk_tensor *absorbed, const gk_cache *cache);
/* A matrix for each head: weight (heads, rows, cols) as experts of a gk_weight. x (tokens, heads * a) with a >= cols, y
 * (tokens, heads * b) with b >= rows: the first `rows` elements of head h in y = weight[h] * the first `cols` elements
 * of head h in x, added up as gk_mat_mul does; the other elements of y are not touched. x of the types gk_mat_mul
 * takes; of GK_A8 or GK_A16 a is a multiple of GK_ACTIVATION_BLOCK. */
int32_t gk_head_mat_mul(gk_queue *queue, const gk_weight *weight, const gk_tensor *x, const gk_tensor *y);
/* y (tokens, heads * value_dim) = softmax(scale * q . keys) . values over positions 0 .. the token's own. q (tokens,
 * heads * head_dim); value_dim is head_dim, of a latent cache `latent`. heads is a multiple of kv_heads; head h reads
 * key/value head h / (heads / kv_heads). y of the types gk_rms_norm takes. A NaN in a cache of GK_F8 may be read as
 * 480. With GK_TURBO4 or GK_TURBO3 values each head of the result is multiplied, in fp32, by the matrix that v was.
 * compute: enum gk_compute. GK_COMPUTE_INT16 allows, and the CPU does it, to round each head of q and each key to
 * 16-bit integers, the latent and the rest with a scale each, and the probabilities times the values' scales likewise,
 * 32 positions at a time: integers of at most 32767, and of a norm of at most 46300 or so small that sums of products
 * stay below 2^31. Sums of products are exact, everything else is fp32. CUDA multiplies as the cache's type has it. */
int32_t gk_attention(gk_queue *queue, const gk_batch *batch, const gk_tensor *q, const gk_cache *cache, float scale,
                     int32_t compute, const gk_tensor *y);
/* ids (tokens, k) GK_I32 and weights (tokens, k) of logits (tokens, experts). A score is the logit's softmax or
 * sigmoid, a candidate's rank its score + bias. Of the groups, those chosen_groups stay whose two greatest ranks (the
 * only one, where a group is one expert) have the greatest sums; of their experts, the k of the greatest ranks are
 * chosen, in descending order. Ties go to the lower group or expert; what is not a number ranks below all numbers. A
 * weight is the score, normalised where asked and times `scale`. All in fp32. k is at most the experts of the chosen
 * groups. Source: DeepSeek-V3, arXiv 2412.19437, section 2.1.2. */
int32_t gk_route(gk_queue *queue, const gk_router *router, const gk_tensor *logits, const gk_tensor *ids,
                 const gk_tensor *weights);
/* local (tokens, k) GK_I32: where the experts that ids (tokens, k) choose are in a stack that holds some of all.
 * table (experts, copies) GK_I32: an expert's number in the stack, -1 where it is not there; token t is served by copy
 * t % copies: local[t, j] = table[ids[t, j], t % copies]. What is no expert's id gives -1. */
int32_t gk_local_experts(gk_queue *queue, const gk_tensor *ids, const gk_tensor *table, const gk_tensor *local);
/* y (tokens * k, ff) = gate_up of each token with each of its k experts. gate, up: (experts, ff, hidden); x as in
 * gk_mat_mul. A row of y whose id is -1 is not touched. */
int32_t gk_expert_gate_up(gk_queue *queue, const gk_weight *gate, const gk_weight *up, const gk_tensor *x,
                          const gk_tensor *ids, const gk_tensor *y);
/* y (tokens * k, hidden): row t * k + j is that of h times down[ids[t, j]]^T. h (tokens * k, ff), as x in gk_mat_mul.
 * A row of y whose id is -1 is not touched. */
int32_t gk_expert_down(gk_queue *queue, const gk_weight *down, const gk_tensor *h, const gk_tensor *ids,
                       const gk_tensor *y);
/* y (tokens, hidden) = sum over j < k of weights[t, j] * x[t * k + j], in ascending j from 0, an fma each, and then
 * + shared (tokens, hidden), unless that is NULL; so it is the same bits wherever the rows of x, (tokens * k, hidden),
 * were computed. weights (tokens, k). */
int32_t gk_expert_combine(gk_queue *queue, const gk_tensor *x, const gk_tensor *weights, const gk_tensor *shared,
                          const gk_tensor *y);
/* tokens (1, rows) GK_I32: the token drawn from each row of logits (rows, cols). sampling (rows). masks (n, words)
 * GK_I32, words = ceil(cols / 32), or NULL: rows of bits that sampling names; id i is masked where bit i % 32 of word i
 * / 32 is 0, and then its logit counts as -infinity, whatever it is. probabilities (rows), or NULL: of the token in the
 * distribution it was drawn from; 0 where none is drawn: see enum gk_no_token. A logit of -infinity is never drawn; one
 * that the temperature makes infinite counts as if it had been. The stages of the chain are run in its order on the
 * candidates, ranked by falling logit, ties by rising id. Temperature: logits are divided by it in fp32. Top-k keeps
 * the first top_k. A candidate weighs e^(logit - greatest logit), the difference in fp32, in units of 2^-40 rounded
 * down. Top-p keeps the fewest from the first on that have share top_p of the weight of all, at least one; min-p those
 * whose logit is at least the greatest + min_p, the sum in fp32. The random number is u, 53 bits of Philox4x32-10:
 * drawn is the first candidate with which the running sum of weights exceeds floor(u * total); in order of id where the
 * chain cuts nothing. Every back end and dev.gatun.sample.Sampler draw the same token, always. */
int32_t gk_sample(gk_queue *queue, const gk_tensor *logits, const gk_sampling *sampling, const gk_tensor *masks,
                  const gk_tensor *tokens, float *probabilities);

/* ---- limits of the machine, for the bench ---- */

/* Bytes a second at which all threads together read `bytes` bytes of `buffer`, best of `repeats`. */
int32_t gk_measure_read(gk_queue *queue, const void *buffer, int64_t bytes, int32_t repeats, double *bytes_per_second);
/* Multiply-adds of int8 a second (two operations each) that all threads reach in registers. */
int32_t gk_measure_int8(gk_queue *queue, double *ops_per_second);
/* The same of bfloat16 with fp32 sums. GK_UNSUPPORTED on the CPU, which has no use for it. */
int32_t gk_measure_bf16(gk_queue *queue, double *ops_per_second);

#ifdef __cplusplus
}
#endif
#endif
