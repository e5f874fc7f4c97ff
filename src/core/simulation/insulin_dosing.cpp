// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/insulin_dosing.hpp"

#include <algorithm>
#include <cmath>

namespace glucose::sim {

namespace {
constexpr double kTypicalGlycemic = 0.66;  // of mixed meals, what the ratio is titrated with

double glucose_after(const BodyParameters& parameters, double start_mg_dl, double carbs_g, double units, int minutes) {
  Body body(parameters);
  body.set_glucose(start_mg_dl);
  const Influence still{body.basal_rate_pmol_per_kg_min(), 1, 0};
  if (carbs_g > 0) body.eat({carbs_g, 0, 1, 15});
  body.inject(units);
  for (int i = 0; i < minutes; ++i) body.step_minute(still);
  return body.plasma_mg_dl();
}
}  // namespace

double titrated_grams_per_unit(const BodyParameters& parameters) {
  double low = 2, high = 60;
  for (int i = 0; i < 10; ++i) {
    const double middle = std::sqrt(low * high);
    const double end =
        glucose_after(parameters, parameters.basal_glucose_mg_dl, kTypicalGlycemic * 60, 60 / middle, 300);
    (end < parameters.basal_glucose_mg_dl ? low : high) = middle;
  }
  return std::sqrt(low * high);
}

double titrated_drop_per_unit(const BodyParameters& parameters) {
  const double without = glucose_after(parameters, 200, 0, 0, 240);
  return std::clamp(without - glucose_after(parameters, 200, 0, 1, 240), 10.0, 150.0);
}

InsulinDosing::InsulinDosing(Random random, const BodyParameters& parameters)
    : random_(random),
      grams_per_unit_(titrated_grams_per_unit(parameters)),
      drop_per_unit_(titrated_drop_per_unit(parameters)) {
  // The settings of a real pump are not quite right either, nor are they kept up to date.
  grams_per_unit_ *= std::exp(0.12 * random_.normal());
  drop_per_unit_ *= std::exp(0.2 * random_.normal());
  target_mg_dl_ = random_.uniform(115, 145);
  count_bias_ = std::exp(0.12 * random_.normal() - 0.05);
  count_sd_ = random_.uniform(0.2, 0.4);
  missed_chance_ = random_.uniform(0.04, 0.16);
  late_chance_ = random_.uniform(0.2, 0.6);
  basal_share_ = std::exp(0.12 * random_.normal());
  correction_chance_ = random_.uniform(0.3, 0.9);
}

void InsulinDosing::announce(const PlannedMeal& meal) {
  const bool snack = meal.type == MealType::snack;
  const bool missed = random_.uniform() < missed_chance_ * (snack ? 3 : 1);
  const double counted = meal.plate.carbs_g * count_bias_ * std::exp(count_sd_ * random_.normal());
  const bool late = random_.uniform() < late_chance_;
  const int delay = late ? 10 + static_cast<int>(random_.below(40)) : static_cast<int>(random_.below(8));
  if (!missed) waiting_.push_back({delay, counted});
}

double InsulinDosing::correction(double shown_mg_dl, double on_board_u) const {
  const double needed = (shown_mg_dl - target_mg_dl_) / drop_per_unit_;
  // Insulin on board counts against a correction, never against the carbohydrate; a low reading takes a part away.
  return needed > 0 ? std::max(0.0, needed - on_board_u) : needed;
}

double InsulinDosing::units_due(int minute_of_day, double shown_mg_dl, double on_board_u) {
  ++since_bolus_min_;
  double units = 0;
  for (Bolus& bolus : waiting_) {
    if (bolus.in_min-- > 0) continue;
    units += std::max(0.0, bolus.carbs_g / grams_per_unit_ + correction(shown_mg_dl, on_board_u));
  }
  std::erase_if(waiting_, [](const Bolus& bolus) { return bolus.in_min < 0; });
  // Looks at the display every quarter of an hour by day; corrects what has been high for long.
  const bool looks = minute_of_day % 15 == 0 && minute_of_day >= 420 && minute_of_day < 1380;
  if (looks && units <= 0 && shown_mg_dl > 220 && since_bolus_min_ > 150 && random_.uniform() < correction_chance_ / 4)
    units = std::max(0.0, correction(shown_mg_dl, on_board_u));
  units = std::min(25.0, std::round(units * 20) / 20);
  if (units > 0) since_bolus_min_ = 0;
  return units;
}

}  // namespace glucose::sim
