// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/dataset.hpp"

#include <algorithm>
#include <cmath>

#include "core/readings/time_grid.hpp"
#include "core/tasks/meal/features/features.hpp"

namespace glucose {

namespace {

int boundary(Samples samples, int wanted) {
  return static_cast<int>(moment_boundary(samples, static_cast<std::size_t>(wanted)));
}

constexpr Micros kMeasuredBefore = kHistorySteps * kHistoryStepMin * kMinute;

}  // namespace

bool all_known(const Sample& sample, std::size_t horizons) {
  return std::none_of(sample.targets.begin(), sample.targets.begin() + static_cast<std::ptrdiff_t>(horizons),
                      [](float value) { return std::isnan(value); });
}

std::vector<const Sample*> refs_of(Samples rows) {
  std::vector<const Sample*> refs;
  for (const Sample& row : rows) refs.push_back(&row);
  return refs;
}

std::size_t moment_boundary(Samples samples, std::size_t wanted) {
  while (wanted > 0 && wanted < samples.size() && samples[wanted].eaten_at == samples[wanted - 1].eaten_at) ++wanted;
  return wanted;
}

SplitSizes split_sizes(Samples samples) {
  const int n = static_cast<int>(samples.size());
  const int held_out = n * 15 / 100;
  const int train = boundary(samples, n - 2 * held_out);
  const int until_test = std::max(train, boundary(samples, n - held_out));
  return {train, until_test - train, n - until_test};
}

DatasetBuilder::DatasetBuilder(std::span<const Meal> meals, std::span<const Reading> readings,
                               std::span<const int> horizons_min, Micros start_at, Micros end_at,
                               std::optional<Micros> as_of)
    : meals_(meals),
      readings_(readings),
      horizons_min_(horizons_min.begin(), horizons_min.end()),
      start_at_(start_at),
      end_at_(end_at),
      as_of_(as_of),
      timeline_(meals, readings) {}

bool has_glucose(const Moment& moment) {
  const FeatureVector& x = moment.features;
  return std::any_of(x.begin() + kHistory, x.begin() + kHistory + kHistorySteps,
                     [](float value) { return !std::isnan(value); });
}

std::optional<Sample> sample_of(const Meal& meal, const Timeline& timeline, std::span<const Reading> readings,
                                std::span<const int> horizons_min, std::size_t least, Micros as_of) {
  Sample sample;
  sample.targets.fill(kUnknown);
  std::size_t known = 0;
  for (std::size_t k = 0; k < horizons_min.size(); ++k) {
    sample.targets[k] = outcome_at(readings, meal.eaten_at + horizons_min[k] * kMinute, as_of);
    known += std::isnan(sample.targets[k]) ? 0 : 1;
  }
  if (known < least) return std::nullopt;
  for (std::size_t c = 0; c < sample.curve.size(); ++c)
    sample.curve[c] = outcome_at(readings, meal.eaten_at + static_cast<Micros>(c + 1) * kCurveStepMin * kMinute, as_of);
  static_cast<Moment&>(sample) = timeline.moment(meal);
  sample.meal_id = meal.id;
  return sample;
}

void DatasetBuilder::step() {
  const Meal& meal = meals_[next_++];
  if (meal.eaten_at < start_at_ || meal.eaten_at >= end_at_) return;
  ++of_period_;
  const std::optional<Sample> sample =
      sample_of(meal, timeline_, readings_, horizons_min_, as_of_ ? 1 : horizons_min_.size(),
                as_of_.value_or(std::numeric_limits<Micros>::max()));
  if (!sample) return;
  if (has_glucose(*sample))
    samples_.push_back(*sample);
  else if (was_measured(readings_, meal.eaten_at - kMeasuredBefore, meal.eaten_at))
    ++too_late_;
}

}  // namespace glucose
