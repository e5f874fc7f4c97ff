// SPDX-License-Identifier: PostgreSQL
// Simulated persons in whom nothing is different, and what is planted into them.
#pragma once
#include <algorithm>
#include <cmath>

#include "core/seeing/patterns.hpp"
#include "core/simulation/simulate.hpp"

namespace glucose {

/// As far as patterns look at a meal.
inline Meal pattern_meal(Micros at, MealType type) {
  return {{}, at, {}, type, {}};
}

/// What is made higher.
enum class Planted { nothing, mornings, breakfasts, weekends, after_steps };

/// Days of a simulated person, with readings, meals and a watch. Each day is turned by so many hours as is drawn for
/// it, its meals with it, kinds of meals are dealt anew within the day, and the first day may be any of the week: what
/// the readings are like, from minute to minute and from day to day, stays; no time, kind or day is unlike another.
class PatternlessPerson {
 public:
  PatternlessPerson(std::uint64_t seed, int days, Profile profile) : random_(seed ^ 0x5eed), days_(days) {
    Simulator simulator(seed, days, profile);
    while (!simulator.done()) simulator.step();
    for (int d = 0; d < days; ++d) turned_.push_back(random_.below(24 * 12) * 5 * kMinute);
    for (const Reading& r : simulator.readings())
      if (r.measured_at >= 0 && r.measured_at < days * kDay) samples_.push_back({turn(r.measured_at), r.mg_dl});
    for (const SimulatedMeal& m : simulator.meals())
      if (m.eaten_at >= 0 && m.eaten_at < days * kDay) meals_.push_back(pattern_meal(turn(m.eaten_at), m.type));
    std::sort(samples_.begin(), samples_.end(), [](const SensorValue& a, const SensorValue& b) { return a.at < b.at; });
    std::sort(meals_.begin(), meals_.end(), [](const Meal& a, const Meal& b) { return a.eaten_at < b.eaten_at; });
    deal_kinds();
    for (int k = 0; k <= days * kDayParts; ++k) parts_.push_back(k * kDay / kDayParts);
    first_day_ = static_cast<std::int32_t>(random_.below(7));
    take_values(simulator.values());
  }

  void plant(Planted what, float mg_dl) {
    for (SensorValue& s : samples_)
      if (is_planted(what, s.at)) s.mg_dl += mg_dl;
  }

  std::vector<Pattern> patterns() {
    const Stretch stretch = stretch_of(samples_);
    DaysSeen seen{first_day_, parts_, &stretch, meals_, {}};
    for (std::size_t m = 0; m < before_.size(); ++m) seen.before[m] = before_[m];
    return patterns_of(seen);
  }

  static bool is_it(const Pattern& p, Planted what) {
    switch (what) {
      case Planted::nothing:
        return false;
      case Planted::mornings:
        return p.kind == PatternKind::time_of_day && (p.what == 1 || p.than == 1);
      case Planted::breakfasts:
        return p.kind == PatternKind::meal_type && (p.what == 0 || p.than == 0);
      case Planted::weekends:
        return p.kind == PatternKind::weekday && p.what == kWeekend;
      case Planted::after_steps:
        return p.kind == PatternKind::after_effect && p.what == most_of(1);
    }
    return false;
  }

 private:
  Micros turn(Micros at) const {
    const Micros day = at / kDay;
    return day * kDay + (at + turned_[static_cast<std::size_t>(day)]) % kDay;
  }

  void deal_kinds() {
    for (std::size_t i = 0; i < meals_.size();) {
      std::size_t end = i;
      std::vector<MealType> kinds;
      for (; end < meals_.size() && meals_[end].eaten_at / kDay == meals_[i].eaten_at / kDay; ++end)
        kinds.push_back(meals_[end].type);
      random_.shuffle(kinds);
      for (const MealType kind : kinds) meals_[i++].type = kind;
    }
  }

  void take_values(const std::vector<SimulatedValue>& values) {
    for (std::size_t m = 0; m < before_.size(); ++m) {
      before_[m].assign(static_cast<std::size_t>(days_), kUnknown);
      for (const SimulatedValue& v : values) {
        const int day = v.day + kAfterMetrics[m].days_later;
        if (v.metric == kAfterMetrics[m].metric && day >= 0 && day < days_)
          before_[m][static_cast<std::size_t>(day)] = v.value;
      }
    }
    std::vector<float> steps;
    for (const float s : before_[1])
      if (!std::isnan(s)) steps.push_back(s);
    std::sort(steps.begin(), steps.end());
    many_steps_ = steps.empty() ? std::numeric_limits<float>::infinity() : steps[2 * steps.size() / 3];
  }

  bool is_planted(Planted what, Micros at) const {
    const auto day = static_cast<std::size_t>(at / kDay);
    const int weekday = weekday_of(first_day_ + static_cast<std::int32_t>(day));
    switch (what) {
      case Planted::nothing:
        return false;
      case Planted::mornings:
        return at % kDay / (kDay / kDayParts) == 1;
      case Planted::breakfasts:
        return std::any_of(meals_.begin(), meals_.end(), [&](const Meal& m) {
          return m.type == MealType::breakfast && m.eaten_at <= at && at < m.eaten_at + kAfterMeal;
        });
      case Planted::weekends:
        return weekday == 0 || weekday == 6;
      case Planted::after_steps:
        return before_[1][day] >= many_steps_;
    }
    return false;
  }

  Random random_;
  int days_;
  std::int32_t first_day_ = 0;
  float many_steps_ = 0;
  std::vector<Micros> turned_, parts_;
  std::vector<SensorValue> samples_;
  std::vector<Meal> meals_;
  std::array<std::vector<float>, kAfterMetrics.size()> before_;
};

}  // namespace glucose
