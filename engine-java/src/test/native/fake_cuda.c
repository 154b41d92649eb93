/* fake_cuda.c: stands in for libcuda.so.1 where there is no driver, so that what links it can be loaded. */
#include <stdio.h>

int cuDeviceGetName(char *name, int length, int device) {
  snprintf(name, (size_t)length, "fake GPU %d", device);
  return 0;
}
