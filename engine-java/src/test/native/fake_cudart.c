/* fake_cudart.c: of CUDA's runtime the functions that the engine calls, for tests without a GPU: two devices, of
 * compute capability 8.9 and 7.5, whose memory is the host's. Streams do their work at once; a capture notes the
 * copies, and a graph repeats them. Stricter than CUDA, a thread that chose no device has none, and not device 0.
 *
 * The tests look at and change it through the variables below. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_VALUE = 1, MEMORY_ALLOCATION = 2, NO_DEVICE = 100 };
enum { INVALID_HANDLE = 400, CAPTURE_INVALIDATED = 901 };
enum { CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };
enum { MOST_COPIES = 16, MOST_ALLOCATIONS = 64 };
enum { PEER_ACCESS_ALREADY_ENABLED = 704 };

int fake_driver_version = 13000;
int fake_devices = 2;
int64_t fake_free_bytes = 1 << 30;
int fake_fault = SUCCESS;   /* what everything answers that touches the device, as after a kernel's fault */
int fake_context = SUCCESS; /* what choosing a device answers */
int fake_count = SUCCESS;   /* what counting the devices answers */
int fake_peers = 1;         /* 0: no device reaches another; 2: promised, but other bytes come */
int fake_live = 0;          /* streams, events, allocations and graphs that are not given back */

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
static __thread int current = -1;
static int copied = 0; /* copies done */

/* Whether the calling thread may touch the device. */
static int reached(void) { return fake_fault != SUCCESS ? fake_fault : current < 0 ? INVALID_HANDLE : SUCCESS; }

/* The same for a stream, which is its device's. */
static int reached_by(const int *stream) {
  const int status = reached();
  return status != SUCCESS ? status : stream == NULL || *stream != current ? INVALID_HANDLE : SUCCESS;
}

static int made(void **result, size_t bytes) {
  *result = calloc(1, bytes);
  fake_live++;
  return SUCCESS;
}

static int gone(void *thing) {
  const int status = reached();
  if (status != SUCCESS) {
    return status;
  }
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
  return fake_count != SUCCESS ? fake_count : fake_devices == 0 ? NO_DEVICE : SUCCESS;
}

int cudaSetDevice(int device) {
  if (fake_fault != SUCCESS || fake_context != SUCCESS) {
    return fake_fault != SUCCESS ? fake_fault : fake_context;
  }
  current = device;
  return SUCCESS;
}

int cudaDeviceGetPCIBusId(char *address, int length, int device) {
  snprintf(address, (size_t)length, "0000:0%d:00.0", device + 1);
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
  return reached();
}

int cudaGetLastError(void) { return SUCCESS; }
const char *cudaGetErrorName(int error) {
  return error == MEMORY_ALLOCATION ? "cudaErrorMemoryAllocation" : "cudaErrorFake";
}
const char *cudaGetErrorString(int error) { return error == MEMORY_ALLOCATION ? "out of memory" : "a fault made up"; }

int cudaStreamCreateWithFlags(void **stream, unsigned flags) {
  if (flags != 1 || reached() != SUCCESS) { /* cudaStreamNonBlocking */
    return flags != 1 ? INVALID_VALUE : reached();
  }
  made(stream, sizeof(int));
  **(int **)stream = current;
  return SUCCESS;
}
int cudaStreamDestroy(void *stream) { return gone(stream); }
int cudaStreamSynchronize(void *stream) { return capturing != NULL ? CAPTURE_INVALIDATED : reached_by(stream); }

/* The copies issued before it was marked, a millisecond each. */
int cudaEventCreate(void **event) { return reached() != SUCCESS ? reached() : made(event, sizeof(int)); }
int cudaEventDestroy(void *event) { return gone(event); }
int cudaEventRecord(void *event, void *stream) {
  *(int *)event = copied;
  return capturing != NULL ? INVALID_VALUE : reached_by(stream);
}
int cudaEventSynchronize(void *event) { return event == NULL ? INVALID_VALUE : reached(); }
int cudaEventElapsedTime(float *milliseconds, void *from, void *to) {
  *milliseconds = (float)(*(int *)to - *(int *)from);
  return SUCCESS;
}

/* Whose each allocation is. */
static struct {
  void *memory;
  int device;
} allocations[MOST_ALLOCATIONS];
static int peers_enabled = 0;

static int device_of(const void *memory) {
  for (int i = 0; i < MOST_ALLOCATIONS; i++) {
    if (memory != NULL && allocations[i].memory == memory) {
      return allocations[i].device;
    }
  }
  return -1;
}

