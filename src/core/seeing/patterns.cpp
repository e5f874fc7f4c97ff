// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/patterns.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <utility>

#include "core/days/glucose_day.hpp"
#include "core/math/correlation.hpp"

namespace glucose {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int kAround = 3, kNear = 7;  // days

/// Readings of some time, by what they cover.
struct Level {
  double sum = 0;
  Micros covered = 0;

  void add(const StretchPoint& p) {
    sum += p.mg_dl * static_cast<double>(p.covers);
    covered += p.covers;
  }
  double mean_of(Micros time) const {
    return static_cast<double>(covered) >= kDayCovered * static_cast<double>(time) && covered > 0
               ? sum / static_cast<double>(covered)
               : kNan;
  }
};

/// Means of the days, mg/dL, NaN where too little of one is covered.
struct DayMeans {
  std::vector<std::array<double, kDayParts>> parts;   // [D]
  std::vector<double> days;                           // [D]
  std::vector<std::array<double, kMealTypes>> meals;  // [D] after the meals of a kind
};

void add_parts(const DaysSeen& seen, DayMeans& means) {
  std::vector<Level> levels(seen.parts.size() - 1);
  std::size_t part = 0;
  for (const StretchPoint& p : seen.stretch->points) {
    if (p.at < seen.parts.front() || p.at >= seen.parts.back()) continue;
    while (p.at >= seen.parts[part + 1]) ++part;
    levels[part].add(p);
  }
  for (std::size_t d = 0; d < means.days.size(); ++d) {
    Level day;
    for (std::size_t k = 0; k < kDayParts; ++k) {
      const std::size_t i = d * kDayParts + k;
      means.parts[d][k] = levels[i].mean_of(seen.parts[i + 1] - seen.parts[i]);
      day.sum += levels[i].sum, day.covered += levels[i].covered;
    }
    means.days[d] = day.mean_of(seen.parts[(d + 1) * kDayParts] - seen.parts[d * kDayParts]);
  }
}

double mean_after(const Stretch& stretch, Micros at) {
  Level level;
  for (const StretchPoint& p : stretch.between(at, at + kAfterMeal)) level.add(p);
  return level.mean_of(kAfterMeal);
}

void add_meals(const DaysSeen& seen, DayMeans& means) {
  std::vector<std::array<int, kMealTypes>> counted(means.days.size());
  for (auto& day : means.meals) day.fill(0);
  for (const Meal& meal : seen.meals) {
    const auto part = std::upper_bound(seen.parts.begin(), seen.parts.end(), meal.eaten_at) - seen.parts.begin() - 1;
    const double mean = mean_after(*seen.stretch, meal.eaten_at);
    if (part < 0 || part >= static_cast<std::ptrdiff_t>(seen.parts.size()) - 1 || std::isnan(mean)) continue;
    const auto day = static_cast<std::size_t>(part / kDayParts), type = static_cast<std::size_t>(meal.type);
    means.meals[day][type] += mean;
    ++counted[day][type];
  }
  for (std::size_t d = 0; d < counted.size(); ++d)
    for (std::size_t t = 0; t < kMealTypes; ++t)
      means.meals[d][t] = counted[d][t] > 0 ? means.meals[d][t] / counted[d][t] : kNan;
}

DayMeans means_of(const DaysSeen& seen) {
  const auto D = static_cast<std::size_t>(seen.n());
  DayMeans means{std::vector<std::array<double, kDayParts>>(D), std::vector<double>(D),
                 std::vector<std::array<double, kMealTypes>>(D)};
  if (D == 0) return means;
  add_parts(seen, means);
  add_meals(seen, means);
  return means;
}

/// What is asked, as it comes together.
struct Asked {
  std::vector<Pattern> all;

