// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "core/base/random.hpp"

namespace glucose {

/// Dropout of one training call: each output of a layer, towards the layer above or the dense one, is zero with
/// probability `rate` and else divided by 1 - rate; never the recurrent connections (Zaremba et al. 2014).
struct LstmDropout {
  float rate = 0;         // [0, 1); 0 is off
  Random* rng = nullptr;  // advanced by the call; the same state gives the same masks
};

/// Two decisions of 32 bits from each draw, whichever units and steps they are for.
class Coin {
 public:
  explicit Coin(LstmDropout dropout)
      : rng_(dropout.rng),
        kept_(1.0F / (1.0F - dropout.rate)),
        threshold_(static_cast<std::uint32_t>(std::ldexp(static_cast<double>(dropout.rate), 32))) {}
  void begin() { has_half_ = false; }
  float toss() {
    if (!has_half_) bits_ = rng_->bits();
    has_half_ = !has_half_;
    const auto now = static_cast<std::uint32_t>(has_half_ ? bits_ >> 32 : bits_);
    return now < threshold_ ? 0.0F : kept_;
  }

 private:
  Random* rng_;
  float kept_;
  std::uint32_t threshold_;
  std::uint64_t bits_ = 0;
  bool has_half_ = false;
};

/// A mask in panels of so many rows, of units filled up to `padded`. Unit by unit, then column by column (sample by
/// sample and step by step): at every CPU level the same units are dropped, wherever its panels have them. Units that
/// fill up a panel are masked.
inline void draw_mask(Coin& coin, std::size_t units, std::size_t padded, std::size_t rows, std::size_t columns,
                      float* mask) {
  if (units < padded) std::fill_n(mask, padded * columns, 0.0F);
  coin.begin();
  for (std::size_t c = 0; c < columns; ++c)
    for (std::size_t first = 0; first < units; first += rows)
      for (std::size_t r = 0; r < std::min(rows, units - first); ++r)
        mask[first * columns + c * rows + r] = coin.toss();
}

}  // namespace glucose
