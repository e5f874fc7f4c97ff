// SPDX-License-Identifier: PostgreSQL
// The feature schema 'meal/2': what the population's and the personal models see of a meal.
#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include "core/types.hpp"

namespace glucose {

inline constexpr std::string_view kRichSchema = "meal/2";
inline constexpr int kRichFeatures = 64;

using RichVector = std::array<float, kRichFeatures>;

struct RichFeatureInfo {
  std::string_view name, unit, source;
};

/// The one table of the schema 'meal/2', in its order. Glucose in mg/dL; unknown is NaN, and indicators say so where
/// being unknown means something.
extern const std::array<RichFeatureInfo, kRichFeatures> kRichTable;

inline constexpr std::array<int, 2> kRecalledHorizonsMin{60, 120};

/// An earlier meal as later ones remember it.
struct EarlierMeal {
  Micros eaten_at;
  MealType type;
  float carbs_g;  // 0 where not known
  bool has_carbs;
  float level;                         // glucose when it was eaten, NaN: unknown
  std::array<float, 2> outcome_mg_dl;  // at kRecalledHorizonsMin, NaN: not known (yet)
};

/// A person's glucose every quarter-hour, to look for moments like the present one.
class Analogues {
 public:
  /// in: readings sorted by time
  explicit Analogues(std::span<const Reading> readings);

  /// Calls body(then, start, value_at) for each quarter-hour of the 30 days before `at` whose glucose was known at
  /// `at`; value_at(t) is glucose at t, NaN where not known at `at`.
  template <class Body>
  void visit(Micros at, Body&& body) const {
    const auto value_at = [&](Micros t) { return known(t, at); };
    const Micros first = std::max(start_, at - 30 * kDay);
    for (auto i = static_cast<std::size_t>((first - start_ + kStep - 1) / kStep); i < points_.size(); ++i) {
      const Micros then = start_ + static_cast<Micros>(i) * kStep;
      if (then > at) break;
      if (const float start = known(then, at); !std::isnan(start)) body(then, start, value_at);
    }
  }

 private:
  static constexpr Micros kStep = 15 * kMinute;
  struct Point {
    float mg_dl;      // linear between readings at most 15 minutes away on both sides, NaN: not known
    Micros known_at;  // when the later of the two was there
  };
  float known(Micros t, Micros at) const {
    const Micros steps = (t - start_) / kStep;
    if (t < start_ || steps >= static_cast<Micros>(points_.size())) return kUnknown;
    const Point& p = points_[static_cast<std::size_t>(steps)];
    return p.known_at <= at ? p.mg_dl : kUnknown;
  }

  Micros start_ = 0;
  std::vector<Point> points_;
};

/// All columns at `meal.eaten_at`. readings: reaching back 30 days, nothing later than the meal is used ·
/// earlier: the meals before it, of at most 30 days, with the outcomes known by then · carbs_same_moment: g, of other
/// meals logged at the same moment · Source of the gamma curve of absorption: Hovorka et al. 2004 (two
/// compartments), time constants 30 and 50 minutes.
RichVector rich_features(const Meal& meal, std::span<const Reading> readings, const Analogues& alike,
                         const std::deque<EarlierMeal>& earlier, float carbs_same_moment);

}  // namespace glucose