  void ask(PatternKind kind, int what, int than, const std::vector<double>& differences) {
    if (differences.size() >= kFewestPatternPairs)
      all.push_back({kind, what, than, paired_shift(differences), kNan, false});
  }
  /// Of two of a kind the higher is said to be higher than the other.
  void ask_either(PatternKind kind, int what, int than, const std::vector<double>& differences) {
    const std::size_t was = all.size();
    ask(kind, what, than, differences);
    if (all.size() == was || !(all.back().shift.difference < 0)) return;
    std::swap(all.back().what, all.back().than);
    all.back().shift = reversed(all.back().shift);
  }
};

template <std::size_t N>
void ask_within_days(Asked& asked, PatternKind kind, const std::vector<std::array<double, N>>& days) {
  for (std::size_t a = 0; a < N; ++a)
    for (std::size_t b = a + 1; b < N; ++b) {
      std::vector<double> differences;
      for (const auto& day : days)
        if (!std::isnan(day[a]) && !std::isnan(day[b])) differences.push_back(day[a] - day[b]);
      asked.ask_either(kind, static_cast<int>(a), static_cast<int>(b), differences);
    }
}

/// A mean of days that are known.
struct MeanOfDays {
  double sum = 0;
  int n = 0;
  void add(double day) {
    if (!std::isnan(day)) sum += day, ++n;
  }
  double mean() const { return n > 0 ? sum / n : kNan; }
};

constexpr bool is_weekend(int weekday) {
  return weekday == 0 || weekday == 6;
}

// Each Monday, say, with the days around it: of three days before and after, no two Mondays share one.
void ask_one_weekday(Asked& asked, const DaysSeen& seen, const std::vector<double>& days, int weekday) {
  std::vector<double> differences;
  for (int d = 0; d < seen.n(); ++d) {
    if (weekday_of(seen.first_day + d) != weekday) continue;
    MeanOfDays around;
    for (int k = std::max(0, d - kAround); k <= std::min(seen.n() - 1, d + kAround); ++k)
      if (k != d) around.add(days[static_cast<std::size_t>(k)]);
    const double difference = days[static_cast<std::size_t>(d)] - around.mean();
    if (!std::isnan(difference)) differences.push_back(difference);
  }
  asked.ask(PatternKind::weekday, weekday, kDaysAround, differences);
}

// Each weekend with the workdays around it, Thursday to Tuesday, so that no two share one.
void ask_weekends(Asked& asked, const DaysSeen& seen, const std::vector<double>& days) {
  std::vector<double> differences;
  for (int saturday = -1; saturday < seen.n(); ++saturday) {
    if (weekday_of(seen.first_day + saturday) != 6) continue;
    MeanOfDays free, work;
    for (int d = std::max(0, saturday - 2); d <= std::min(seen.n() - 1, saturday + 3); ++d)
      (is_weekend(weekday_of(seen.first_day + d)) ? free : work).add(days[static_cast<std::size_t>(d)]);
    const double difference = free.mean() - work.mean();
    if (!std::isnan(difference)) differences.push_back(difference);
  }
  asked.ask(PatternKind::weekday, kWeekend, kWorkdays, differences);
}

// The thirds of the days with the least and with the most; of a metric that is mostly 0, all days with any are the
// most.
std::pair<std::vector<int>, std::vector<int>> thirds_of(std::span<const float> metric,
                                                        const std::vector<double>& days) {
  std::vector<float> known;
  for (std::size_t d = 0; d < metric.size(); ++d)
    if (!std::isnan(metric[d]) && !std::isnan(days[d])) known.push_back(metric[d]);
  std::pair<std::vector<int>, std::vector<int>> thirds;
  if (known.size() < 2 * kFewestPatternPairs) return thirds;
  std::sort(known.begin(), known.end());
  const float low = known[known.size() / 3], high = known[2 * known.size() / 3];
  for (std::size_t d = 0; d < metric.size(); ++d) {
    if (std::isnan(metric[d]) || std::isnan(days[d])) continue;
    if (metric[d] <= low)
      thirds.first.push_back(static_cast<int>(d));
    else if (metric[d] >= high)
      thirds.second.push_back(static_cast<int>(d));
  }
  return thirds;
}

// Each day of the fewer, in order, with the nearest of the others that is still free, the earlier of two.
std::vector<std::pair<int, int>> nearest_pairs(const std::vector<int>& fewer, std::vector<int> others) {
  std::vector<std::pair<int, int>> pairs;
  for (const int day : fewer) {
    const auto nearest = std::min_element(others.begin(), others.end(),
                                          [&](int a, int b) { return std::abs(a - day) < std::abs(b - day); });
    if (nearest == others.end() || std::abs(*nearest - day) > kNear) continue;
    pairs.emplace_back(day, *nearest);
    others.erase(nearest);
  }
  return pairs;
}

// Near in time, since a week of another sensor or of a cold is unlike the next in more than what is asked.
void ask_after(Asked& asked, std::size_t m, std::span<const float> metric, const std::vector<double>& days) {
  const auto [least, most] = thirds_of(metric, days);
  const bool least_are_fewer = least.size() <= most.size();
  std::vector<double> differences;
  for (const auto& [a, b] : least_are_fewer ? nearest_pairs(least, most) : nearest_pairs(most, least)) {
    const double difference = days[static_cast<std::size_t>(a)] - days[static_cast<std::size_t>(b)];
    differences.push_back(least_are_fewer ? -difference : difference);
  }
  asked.ask(PatternKind::after_effect, most_of(m), least_of(m), differences);
}

void judge(std::vector<Pattern>& all) {
  std::vector<double> p_values;
  p_values.reserve(all.size());
  for (const Pattern& p : all) p_values.push_back(p.shift.p_value);
  const std::vector<double> rates = false_discovery_rates(p_values);
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].rate = rates[i];
    all[i].is_found = rates[i] <= kFalsePatterns && std::abs(all[i].shift.difference) >= kLeastPattern;
  }
  const auto key = [](const Pattern& p) {
    return std::tuple(!p.is_found, -std::abs(p.shift.difference), p.kind, p.what, p.than);
  };
  std::sort(all.begin(), all.end(), [&](const Pattern& a, const Pattern& b) { return key(a) < key(b); });
}

}  // namespace

std::vector<Pattern> patterns_of(const DaysSeen& seen) {
  const DayMeans means = means_of(seen);
  Asked asked;
  ask_within_days(asked, PatternKind::time_of_day, means.parts);
  ask_within_days(asked, PatternKind::meal_type, means.meals);
  ask_weekends(asked, seen, means.days);
  for (int weekday = 0; weekday < 7; ++weekday) ask_one_weekday(asked, seen, means.days, weekday);
  for (std::size_t m = 0; m < seen.before.size(); ++m)
    if (seen.before[m].size() == means.days.size()) ask_after(asked, m, seen.before[m], means.days);
  judge(asked.all);
  return asked.all;
}

}  // namespace glucose
