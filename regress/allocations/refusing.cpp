// SPDX-License-Identifier: PostgreSQL
// Memory that is refused: of what the extension's C++ asks for, the Nth is not given. Put before everything else by
// LD_PRELOAD, so that it is every operator new of the process, and every malloc of the extension's own (Eigen and
// Armadillo ask for theirs there). For SQL it is a library of the server, too.
#include <execinfo.h>
#include <link.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <new>

extern "C" {
#include "postgres.h"

#include "fmgr.h"

void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
}

namespace {

bool is_armed = false, is_lasting = false;
int64_t asked = 0, refused_at = 0;
uintptr_t code_from = 0, code_to = 0;  // of the extension's library

bool refuses() {
  if (!is_armed) return false;
  ++asked;
  return asked == refused_at || (is_lasting && asked > refused_at);
}

bool refuses_to(const void* caller) {
  const auto at = reinterpret_cast<uintptr_t>(caller);
  return is_armed && at >= code_from && at < code_to && refuses();
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

void* allocated(size_t size) {
  void* memory = refuses() ? nullptr : __libc_malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* allocated(size_t size, std::align_val_t alignment) {
  void* memory = refuses() ? nullptr : __libc_memalign(static_cast<size_t>(alignment), size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(size_t size) {
  return allocated(size);
}
void* operator new[](size_t size) {
  return allocated(size);
}
void* operator new(size_t size, std::align_val_t alignment) {
  return allocated(size, alignment);
}
void* operator new[](size_t size, std::align_val_t alignment) {
  return allocated(size, alignment);
}
void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return refuses() ? nullptr : __libc_malloc(size);
}
void* operator new[](size_t size, const std::nothrow_t&) noexcept {
  return refuses() ? nullptr : __libc_malloc(size);
}
void operator delete(void* memory) noexcept {
  free(memory);
}
void operator delete[](void* memory) noexcept {
  free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  free(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  free(memory);
}
void operator delete(void* memory, size_t, std::align_val_t) noexcept {
  free(memory);
}
void operator delete[](void* memory, size_t, std::align_val_t) noexcept {
  free(memory);
}

extern "C" {

void* malloc(size_t size) {
  return refuses_to(__builtin_return_address(0)) ? nullptr : __libc_malloc(size);
}
void* calloc(size_t n, size_t size) {
  return refuses_to(__builtin_return_address(0)) ? nullptr : __libc_calloc(n, size);
}
void* realloc(void* memory, size_t size) {
  return refuses_to(__builtin_return_address(0)) ? nullptr : __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  return refuses_to(__builtin_return_address(0)) ? nullptr : __libc_memalign(alignment, size);
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  if (refuses_to(__builtin_return_address(0))) return ENOMEM;
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
  asked = 0;
  is_armed = true;
  PG_RETURN_VOID();
}

// memory_asked(): how often memory was asked for since then; nothing is refused any more.
PG_FUNCTION_INFO_V1(memory_asked);
Datum memory_asked(PG_FUNCTION_ARGS) {
  is_armed = false;
  PG_RETURN_INT64(asked);
}
}
