// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/rich_features.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "core/base/error.hpp"
#include "core/readings/time_grid.hpp"
#include "core/tasks/meal/features/features.hpp"

namespace glucose {

const std::array<RichFeatureInfo, kRichFeatures> kRichTable{{
    {"level", "mg/dL", "glucose at the meal"},
    {"change_15", "mg/dL", "level minus glucose 15 minutes before"},
    {"change_30", "mg/dL", "level minus glucose 30 minutes before"},
    {"change_60", "mg/dL", "level minus glucose 60 minutes before"},
    {"change_120", "mg/dL", "level minus glucose 120 minutes before"},
    {"above_lowest", "mg/dL", "level minus the lowest of the last three hours"},
    {"above_6h_mean", "mg/dL", "level minus the mean of the last six hours"},
    {"above_day_mean", "mg/dL", "level minus the mean of the last 24 hours"},
    {"above_month_mean", "mg/dL", "level minus the mean of the last 30 days"},
    {"sd_1h", "mg/dL", "SD of the readings of the last hour"},
    {"sd_2h", "mg/dL", "SD of the readings of the last two hours"},
    {"sd_day", "mg/dL", "SD of the readings of the last 24 hours"},
    {"sd_month", "mg/dL", "SD of the readings of the last 30 days"},
    {"gaps", "1", "share of the last three hours' quarter-hours without glucose"},
    {"rhythm_60", "mg/dL", "usual glucose an hour from this time of day, against the 30-day mean"},
    {"above_rhythm_60", "mg/dL", "level against what is usual an hour from this time of day"},
    {"rhythm_change_60", "mg/dL", "usual change over the hour from this time of day"},
    {"rhythm_120", "mg/dL", "usual glucose two hours from this time of day, against the 30-day mean"},
    {"above_rhythm_120", "mg/dL", "level against what is usual two hours from this time of day"},
    {"rhythm_change_120", "mg/dL", "usual change over two hours from this time of day"},
    {"rhythm_doubt", "1", "1 / (1 + earlier days that know this time of day)"},
    {"analogue_change_60", "mg/dL", "mean change over an hour from moments alike: 30 days, time of day, level"},
    {"analogue_change_120", "mg/dL", "mean change over two hours from moments alike"},
    {"analogue_doubt", "1", "2 / (2 + weight of the moments alike)"},
    {"recalled_change_60", "mg/dL", "mean change in the hour after earlier meals, the same type counting more"},
    {"recalled_change_120", "mg/dL", "mean change in the two hours after earlier meals, the same type counting more"},
    {"recalled_level", "mg/dL", "level at earlier meals minus level now, weighted alike"},
    {"recall_doubt", "1", "4 / (4 + weight of the earlier meals recalled)"},
    {"calories", "kcal", "meal.calories"},
    {"carbs", "g", "meal.carbs_g"},
    {"protein", "g", "meal.protein_g"},
    {"fat", "g", "meal.fat_g"},
    {"fiber", "g", "meal.fiber_g"},
    {"log_carbs", "1", "log(1 + carbs)"},
    {"net_carbs_damped", "g", "(carbs - fiber) / (1 + (protein + fat) / 50)"},
    {"net_carbs_ratio", "1", "(carbs - fiber) / (1 + protein + fat)"},
    {"carbs_against_usual", "g", "carbs minus the person's usual for the type of meal"},
    {"log_carbs_against_usual", "1", "log of (carbs + 10) over (usual + 10)"},
    {"carbs_unknown", "0/1", "1 where carbs are not known"},
    {"fat_unknown", "0/1", "1 where fat is not known"},
    {"fiber_unknown", "0/1", "1 where fiber is not known"},
    {"carbs_same_moment", "g", "carbs of other meals logged at the same moment"},
    {"carbs_on_board_30", "g", "carbs of earlier meals still to be absorbed, time constant 30 minutes"},
    {"carbs_on_board_50", "g", "carbs of earlier meals still to be absorbed, time constant 50 minutes"},
    {"absorbed_60_30", "g", "of these, absorbed within an hour, time constant 30 minutes"},
    {"absorbed_60_50", "g", "of these, absorbed within an hour, time constant 50 minutes"},
    {"absorbed_120_30", "g", "of these, absorbed within two hours, time constant 30 minutes"},
    {"absorbed_120_50", "g", "of these, absorbed within two hours, time constant 50 minutes"},
    {"meals_on_board", "1", "earlier meals still being absorbed, time constant 50 minutes"},
    {"hours_since_meal", "h", "hours since the meal before, at most 12"},
    {"log_hours_since_meal", "1", "log(1 + hours since the meal before)"},
    {"meals_last_day", "1", "meals of the last 24 hours"},
    {"day_sin", "1", "clock in person.time_zone, one cycle a day"},
    {"day_cos", "1", "clock in person.time_zone, one cycle a day"},
    {"half_day_sin", "1", "clock in person.time_zone, two cycles a day"},
    {"half_day_cos", "1", "clock in person.time_zone, two cycles a day"},
    {"is_breakfast", "0/1", "meal.meal_type"},
    {"is_lunch", "0/1", "meal.meal_type"},
    {"is_dinner", "0/1", "meal.meal_type"},
    {"is_snack", "0/1", "meal.meal_type"},
    {"above_mean_breakfast", "mg/dL", "above_month_mean at breakfast, else 0"},
    {"above_mean_lunch", "mg/dL", "above_month_mean at lunch, else 0"},
    {"above_mean_dinner", "mg/dL", "above_month_mean at dinner, else 0"},
    {"above_mean_snack", "mg/dL", "above_month_mean at a snack, else 0"},
}};

namespace {

constexpr int kLags = 12;  // quarter-hours
constexpr float kSameType = 1.0F, kOtherType = 0.4F, kRecallPrior = 4.0F;
constexpr float kCarbsPrior = 2.0F;                        // meals that kUsualCarbs counts for
constexpr std::array<float, 2> kAbsorption{30.0F, 50.0F};  // minutes
constexpr double kUsualSd = 25;                            // mg/dL, of whom nothing is known
constexpr double kUsualSdDays = 4;                         // what that counts for
constexpr float kAlikeMinutes = 45.0F, kAlikeLevel = 25.0F, kAlikePrior = 2.0F;

float known_or_zero(float value) {
  return std::isnan(value) ? 0.0F : value;
}

/// The share of a meal's carbohydrate absorbed after some minutes: gamma curve of shape 2.
float absorbed(float minutes, float constant) {
  const float x = std::max(minutes, 0.0F) / constant;
  return 1.0F - (1.0F + x) * std::exp(-x);
}

// A day on, a float holds no difference from all of it.
constexpr float kAllAbsorbed = 1440;

float minutes_between(Micros from, Micros to) {
  return static_cast<float>(static_cast<double>(to - from) / static_cast<double>(kMinute));
}

struct Summary {
  float mean = kUnknown, sd = kUnknown;
};

/// Mean and SD; an SD needs three readings.
Summary summary(const LevelSum& sum) {
  Summary s;
  if (sum.n > 0) s.mean = static_cast<float>(sum.mean());
  if (sum.n > 2) s.sd = static_cast<float>(sum.sd(0));
  return s;
}

/// Of the readings of [at - span, at] known at `at`.
Summary summary(const Levels& levels, Micros at, Micros span) {
  return summary(levels.since(at - span));
}

/// The same as they are believed.
Summary believed(const Levels& levels, Micros at, Micros span) {
  return summary(levels.believed_since(at - span));
}

/// What glucose does at this time of day on earlier days, at the horizons that meals are recalled at.
struct Rhythm {
  std::array<float, kRecalledHorizonsMin.size()> against_mean{}, change{};
  float doubt = 1;  // of the last
};

Rhythm rhythm(std::span<const Reading> readings, Micros at, float month_mean) {
  constexpr std::size_t n_horizons = kRecalledHorizonsMin.size();
  Rhythm r;
  if (readings.empty() || std::isnan(month_mean)) return r;
  std::array<double, n_horizons> sum{}, n{}, changes{}, n_changes{};
  for (int day = 1; day <= kBaselineDays; ++day) {
    const Micros then = at - day * kDay;
    if (then < readings.front().measured_at - kReachOfReading) break;
    const float start = glucose_at(readings, then, at);
    for (std::size_t h = 0; h < n_horizons; ++h) {
      const float later = glucose_at(readings, then + kRecalledHorizonsMin[h] * kMinute, at);
      if (std::isnan(later)) continue;
      sum[h] += static_cast<double>(later);
      n[h] += 1;
      if (std::isnan(start)) continue;
      changes[h] += static_cast<double>(later - start);
      n_changes[h] += 1;
    }
  }
  for (std::size_t h = 0; h < n_horizons; ++h) {
    r.against_mean[h] = static_cast<float>((sum[h] - n[h] * static_cast<double>(month_mean)) / (n[h] + 1));
    r.change[h] = static_cast<float>(changes[h] / (n_changes[h] + 2));
  }
  r.doubt = static_cast<float>(1 / (1 + n.back()));
  return r;
}

class Columns {
 public:
  explicit Columns(RichVector& out) : out_(out) {}
  void add(float value) { out_.at(next_++) = value; }
  bool full() const { return next_ == out_.size(); }

