// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cmath>
#include <limits>

namespace glucose {

/// Mean and SD of values that count differently, in one pass. With equal weights the SD is that of a sample (n - 1);
/// else the weighted mean square, times n / (n - 1). Source: West, Commun ACM 1979;22:532.
class Weighed {
 public:
  void add(double value, double weight) {
    if (!(weight > 0)) return;
    ++n_;
    sum_ += weight;
    const double away = value - mean_;
    mean_ += away * weight / sum_;
    squares_ += weight * away * (value - mean_);
  }
  double mean() const { return n_ > 0 ? mean_ : std::numeric_limits<double>::quiet_NaN(); }
  double sd() const {
    return n_ > 1 ? std::sqrt(squares_ / sum_ * n_ / (n_ - 1.0)) : std::numeric_limits<double>::quiet_NaN();
  }

 private:
  double n_ = 0, sum_ = 0, mean_ = 0, squares_ = 0;
};

}  // namespace glucose
