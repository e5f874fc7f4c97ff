// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/fading.hpp"

#include <algorithm>

namespace glucose {

namespace {
constexpr std::size_t K = kCgmHorizons, kAround = 3;
}  // namespace

std::array<double, K> means_around(const std::array<double, K>& values) {
  std::array<double, K> means;
  for (std::size_t k = 0; k < K; ++k) {
    const std::size_t first = k - std::min(k, kAround), last = std::min(k + kAround, K - 1);
    double sum = 0;
    for (std::size_t i = first; i <= last; ++i) sum += values[i];
    means[k] = sum / static_cast<double>(last - first + 1);
  }
  return means;
}

CgmHead mixed(const CgmHead& head, const CgmHead& other, const std::array<float, K>& share) {
  CgmHead both = head;
  for (std::size_t i = 0; i < both.size(); ++i) both[i] += share[i % K] * (other[i] - both[i]);
  return both;
}

}  // namespace glucose
