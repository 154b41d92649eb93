/* fake_cuda.c: stands in for libcuda.so.1 where there is no driver, so that what links it can be loaded. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

int cuDeviceGetName(char *name, int length, int device) {
  snprintf(name, (size_t)length, "fake GPU %d", device);
  return 0;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
  *bytes = (size_t)1 << 30;
  return device < 0;
}

int cuDeviceGetUuid_v2(void *uuid, int device) {
  memset(uuid, 0x10 + device, 16);
  return 0;
}
