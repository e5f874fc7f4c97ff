// SPDX-License-Identifier: PostgreSQL
// Memory that is refused: of what the extension's C++ asks for, the Nth is not given. Put before everything else by
// LD_PRELOAD, so that it is every operator new of the process, and every malloc of the extension's own (Eigen and
// Armadillo ask for theirs there). For SQL it is a library of the server, too.
#include <execinfo.h>
#include <link.h>
#include <malloc.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>
#include <unordered_map>
#include <vector>

extern "C" {
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {

bool is_armed = false, is_lasting = false;
int64_t asked = 0, refused_at = 0;
uintptr_t code_from = 0, code_to = 0;  // of the extension's library

// Where in the code: all return addresses on the stack as one number, the same in every session.
int64_t place_in_code() {
  void* frames[256];
  const auto depth = backtrace(frames, 256);
  uint64_t place = 0xcbf29ce484222325;  // FNV-1a
  for (int i = 0; i < depth; ++i) {
    const auto at = reinterpret_cast<uintptr_t>(frames[i]);
    place = (place ^ (at >= code_from && at < code_to ? at - code_from : at)) * 0x100000001b3;
  }
  return static_cast<int64_t>(place);
}

struct Times {
  int64_t first, last;  // of the pieces that it asked for
};
bool is_noting = false;
std::unordered_map<int64_t, Times> noted;
int64_t refused_in = 0;  // where the first was refused

void note() {
  is_armed = false;  // what this asks for is not counted
  const auto place = place_in_code();
  if (is_noting)
    noted.try_emplace(place, Times{asked, asked}).first->second.last = asked;
  else
    refused_in = place;
  is_armed = true;
}

// What is given back in large pieces while everything is refused can be had again.
constexpr size_t kLarge = size_t{1} << 20;
size_t room = 0;

bool takes_given_back(size_t size) {
  if (size > room) return false;
  room -= size;
  return true;
}

bool refuses(size_t size) {
  if (!is_armed) return false;
  ++asked;
  if (is_noting || asked == refused_at) note();
  return asked == refused_at || (is_lasting && asked > refused_at && !takes_given_back(size));
}

bool refuses_to(const void* caller, size_t size) {
  const auto at = reinterpret_cast<uintptr_t>(caller);
  return is_armed && at >= code_from && at < code_to && refuses(size);
}

// Where it was thrown, into the server's log, when an exception leaves what must not throw.
[[noreturn]] void say_where() {
  void* frames[40];
  backtrace_symbols_fd(frames, backtrace(frames, 40), STDERR_FILENO);
  abort();
}
const auto usual_end = std::set_terminate(say_where);

int find_code(dl_phdr_info* info, size_t /*size*/, void* /*none*/) {
  if (info->dlpi_name == nullptr || strstr(info->dlpi_name, "/pg_glucose.so") == nullptr) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0) continue;
    code_from = info->dlpi_addr + part.p_vaddr;
    code_to = code_from + part.p_memsz;
  }
  return 1;
}

// As the standard says of operator new: what is refused is tried again after the new_handler has made room.
void* allocated(size_t size, size_t alignment = alignof(std::max_align_t)) {
  for (bool is_refused = refuses(size);; is_refused = is_lasting && !takes_given_back(size)) {
    void* memory = is_refused ? nullptr : __libc_memalign(alignment, size == 0 ? 1 : size);
    if (memory != nullptr) return memory;
    const auto handler = std::get_new_handler();
    if (handler == nullptr) throw std::bad_alloc();
    handler();
  }
}

void given_back(void* memory) {
  if (is_armed && is_lasting && asked >= refused_at && memory != nullptr && malloc_usable_size(memory) >= kLarge)
    room += malloc_usable_size(memory);
  free(memory);
}

}  // namespace

void* operator new(size_t size) {
  return allocated(size);
}
void* operator new[](size_t size) {
  return allocated(size);
}
void* operator new(size_t size, std::align_val_t alignment) {
  return allocated(size, static_cast<size_t>(alignment));
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return allocated(size, static_cast<size_t>(alignment));
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return refuses(size) ? nullptr : __libc_malloc(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return refuses(size) ? nullptr : __libc_malloc(size);
}
void operator delete(void* memory) noexcept {
  given_back(memory);
}
void operator delete[](void* memory) noexcept {
  given_back(memory);
}
void operator delete(void* memory, size_t) noexcept {
  given_back(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  given_back(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  given_back(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  given_back(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  given_back(memory);
}
void operator delete[](void* memory, size_t, std::align_val_t) noexcept {
  given_back(memory);
}

extern "C" {

void* malloc(size_t size) {
  return refuses_to(__builtin_return_address(0), size) ? nullptr : __libc_malloc(size);
}
void* calloc(size_t n, size_t size) {
  return refuses_to(__builtin_return_address(0), n * size) ? nullptr : __libc_calloc(n, size);
}
void* realloc(void* memory, size_t size) {
  return refuses_to(__builtin_return_address(0), size) ? nullptr : __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return refuses_to(__builtin_return_address(0), size) ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  if (refuses_to(__builtin_return_address(0), size)) return ENOMEM;
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}

PG_MODULE_MAGIC;

// refuse_memory(at bigint, lasting boolean): from now on the at-th is refused (0: none), and with `lasting` all after
// it.
PG_FUNCTION_INFO_V1(refuse_memory);
Datum refuse_memory(PG_FUNCTION_ARGS) {
  dl_iterate_phdr(find_code, nullptr);
  refused_at = PG_GETARG_INT64(0);
  is_lasting = PG_GETARG_BOOL(1);
  asked = refused_in = 0;
  room = 0;
  is_armed = true;
  PG_RETURN_VOID();
}

// note_places(): from now on nothing is refused, and each place in the code that asks for memory is kept.
PG_FUNCTION_INFO_V1(note_places);
Datum note_places(PG_FUNCTION_ARGS) {
  dl_iterate_phdr(find_code, nullptr);
  noted.clear();
  refused_at = asked = 0;
  is_noting = is_armed = true;
  PG_RETURN_VOID();
}

// noted_places() → bigint[]: each of them, with the first and the last piece that it asked for, one after the other.
PG_FUNCTION_INFO_V1(noted_places);
Datum noted_places(PG_FUNCTION_ARGS) {
  is_noting = is_armed = false;
  std::vector<Datum> numbers;
  for (const auto& [place, times] : noted)
    for (const auto number : {place, times.first, times.last}) numbers.push_back(Int64GetDatum(number));
  PG_RETURN_ARRAYTYPE_P(
      construct_array(numbers.data(), static_cast<int>(numbers.size()), INT8OID, 8, true, TYPALIGN_DOUBLE));
}

// refused_place() → bigint: the place where memory was refused last (0: nowhere yet).
PG_FUNCTION_INFO_V1(refused_place);
Datum refused_place(PG_FUNCTION_ARGS) {
  PG_RETURN_INT64(refused_in);
}

// memory_asked(): how often memory was asked for since then; nothing is refused any more.
PG_FUNCTION_INFO_V1(memory_asked);
Datum memory_asked(PG_FUNCTION_ARGS) {
  is_armed = false;
  PG_RETURN_INT64(asked);
}
}
