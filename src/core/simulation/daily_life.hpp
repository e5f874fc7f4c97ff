// SPDX-License-Identifier: PostgreSQL
// What a watch and a diary say of a simulated person's days.
#pragma once
#include <string_view>
#include <vector>

#include "core/base/random.hpp"
#include "core/simulation/profile.hpp"

namespace glucose {

/// One value of a day, counted from day 0; names are literals, as glucose.metric has them.
struct SimulatedValue {
  int day;
  std::string_view metric, source;
  float value;
};

}  // namespace glucose

namespace glucose::sim {

/// How one person's days differ from another's.
struct DailyHabits {
  double resting_heart_rate, log_rmssd;  // bpm, ln ms
  double sleep_min, onset_min;           // onset from midnight, negative before
  double steps, basal_kcal;
  double weekend_shift_min;            // how much later and longer on free nights
  double trains, load;                 // probability of a session on its days, points of one
  double drinks_on_free, drinks_else;  // probability of an evening with alcohol
  double forgets_watch;                // probability that days without it begin
  double skin_celsius, breaths;
};

DailyHabits draw_habits(Profile profile, Random& random);

/// Days in a row. A night belongs to the day of waking and answers to the evening before: training, alcohol and a late
/// hour raise the heart rate and lower its variability, so do a short night and the days of an illness; load and
/// sleep are kept in mind for days. Nothing is said on days without the watch. Sizes of effects are own choice, of the
/// order that is reported of wearables (alcohol: Pietilä et al., JMIR Mental Health 5(1):e23, 2018).
class DailyLife {
 public:
  DailyLife(Random random, Profile profile);
  void live_day(int day);
  const std::vector<SimulatedValue>& values() const { return values_; }
  void forget() { values_.clear(); }

 private:
  /// What a night was like.
  struct Night {
    double sleep, onset, efficiency, heart_rate, log_rmssd;
  };
  void fall_ill();
  Night sleep_before(int weekday);
  void say_night(int day, const Night& night);
  void live_through(int day, int weekday);
  void say_activity(int day, bool trained, double load);
  void say(int day, std::string_view metric, double value, std::string_view source = "watch");

  Random random_;
  DailyHabits habits_;
  double mood_ = 0, fatigue_ = 0, form_ = 0, season_ = 0;  // slow parts: noise, load, level of the heart, of steps
  double drinks_ = 0, load_ = 0, late_ = 0;                // of the evening before
  double ill_ = 0;
  double shown_heart_rate_;  // vendors smooth it
  int ill_days_ = 0, days_without_ = 0;
  std::vector<SimulatedValue> values_;
};

}  // namespace glucose::sim
