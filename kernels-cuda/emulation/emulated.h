/* emulated.h: what libgatun.so exports beside the contract where its GPU is emulated: streams and captures, for tests
 * that are not C++. Nothing here is of a library that runs on GPUs.
 *
 * Results are CUDA's cudaError_t, 0 being success. A stream is used by one thread at a time. */
#ifndef GATUN_EMULATED_H
#define GATUN_EMULATED_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

int32_t gk_emulated_stream_open(void **stream);
/* Not while it captures. */
int32_t gk_emulated_stream_close(void *stream);
/* Waits for the stream; cudaErrorStreamCaptureUnsupported while it captures, and the capture is lost. */
int32_t gk_emulated_stream_sync(void *stream);

/* From here on the stream notes kernels instead of running them. Refused for the null stream, as by CUDA
 * (cudaErrorStreamCaptureUnsupported), and where the thread captures already (cudaErrorIllegalState). */
int32_t gk_emulated_capture_begin(void *stream);
/* The end of it, and the graph of what was noted; cudaErrorStreamCaptureInvalidated and no graph where something was
 * asked for that cannot be captured. */
int32_t gk_emulated_capture_end(void *stream, void **graph);

/* Runs what was noted, with the arguments of then; not while the thread captures. A fault of a kernel is told by what
 * comes after. */
int32_t gk_emulated_graph_launch(void *graph);
int32_t gk_emulated_graph_close(void *graph);

/* A result in CUDA's words: "out of memory (cudaErrorMemoryAllocation)"; until the thread asks again. */
const char *gk_emulated_error(int32_t result);

#ifdef __cplusplus
}
#endif

#endif
