// op_bench.cpp: the ops that carry a model, on a GPU, at QwQ-32B's shapes, as shares of what the same run measures.
//   op_bench [--csv FILE] [filter]
// Products of few rows and attention of one token: bytes a second against the read bandwidth. Products of many rows and
// attention of a prompt: operations a second against bfloat16 tensor peak, products also against that of int8, which
// they use. Products of a few rows are also told as multiples of the time of one row. Each op is captured into a CUDA
// graph over copies of its weights that no cache holds, and the graph's time divided by the ops in it; best of seven.
// Before each the graph runs once untimed, while which the host issues the one that is timed.
#include <cuda_runtime.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "gatun/kernels.h"

namespace {

constexpr int64_t coldBytes = int64_t{1} << 30;  // of weights read in turn: twice any second-level cache and more
constexpr int repeats = 7;

void require(bool holds, const char *what, const char *why) {
  if (!holds) {
    std::fprintf(stderr, "op_bench: %s: %s\n", what, why);
    std::exit(1);
  }
}
#define CUDA(call)                                                       \
  do {                                                                   \
    const cudaError_t status_ = (call);                                  \
    require(status_ == cudaSuccess, #call, cudaGetErrorString(status_)); \
  } while (false)
#define GK(call) require((call) == GK_OK, #call, gk_last_error())

struct Bench {
  gk_queue *queue = nullptr;
  cudaStream_t stream = nullptr;
  double readRate = 0;
  double peak = 0;  // of bfloat16
  double int8Peak = 0;
  std::FILE *csv = nullptr;
  std::string filter;
  std::string device;

  // Seconds of one op: op(i) issues the i-th of `count`.
  double seconds(int count, const std::function<void(int)> &op) const {
    cudaGraph_t graph;
    cudaGraphExec_t run;
    op(0);
    CUDA(cudaStreamSynchronize(stream));
    CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    for (int i = 0; i < count; i++) op(i);
    CUDA(cudaStreamEndCapture(stream, &graph));
    CUDA(cudaGraphInstantiate(&run, graph, 0));
    cudaEvent_t begin, end;
    CUDA(cudaEventCreate(&begin));
    CUDA(cudaEventCreate(&end));
    double best = 1e9;
    for (int i = 0; i < repeats; i++) {
      CUDA(cudaGraphLaunch(run, stream));
      CUDA(cudaEventRecord(begin, stream));
      CUDA(cudaGraphLaunch(run, stream));
      CUDA(cudaEventRecord(end, stream));
      CUDA(cudaEventSynchronize(end));
      float ms = 0;
      CUDA(cudaEventElapsedTime(&ms, begin, end));
      if (ms * 1e-3 < best) best = ms * 1e-3;
    }
    CUDA(cudaEventDestroy(begin));
    CUDA(cudaEventDestroy(end));
    CUDA(cudaGraphExecDestroy(run));
    CUDA(cudaGraphDestroy(graph));
    return best / count;
  }

  // oneRow: the time of one row, where that is to be compared. int8: the op uses integer tensor cores.
  void report(const char *op, const char *type, const std::string &shape, int64_t rows, double time, double bytes,
              double operations, double oneRow = 0, bool int8 = false) const {
    const bool bound = bytes / readRate > operations / peak;  // by bandwidth
    const double rate = bound ? bytes / time * 1e-9 : operations / time * 1e-12;
    const double share = 100 * (bound ? bytes / time / readRate : operations / time / peak);
    char more[64] = "", columns[64] = ",";
    if (rows > 1 && oneRow > 0) {
      std::snprintf(more, sizeof more, ", %.2f x one row", time / oneRow);
      std::snprintf(columns, sizeof columns, ",%.3f", time / oneRow);
    } else if (!bound && int8) {
      std::snprintf(more, sizeof more, ", %.1f %% of int8's", 100 * operations / time / int8Peak);
      std::snprintf(columns, sizeof columns, "%.1f,", 100 * operations / time / int8Peak);
    }
    std::printf("%-10s %-10s %-22s %6lld %10.1f us %9.1f %s %6.1f %% of %s%s\n", op, type, shape.c_str(),
                static_cast<long long>(rows), time * 1e6, rate, bound ? "GB/s  " : "TOP/s ", share,
                bound ? "read bandwidth" : "bf16 peak", more);
    std::fflush(stdout);
    if (csv != nullptr) {
      std::fprintf(csv, "%s,%s,%s,%s,%lld,%.2f,%.1f,%s,%.1f,%s,%s\n", device.c_str(), op, type, shape.c_str(),
                   static_cast<long long>(rows), time * 1e6, rate, bound ? "GB/s" : "TOP/s", share,
                   bound ? "read bandwidth" : "bf16 peak", columns);
    }
  }

  bool wanted(const std::string &name) const { return filter.empty() || name.find(filter) != std::string::npos; }
};

// The bench's stream waits for no other, copies and fills of the default stream return before they are done.
template <class T = void>
T *onDevice(int64_t bytes, int fill = 0) {
  void *p = nullptr;
  CUDA(cudaMalloc(&p, static_cast<size_t>(bytes)));
  CUDA(cudaMemset(p, fill, static_cast<size_t>(bytes)));
  CUDA(cudaDeviceSynchronize());
  return static_cast<T *>(p);
}

template <class T>
T *onDevice(const std::vector<T> &values) {
  T *p = onDevice<T>(static_cast<int64_t>(values.size() * sizeof(T)));
  CUDA(cudaMemcpy(p, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice));
  CUDA(cudaDeviceSynchronize());
  return p;
}

gk_tensor floats(void *data, int64_t rows, int64_t cols) { return {data, rows, cols, cols, GK_F32, 0}; }

struct Type {
  int32_t dtype;
  const char *name;
  int32_t group;
};

// A packed weight made of a random strip of 256 rows, again and again; copies for cold reads.
struct Weights {
  std::vector<gk_weight> copies;
  int64_t bytes = 0;
  void *memory = nullptr;

  Weights(const Bench &b, const Type &type, int64_t rows, int64_t cols) {
    constexpr int64_t strip = 256;
    const int64_t stripRows = rows < strip ? rows : strip;
    gk_source source = {nullptr, nullptr, nullptr, nullptr, stripRows, cols, type.dtype, type.group, 0, 0};
    std::vector<uint8_t> data(static_cast<size_t>(stripRows * cols * 4)), zeros(static_cast<size_t>(stripRows * cols));
    std::vector<uint16_t> scales(static_cast<size_t>(stripRows * cols), 0x1c00);
    uint32_t state = 1;
    // Bytes below 0x3c: as float16 scales they are small and finite, as codes they are as good as any.
    for (auto &v : data) v = static_cast<uint8_t>((state = state * 1664525u + 1013904223u) >> 24) % 0x3c;
    for (auto &v : zeros) v = 0x77;
    source.data = data.data();
    if (type.group > 0) source.zeros = zeros.data(), source.scales = scales.data();
    int64_t stripBytes = 0;
    GK(gk_packed_bytes(b.queue, &source, &stripBytes));
    void *one = onDevice(stripBytes);
    GK(gk_pack(b.queue, &source, one));
    GK(gk_queue_sync(b.queue));
    const int64_t strips = (rows + stripRows - 1) / stripRows;
    bytes = stripBytes * rows / stripRows;
    const int64_t room = (stripBytes * strips + 255) / 256 * 256;
    const int64_t count = bytes < coldBytes ? (coldBytes + bytes - 1) / bytes : 2;
    memory = onDevice(room * count);
    for (int64_t c = 0; c < count; c++) {
      char *to = static_cast<char *>(memory) + c * room;
      for (int64_t s = 0; s < strips; s++)
        CUDA(cudaMemcpy(to + s * stripBytes, one, static_cast<size_t>(stripBytes), cudaMemcpyDeviceToDevice));
      copies.push_back({to, rows, cols, 1, 0, type.dtype, type.group});
    }
    CUDA(cudaDeviceSynchronize());
    CUDA(cudaFree(one));
  }
  ~Weights() { cudaFree(memory); }
  int count() const { return static_cast<int>(copies.size()); }
};

// Activations of a type, quantised from floats.
struct Rows {
  gk_tensor tensor{};
  void *memory = nullptr;

  Rows(const Bench &b, int32_t dtype, int64_t rows, int64_t cols) {
    std::vector<float> host(static_cast<size_t>(rows * cols));
    uint32_t state = 7;
    for (auto &v : host) v = static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) * 0x1p-23f - 1.0f;
    float *x = onDevice(host);
    tensor = floats(x, rows, cols);
    memory = x;
    if (dtype != GK_F32) {
      int64_t rowBytes = 0;
      GK(gk_activation_row_bytes(dtype, cols, &rowBytes));
      void *q = onDevice(rows * rowBytes);
      const gk_tensor quantised = {q, rows, cols, cols, dtype, 0};
      GK(gk_quantize(b.queue, &tensor, &quantised));
      GK(gk_queue_sync(b.queue));
      CUDA(cudaFree(x));
      tensor = quantised;
      memory = q;
    }
  }
  ~Rows() { cudaFree(memory); }
};

std::string dims(int64_t rows, int64_t cols) { return std::to_string(rows) + "x" + std::to_string(cols); }

void products(const Bench &b) {
  const Type types[] = {{GK_Q4_K, "Q4_K", 0}, {GK_Q4_0, "Q4_0", 0}, {GK_AWQ, "AWQ", 128}, {GK_IQ4_XS, "IQ4_XS", 0},
                        {GK_Q6_K, "Q6_K", 0}, {GK_Q8_0, "Q8_0", 0}, {GK_F16, "F16", 0}};
  const int64_t shapes[][2] = {{5120, 5120}, {1024, 5120}, {27648, 5120}, {5120, 27648}, {152064, 5120}};
  for (const Type &type : types) {
    for (const auto &shape : shapes) {
      const bool head = shape[0] > 100000, plain = type.dtype == GK_F16;
      if ((plain && !head) || !b.wanted(std::string("mat_mul ") + type.name)) continue;
      const Weights w(b, type, shape[0], shape[1]);
      double oneRow = 0;
      for (const int64_t rows : {1, 4, 8, 16, 512, 2048}) {
        if (head && rows > 16) continue;
        const Rows x(b, plain ? GK_F32 : head ? GK_A16 : GK_A8, rows, shape[1]);
        float *out = onDevice<float>(rows * shape[0] * 4);
        const gk_tensor y = floats(out, rows, shape[0]);
        const int count = rows > 16 ? 4 : w.count();
        const double time =
            b.seconds(count, [&](int i) { GK(gk_mat_mul(b.queue, &w.copies[i % w.count()], &x.tensor, &y)); });
        if (rows == 1) oneRow = time;
        b.report("mat_mul", type.name, dims(shape[0], shape[1]), rows, time, static_cast<double>(w.bytes),
                 2.0 * static_cast<double>(rows * shape[0] * shape[1]), rows > 16 ? 0 : oneRow, !plain);
        CUDA(cudaFree(out));
      }
    }
  }
}

void gates(const Bench &b) {
  const Type types[] = {{GK_Q4_K, "Q4_K", 0}, {GK_AWQ, "AWQ", 128}};
  for (const Type &type : types) {
    if (!b.wanted(std::string("gate_up ") + type.name)) continue;
    const Weights w(b, type, 27648, 5120);
    double oneRow = 0;
    for (const int64_t rows : {1, 4, 8, 16, 512, 2048}) {
      const Rows x(b, GK_A8, rows, 5120);
      const Rows y(b, GK_A8, rows, 27648);
      const double time = b.seconds(w.count() / 2, [&](int i) {
        GK(gk_gate_up(b.queue, &w.copies[2 * i], &w.copies[2 * i + 1], &x.tensor, &y.tensor));
      });
      if (rows == 1) oneRow = time;
      b.report("gate_up", type.name, "2x" + dims(27648, 5120), rows, time, 2.0 * static_cast<double>(w.bytes),
               4.0 * static_cast<double>(rows * 27648 * 5120), rows > 16 ? 0 : oneRow, true);
    }
  }
}

// Queries, keys and values as attention asks for them, of weights of one type: one launch.
void attentionInputs(const Bench &b) {
  const Type types[] = {{GK_Q4_K, "Q4_K", 0}, {GK_AWQ, "AWQ", 128}};
  for (const Type &type : types) {
    if (!b.wanted(std::string("qkv ") + type.name)) continue;
    const Weights q(b, type, 5120, 5120), k(b, type, 1024, 5120), v(b, type, 1024, 5120);
    double oneRow = 0;
    for (const int64_t rows : {1, 4, 8, 16}) {
      const Rows x(b, GK_A16, rows, 5120), yq(b, GK_F32, rows, 5120), yk(b, GK_F32, rows, 1024),
          yv(b, GK_F32, rows, 1024);
      const double time = b.seconds(q.count(), [&](int i) {
        GK(gk_qkv(b.queue, &q.copies[i], &k.copies[i], &v.copies[i], &x.tensor, &yq.tensor, &yk.tensor, &yv.tensor));
      });
      if (rows == 1) oneRow = time;
      b.report("qkv", type.name, dims(7168, 5120), rows, time, static_cast<double>(q.bytes + k.bytes + v.bytes),
               2.0 * static_cast<double>(rows * 7168 * 5120), oneRow, true);
    }
  }
}

// tokens at the end of a sequence of `context`; several layers' caches, so that none is in the L2 cache.
void attend(const Bench &b, const Type &type, int tokens, int context) {
  constexpr int heads = 40, kvHeads = 8, dim = 128;
  const int pages = (context + GK_PAGE_TOKENS - 1) / GK_PAGE_TOKENS;
  gk_cache cache = {nullptr, pages, kvHeads, dim, type.dtype, type.dtype, 0};
  int64_t pageBytes = 0;
  GK(gk_cache_page_bytes(b.queue, &cache, &pageBytes));
  const int layers = tokens > 1 ? 1 : static_cast<int>(coldBytes / (pageBytes * pages) + 1);
  void *memory = onDevice(pageBytes * pages * layers, 0x01);
  std::vector<int32_t> position(static_cast<size_t>(tokens)), table(static_cast<size_t>(pages));
  for (int i = 0; i < tokens; i++) position[static_cast<size_t>(i)] = context - tokens + i;
  for (int i = 0; i < pages; i++) table[static_cast<size_t>(i)] = static_cast<int32_t>((int64_t{i} * 7919) % pages);
  int32_t *positions = onDevice(position), *sequences = onDevice<int32_t>(tokens * 4), *tables = onDevice(table);
  const gk_batch batch = {positions, sequences, tables, tokens, 1, pages, 0};
  const Rows q(b, GK_F32, tokens, heads * dim), y(b, GK_A8, tokens, heads * dim);
  const gk_limits limits = {tokens, heads, dim, 0, context};
  int64_t bytes = 0;
  GK(gk_workspace_bytes(b.queue, &limits, &bytes));
  void *workspace = onDevice(bytes + 64);
  GK(gk_workspace(b.queue, workspace, bytes));
  const double time = b.seconds(tokens > 1 ? 2 : layers, [&](int i) {
    gk_cache layer = cache;
    layer.pages = static_cast<char *>(memory) + pageBytes * pages * (i % layers);
    GK(gk_attention(b.queue, &batch, &q.tensor, &layer, 0.0883883f, GK_COMPUTE_F32, &y.tensor));
  });
  b.report("attention", type.name, "context " + std::to_string(context), tokens, time,
           static_cast<double>(pageBytes * pages),
           4.0 * heads * dim * (static_cast<double>(tokens) * context - 0.5 * tokens * tokens));
  GK(gk_workspace(b.queue, nullptr, 0));
  for (void *p :
       {memory, static_cast<void *>(positions), static_cast<void *>(sequences), static_cast<void *>(tables), workspace})
    CUDA(cudaFree(p));
}

void attentions(const Bench &b) {
  const Type types[] = {
      {GK_F16, "F16", 0}, {GK_BF16, "BF16", 0}, {GK_F8, "F8", 0}, {GK_Q8_0, "Q8_0", 0}, {GK_Q4_0, "Q4_0", 0}};
  for (const Type &type : types) {
    if (!b.wanted(std::string("attention ") + type.name)) continue;
    for (const int context : {1024, 32768, 131072}) attend(b, type, 1, context);
    attend(b, type, 2048, 2048);
    attend(b, type, 512, 32768);
  }
}

void norms(const Bench &b) {
  if (!b.wanted("add_rms_norm")) return;
  for (const int64_t rows : {1, 512}) {
    const Rows x(b, GK_F32, rows, 5120), d(b, GK_F32, rows, 5120), y(b, GK_A8, rows, 5120), w(b, GK_F32, 1, 5120);
    const double time = b.seconds(64, [&](int) {
      GK(gk_add_rms_norm(b.queue, &x.tensor, &d.tensor, static_cast<float *>(w.memory), 1e-5f, &y.tensor));
    });
    b.report("add_rms", "A8", "5120", rows, time, static_cast<double>(rows * 5120) * 13.25, 0);
  }
}

}  // namespace

