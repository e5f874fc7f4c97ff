// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/daily_life.hpp"

#include <algorithm>
#include <cmath>

namespace glucose::sim {

namespace {

constexpr double kIllnessBegins = 1.0 / 70, kShortWear = 0.02, kNightWithout = 0.04, kDrinksWater = 0.7;
constexpr double kFatigueKept = 0.8, kMoodKept = 0.6, kFormKept = 0.97;
constexpr double kHeartRateTaken = 0.5;  // of what last night adds to the days before
constexpr double kTypicalLoad = 300;
constexpr double kHeartRateSd = 2.5, kLogRmssdSd = 0.2, kSleepSd = 45;  // of one person's days

double around_one(Random& random, double sd) {
  return std::exp(sd * random.normal());
}

bool is_free(int weekday) {
  return weekday == 5 || weekday == 6;  // day 0 is a Monday
}

}  // namespace

DailyHabits draw_habits(Profile profile, Random& random) {
  const bool diabetes = profile == Profile::t2d;
  DailyHabits habits{};
  habits.resting_heart_rate = std::clamp((diabetes ? 66.0 : 60.0) + 6 * random.normal(), 44.0, 85.0);
  habits.log_rmssd = std::log(diabetes ? 28.0 : 40.0) + 0.3 * random.normal();
  habits.sleep_min = std::clamp(430 + 28 * random.normal(), 340.0, 520.0);
  habits.onset_min = -30 + 40 * random.normal();
  habits.steps = (diabetes ? 6500 : 8500) * around_one(random, 0.25);
  habits.basal_kcal = 1650 * around_one(random, 0.12);
  habits.weekend_shift_min = random.uniform(15, 80);
  habits.trains = random.uniform(0.1, 0.9);
  habits.load = kTypicalLoad * around_one(random, 0.3);
  habits.drinks_on_free = random.uniform(0.1, 0.8);
  habits.drinks_else = random.uniform(0, 0.15);
  habits.forgets_watch = random.uniform(0.005, 0.03);
  habits.skin_celsius = 34.2 + 0.5 * random.normal();
  habits.breaths = 14.5 + 1.2 * random.normal();
  return habits;
}

DailyLife::DailyLife(Random random, Profile profile)
    : random_(random), habits_(draw_habits(profile, random_)), shown_heart_rate_(habits_.resting_heart_rate) {}

void DailyLife::say(int day, std::string_view metric, double value, std::string_view source) {
  values_.push_back({day, metric, source, static_cast<float>(value)});
}

void DailyLife::fall_ill() {
  if (ill_days_ > 0 && --ill_days_ == 0) ill_ = 0;
  if (ill_days_ > 0) ill_ *= 0.85;
  const bool begins = random_.uniform() < kIllnessBegins;
  const double how = random_.uniform(0.6, 1.6);
  const auto days = static_cast<int>(3 + random_.below(4));
  if (!begins || ill_days_ > 0) return;
  ill_ = how;
  ill_days_ = days;
}

DailyLife::Night DailyLife::sleep_before(int weekday) {
  const double weekend = is_free(weekday) ? 1 : 0;
  mood_ = kMoodKept * mood_ + std::sqrt(1 - kMoodKept * kMoodKept) * random_.normal();
  form_ = kFormKept * form_ + 0.35 * random_.normal();
  Night night{};
  night.onset = habits_.onset_min + weekend * habits_.weekend_shift_min + 9 * drinks_ + late_ + 22 * random_.normal();
  night.sleep = habits_.sleep_min + 0.6 * weekend * habits_.weekend_shift_min - 12 * drinks_ - 15 * ill_ -
                0.25 * (night.onset - habits_.onset_min) + kSleepSd * (0.4 * mood_ + 0.75 * random_.normal());
  night.sleep = std::clamp(night.sleep, 150.0, 660.0);
  night.efficiency = std::clamp(92 - 1.5 * drinks_ - 2 * ill_ + 2 * random_.normal(), 65.0, 99.0);
  const double load = load_ / kTypicalLoad, slept_less = (habits_.sleep_min - night.sleep) / 60;
  night.heart_rate = habits_.resting_heart_rate + form_ + 1.2 * drinks_ + 0.8 * load + 0.5 * fatigue_ + 5 * ill_ +
                     0.5 * slept_less - 0.6 * mood_ + 0.7 * random_.normal();
  night.log_rmssd = habits_.log_rmssd - 0.03 * form_ - 0.09 * drinks_ - 0.05 * load - 0.04 * fatigue_ - 0.3 * ill_ -
                    0.05 * slept_less + 0.07 * mood_ + 0.13 * random_.normal();
  return night;
}

void DailyLife::say_night(int day, const Night& night) {
  const double spread = random_.normal(), deep = 0.17 + 0.02 * random_.normal(), rem = 0.22 + 0.025 * random_.normal();
  const double skin = habits_.skin_celsius + 0.5 * ill_ + 0.08 * drinks_ + 0.15 * random_.normal();
  const double breaths = habits_.breaths + 1.4 * ill_ + 0.1 * drinks_ + 0.3 * random_.normal();
  const double recovery = 62 + 13 * (night.log_rmssd - habits_.log_rmssd) / kLogRmssdSd -
                          7 * (night.heart_rate - habits_.resting_heart_rate) / kHeartRateSd +
                          5 * (night.sleep - habits_.sleep_min) / kSleepSd + 4 * random_.normal();
  say(day, "RESTING_HEART_RATE", std::round(shown_heart_rate_));
  say(day, "HEART_RATE_VARIABILITY_RMSSD", std::clamp(std::exp(night.log_rmssd), 5.0, 250.0));
  say(day, "HEART_RATE_VARIABILITY_SDNN", std::clamp(std::exp(night.log_rmssd + 0.35 + 0.08 * spread), 6.0, 300.0));
  say(day, "SLEEP_DURATION", std::round(night.sleep));
  say(day, "TIME_IN_BED", std::round(100 * night.sleep / night.efficiency));
  say(day, "SLEEP_EFFICIENCY", std::round(night.efficiency));
  say(day, "SLEEP_DEEP", std::round(night.sleep * std::clamp(deep, 0.05, 0.3)));
  say(day, "SLEEP_REM", std::round(night.sleep * std::clamp(rem - 0.012 * drinks_, 0.05, 0.35)));
  say(day, "SLEEP_ONSET", std::round(night.onset));
  say(day, "RESPIRATORY_RATE", std::round(10 * breaths) / 10);
  say(day, "SKIN_TEMPERATURE", std::round(100 * skin) / 100);
  say(day, "RECOVERY_SCORE", std::clamp(std::round(recovery), 1.0, 99.0));
}

void DailyLife::say_activity(int day, bool trained, double load) {
  const double minutes = trained ? std::clamp(load / 6, 15.0, 150.0) : 0;
  const double pace = around_one(random_, 0.28), climbs = random_.uniform();
  const double steps =
      std::round(habits_.steps * pace * std::exp(season_) * (1 - std::min(0.6, 0.4 * ill_)) + 70 * minutes);
  const double light = steps / 55, moderate = steps / 450 + 0.4 * minutes, vigorous = 0.6 * minutes;
  const double active = 0.035 * steps + 6 * minutes;
  say(day, "WEAR_TIME", random_.uniform() < kShortWear ? 420 : std::round(1420 - 60 * random_.uniform()));
  say(day, "STEPS", steps);
  say(day, "DISTANCE", std::round(0.72 * steps));
  say(day, "FLOORS_CLIMBED", std::floor(climbs * steps / 600));
  say(day, "ACTIVE_LIGHT", std::round(light));
  say(day, "ACTIVE_MODERATE", std::round(moderate));
  say(day, "ACTIVE_VIGOROUS", std::round(vigorous));
  say(day, "SEDENTARY", std::round(std::max(300.0, 1440 - habits_.sleep_min - light - moderate - vigorous)));
  say(day, "ACTIVE_ENERGY", std::round(active));
  say(day, "TOTAL_ENERGY", std::round(habits_.basal_kcal + active));
  say(day, "HEART_RATE_MEAN",
      std::round(habits_.resting_heart_rate + form_ + 14 + steps / 1500 + 3 * ill_ + random_.normal()));
  if (!trained) return;
  say(day, "WORKOUTS", 1);
  say(day, "WORKOUT_DURATION", std::round(minutes));
  say(day, "TRAINING_LOAD", std::round(load));
}

// The day itself, and the evening that the next night answers to.
void DailyLife::live_through(int day, int weekday) {
  const bool plans = weekday % 2 == 1 || weekday == 6;
  const bool trains = random_.uniform() < (plans ? habits_.trains : 0.1 * habits_.trains);
  const double size = habits_.load * around_one(random_, 0.35);
  // Friday and Saturday evenings.
  const bool party = weekday == 4 || weekday == 5;
  const bool drinks = random_.uniform() < (party ? habits_.drinks_on_free : habits_.drinks_else);
  const double glasses = 1 + random_.below(party ? 4 : 2);
  const double late = 18 * random_.normal();
  season_ = 0.95 * season_ + 0.05 * random_.normal();
  const bool trained = trains && ill_days_ == 0;
  load_ = trained ? size : 0;
  drinks_ = drinks && ill_days_ == 0 ? glasses : 0;
  late_ = is_free(weekday) ? 0 : late;
  fatigue_ = kFatigueKept * fatigue_ + (1 - kFatigueKept) * 4 * (load_ / kTypicalLoad - 0.4);
  if (days_without_ == 0) say_activity(day, trained, load_);
  if (drinks_ > 0) say(day, "ALCOHOL_INTAKE", drinks_, "diary");
  const double water = 250.0 * (4 + random_.below(7));
  if (random_.uniform() < kDrinksWater) say(day, "WATER_INTAKE", water, "diary");
}

void DailyLife::live_day(int day) {
  const int weekday = (day + 7) % 7;
  if (days_without_ > 0) --days_without_;
  const bool forgets = random_.uniform() < habits_.forgets_watch;
  const auto how_long = static_cast<int>(1 + random_.below(5));
  if (forgets && days_without_ == 0) days_without_ = how_long;
  fall_ill();
  const Night night = sleep_before(weekday);
  shown_heart_rate_ += kHeartRateTaken * (night.heart_rate - shown_heart_rate_);
  const bool worn_at_night = random_.uniform() >= kNightWithout;
  if (days_without_ == 0 && worn_at_night) say_night(day, night);
  live_through(day, weekday);
}

}  // namespace glucose::sim
