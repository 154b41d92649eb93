/* header_test.c: kernels.h is C99, may be included twice, and its structs have no hidden padding. */
#include <stdio.h>
#include <string.h>

#include "gatun/kernels.h"

/* Pointers are 8 bytes wherever Gatun runs. */
typedef char tensor_is_dense[sizeof(gk_tensor) == 40 ? 1 : -1];
typedef char source_is_dense[sizeof(gk_source) == 64 ? 1 : -1];
typedef char weight_is_dense[sizeof(gk_weight) == 48 ? 1 : -1];
typedef char cache_is_dense[sizeof(gk_cache) == 32 ? 1 : -1];
typedef char batch_is_dense[sizeof(gk_batch) == 40 ? 1 : -1];
typedef char rope_is_dense[sizeof(gk_rope) == 64 ? 1 : -1];

int main(void) {
  gk_queue *queue = NULL;
  if (gk_abi_version() != GK_ABI_VERSION) {
    fprintf(stderr, "gk_abi_version() is %d, the header's is %d\n", (int)gk_abi_version(), GK_ABI_VERSION);
    return 1;
  }
  if (gk_last_error() == NULL || gk_last_error()[0] != '\0') {
    fputs("gk_last_error() before any error is not an empty line\n", stderr);
    return 1;
  }
  if (gk_queue_cpu(0, GK_ISA_BEST, &queue) != GK_BAD_ARGUMENT ||
      strcmp(gk_last_error(), "gk_queue_cpu: threads is 0, expected 1 to 1024") != 0) {
    fprintf(stderr, "unexpected: %s\n", gk_last_error());
    return 1;
  }
  return 0;
}
