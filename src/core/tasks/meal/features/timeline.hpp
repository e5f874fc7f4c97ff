// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <limits>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/readings/level_sums.hpp"
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

/// How many of the meals, sorted by time, were eaten before a moment.
std::size_t meals_before(std::span<const Meal> meals, Micros at);

/// When every reading that may speak for a moment has come, recorded late or not.
Micros settled_at(std::span<const Reading> readings, Micros moment);

/// A person's meals and readings, to say of any moment what was known then: nothing measured or recorded later, and of
/// earlier meals only the outcomes known by then. What does not depend on the moment is worked out once, and kept when
/// rows are added.
class Timeline {
 public:
  Timeline() = default;
  /// meals, readings: one person's, sorted by time, reaching 31 days further back than the first moment asked for; they
  /// must outlive the timeline
  Timeline(std::span<const Meal> meals, std::span<const Reading> readings) {
    extend(meals, readings, std::numeric_limits<Micros>::min());
  }
  /// The same with other rows: all up to `complete` are those of the call before.
  void extend(std::span<const Meal> meals, std::span<const Reading> readings, Micros complete);

  /// Of one of the meals, or of a meal that is not among them. issues: what is wrong with its readings, by judge()
  Moment moment(const Meal& meal, std::uint8_t* issues = nullptr) const;
  /// As if there were only the first n meals and, when it is given, one more after them, as far as it was eaten.
  Moment moment(const Meal& meal, std::size_t n, const Meal* last, std::uint8_t* issues) const;

 private:
  /// A meal as later ones will remember it, and from when on they do.
  struct Past {
    EarlierMeal meal;  // with what is known of its outcomes in the end
    std::array<Micros, kRecalledHorizonsMin.size()> settled_at;
  };
  Past past(const Meal& meal) const;
  std::vector<EarlierMeal> earlier(Micros at, std::size_t n, const Meal* last) const;
  void put_outcomes(Past& past, Micros at) const;

  std::span<const Meal> meals_;
  std::span<const Reading> readings_;
  LevelSums sums_;
  Analogues alike_{std::span<const Reading>()};
  std::vector<Past> past_;  // of each meal
};

}  // namespace glucose
