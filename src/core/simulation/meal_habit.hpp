// SPDX-License-Identifier: PostgreSQL
// What one simulated person eats and when, and what of it gets into the log.
// Sizes and times are round numbers of ordinary Western days (own choice, not fitted to any person's data).
#pragma once
#include <array>
#include <vector>

#include "core/base/random.hpp"
#include "core/base/types.hpp"
#include "core/simulation/physiology.hpp"

namespace glucose::sim {

/// What is really eaten, in grams. carbs_g includes the fibre.
struct Plate {
  double carbs_g, protein_g, fat_g, fiber_g;
  double kind;      // speed of this food beside its fat and fibre (liquid or solid); 1 = the meal model's test meal
  double glycemic;  // share of its available carbohydrate that acts as glucose does; 1 = glucose
};

/// A meal of a day's plan. `logged` and `log` are what the database would hear of it.
struct PlannedMeal {
  int minute;  // of the day: the first bite
  MealType type;
  Plate plate;
  StomachFood food;
  bool logged;
  int logged_minute;  // of the day
  Nutrition log;
};

/// Fat and fibre slow the stomach: speed = kind / (1 + fat_g / 90) / (1 + fiber_g / 60). Protein does not slow it.
/// After Collier and O'Dea, "The effect of coingestion of fat on the glucose, insulin, and gastric inhibitory
/// polypeptide responses to carbohydrate and protein", American Journal of Clinical Nutrition 37:941-944, 1983 (the
/// direction; the constants are own choice). The glycaemic share is after Jenkins et al., "Glycemic index of foods: a
/// physiological basis for carbohydrate exchange", American Journal of Clinical Nutrition 34:362-366, 1981.
StomachFood food_of(const Plate& plate, int duration_min);

/// The label or app entry for a plate: relative error per macro, Atwater energy, sometimes fat or fibre unknown.
Nutrition log_of(const Plate& plate, double error_sd, Random& random);

/// Habits drawn once: times, appetite, a repertoire of dishes per meal type (so that a person's history says something
/// about the next breakfast), care in logging. Then one plan a day.
class MealHabit {
 public:
  explicit MealHabit(Random random, double appetite);
  /// The meals of one day, by minute. weekday: 0 = Monday.
  std::vector<PlannedMeal> plan_day(int weekday);
  /// Fast sugar against low glucose, eaten now.
  PlannedMeal rescue(int minute);

 private:
  static constexpr int kDishes = 6;
  static constexpr int kSnackSlots = 3;
  Plate draw_dish(MealType type);
  PlannedMeal serve(MealType type, int minute, double logged_chance);
  int around(double mean_min, double sd_min, int low, int high);

  Random random_;
  double appetite_;
  std::array<double, 3> main_mean_min_{}, weekend_shift_min_{};
  double time_sd_min_, snack_chance_, log_error_sd_, log_time_sd_min_, novelty_;
  std::array<double, kSnackSlots> snack_mean_min_{};
  std::array<std::array<Plate, kDishes>, kMealTypes> dishes_{};
};

}  // namespace glucose::sim