 private:
  RichVector& out_;
  std::size_t next_ = 0;
};

struct Level {
  float now, month_mean;
};

Level add_glucose(Columns& out, const Meal& meal, const Levels& levels) {
  const Micros at = meal.eaten_at;
  std::array<float, kLags> g;
  glucose_window(levels.believed().readings(), at, 15 * kMinute, g);
  float gaps = 0;
  for (const float value : g) gaps += std::isnan(value) ? 1.0F / kLags : 0.0F;
  const Summary month = summary(levels, at, kBaselineDays * kDay), day = summary(levels, at, kDay);
  float level = month.mean;  // the newest known value of the window, else the person's usual
  for (const float value : g)
    if (!std::isnan(value)) level = value;
  out.add(level);
  for (const std::size_t quarters : {1U, 2U, 4U, 8U}) out.add(level - g[kLags - 1 - quarters]);
  float lowest = kUnknown;
  for (const float value : g) lowest = std::fmin(lowest, value);
  out.add(level - lowest);
  out.add(level - believed(levels, at, 360 * kMinute).mean);
  out.add(level - day.mean);
  out.add(level - month.mean);
  out.add(believed(levels, at, 60 * kMinute).sd);
  out.add(believed(levels, at, 120 * kMinute).sd);
  out.add(day.sd);
  out.add(month.sd);
  out.add(gaps);
  return {level, month.mean};
}

void add_rhythm(Columns& out, Micros at, std::span<const Reading> readings, const Level& level) {
  const Rhythm r = rhythm(readings, at, level.month_mean);
  for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h) {
    out.add(r.against_mean[h]);
    out.add(level.now - level.month_mean - r.against_mean[h]);
    out.add(r.change[h]);
  }
  out.add(r.doubt);
}

// Nadaraya-Watson regression on the person's own quarter-hours.
void add_analogues(Columns& out, const Analogues& alike, Micros at, float level) {
  std::array<float, 2> changes{}, weights{};
  alike.visit_near(
      at, static_cast<int>(3 * kAlikeMinutes), [&](Micros then, float start, int apart, const auto& value_at) {
        const float clock = static_cast<float>(apart) / kAlikeMinutes, height = (start - level) / kAlikeLevel;
        const float weight = std::exp(-0.5F * (clock * clock + height * height));
        for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h) {
          const float later = value_at(then + kRecalledHorizonsMin[h] * kMinute);
          if (std::isnan(later)) continue;
          changes[h] += weight * (later - start);
          weights[h] += weight;
        }
      });
  for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h) out.add(changes[h] / (weights[h] + kAlikePrior));
  out.add(kAlikePrior / (weights[1] + kAlikePrior));
}

