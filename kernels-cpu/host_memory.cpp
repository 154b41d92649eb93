// host_memory.cpp: memory for weights and caches. Huge pages spare the address translation of gigabytes read in a row.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "guard.hpp"
#include "queues.hpp"

namespace gatun {
namespace {

constexpr std::size_t hugePage = std::size_t{2} << 20;

}  // namespace

void *hostAlloc(int64_t bytes) {
  const auto size = static_cast<std::size_t>(bytes);
  const bool huge = size >= hugePage;
  // Room to start at a huge page; what is not needed is given back.
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t mapped = huge ? (size + page - 1) / page * page + hugePage : size;
  void *const start = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) {
    throw Error(GK_OUT_OF_MEMORY, "%lld bytes wanted, the system says: %s", static_cast<long long>(bytes),
                std::strerror(errno));
  }
  if (!huge) {
    return start;
  }
  char *const first = static_cast<char *>(start);
  const std::size_t head = (hugePage - reinterpret_cast<uintptr_t>(first) % hugePage) % hugePage;
  const std::size_t used = mapped - hugePage;
  if (head != 0) {
    munmap(first, head);
  }
  munmap(first + head + used, hugePage - head);
  madvise(first + head, used, MADV_HUGEPAGE);  // advice: without huge pages the memory is as good, only slower
  return first + head;
}

void hostFree(void *address, int64_t bytes) {
  if (munmap(address, static_cast<std::size_t>(bytes)) != 0) {
    throw Error(GK_BAD_ARGUMENT, "address and bytes are not of gk_host_alloc, the system says: %s",
                std::strerror(errno));
  }
}

}  // namespace gatun
