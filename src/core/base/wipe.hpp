// SPDX-License-Identifier: PostgreSQL
// Weights are learnt from persons' data: they do not stay behind in freed memory.
#pragma once
#include <cstring>
#include <span>
#include <type_traits>

namespace glucose {

template <class T>
void wipe_values(std::span<T> values) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (!values.empty()) explicit_bzero(values.data(), values.size_bytes());
}

}  // namespace glucose
