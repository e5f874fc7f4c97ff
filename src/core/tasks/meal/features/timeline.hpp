// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <deque>
#include <span>

#include "core/base/types.hpp"
#include "core/tasks/meal/features/feature_schema.hpp"
#include "core/tasks/meal/features/rich_features.hpp"

namespace glucose {

/// What is known when a meal is eaten, in both feature schemas.
struct Moment {
  Micros eaten_at;
  FeatureVector features;  // 'meal28/1'
  RichVector rich;         // 'meal/2'
  double doubt_mg_dl = 0;  // in quadrature to the scale of the intervals, by judge(); no padding
};
static_assert(std::is_trivially_copyable_v<Moment>);

/// Walks along a person's meals and says of each what was known when it was eaten: nothing measured or recorded later,
/// and of earlier meals only the outcomes known by then.
class Timeline {
 public:
  /// meals, readings: one person's, sorted by time, reaching 31 days further back than the first moment asked for; they
  /// must outlive the timeline
  Timeline(std::span<const Meal> meals, std::span<const Reading> readings)
      : meals_(meals), readings_(readings), alike_(readings) {}

  /// Of one of the meals, or of a meal that is not among them. Call in time order.
  Moment moment(const Meal& meal);

 private:
  void walk_to(Micros at);

  std::span<const Meal> meals_;
  std::span<const Reading> readings_;
  Analogues alike_;
  std::size_t next_ = 0;             // of meals_: the first not yet among the earlier ones
  std::deque<EarlierMeal> earlier_;  // of the 30 days before
};

}  // namespace glucose
