// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstddef>
#include <span>

namespace glucose {

/// What the spread of gains is taken about. Their mean is the usual one. About zero, as if there were no gain, is the
/// stricter with few pairs: for the best of several that were tried on the same pairs.
enum class Spread { about_mean, about_zero };

/// What pairs of errors say, one pair after the other, whatever their unit: whether the one is smaller beyond chance.
class PairedSums {
 public:
  /// in: how much smaller the error is, in the errors' unit
  void add(double gain);
  std::size_t pairs() const { return n_; }
  double gain() const { return sum_; }
  /// Whether all gains together are more than two standard errors of their sum above 0: less may well be luck. The
  /// spread about the mean is with n - 1 (Welford 1962); never of fewer than two pairs.
  bool beyond_chance(Spread spread = Spread::about_mean) const { return beyond(2, spread); }
  /// The same of so many standard errors.
  bool beyond(double standard_errors, Spread spread = Spread::about_mean) const;

 private:
  std::size_t n_ = 0;
  double sum_ = 0, mean_ = 0;               // of the gains
  double about_mean_ = 0, about_zero_ = 0;  // their squares
};

/// Which of several to take that were tried on the same pairs. in: what each gains over the usual one · out: the one
/// that gains most, if beyond chance, else the usual one
std::size_t most_gained(std::span<const PairedSums> gains, std::size_t usual);

/// Whether a's errors [N] are smaller than b's beyond chance, pair by pair.
bool better_beyond_chance(std::span<const double> a, std::span<const double> b);

}  // namespace glucose
