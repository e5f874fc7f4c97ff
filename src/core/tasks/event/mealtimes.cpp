// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/mealtimes.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/readings/time_grid.hpp"

namespace glucose {

namespace {

constexpr Micros kSlot = kEventStepMin * kMinute, kHour = 60 * kMinute, kMonth = 30 * kDay;
constexpr double kLeastCovered = 0.7;
constexpr float kHigh = 180, kLow = 70;
constexpr int kFewestMeals = 5;

/// The last one that was known at a moment; null: none was.
const Reading* newest_known(std::span<const Reading> readings, Micros at) {
  for (auto r = readings.rbegin(); r != readings.rend(); ++r)
    if (r->recorded_at <= at) return &*r;
  return nullptr;
}

/// Of readings that were known at a moment.
struct Sums {
  int n = 0, high = 0, low = 0;
  double sum = 0, squares = 0;
  float least = 0, most = 0;

  Sums(std::span<const Reading> readings, Micros as_of) {
    for (const Reading& r : readings) {
      if (r.recorded_at > as_of) continue;
      const auto v = static_cast<double>(r.mg_dl);
      least = n == 0 ? r.mg_dl : std::min(least, r.mg_dl);
      most = n == 0 ? r.mg_dl : std::max(most, r.mg_dl);
      ++n;
      high += r.mg_dl > kHigh;
      low += r.mg_dl < kLow;
      sum += v;
      squares += v * v;
    }
  }
  float mean() const { return n == 0 ? kUnknown : static_cast<float>(sum / n); }
  float spread() const {
    return n < 2 ? kUnknown : static_cast<float>(std::sqrt(std::max(0.0, (squares - sum * sum / n) / (n - 1))));
  }
  float share(int of) const { return n == 0 ? kUnknown : static_cast<float>(of) / static_cast<float>(n); }
};

float clock_wave(const LocalClock& clock, int times, bool cosine) {
  const double angle = 2 * std::numbers::pi * times * clock.minute_of_day / (24 * 60);
  return static_cast<float>(cosine ? std::cos(angle) : std::sin(angle));
}

}  // namespace

std::span<const Reading> Mealtimes::between(Micros after, Micros until) const {
  return readings_within(readings_, after, until);
}

EventTruth Mealtimes::outcome(Micros eaten_at, Micros as_of) const {
  const auto after = between(eaten_at, eaten_at + rule_.horizon_min * kMinute);
  const Sums sums(after, as_of);
  int slots = 0;
  Micros last = -1;
  for (const Reading& r : after) {
    const Micros slot = (r.measured_at - eaten_at - 1) / kSlot;
    if (r.recorded_at <= as_of && slot != last) ++slots, last = slot;
  }
  if (sums.n == 0 || slots < kLeastCovered * rule_.horizon_min / kEventStepMin) return std::nullopt;
  return event_truth(rule_, [&](const EventComparison& c, int) {
    return EventTruth(c.holds(c.statistic == EventStatistic::min   ? sums.least
                              : c.statistic == EventStatistic::max ? sums.most
                                                                   : sums.mean()));
  });
}

EventTruth Mealtimes::now(Micros at) const {
  const Reading* newest = newest_known(between(at - kReachOfReading - 1, at), at);
  if (newest == nullptr) return std::nullopt;
  return event_truth(rule_, [&](const EventComparison& c, int) { return EventTruth(c.holds(newest->mg_dl)); });
}

void Mealtimes::add_readings(Micros at, EventLook& look) const {
  float* x = look.x.data();
  const auto near = between(at - kHour, at);
  if (const Reading* newest = newest_known(near, at)) {
    x[kLastReading] = newest->mg_dl;
    x[kReadingAge] = static_cast<float>(static_cast<double>(at - newest->measured_at) / kMinute);
  }
  const auto value = [&](Micros before) { return glucose_at(readings_, at - before, at); };
  x[kSlope15] = x[kLastReading] - value(kSlot);
  x[kSlope30] = x[kLastReading] - value(2 * kSlot);
  x[kSlope60] = x[kLastReading] - value(4 * kSlot);
  const Sums hour(near, at), three(between(at - 3 * kHour, at), at), day(between(at - kDay, at), at);
  x[kMeanHour] = hour.mean(), x[kSpreadHour] = hour.spread();
  x[kMeanThree] = three.mean(), x[kSpreadThree] = three.spread();
  if (three.n > 0) x[kMinThree] = three.least, x[kMaxThree] = three.most;
  x[kMeanDay] = day.mean(), x[kSpreadDay] = day.spread();
  const Sums month(between(at - kMonth, at), at);
  x[kMonthMean] = month.mean(), x[kMonthSpread] = month.spread();
  x[kMonthHigh] = month.share(month.high), x[kMonthLow] = month.share(month.low);
  for (int step = 0; step < columns_.steps; ++step) x[kEventMealColumns + step] = value(step * kSlot);
}

void Mealtimes::add_meal(const Meal& meal, EventLook& look) const {
  float* x = look.x.data();
  const Nutrition& n = meal.nutrition;
  x[kMealCalories] = n.calories, x[kMealCarbs] = n.carbs_g, x[kMealProtein] = n.protein_g;
  x[kMealFat] = n.fat_g, x[kMealFiber] = n.fiber_g;
  x[kHourSin] = clock_wave(meal.clock, 1, false), x[kHourCos] = clock_wave(meal.clock, 1, true);
  x[kTwiceHourSin] = clock_wave(meal.clock, 2, false), x[kTwiceHourCos] = clock_wave(meal.clock, 2, true);
  for (int type = 0; type < kMealTypes; ++type)
    x[kBreakfast + type] = static_cast<int>(meal.type) == type ? 1.0F : 0.0F;
}

void Mealtimes::add_earlier(const Meal& meal, EventLook& look) const {
  float* x = look.x.data();
  const Micros at = meal.eaten_at;
  std::array<int, 2> n{}, yes{};  // of all meals, of the same type
  double carbs = 0;
  int with_carbs = 0;
  float lately = 0;
  for (const Meal& other : meals()) {
    if (other.eaten_at >= at) break;
    if (other.eaten_at < at - kMonth) continue;
    x[kSinceMeal] = static_cast<float>(std::min(static_cast<double>(at - other.eaten_at) / kMinute, 24.0 * 60));
    if (!std::isnan(other.nutrition.carbs_g)) {
      carbs += static_cast<double>(other.nutrition.carbs_g);
      ++with_carbs;
      if (at - other.eaten_at <= 3 * kHour) lately += other.nutrition.carbs_g;
    }
    if (other.eaten_at + rule_.horizon_min * kMinute > at) continue;
    if (const EventTruth truth = outcome(other.eaten_at, at))
      for (std::size_t same = 0; same <= (other.type == meal.type ? 1U : 0U); ++same) {
        ++n[same];
        yes[same] += *truth;
      }
  }
  x[kCarbsThree] = lately;
  if (with_carbs >= kFewestMeals && carbs > 0)
    x[kCarbsToUsual] = static_cast<float>(static_cast<double>(meal.nutrition.carbs_g) * with_carbs / carbs);
  if (n[0] >= kFewestMeals) x[kMealRate] = static_cast<float>(yes[0]) / static_cast<float>(n[0]);
  if (n[1] >= kFewestMeals) x[kMealTypeRate] = static_cast<float>(yes[1]) / static_cast<float>(n[1]);
}

void Mealtimes::add_sequence(const Meal& meal, EventLook& look) const {
  const Micros at = meal.eaten_at;
  for (int step = 0; step < columns_.steps; ++step) {
    float* s = &look.sequence[static_cast<std::size_t>((columns_.steps - 1 - step) * kEventMealStep)];
    s[0] = look.x[static_cast<std::size_t>(kEventMealColumns + step)];
    s[1] = 0;
    const float* x = look.x.data();
    const std::array<float, 7> same{x[kMealCalories], x[kMealCarbs], x[kMealProtein], x[kMealFat],
                                    x[kMealFiber],    x[kHourSin],   x[kHourCos]};
    std::copy(same.begin(), same.end(), s + 2);
  }
  for (const Meal& other : meals()) {
    const Micros before = at - other.eaten_at;
    if (before <= 0 || before >= columns_.steps * kSlot || std::isnan(other.nutrition.carbs_g)) continue;
    const auto step = static_cast<std::size_t>(columns_.steps - 1 - static_cast<int>(before / kSlot));
    look.sequence[step * kEventMealStep + 1] += other.nutrition.carbs_g;
  }
}

EventLook Mealtimes::look(const Meal& meal) const {
  EventLook look;
  look.x.assign(columns_.columns(), kUnknown);
  look.sequence.assign(columns_.sequence_size(), kUnknown);
  add_readings(meal.eaten_at, look);
  add_meal(meal, look);
  add_earlier(meal, look);
  add_sequence(meal, look);
  look.state = state_of(now(meal.eaten_at));
  return look;
}

}  // namespace glucose
