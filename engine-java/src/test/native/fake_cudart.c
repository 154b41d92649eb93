/* fake_cudart.c: of CUDA's runtime the functions that the engine calls, for tests without a GPU: two devices, of
 * compute capability 8.9 and 7.5, whose memory is the host's. Streams do their work at once; a capture notes the
 * copies, and a graph repeats them.
 *
 * The tests look at and change it through the variables below. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, MEMORY_ALLOCATION = 2, NO_DEVICE = 100, CAPTURE_INVALIDATED = 901 };
enum { CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };
enum { MOST_COPIES = 16 };

int fake_driver_version = 13000;
int fake_devices = 2;
int64_t fake_free_bytes = 1 << 30;
int fake_fault = SUCCESS; /* what waiting for the device answers */
int fake_live = 0;        /* streams, events, allocations and graphs that are not given back */

typedef struct {
  void *to;
  const void *from;
  size_t bytes;
} copy;
typedef struct {
  copy copies[MOST_COPIES];
  int count;
} graph;

static graph *capturing = NULL;
static int current = 0;
static int copied = 0; /* copies done */

static int made(void **result, size_t bytes) {
  *result = calloc(1, bytes);
  fake_live++;
  return SUCCESS;
}

static int gone(void *thing) {
  free(thing);
  fake_live--;
  return SUCCESS;
}

int cudaDriverGetVersion(int *version) {
  *version = fake_driver_version;
  return SUCCESS;
}

int cudaGetDeviceCount(int *count) {
  *count = fake_devices;
  return fake_devices == 0 ? NO_DEVICE : SUCCESS;
}

int cudaSetDevice(int device) {
  current = device;
  return SUCCESS;
}

int cudaDeviceGetAttribute(int *value, int attribute, int device) {
  *value = attribute == CAPABILITY_MAJOR   ? (device == 0 ? 8 : 7)
           : attribute == CAPABILITY_MINOR ? (device == 0 ? 9 : 5)
                                           : 0;
  return SUCCESS;
}

int cudaMemGetInfo(size_t *free_bytes, size_t *total) {
  *free_bytes = (size_t)fake_free_bytes;
  *total = (size_t)1 << 30;
  return SUCCESS;
}

int cudaGetLastError(void) { return SUCCESS; }
const char *cudaGetErrorName(int error) {
  return error == MEMORY_ALLOCATION ? "cudaErrorMemoryAllocation" : "cudaErrorFake";
}
const char *cudaGetErrorString(int error) { return error == MEMORY_ALLOCATION ? "out of memory" : "a fault made up"; }

int cudaStreamCreateWithFlags(void **stream, unsigned flags) {
  return flags == 1 ? made(stream, 1) : INVALID_VALUE; /* cudaStreamNonBlocking */
}
int cudaStreamDestroy(void *stream) { return gone(stream); }
int cudaStreamSynchronize(void *stream) {
  return stream == NULL || capturing != NULL ? CAPTURE_INVALIDATED : fake_fault;
}

/* The copies issued before it was marked, a millisecond each. */
int cudaEventCreate(void **event) { return made(event, sizeof(int)); }
int cudaEventDestroy(void *event) { return gone(event); }
int cudaEventRecord(void *event, void *stream) {
  *(int *)event = copied;
  return stream == NULL || capturing != NULL ? INVALID_VALUE : SUCCESS;
}
int cudaEventSynchronize(void *event) { return event == NULL ? INVALID_VALUE : fake_fault; }
int cudaEventElapsedTime(float *milliseconds, void *from, void *to) {
  *milliseconds = (float)(*(int *)to - *(int *)from);
  return SUCCESS;
}

static int allocate(void **memory, size_t bytes) {
  if ((int64_t)bytes > fake_free_bytes) {
    return MEMORY_ALLOCATION;
  }
  if (capturing != NULL) {
    return CAPTURE_INVALIDATED;
  }
  fake_live++;
  return posix_memalign(memory, 256, bytes) == 0 ? SUCCESS : MEMORY_ALLOCATION;
}
int cudaMalloc(void **memory, size_t bytes) { return allocate(memory, bytes); }
int cudaHostAlloc(void **memory, size_t bytes, unsigned flags) {
  return flags == 3 ? allocate(memory, bytes) : INVALID_VALUE;
}
int cudaFree(void *memory) { return gone(memory); }
int cudaFreeHost(void *memory) { return gone(memory); }

int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) {
  if (kind != 4 || stream == NULL) { /* cudaMemcpyDefault */
    return INVALID_VALUE;
  }
  if (capturing == NULL) {
    memcpy(to, from, bytes);
    copied++;
    return SUCCESS;
  }
  if (capturing->count == MOST_COPIES) {
    return INVALID_VALUE;
  }
  capturing->copies[capturing->count++] = (copy){to, from, bytes};
  return SUCCESS;
}

int cudaStreamBeginCapture(void *stream, int mode) {
  if (stream == NULL || capturing != NULL || mode != 1) { /* cudaStreamCaptureModeThreadLocal */
    return INVALID_VALUE;
  }
  return made((void **)&capturing, sizeof(graph));
}

int cudaStreamEndCapture(void *stream, void **result) {
  if (stream == NULL || capturing == NULL) {
    return INVALID_VALUE;
  }
  *result = capturing;
  capturing = NULL;
  return SUCCESS;
}

int cudaGraphInstantiate(void **executable, void *captured, unsigned long long flags) {
  if (flags != 0) {
    return INVALID_VALUE;
  }
  made(executable, sizeof(graph));
  memcpy(*executable, captured, sizeof(graph));
  return SUCCESS;
}

int cudaGraphLaunch(void *executable, void *stream) {
  const graph *run = executable;
  for (int i = 0; i < run->count; i++) {
    memcpy(run->copies[i].to, run->copies[i].from, run->copies[i].bytes);
  }
  return stream == NULL ? INVALID_VALUE : SUCCESS;
}
int cudaGraphDestroy(void *captured) { return gone(captured); }
int cudaGraphExecDestroy(void *executable) { return gone(executable); }
