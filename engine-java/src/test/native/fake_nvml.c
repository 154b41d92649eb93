/* fake_nvml.c: stands in for libnvidia-ml.so.1, the driver's management library, and knows one GPU: that of
 * fake_cuda.c's device 0, which is its second. Tests look at and change it through the variables below. */
#include <stdint.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, NOT_FOUND = 6, INSUFFICIENT_SIZE = 7 };
enum { CLOCK_SM = 1, CLOCK_MEMORY = 2 };

int fake_by_uuid = 1;                    /* whether UUIDs are known, or PCI addresses alone */
int fake_measures = 1;                   /* whether the GPU measures anything but its memory */
int fake_processes = 0;                  /* that compute, of 100 MiB and PID 1000000 on, besides those below */
int64_t fake_reasons = 0x1 | 0x4 | 0x20; /* idle, power cap, heat */

typedef struct {
  unsigned long long total, free, used;
} memory;
typedef struct {
  unsigned pid;
  unsigned long long used;
  unsigned gpu_instance, compute_instance;
} process;

static int gpu = 1;

int nvmlInit_v2(void) { return SUCCESS; }
const char *nvmlErrorString(int error) { return error == SUCCESS ? "none" : "made up"; }

int nvmlSystemGetDriverVersion(char *version, unsigned length) {
  strncpy(version, "580.65.06", length);
  return SUCCESS;
}

int nvmlDeviceGetHandleByUUID(const char *uuid, void **device) {
  *device = &gpu;
  return fake_by_uuid && strcmp(uuid, "GPU-10101010-1010-1010-1010-101010101010") == 0 ? SUCCESS : NOT_FOUND;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *address, void **device) {
  *device = &gpu;
  return strcmp(address, "0000:01:00.0") == 0 ? SUCCESS : NOT_FOUND;
}

int nvmlDeviceGetMemoryInfo(void *device, memory *info) {
  *info = (memory){1ull << 30, 1ull << 28, 3ull << 28};
  return device == &gpu ? SUCCESS : INVALID_ARGUMENT;
}

/* PID 1 in both lists, one whose memory is not told, and as many more as there shall be. */
static int list(unsigned *count, process *processes, int more, unsigned long long of_one) {
  const unsigned room = *count;
  *count = (unsigned)more + 2;
  if (room < *count) {
    return INSUFFICIENT_SIZE;
  }
  processes[0] = (process){999999, ~0ull, ~0u, ~0u};
  processes[1] = (process){1, of_one, ~0u, ~0u};
  for (int i = 0; i < more; i++) {
    processes[2 + i] = (process){1000000u + (unsigned)i, 100ull << 20, ~0u, ~0u};
  }
  return SUCCESS;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned *count, process *processes) {
  return device == &gpu ? list(count, processes, fake_processes, 1ull << 29) : INVALID_ARGUMENT;
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned *count, process *processes) {
  return device == &gpu ? list(count, processes, 0, 1ull << 28) : INVALID_ARGUMENT;
}

static int measured(unsigned *value, unsigned what) {
  *value = what;
  return fake_measures ? SUCCESS : NOT_SUPPORTED;
}
int nvmlDeviceGetClockInfo(void *device, int clock, unsigned *mhz) {
  return device != &gpu ? INVALID_ARGUMENT
                        : measured(mhz, clock == CLOCK_SM       ? 2520
                                        : clock == CLOCK_MEMORY ? 10501
                                                                : 0);
}
int nvmlDeviceGetCurrentClocksEventReasons(void *device, unsigned long long *reasons) {
  *reasons = (unsigned long long)fake_reasons;
  return device != &gpu ? INVALID_ARGUMENT : fake_measures ? SUCCESS : NOT_SUPPORTED;
}
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
  return device != &gpu ? INVALID_ARGUMENT : measured(milliwatts, 120499);
}
int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *milliwatts) {
  return device != &gpu ? INVALID_ARGUMENT : measured(milliwatts, 450000);
}
int nvmlDeviceGetCurrPcieLinkGeneration(void *device, unsigned *generation) {
  return device != &gpu ? INVALID_ARGUMENT : measured(generation, 1);
}
int nvmlDeviceGetCurrPcieLinkWidth(void *device, unsigned *width) {
  return device != &gpu ? INVALID_ARGUMENT : measured(width, 16);
}
int nvmlDeviceGetMaxPcieLinkGeneration(void *device, unsigned *generation) {
  return device != &gpu ? INVALID_ARGUMENT : measured(generation, 4);
}
int nvmlDeviceGetMaxPcieLinkWidth(void *device, unsigned *width) {
  return device != &gpu ? INVALID_ARGUMENT : measured(width, 16);
}
