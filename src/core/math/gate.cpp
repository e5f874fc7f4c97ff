// SPDX-License-Identifier: PostgreSQL
#include "core/math/gate.hpp"

#include <cmath>

namespace glucose {

void PairedSums::add(double gain) {
  ++n_;
  sum_ += gain;
  const double off = gain - mean_;
  mean_ += off / static_cast<double>(n_);
  about_mean_ += off * (gain - mean_);
  about_zero_ += gain * gain;
}

bool PairedSums::beyond(double standard_errors, Spread spread) const {
  const auto n = static_cast<double>(n_);
  if (n_ < 2 || !(sum_ > 0)) return false;
  return sum_ > standard_errors * std::sqrt(spread == Spread::about_zero ? about_zero_ : about_mean_ * n / (n - 1));
}

std::size_t most_gained(std::span<const PairedSums> gains, std::size_t usual) {
  std::size_t best = usual;
  double most = 0;
  for (std::size_t i = 0; i < gains.size(); ++i)
    if (gains[i].gain() > most) most = gains[i].gain(), best = i;
  return gains[best].beyond_chance() ? best : usual;
}

bool better_beyond_chance(std::span<const double> a, std::span<const double> b) {
  PairedSums sums;
  for (std::size_t i = 0; i < a.size(); ++i) sums.add(b[i] - a[i]);
  return sums.beyond_chance();
}

}  // namespace glucose
