// SPDX-License-Identifier: PostgreSQL
// Simulated persons: the one source of meals and glucose that are nobody's. Every draw comes from glucose::Random.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/types.hpp"
#include "core/simulation/daily_life.hpp"
#include "core/simulation/insulin_dosing.hpp"
#include "core/simulation/meal_habit.hpp"
#include "core/simulation/person.hpp"
#include "core/simulation/physiology.hpp"
#include "core/simulation/profile.hpp"
#include "core/simulation/sensor.hpp"

namespace glucose {

/// A meal as the person logged it. Local wall-clock time in microseconds since the midnight of day 0, a Monday.
struct SimulatedMeal {
  Micros eaten_at;
  MealType type;
  Nutrition nutrition;
};

/// What was really eaten, logged or not; true times, as in SimulatedMeal.
struct SimulatedEating {
  Micros at;
  float carbs_g;  // that act as glucose does
  bool logged;
};

inline constexpr int kMostSimulatedDays = 3650;

/// Simulates one person day by day, after an unseen warm-up day: same seed and profile, same bits; more days only add
/// to the end. Readings are in time order (recorded_at = measured_at), meals too; both times as in SimulatedMeal.
/// Values of days are a part of their own: glucose and meals know nothing of training, alcohol and illness.
/// Medication is only simulated for t1d (insulin pump); nobody takes tablets, nobody exercises on purpose.
/// Throws Error bad_argument for days outside 1 … kMostSimulatedDays.
class Simulator {
 public:
  Simulator(std::uint64_t seed, int days, Profile profile);
  bool done() const { return day_ >= days_; }
  /// One day, about half a millisecond. Nothing when done.
  void step();
  /// From the next step on; readings and meals are the same.
  void keep_truth();
  const std::vector<SimulatedEating>& eaten() const { return eaten_; }
  const sim::SensorRecord& sensor_record() const { return sensor_.record(); }
  const std::vector<SimulatedMeal>& meals() const { return meals_; }
  const std::vector<Reading>& readings() const { return readings_; }
  const std::vector<SimulatedValue>& values() const { return life_.values(); }

 private:
  struct Seeds {
    explicit Seeds(std::uint64_t seed);
    Random person, variation, habit, sensor, dosing, reaction, life;
  };
  Simulator(const Seeds& seeds, int days, Profile profile);
  void live_day();
  void live_minute(int minute_of_day);
  void eat(const sim::PlannedMeal& meal, int minute_of_day, bool announce);
  void react_to_low(int minute_of_day);

  int days_, day_ = -1;
  sim::Person person_;
  sim::Body body_;
  sim::DailyVariation variation_;
  sim::MealHabit habit_;
  sim::Sensor sensor_;
  std::optional<sim::InsulinDosing> dosing_;
  Random reaction_;
  sim::DailyLife life_;
  int since_rescue_min_ = 600;
  bool keeps_truth_ = false;
  std::vector<SimulatedEating> eaten_;
  std::vector<SimulatedMeal> today_;
  std::vector<SimulatedMeal> meals_;
  std::vector<Reading> readings_;
};

}  // namespace glucose
