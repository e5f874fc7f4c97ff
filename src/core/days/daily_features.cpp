// SPDX-License-Identifier: PostgreSQL
#include "core/days/daily_features.hpp"

#include <cmath>
#include <numbers>
#include <utility>

#include "core/days/food.hpp"
#include "core/days/glucose_day.hpp"

namespace glucose {

namespace {

constexpr int kOwnDays = 30, kFewestDays = 7;  // what a person's own level is made of
constexpr float kFewestKcal = 500, kFewestOccasions = 2;
constexpr float kFewestTotalKcal = 800;
constexpr float kShortestWear = 600, kWholeDay = 1440;
constexpr float kShortestSleep = 60, kLongestSleep = 960;
constexpr float kMostLoadRatio = 3, kMealToSleepMin = 180;
constexpr float kEvening = 18 * 60;
constexpr int kMostGapDays = 14;
// What an hour of each is above rest, in MET, after the classes of the International Physical Activity Questionnaire.
constexpr float kLightMet = 1, kModerateMet = 3, kVigorousMet = 7;

bool known(float value) {
  return !std::isnan(value);
}

float or_else(float value, float other) {
  return known(value) ? value : other;
}

float within(float value, float low, float high) {
  return value >= low && value <= high ? value : kUnknown;
}

/// Mean and sample SD of what is known of some days.
struct Level {
  int n = 0;
  double mean = 0, sd = 0;
};

template <class Get>
Level level_of(std::int32_t from, std::int32_t to, Get&& get) {
  Level level;
  double sum = 0, squares = 0;
  for (std::int32_t day = from; day <= to; ++day)
    if (const float v = get(day); known(v)) {
      ++level.n;
      sum += static_cast<double>(v);
    }
  if (level.n == 0) return level;
  level.mean = sum / level.n;
  for (std::int32_t day = from; day <= to; ++day)
    if (const float v = get(day); known(v)) {
      const double d = static_cast<double>(v) - level.mean;
      squares += d * d;
    }
  level.sd = level.n > 1 ? std::sqrt(squares / (level.n - 1)) : 0;
  return level;
}

/// How far a day is from the 30 before it, in their SD; NaN with fewer than 7 of them or no spread.
template <class Get>
float z_of(std::int32_t day, Get&& get) {
  const float value = get(day);
  const Level own = level_of(day - kOwnDays, day - 1, get);
  if (!known(value) || own.n < kFewestDays || !(own.sd > 0)) return kUnknown;
  return static_cast<float>((static_cast<double>(value) - own.mean) / own.sd);
}

/// One day's features in the making.
class Features {
 public:
  Features(const DayTable& table, std::int32_t day) : table_(table), day_(day) { x_.fill(kUnknown); }

  DailyVector all() {
    nutrition();
    activity();
    health();
    temporal();
    interaction();
    return x_;
  }

 private:
  float now(Input input) const { return table_.at(day_, input); }
  auto column(Input input) const {
    return [this, input](std::int32_t day) { return table_.at(day, input); };
  }

  void nutrition();
  void by_food(const Food& food);
  void activity();
  void health();
  void temporal();
  void interaction();
  float load_ratio() const;
  float sleep_debt() const;
  float late_meal() const;

  // A device that was not worn has counted nothing. Worn: something was measured and nothing speaks against it.
  bool is_not_worn(std::int32_t day) const {
    const bool no_heart_rate =
        !known(table_.at(day, Input::heart_rate_mean)) && !known(table_.at(day, Input::resting_heart_rate));
    return table_.at(day, Input::wear) < kShortestWear ||
           (no_heart_rate && table_.at(day, Input::sedentary) >= kWholeDay);
  }
  bool is_worn(std::int32_t day) const {
    if (is_not_worn(day)) return false;
    for (const Input input : {Input::wear, Input::steps, Input::heart_rate_mean, Input::resting_heart_rate,
                              Input::sedentary, Input::active_light, Input::active_moderate, Input::active_vigorous})
      if (known(table_.at(day, input))) return true;
    return false;
  }
  float moved(std::int32_t day, Input input) const { return is_not_worn(day) ? kUnknown : table_.at(day, input); }
  float load(std::int32_t day) const;
  float sleep(std::int32_t day) const { return within(table_.at(day, Input::sleep), kShortestSleep, kLongestSleep); }
  float log_variability(std::int32_t day, Input input) const { return std::log(table_.at(day, input)); }