void add_recall(Columns& out, const Meal& meal, std::span<const EarlierMeal> earlier, float level) {
  float differences = 0, weights = 0;
  for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h) {
    float changes = 0;
    differences = weights = 0;
    for (const EarlierMeal& e : earlier) {
      const float change = e.outcome_mg_dl[h] - e.level;
      if (std::isnan(change)) continue;
      const float weight = e.type == meal.type ? kSameType : kOtherType;
      changes += weight * change;
      differences += weight * (e.level - level);
      weights += weight;
    }
    out.add(changes / (weights + kRecallPrior));
  }
  out.add(std::isnan(level) ? 0.0F : differences / (weights + kRecallPrior));
  out.add(kRecallPrior / (weights + kRecallPrior));
}

void add_nutrition(Columns& out, const Meal& meal, std::span<const EarlierMeal> earlier) {
  const Nutrition& n = meal.nutrition;
  for (const float value : {n.calories, n.carbs_g, n.protein_g, n.fat_g, n.fiber_g}) out.add(value);
  const float net = n.carbs_g - known_or_zero(n.fiber_g);
  const float others = known_or_zero(n.protein_g) + known_or_zero(n.fat_g);
  out.add(std::log1p(n.carbs_g));
  out.add(net / (1.0F + others / 50.0F));
  out.add(net / (1.0F + others));
  float all = 0, n_all = 0, alike = 0, n_alike = 0;
  for (const EarlierMeal& e : earlier) {
    if (!e.has_carbs) continue;
    all += e.carbs_g;
    n_all += 1;
    if (e.type != meal.type) continue;
    alike += e.carbs_g;
    n_alike += 1;
  }
  const float of_all = (all + kCarbsPrior * kUsualCarbs) / (n_all + kCarbsPrior);
  const float usual = (alike + kCarbsPrior * of_all) / (n_alike + kCarbsPrior);
  out.add(n.carbs_g - usual);
  out.add(std::log((n.carbs_g + 10.0F) / (usual + 10.0F)));
  for (const float value : {n.carbs_g, n.fat_g, n.fiber_g}) out.add(std::isnan(value) ? 1.0F : 0.0F);
}

