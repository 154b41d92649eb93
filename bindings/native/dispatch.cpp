// dispatch.cpp: the exported functions that are no op of a graph: library, queues, memory, weights, limits.
#include "checks.hpp"
#include "guard.hpp"
#include "queues.hpp"

namespace gatun {
namespace {

thread_local char lastError[512] = "";

}  // namespace

int32_t keepError(gk_status status, const char *op, const char *text) noexcept {
  std::snprintf(lastError, sizeof lastError, "%s: %s", op, text);
  return status;
}

}  // namespace gatun

using gatun::Backend;
using gatun::guarded;
namespace checks = gatun::checks;

int32_t gk_abi_version(void) { return GK_ABI_VERSION; }

const char *gk_last_error(void) { return gatun::lastError; }

int32_t gk_cpu_best_isa(int32_t *isa) {
  return guarded(__func__, [&] {
    checks::present(isa, "isa");
    *isa = gatun::cpuBestIsa();
  });
}

int32_t gk_queue_cpu(int32_t threads, int32_t isa, gk_queue **queue) {
  return guarded(__func__, [&] {
    checks::present(queue, "queue");
    checks::within("threads", threads, 1, 1024);
    checks::within("isa", isa, GK_ISA_BEST, GK_ISA_AVX512_VNNI);
    auto *made = new gk_queue{nullptr};
    try {
      made->backend = gatun::makeCpuBackend(threads, isa);
    } catch (...) {
      delete made;
      throw;
    }
    *queue = made;
  });
}

int32_t gk_cuda_build(int32_t *kind) {
  return guarded(__func__, [&] {
    checks::present(kind, "kind");
    *kind = gatun::cudaBuild();
  });
}

int32_t gk_queue_cuda(int32_t device, void *stream, gk_queue **queue) {
  return guarded(__func__, [&] {
    checks::present(queue, "queue");
    checks::within("device", device, 0, INT32_MAX);
    auto *made = new gk_queue{nullptr};
    try {
      made->backend = gatun::makeCudaBackend(device, stream);
    } catch (...) {
      delete made;
      throw;
    }
    *queue = made;
  });
}

int32_t gk_queue_free(gk_queue *queue) {
  return guarded(__func__, [&] {
    if (queue != nullptr) {
      delete queue->backend;
      delete queue;
    }
  });
}

int32_t gk_queue_sync(gk_queue *queue) {
  return guarded(__func__, [&] { checks::backend(queue).sync(); });
}

int32_t gk_workspace_bytes(gk_queue *queue, const gk_limits *limits, int64_t *bytes) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::limits(limits);
    checks::present(bytes, "bytes");
    *bytes = backend.workspaceBytes(*limits);
  });
}

int32_t gk_workspace(gk_queue *queue, void *data, int64_t bytes) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::within("bytes", bytes, 0, int64_t{1} << 46);
    if (bytes > 0) {
      checks::aligned(data, "data", GK_ALIGNMENT);
    }
    backend.workspace(data, bytes);
  });
}

int32_t gk_host_alloc(int64_t bytes, void **address) {
  return guarded(__func__, [&] {
    checks::present(address, "address");
    checks::within("bytes", bytes, 1, int64_t{1} << 46);
    *address = gatun::hostAlloc(bytes);
  });
}

int32_t gk_host_free(void *address, int64_t bytes) {
  return guarded(__func__, [&] {
    checks::aligned(address, "address", GK_ALIGNMENT);
    checks::within("bytes", bytes, 1, int64_t{1} << 46);
    gatun::hostFree(address, bytes);
  });
}

int32_t gk_packed_bytes(gk_queue *queue, const gk_source *source, int64_t *bytes) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::shape(source, "source");
    checks::present(bytes, "bytes");
    *bytes = backend.packedBytes(*source);
  });
}

int32_t gk_pack(gk_queue *queue, const gk_source *source, void *destination) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::source(source, "source");
    checks::aligned(destination, "destination", GK_ALIGNMENT);
    backend.pack(*source, destination);
  });
}

int32_t gk_dequantize(gk_queue *queue, int32_t dtype, const void *source, int64_t count, float *destination) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    const int64_t block = checks::blockWeights(dtype);
    if (block == 0 || checks::isScattered(dtype)) {
      checks::refuse("dtype is %s (%d), expected a format of weights other than AWQ, GPTQ and F8",
                     checks::dtypeName(dtype), dtype);
    }
    checks::within("count", count, 0, int64_t{1} << 46);
    if (count % block != 0) {
      checks::refuse("count is %lld, expected a multiple of %lld, the block of %s", static_cast<long long>(count),
                     static_cast<long long>(block), checks::dtypeName(dtype));
    }
    checks::present(source, "source");
    checks::floats(destination, "destination");
    backend.dequantize(static_cast<gk_dtype>(dtype), source, count, destination);
  });
}

int32_t gk_unpack(gk_queue *queue, const gk_weight *weight, int64_t expert, int64_t first_row, const gk_tensor *y) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::weight(backend, weight, "weight", true);
    checks::within("expert", expert, 0, weight->experts - 1);
    checks::within("first_row", first_row, 0, weight->rows - 1);
    checks::unpacked(y, "y");
    checks::equal("y.cols", y->cols, "weight.cols", weight->cols);
    checks::within("y.rows", y->rows, 0, weight->rows - first_row);
    backend.unpack(*weight, expert, first_row, *y);
  });
}

int32_t gk_measure_read(gk_queue *queue, const void *buffer, int64_t bytes, int32_t repeats, double *bytes_per_second) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::aligned(buffer, "buffer", GK_ALIGNMENT);
    checks::within("bytes", bytes, GK_ALIGNMENT, int64_t{1} << 46);
    checks::within("repeats", repeats, 1, 1000000);
    checks::present(bytes_per_second, "bytes_per_second");
    *bytes_per_second = backend.measureRead(buffer, bytes, repeats);
  });
}

int32_t gk_measure_int8(gk_queue *queue, double *ops_per_second) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::present(ops_per_second, "ops_per_second");
    *ops_per_second = backend.measureInt8();
  });
}

int32_t gk_measure_bf16(gk_queue *queue, double *ops_per_second) {
  return guarded(__func__, [&] {
    Backend &backend = checks::backend(queue);
    checks::present(ops_per_second, "ops_per_second");
    *ops_per_second = backend.measureBf16();
  });
}