int main(int count, char **arguments) {
  Bench b;
  for (int i = 1; i < count; i++) {
    if (std::strcmp(arguments[i], "--csv") == 0 && i + 1 < count) {
      b.csv = std::fopen(arguments[++i], "w");
      require(b.csv != nullptr, arguments[i], "cannot be written");
    } else {
      b.filter = arguments[i];
    }
  }
  CUDA(cudaStreamCreateWithFlags(&b.stream, cudaStreamNonBlocking));
  GK(gk_queue_cuda(0, b.stream, &b.queue));
  cudaDeviceProp properties;
  CUDA(cudaGetDeviceProperties(&properties, 0));
  b.device = properties.name;
  void *buffer = onDevice(coldBytes, 1);
  GK(gk_measure_read(b.queue, buffer, coldBytes, 10, &b.readRate));
  CUDA(cudaFree(buffer));
  require(coldBytes >= int64_t{2} * properties.l2CacheSize, "weights", "a cache holds them");
  GK(gk_measure_bf16(b.queue, &b.peak));
  GK(gk_measure_int8(b.queue, &b.int8Peak));
  std::printf("%s: read %.0f GB/s, bf16 %.0f TFLOP/s, int8 %.0f TOP/s (mma.sync)\n", b.device.c_str(),
              b.readRate * 1e-9, b.peak * 1e-12, b.int8Peak * 1e-12);
  if (b.csv != nullptr) {
    std::fprintf(b.csv, "device,op,type,shape,rows,us,rate,unit,share_percent,of,int8_percent,of_one_row\n");
    const auto limit = [&](const char *name, double rate, const char *unit) {
      std::fprintf(b.csv, "%s,limit,%s,,,,%.1f,%s,,,,\n", b.device.c_str(), name, rate, unit);
    };
    limit("read", b.readRate * 1e-9, "GB/s");
    limit("bf16", b.peak * 1e-12, "TOP/s");
    limit("int8", b.int8Peak * 1e-12, "TOP/s");
  }
  products(b);
  gates(b);
  attentionInputs(b);
  attentions(b);
  norms(b);
  if (b.csv != nullptr) std::fclose(b.csv);
  GK(gk_queue_free(b.queue));
  return 0;
}
