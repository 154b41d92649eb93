// attention_bench.cpp: Attention in operations a second over a prompt, and in bytes a second of cache while decoding.
// Usage: attention_bench [threads [isa]]   isa: of enum gk_isa, else AVX2 and all that follow
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "../test/contract.hpp"

using namespace gatun::test;

namespace {

struct Type {
  const char *name;
  int key;
  int value;
};

constexpr Type types[] = {{"F32", GK_F32, GK_F32},         {"F16", GK_F16, GK_F16},
                          {"BF16", GK_BF16, GK_BF16},      {"F8", GK_F8, GK_F8},
                          {"Q8_0", GK_Q8_0, GK_Q8_0},      {"Q4_0", GK_Q4_0, GK_Q4_0},
                          {"Q8_0/Q4_0", GK_Q8_0, GK_Q4_0}, {"TURBO4", GK_TURBO4, GK_TURBO4},
                          {"TURBO3", GK_TURBO3, GK_TURBO3}};

struct Measured {
  double seconds;  // of one call, the best
  int64_t bytes;   // of the cache that the last token reads
};

// `tokens` tokens at the end of a context of `context` tokens, `repeats` times.
Measured measure(gk_queue *queue, int heads, int kvHeads, int dim, Type type, int tokens, int context, int repeats,
                 int latent = 0, int compute = GK_COMPUTE_F32) {
  Random random(1);
  const int pages = (context + GK_PAGE_TOKENS - 1) / GK_PAGE_TOKENS;
  gk_cache cache = {nullptr, pages, kvHeads, dim, type.key, type.value, latent};
  int64_t pageBytes = 0;
  OK(gk_cache_page_bytes(queue, &cache, &pageBytes));
  Array<uint8_t> memory(pageBytes * pages);
  memory.fillBytes(0x2e);  // about 0.1 as F16, 4e-11 as F32
  cache.pages = memory.data();
  std::vector<int32_t> position, sequence, table;
  for (int t = context - tokens; t < context; ++t) {
    position.push_back(t);
    sequence.push_back(0);
  }
  for (int p = 0; p < pages; ++p) {
    table.push_back(p);
  }
  const int valueDim = latent != 0 ? latent : dim;
  const Array<float> q(int64_t{tokens} * heads * dim, random), y(int64_t{tokens} * heads * valueDim);
  const gk_tensor qs = tensor(q.data(), tokens, heads * dim), ys = tensor(y.data(), tokens, heads * valueDim);
  const gk_batch batch = {position.data(), sequence.data(), table.data(), tokens, 1, pages, 0};
  double best = 1e9;
  for (int i = 0; i < repeats; ++i) {
    const auto start = std::chrono::steady_clock::now();
    OK(gk_attention(queue, &batch, &qs, &cache, 0.1f, compute, &ys));
    const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
    best = std::fmin(best, time.count());
  }
  return {best, pageBytes * pages};
}

// Multi-head latent attention as DeepSeek-R1 has it. Arithmetic is the limit: of what int8 reaches with VNNI, 16-bit
// integers have half and an fma a quarter.
void latents(gk_queue *queue, int isa, int threads) {
  constexpr int heads = 128, dim = 576, latent = 512;
  constexpr double each = 2.0 * heads * (dim + latent);  // operations a cached token
  const int steps[][2] = {{1, 8192}, {1, 32768}, {512, 512}};
  for (const int compute : {GK_COMPUTE_F32, GK_COMPUTE_INT16}) {
    for (const auto &s : steps) {
      const double seconds = measure(queue, heads, 1, dim, types[1], s[0], s[1], 5, latent, compute).seconds;
      const double rate = each * s[0] * (s[1] - (s[0] - 1) / 2.0) / seconds;
      double int8 = 0;
      OK(gk_measure_int8(queue, &int8));
      std::printf("%d,%d,%d,1,%d,F16 %s,%s,%d,%d,%.6f,%.1f,GOP/s", isa, threads, heads, dim,
                  compute == GK_COMPUTE_F32 ? "fp32" : "int16", s[0] > 1 ? "prefill" : "decode", s[0], s[1], seconds,
                  rate / 1e9);
      if (isa == GK_ISA_AVX512_VNNI) {
        std::printf(" (%.1f %% of what int8's %.1f leave)", 100 * rate / (int8 / (compute == GK_COMPUTE_F32 ? 4 : 2)),
                    int8 / 1e9);
      }
      std::printf("\n");
    }
  }
}

}  // namespace

int main(int argc, char **argv) {
  const int threads = argc > 1 ? std::atoi(argv[1]) : 2;
  const int only = argc > 2 ? std::atoi(argv[2]) : 0;
  std::printf("isa,threads,heads,kv_heads,head_dim,cache,phase,tokens,context,seconds,rate,unit\n");
  for (int isa = only > 0 ? only : GK_ISA_AVX2; isa <= (only > 0 ? only : bestIsa()); ++isa) {
    const Queue queue(threads, isa);
    latents(queue, isa, threads);
    const int shapes[][3] = {{9, 3, 64}, {32, 8, 128}};
    for (const auto &s : shapes) {
      for (const Type &type : types) {
        const int prompt = 2048;
        const double prefill = measure(queue, s[0], s[1], s[2], type, prompt, prompt, 2).seconds;
        const double flops = 4.0 * s[0] * s[2] * prompt * (prompt + 1) / 2;
        std::printf("%d,%d,%d,%d,%d,%s,prefill,%d,%d,%.6f,%.1f,GFLOP/s\n", isa, threads, s[0], s[1], s[2], type.name,
                    prompt, prompt, prefill, flops / prefill / 1e9);
        for (int context : {1024, 16384}) {
          const Measured decode = measure(queue, s[0], s[1], s[2], type, 1, context, 20);
          std::printf("%d,%d,%d,%d,%d,%s,decode,1,%d,%.6f,%.1f,GB/s\n", isa, threads, s[0], s[1], s[2], type.name,
                      context, decode.seconds, static_cast<double>(decode.bytes) / decode.seconds / 1e9);
        }
      }
    }
  }
  return finish();
}
