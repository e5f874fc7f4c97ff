// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/meal_habit.hpp"

#include <algorithm>
#include <cmath>

namespace glucose::sim {

namespace {
// Typical plate per meal type: grams of carbohydrate (with fibre), protein, fat (fibre is drawn); kind of food,
// glycaemic share.
constexpr std::array<Plate, kMealTypes> kTypical{{
    {44, 14, 14, 0, 1.10, 0.72},  // breakfast: more bread, cereal, juice
    {58, 28, 24, 0, 1.00, 0.66},  // lunch
    {60, 32, 28, 0, 0.95, 0.64},  // dinner
    {19, 4, 7, 0, 1.15, 0.74},    // snack
}};
constexpr double kSkipChance = 0.05, kUnloggedMainChance = 0.03, kUnloggedSnackChance = 0.25, kLateLogChance = 0.12;
constexpr double kFatAndFiberUnknownChance = 0.06, kFiberUnknownChance = 0.03;

std::size_t index_of(MealType type) {
  return static_cast<std::size_t>(type);
}

double around_one(Random& random, double sd) {
  return std::exp(sd * random.normal() - sd * sd / 2);
}

float label(double grams) {
  return static_cast<float>(std::round(grams * 10) / 10);
}
}  // namespace

StomachFood food_of(const Plate& plate, int duration_min) {
  const double speed = plate.kind / (1 + plate.fat_g / 90) / (1 + plate.fiber_g / 60);
  return {plate.glycemic * (plate.carbs_g - plate.fiber_g), plate.protein_g, std::clamp(speed, 0.3, 2.5), duration_min};
}

Nutrition log_of(const Plate& plate, double error_sd, Random& random) {
  const double carbs = std::min(500.0, plate.carbs_g * around_one(random, error_sd));
  const double protein = std::min(500.0, plate.protein_g * around_one(random, error_sd));
  const double fat = std::min(300.0, plate.fat_g * around_one(random, error_sd));
  const double fiber = std::min(carbs, plate.fiber_g * around_one(random, 1.5 * error_sd));
  // Atwater factors 4, 4 and 9 kcal/g, 2 kcal/g for fibre; the label's own rounding and tables add 3 %.
  const double energy = 4 * (carbs - fiber) + 2 * fiber + 4 * protein + 9 * fat;
  const double calories = std::clamp(energy * around_one(random, 0.03), 0.0, 5000.0);
  Nutrition log{static_cast<float>(std::round(calories)), label(carbs), label(protein), label(fat), label(fiber)};
  const double gap = random.uniform();
  if (gap < kFatAndFiberUnknownChance) log.fat_g = kUnknown;
  if (gap < kFatAndFiberUnknownChance + kFiberUnknownChance) log.fiber_g = kUnknown;
  return log;
}

MealHabit::MealHabit(Random random, double appetite) : random_(random), appetite_(appetite) {
  main_mean_min_ = {std::clamp(450 + 40 * random_.normal(), 345.0, 560.0),
                    std::clamp(755 + 30 * random_.normal(), 690.0, 830.0),
                    std::clamp(1130 + 40 * random_.normal(), 1040.0, 1220.0)};
  weekend_shift_min_ = {random_.uniform(20, 110), random_.uniform(0, 60), random_.uniform(-10, 50)};
  time_sd_min_ = random_.uniform(12, 35);
  snack_chance_ = random_.uniform(0.35, 0.8);
  log_error_sd_ = random_.uniform(0.1, 0.3);
  log_time_sd_min_ = random_.uniform(3, 14);
  novelty_ = random_.uniform(0.2, 0.5);
  snack_mean_min_ = {620 + 15 * random_.normal(), 950 + 20 * random_.normal(), 1280 + 20 * random_.normal()};
  for (std::size_t type = 0; type < kMealTypes; ++type)
    for (Plate& dish : dishes_[type]) dish = draw_dish(static_cast<MealType>(type));
}

Plate MealHabit::draw_dish(MealType type) {
  const Plate& typical = kTypical[index_of(type)];
  Plate dish{};
  dish.carbs_g = std::clamp(appetite_ * typical.carbs_g * around_one(random_, 0.5), 3.0, 220.0);
  dish.protein_g = std::clamp(appetite_ * typical.protein_g * around_one(random_, 0.45), 0.0, 120.0);
  dish.fat_g = std::clamp(appetite_ * typical.fat_g * around_one(random_, 0.5), 0.0, 120.0);
  dish.fiber_g = dish.carbs_g * random_.uniform(0.04, 0.17);
  dish.kind = typical.kind * around_one(random_, 0.25);
  dish.glycemic = std::clamp(typical.glycemic * around_one(random_, 0.25), 0.25, 1.1);
  return dish;
}

int MealHabit::around(double mean_min, double sd_min, int low, int high) {
  return std::clamp(static_cast<int>(std::lround(mean_min + sd_min * random_.normal())), low, high);
}

PlannedMeal MealHabit::serve(MealType type, int minute, double logged_chance) {
  const bool is_new = random_.uniform() < novelty_;
  // The first dishes of the repertoire are the favourites.
  const auto favourite = static_cast<std::size_t>(kDishes * random_.uniform() * random_.uniform());
  Plate plate = is_new ? draw_dish(type) : dishes_[index_of(type)][favourite];
  const double portion = around_one(random_, 0.18);
  plate.carbs_g *= portion, plate.protein_g *= portion, plate.fat_g *= portion, plate.fiber_g *= portion;
  plate.kind *= around_one(random_, 0.4);  // meal to meal: cooking, chewing, order of courses
  plate.glycemic = std::min(1.3, plate.glycemic * around_one(random_, 0.5));
  const int duration = type == MealType::snack ? 5 : 10 + static_cast<int>(random_.below(15));
  PlannedMeal meal{minute, type, plate, food_of(plate, duration), false, 0, log_of(plate, log_error_sd_, random_)};
  meal.logged = random_.uniform() < logged_chance;
  meal.logged_minute = around(minute, log_time_sd_min_, 0, 1439);
  const double late_min = random_.uniform(10, 50);  // sometimes the phone comes out after the dessert
  if (random_.uniform() < kLateLogChance) meal.logged_minute = around(minute + late_min, 0, 0, 1439);
  return meal;
}

std::vector<PlannedMeal> MealHabit::plan_day(int weekday) {
  const bool weekend = weekday >= 5;
  std::vector<PlannedMeal> plan;
  int after = 0;
  for (std::size_t i = 0; i < main_mean_min_.size(); ++i) {
    const double mean = main_mean_min_[i] + (weekend ? weekend_shift_min_[i] : 0);
    const int minute = around(mean, time_sd_min_, std::max(300, after + 150), 1350);
    const bool skipped = random_.uniform() < kSkipChance;
    PlannedMeal meal = serve(static_cast<MealType>(i), minute, 1 - kUnloggedMainChance);
    if (skipped) continue;
    plan.push_back(meal);
    after = minute;
  }
  const auto quiet_slot = random_.below(kSnackSlots);  // at most two snacks a day
  for (std::size_t slot = 0; slot < kSnackSlots; ++slot) {
    const int minute = around(snack_mean_min_[slot] + (weekend ? 20 : 0), 25, 480, 1380);
    PlannedMeal snack = serve(MealType::snack, minute, 1 - kUnloggedSnackChance);
    if (slot != quiet_slot && random_.uniform() < snack_chance_) plan.push_back(snack);
  }
  std::sort(plan.begin(), plan.end(), [](const auto& a, const auto& b) { return a.minute < b.minute; });
  return plan;
}

PlannedMeal MealHabit::rescue(int minute) {
  const Plate plate{std::clamp(16 + 4 * random_.normal(), 8.0, 30.0), 0, 0, 0, 1.8, 1};
  PlannedMeal meal{minute, MealType::snack, plate, food_of(plate, 3), false, minute, log_of(plate, 0.05, random_)};
  meal.logged = random_.uniform() < 0.3;
  return meal;
}

}  // namespace glucose::sim
