/* fake_nccl.c: of NCCL the functions that the engine calls, for tests without a GPU: communicators that note what they
 * are asked for. One rank has all parts, so for it that is all there is to do. */
#include <stddef.h>
#include <string.h>

enum { SUCCESS = 0, INVALID_ARGUMENT = 4, REMOTE_ERROR = 6, IN_PROGRESS = 7 };
enum { INT8 = 0, ID_BYTES = 128, MOST_CALLS = 64 };
enum { ALL_GATHER = 1, SEND = 2, RECEIVE = 3 };

typedef struct {
  char bytes[ID_BYTES];
} unique_id;

/* What was asked for, in order. */
typedef struct {
  long long kind;
  long long from; /* addresses */
  long long to;
  long long bytes;
  long long peer;
  long long grouped; /* between the start and the end of a group */
} call;

call fake_nccl_calls[MOST_CALLS];
int fake_nccl_count = 0;
int fake_nccl_live = 0;
int fake_nccl_fault = SUCCESS; /* what everything answers that has a communicator */
int fake_nccl_async = SUCCESS; /* what became of what was issued */
int fake_nccl_rank = -1;
int fake_nccl_size = 0;
char fake_nccl_id = 0; /* the last byte of the id that ranks joined by */

static char context;
static int groups = 0;

int ncclGetUniqueId(unique_id *id) {
  memset(id->bytes, 0, ID_BYTES);
  id->bytes[ID_BYTES - 1] = 42;
  return SUCCESS;
}

int ncclCommInitRank(void **communicator, int size, unique_id id, int rank) {
  if (fake_nccl_fault != SUCCESS) {
    return fake_nccl_fault;
  }
  if (rank < 0 || rank >= size) {
    return INVALID_ARGUMENT;
  }
  *communicator = &context;
  fake_nccl_rank = rank;
  fake_nccl_size = size;
  fake_nccl_id = id.bytes[ID_BYTES - 1];
  fake_nccl_live++;
  return SUCCESS;
}

int ncclCommDestroy(void *communicator) {
  fake_nccl_live--;
  return communicator == &context ? SUCCESS : INVALID_ARGUMENT;
}

int ncclCommGetAsyncError(void *communicator, int *status) {
  *status = fake_nccl_async;
  return communicator == &context ? SUCCESS : INVALID_ARGUMENT;
}

const char *ncclGetErrorString(int status) {
  return status == REMOTE_ERROR ? "remote process exited or there was a network error" : "a status made up";
}
const char *ncclGetLastError(void *communicator) {
  return communicator == NULL ? "\nsocket closed\n by remote peer" : "";
}

static int noted(int kind, const void *from, void *to, size_t bytes, int type, int peer, void *communicator,
                 void *stream) {
  if (communicator != &context || stream == NULL || type != INT8 || bytes == 0 || fake_nccl_count == MOST_CALLS) {
    return INVALID_ARGUMENT;
  }
  if (fake_nccl_fault != SUCCESS) {
    return fake_nccl_fault;
  }
  fake_nccl_calls[fake_nccl_count++] = (call){kind, (long long)from, (long long)to, (long long)bytes, peer, groups};
  return SUCCESS;
}

int ncclAllGather(const void *from, void *to, size_t bytes, int type, void *communicator, void *stream) {
  return noted(ALL_GATHER, from, to, bytes, type, -1, communicator, stream);
}
int ncclSend(const void *from, size_t bytes, int type, int peer, void *communicator, void *stream) {
  return noted(SEND, from, NULL, bytes, type, peer, communicator, stream);
}
int ncclRecv(void *to, size_t bytes, int type, int peer, void *communicator, void *stream) {
  return noted(RECEIVE, NULL, to, bytes, type, peer, communicator, stream);
}
int ncclGroupStart(void) {
  groups++;
  return SUCCESS;
}
int ncclGroupEnd(void) {
  groups--;
  return groups == 0 ? SUCCESS : INVALID_ARGUMENT;
}
