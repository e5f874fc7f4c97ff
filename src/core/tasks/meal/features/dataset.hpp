// SPDX-License-Identifier: PostgreSQL
// Shapes: N samples, K horizons.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "core/tasks/meal/features/timeline.hpp"
#include "core/training/options.hpp"
#include "core/training/rows.hpp"

namespace glucose {

/// What glucose does after a meal, whatever the horizons: every 15 minutes to 180.
inline constexpr int kCurveStepMin = 15;
inline constexpr int kCurveSteps = 12;  // C
inline constexpr int kCurveMin = kCurveStepMin * kCurveSteps;

using CurveOutcomes = std::array<float, kCurveSteps>;
constexpr CurveOutcomes unknown_curve() {
  CurveOutcomes curve;
  curve.fill(kUnknown);
  return curve;
}

/// One meal: what was known when it was eaten, and what happened at each horizon.
struct Sample : Moment {
  std::array<std::uint8_t, 16> meal_id;
  std::array<float, kMaxHorizons> targets;  // [K] mg/dL
  CurveOutcomes curve = unknown_curve();    // [C] mg/dL at 15, 30 … 180 minutes, NaN: not known
};
static_assert(std::is_trivially_copyable_v<Sample>);

using Samples = std::span<const Sample>;
using SampleRefs = std::span<const Sample* const>;
std::vector<const Sample*> refs_of(Samples rows);

/// Whether the outcome at each of the first K horizons is known.
bool all_known(const Sample& sample, std::size_t horizons);

/// How many samples, in time order, belong to each split: 70/15/15, test and validation rounded down; meals of one
/// moment stay together, in the earlier split.
struct SplitSizes {
  int train = 0, validation = 0, test = 0;
  int total() const { return train + validation + test; }
  Split of(int row) const {
    return row < train ? Split::train : row < train + validation ? Split::validation : Split::test;
  }
};
SplitSizes split_sizes(Samples samples);

/// The first row from `wanted` on that begins a new moment, so that meals of one moment are not torn apart.
std::size_t moment_boundary(Samples samples, std::size_t wanted);

/// Whether there is any glucose to start from.
bool has_glucose(const Moment& moment);

/// A meal's sample, with the outcomes that were known at `as_of`; none when fewer than `least` of them are known.
std::optional<Sample> sample_of(const Meal& meal, const Timeline& timeline, std::span<const Reading> readings,
                                std::span<const int> horizons_min, std::size_t least, Micros as_of);

/// Builds samples one meal at a time, so that the caller can poll for interrupts in between.
/// in: one person's meals and readings, sorted by time, reaching 31 days further back than the first meal wanted;
/// horizons [K] in minutes · a meal without an outcome at every horizon, or without any glucose to start from, is
/// skipped (not usable) · the spans must outlive the builder
/// With `as_of`, outcomes are those known by then, and one of them is enough: the others are NaN.
class DatasetBuilder {
 public:
  DatasetBuilder(std::span<const Meal> meals, std::span<const Reading> readings, std::span<const int> horizons_min,
                 Micros start_at, Micros end_at, std::optional<Micros> as_of = std::nullopt);
  bool done() const { return next_ == meals_.size(); }
  void step();
  std::vector<Sample> take() { return std::move(samples_); }
  /// Meals of the period so far, and those of them that have an outcome and readings before them of which none was
  /// recorded by then: as of an import that does not say when it was measured.
  int meals() const { return of_period_; }
  int known_too_late() const { return too_late_; }

 private:
  std::span<const Meal> meals_;
  std::span<const Reading> readings_;
  std::vector<int> horizons_min_;
  Micros start_at_, end_at_;
  std::optional<Micros> as_of_;
  Timeline timeline_;
  std::size_t next_ = 0;
  int of_period_ = 0, too_late_ = 0;
  std::vector<Sample> samples_;
};

}  // namespace glucose