void add_absorption(Columns& out, Micros at, std::span<const EarlierMeal> earlier) {
  float since = 720, of_day = 0;
  std::array<float, 2> carbs{};
  float meals = 0;
  std::array<std::array<float, 2>, 2> within{};  // [horizon][constant]
  for (const EarlierMeal& e : earlier) {
    const float ago = minutes_between(e.eaten_at, at);
    since = std::min(since, ago);
    if (ago >= kAllAbsorbed) continue;
    of_day += 1;
    meals += 1.0F - absorbed(ago, kAbsorption[1]);
    for (std::size_t c = 0; c < kAbsorption.size(); ++c) {
      const float so_far = absorbed(ago, kAbsorption[c]);
      carbs[c] += e.carbs_g * (1.0F - so_far);
      for (std::size_t h = 0; h < kRecalledHorizonsMin.size(); ++h)
        within[h][c] +=
            e.carbs_g * (absorbed(ago + static_cast<float>(kRecalledHorizonsMin[h]), kAbsorption[c]) - so_far);
    }
  }
  for (const float value : carbs) out.add(value);
  for (const auto& horizon : within)
    for (const float value : horizon) out.add(value);
  out.add(meals);
  out.add(since / 60);
  out.add(std::log1p(since / 60));
  out.add(of_day);
}

void add_clock(Columns& out, const Meal& meal, const Level& level) {
  const double angle = 2 * std::numbers::pi * meal.clock.minute_of_day / 1440.0;
  for (const int cycles : {1, 2}) {
    out.add(static_cast<float>(std::sin(cycles * angle)));
    out.add(static_cast<float>(std::cos(cycles * angle)));
  }
  for (int type = 0; type < kMealTypes; ++type) out.add(type == static_cast<int>(meal.type) ? 1.0F : 0.0F);
  const float above = known_or_zero(level.now - level.month_mean);
  for (int type = 0; type < kMealTypes; ++type) out.add(type == static_cast<int>(meal.type) ? above : 0.0F);
}

}  // namespace

double variance_of(const RichVector& rich) {
  const auto doubt = static_cast<double>(doubt_of(rich));
  const double days = std::isnan(rich[meal2::kSdMonth]) ? 0 : 1 / std::max(doubt, 1e-3) - 1;
  const double sd = days > 0 ? static_cast<double>(rich[meal2::kSdMonth]) : 0;
  return (days * sd * sd + kUsualSdDays * kUsualSd * kUsualSd) / (days + kUsualSdDays);
}

RichVector rich_features(const Meal& meal, const Levels& levels, const Analogues& alike,
                         std::span<const EarlierMeal> earlier, float carbs_same_moment) {
  RichVector x;
  Columns out(x);
  const Level level = add_glucose(out, meal, levels);
  add_rhythm(out, meal.eaten_at, levels.readings(), level);
  add_analogues(out, alike, meal.eaten_at, level.now);
  add_recall(out, meal, earlier, level.now);
  add_nutrition(out, meal, earlier);
  out.add(carbs_same_moment);
  add_absorption(out, meal.eaten_at, earlier);
  add_clock(out, meal, level);
  if (!out.full()) throw Error(ErrorCode::internal, "'meal/2' has a wrong number of columns");
  return x;
}

}  // namespace glucose