static void note(void *before, void *after) {
  for (int i = 0; i < MOST_ALLOCATIONS; i++) {
    if (allocations[i].memory == before) {
      allocations[i].memory = after;
      allocations[i].device = current;
      return;
    }
  }
}

int cudaDeviceCanAccessPeer(int *can, int device, int peer) {
  *can = fake_peers != 0 && device != peer;
  return SUCCESS;
}

int cudaDeviceEnablePeerAccess(int peer, unsigned flags) {
  if (flags != 0 || peer == current || fake_peers == 0) {
    return INVALID_VALUE;
  }
  const int before = peers_enabled;
  peers_enabled |= 1 << current;
  return (before & 1 << current) != 0 ? PEER_ACCESS_ALREADY_ENABLED : SUCCESS;
}

static int allocate(void **memory, size_t bytes) {
  if (reached() != SUCCESS) {
    return reached();
  }
  if ((int64_t)bytes > fake_free_bytes) {
    return MEMORY_ALLOCATION;
  }
  if (capturing != NULL) {
    return CAPTURE_INVALIDATED;
  }
  fake_live++;
  return posix_memalign(memory, 256, bytes) == 0 ? SUCCESS : MEMORY_ALLOCATION;
}
int cudaMalloc(void **memory, size_t bytes) {
  const int status = allocate(memory, bytes);
  if (status == SUCCESS) {
    note(NULL, *memory);
  }
  return status;
}
int cudaHostAlloc(void **memory, size_t bytes, unsigned flags) {
  return flags == 3 ? allocate(memory, bytes) : INVALID_VALUE;
}
int cudaHostGetDevicePointer(void **device, void *host, unsigned flags) {
  *device = host;
  return flags == 0 ? reached() : INVALID_VALUE;
}
int cudaFree(void *memory) {
  if (reached() == SUCCESS) {
    note(memory, NULL);
  }
  return gone(memory);
}
int cudaFreeHost(void *memory) { return gone(memory); }

int cudaMemcpyAsync(void *to, const void *from, size_t bytes, int kind, void *stream) {
  if (kind != 4 || reached_by(stream) != SUCCESS) { /* cudaMemcpyDefault */
    return kind != 4 ? INVALID_VALUE : reached_by(stream);
  }
  if (capturing == NULL) {
    const int between = device_of(to) >= 0 && device_of(from) >= 0 && device_of(to) != device_of(from);
    if (between && fake_peers == 2) {
      memset(to, 0x55, bytes);
    } else {
      memcpy(to, from, bytes);
    }
    copied++;
    return SUCCESS;
  }
  if (capturing->count == MOST_COPIES) {
    return INVALID_VALUE;
  }
  capturing->copies[capturing->count++] = (copy){to, from, bytes};
  return SUCCESS;
}

/* Rows one after another; nothing that the engine records. */
int cudaMemcpy2DAsync(void *to, size_t to_stride, const void *from, size_t from_stride, size_t width, size_t rows,
                      int kind, void *stream) {
  if (capturing != NULL || width > to_stride || width > from_stride) {
    return capturing != NULL ? CAPTURE_INVALIDATED : INVALID_VALUE;
  }
  for (size_t row = 0; row < rows; row++) {
    const int status =
        cudaMemcpyAsync((char *)to + row * to_stride, (const char *)from + row * from_stride, width, kind, stream);
    if (status != SUCCESS) {
      return status;
    }
  }
  return SUCCESS;
}

/* Pages, for all devices (cudaHostRegisterPortable). */
int cudaHostRegister(void *memory, size_t bytes, unsigned flags) {
  if (flags != 1 || (uintptr_t)memory % 4096 != 0 || bytes % 4096 != 0) {
    return INVALID_VALUE;
  }
  if ((int64_t)bytes > fake_free_bytes) {
    return MEMORY_ALLOCATION;
  }
  if (reached() == SUCCESS) {
    fake_live++;
  }
  return reached();
}
int cudaHostUnregister(void *memory) {
  if (memory == NULL) {
    return INVALID_VALUE;
  }
  fake_live--;
  return reached();
}

/* Of this stream's device or another's: all work is done at once. */
int cudaStreamWaitEvent(void *stream, void *event, unsigned flags) {
  return event == NULL || flags != 0 ? INVALID_VALUE : reached_by(stream);
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
  if (reached_by(stream) != SUCCESS) {
    return reached_by(stream);
  }
  for (int i = 0; i < run->count; i++) {
    memcpy(run->copies[i].to, run->copies[i].from, run->copies[i].bytes);
  }
  return SUCCESS;
}
int cudaGraphDestroy(void *captured) { return gone(captured); }
int cudaGraphExecDestroy(void *executable) { return gone(executable); }
