// SPDX-License-Identifier: PostgreSQL
// What the fuzzers share. What does not hold aborts: libFuzzer then keeps the input.
#pragma once
#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace glucose {

inline void must(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Whether the body came to its end. It may throw Error of these codes and nothing else.
template <class Body>
bool passes(std::initializer_list<ErrorCode> codes, Body&& body) {
  try {
    body();
    return true;
  } catch (const Error& error) {
    must(std::find(codes.begin(), codes.end(), error.code()) != codes.end(), error.what());
    must(*error.what() != '\0', "an error has a message");
    return false;
  }
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

inline void append_utf8(std::string& out, std::uint32_t c) {
  const auto byte = [&](std::uint32_t bits) { out.push_back(static_cast<char>(bits)); };
  if (c < 0x80) return byte(c);
  const unsigned more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  byte((more == 1 ? 0xc0U : more == 2 ? 0xe0U : 0xf0U) | c >> (6 * more));
  for (unsigned i = more; i-- > 0;) byte(0x80U | (c >> (6 * i) & 0x3fU));
}

}  // namespace glucose