  const DayTable& table_;
  const std::int32_t day_;
  DailyVector x_;
};

void Features::by_food(const Food& food) {
  constexpr std::array<std::pair<DailyFeature, Input>, 5> kOfMeals{{{kEaten, Input::energy},
                                                                    {kCarbs, Input::carbs},
                                                                    {kProtein, Input::protein},
                                                                    {kFat, Input::fat},
                                                                    {kFiber, Input::fiber}}};
  for (std::size_t i = 0; i < kOfMeals.size(); ++i)
    x_[static_cast<std::size_t>(kOfMeals[i].first)] = table_.is_changed(day_, kOfMeals[i].second)
                                                          ? now(kOfMeals[i].second)
                                                          : or_else(food.sums[i], now(kOfMeals[i].second));
  x_[kSugar] = now(Input::sugar);
  x_[kSaturatedFat] = now(Input::saturated_fat);
  x_[kSodium] = now(Input::sodium);
  if (x_[kEaten] >= kFewestKcal) {
    x_[kCarbShare] = 100 * 4 * x_[kCarbs] / x_[kEaten];
    x_[kProteinShare] = 100 * 4 * x_[kProtein] / x_[kEaten];
  }
  x_[kLastMeal] = food.last_min - kEvening;
  if (food.last_min > food.first_min) x_[kEatingWindow] = food.last_min - food.first_min;
}

void Features::nutrition() {
  const Food food = food_of(table_.material(), day_, table_.as_of());
  const float occasions = food.lines > 0 ? static_cast<float>(food.occasions) : now(Input::occasions);
  const float kcal = food.lines > 0 ? food.some_kcal : now(Input::energy);
  const bool recorded = occasions >= kFewestOccasions || kcal >= kFewestKcal;
  if (recorded) {
    by_food(food);
    x_[kOccasions] = occasions;
  }
  x_[kWater] = now(Input::water);
  const auto none_if_recorded = [&](Input input) {
    return or_else(now(input), recorded && table_.ever(day_, input) ? 0.0F : kUnknown);
  };
  x_[kCaffeine] = none_if_recorded(Input::caffeine);
  x_[kAlcohol] = none_if_recorded(Input::alcohol);
}

// One kind a person, of what it has had until that day.
float Features::load(std::int32_t day) const {
  if (table_.ever(day_, Input::training_load))
    return or_else(table_.at(day, Input::training_load), is_worn(day) ? 0.0F : kUnknown);
  if (table_.ever(day_, Input::active_moderate))
    return (kLightMet * moved(day, Input::active_light) + kModerateMet * moved(day, Input::active_moderate) +
            kVigorousMet * moved(day, Input::active_vigorous)) /
           10;
  return 10 * table_.at(day, Input::strain);
}

void Features::activity() {
  constexpr std::array<std::pair<DailyFeature, Input>, 8> kCounted{{{kSteps, Input::steps},
                                                                    {kDistance, Input::distance},
                                                                    {kFloors, Input::floors},
                                                                    {kActiveEnergy, Input::active_energy},
                                                                    {kLight, Input::active_light},
                                                                    {kModerate, Input::active_moderate},
                                                                    {kVigorous, Input::active_vigorous},
                                                                    {kSedentary, Input::sedentary}}};
  for (const auto& [feature, input] : kCounted) x_[static_cast<std::size_t>(feature)] = moved(day_, input);
  const float total = moved(day_, Input::total_energy);
  x_[kTotalEnergy] = total >= kFewestTotalKcal ? total : kUnknown;
  const float none = is_worn(day_) ? 0.0F : kUnknown;
  x_[kWorkouts] = or_else(now(Input::workouts), none);
  x_[kWorkoutMinutes] = or_else(now(Input::workout_minutes), none);
  x_[kLoad] = load(day_);
}

void Features::health() {
  x_[kRestingHeartRate] = now(Input::resting_heart_rate);
  x_[kRmssd] = now(Input::rmssd);
  x_[kSdnn] = now(Input::sdnn);
  x_[kSleep] = sleep(day_);
  const float in_bed = now(Input::in_bed);
  x_[kSleepEfficiency] = or_else(now(Input::sleep_efficiency), within(100 * now(Input::sleep) / in_bed, 0, 100));
  x_[kDeepSleep] = now(Input::sleep_deep);
  x_[kRemSleep] = now(Input::sleep_rem);
  x_[kSleepOnset] = now(Input::sleep_onset);
  x_[kRespiratoryRate] = now(Input::respiratory_rate);
  const Level skin = level_of(day_ - kOwnDays, day_ - 1, column(Input::skin_temperature));
  const float deviation = skin.n < kFewestDays
                              ? kUnknown
                              : static_cast<float>(static_cast<double>(now(Input::skin_temperature)) - skin.mean);
  x_[kTemperatureDeviation] = or_else(now(Input::skin_temperature_deviation), deviation);
  x_[kRecovery] = now(Input::recovery);
  const DailyMaterial& material = table_.material();
  const Calendar& calendar = material.calendar;
  if (calendar.has(day_))
    x_[kGlucoseMean] =
        or_else(glucose_day(material.readings, calendar.begin(day_), calendar.end(day_), table_.as_of()).mean,
                now(Input::glucose_mean));
}

// Day of the year, 1 …, of a day counted from 2000-01-01.
int day_of_year(std::int32_t day) {
  // Eras of 400 years from March on, as in H. Hinnant, "chrono-compatible low-level date algorithms".
  const std::int32_t z = day + 730425;
  const std::int32_t era = (z >= 0 ? z : z - 146096) / 146097;
  const std::int32_t of_era = z - era * 146097;
  const std::int32_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
  const std::int32_t from_march = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  constexpr std::int32_t kMarchToDecember = 306;
  if (from_march >= kMarchToDecember) return from_march - kMarchToDecember + 1;
  const std::int32_t year = year_of_era + era * 400;
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return from_march + 60 + (leap ? 1 : 0);
}

void Features::temporal() {
  const std::int32_t next = day_ + 1;
  const int weekday = weekday_of(next);
  const double angle = 2 * std::numbers::pi * weekday / 7;
  x_[kWeekdaySin] = static_cast<float>(std::sin(angle));
  x_[kWeekdayCos] = static_cast<float>(std::cos(angle));
  x_[kFreeDay] = weekday == 0 || weekday == 6 || table_.at(next, Input::free_day) > 0 ? 1.0F : 0.0F;
  const double season = std::cos(2 * std::numbers::pi * day_of_year(next) / 365.25);
  x_[kSeasonCos] = static_cast<float>(table_.material().calendar.south ? -season : season);
  x_[kGapDays] = static_cast<float>(gap_days(table_, day_));
}

// The first of load, active energy and steps of which there are enough days.
float Features::load_ratio() const {
  const auto of = [&](auto&& get) {
    const Level week = level_of(day_ - 6, day_, get), before = level_of(day_ - 27, day_ - 7, get);
    if (week.n < 4 || before.n < 10 || !(before.mean > 0)) return kUnknown;
    return std::clamp(static_cast<float>(week.mean / before.mean), 0.0F, kMostLoadRatio);
  };
  float ratio = of([this](std::int32_t day) { return load(day); });
  for (const Input input : {Input::active_energy, Input::steps})
    if (!known(ratio)) ratio = of([this, input](std::int32_t day) { return moved(day, input); });
  return ratio;
}

float Features::sleep_debt() const {
  const auto get = [this](std::int32_t day) { return sleep(day); };
  const Level own = level_of(day_ - kOwnDays + 1, day_, get);
  double debt = 0;
  int n = 0;
  for (std::int32_t day = day_ - 6; day <= day_; ++day)
    if (const float minutes = sleep(day); known(minutes)) {
      ++n;
      debt += std::max(0.0, own.mean - static_cast<double>(minutes));
    }
  return n < 4 ? kUnknown : static_cast<float>(debt);
}

float Features::late_meal() const {
  const float gap = x_[kSleepOnset] - last_meal_before(table_.material(), day_, table_.as_of());
  return known(gap) ? std::max(0.0F, kMealToSleepMin - std::max(0.0F, gap)) : kUnknown;
}

void Features::interaction() {
  x_[kEnergyBalance] = x_[kEaten] - x_[kTotalEnergy];
  x_[kLoadRatio] = load_ratio();
  x_[kSleepDebt] = sleep_debt();
  const float heart_rate = z_of(day_, column(Input::resting_heart_rate));
  const auto z_variability = [&](Input input) {
    return z_of(day_, [this, input](std::int32_t day) { return log_variability(day, input); });
  };
  const float variability = or_else(z_variability(Input::rmssd), z_variability(Input::sdnn));
  if (known(heart_rate) || known(variability)) x_[kStrainScore] = or_else(heart_rate, 0) - or_else(variability, 0);
  x_[kLateMeal] = late_meal();
  const float strain = or_else(z_of(day_, [this](std::int32_t day) { return load(day); }),
                               z_of(day_, [this](std::int32_t day) { return moved(day, Input::active_energy); }));
  const float slept = z_of(day_, [this](std::int32_t day) { return sleep(day); });
  if (known(strain) && known(slept)) x_[kLoadShortSleep] = std::max(0.0F, strain) * std::max(0.0F, -slept);
}

}  // namespace

DailyVector daily_features(const DayTable& table, std::int32_t day) {
  return Features(table, day).all();
}

DailyVector daily_features(const DailyMaterial& material, std::int32_t day) {
  return daily_features(DayTable(material, material.calendar.end(day)), day);
}

int gap_days(const DayTable& table, std::int32_t day) {
  int gap = 0;
  while (gap < kMostGapDays && !known(table.at(day - gap, kTarget))) ++gap;
  return gap;
}

}  // namespace glucose
