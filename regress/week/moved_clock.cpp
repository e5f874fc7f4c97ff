// SPDX-License-Identifier: PostgreSQL
// Preloaded into a server: what time it is there is the machine's time and as many microseconds as the file that
// MOVED_CLOCK names holds, in eight bytes of the machine's order. Only the time of day is moved: what is measured or
// waited for goes by other clocks.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr std::int64_t kSecond = 1000000;
const std::atomic<std::int64_t>* moved_us = nullptr;

__attribute__((constructor)) void open_clock() {
  const char* path = std::getenv("MOVED_CLOCK");
  if (path == nullptr) return;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) std::abort();
  void* page = mmap(nullptr, sizeof *moved_us, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (page == MAP_FAILED) std::abort();
  moved_us = static_cast<const std::atomic<std::int64_t>*>(page);
}

// The moved time as microseconds since 1970; the rest of a nanosecond clock is kept by its caller.
std::int64_t moved(std::int64_t seconds, std::int64_t us) {
  return seconds * kSecond + us + (moved_us == nullptr ? 0 : moved_us->load(std::memory_order_relaxed));
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t which, struct timespec* at) noexcept {
  const long result = syscall(SYS_clock_gettime, which, at);
  if (result == 0 && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) {
    const std::int64_t us = moved(at->tv_sec, at->tv_nsec / 1000);
    at->tv_sec = us / kSecond;
    at->tv_nsec = us % kSecond * 1000 + at->tv_nsec % 1000;
  }
  return static_cast<int>(result);
}

int gettimeofday(struct timeval* at, void*) noexcept {
  struct timespec now {};
  const int result = clock_gettime(CLOCK_REALTIME, &now);
  at->tv_sec = now.tv_sec;
  at->tv_usec = now.tv_nsec / 1000;
  return result;
}

time_t time(time_t* at) noexcept {
  struct timespec now {};
  clock_gettime(CLOCK_REALTIME, &now);
  if (at != nullptr) *at = now.tv_sec;
  return now.tv_sec;
}
}
