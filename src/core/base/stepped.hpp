// SPDX-License-Identifier: PostgreSQL
// What the standard library does to a vector in one go, of vectors that are long.
#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/base/steps.hpp"

namespace glucose {

/// Sorts, some ten thousands a step, then merging what has been sorted.
template <class T>
Steps sort_in_steps(std::vector<T>& values) {
  constexpr std::size_t kTogether = std::size_t{1} << 16;
  const auto at = [&](std::size_t i) {
    return values.begin() + static_cast<std::ptrdiff_t>(std::min(i, values.size()));
  };
  for (std::size_t i = 0; i < values.size(); i += kTogether) {
    std::sort(at(i), at(i + kTogether));
    co_yield Pause{};
  }
  for (std::size_t width = kTogether; width < values.size(); width *= 2)
    for (std::size_t i = 0; i + width < values.size(); i += 2 * width) {
      std::inplace_merge(at(i), at(i + width), at(i + 2 * width));
      co_yield Pause{};
    }
}

template <class T>
bool has_room(const std::vector<T>& values, std::size_t more) {
  return values.capacity() - values.size() >= more;
}

/// Makes room for so many more, as push_back would, but copies a megabyte a step.
template <class T>
Steps make_room_in_steps(std::vector<T>& values, std::size_t more) {
  if (has_room(values, more)) co_return;
  constexpr std::size_t kTogether = (std::size_t{1} << 20) / sizeof(T);
  std::vector<T> roomy;
  roomy.reserve(2 * values.capacity() + more);
  while (roomy.size() < values.size()) {
    const auto from = values.begin() + static_cast<std::ptrdiff_t>(roomy.size());
    const std::size_t n = std::min(kTogether, values.size() - roomy.size());
    roomy.insert(roomy.end(), from, from + static_cast<std::ptrdiff_t>(n));
    co_yield Pause{};
  }
  values.swap(roomy);
}

}  // namespace glucose
