// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstddef>

namespace glucose {

/// Hands out the blocks of one scratch array, each from a cache line on; with a null base it only measures.
class Carver {
 public:
  explicit Carver(float* base) : base_(base) {}
  float* take(std::size_t floats) {
    float* block = base_ == nullptr ? nullptr : base_ + used_;
    used_ += (floats + kLineFloats - 1) / kLineFloats * kLineFloats;
    return block;
  }
  std::size_t used() const { return used_; }

 private:
  static constexpr std::size_t kLineFloats = 16;

  float* base_;
  std::size_t used_ = 0;
};

}  // namespace glucose
