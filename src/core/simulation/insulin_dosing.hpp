// SPDX-License-Identifier: PostgreSQL
// How a simulated person with type 1 diabetes doses rapid insulin by pump: carbohydrate counting and corrections,
// with the errors people make. Carbohydrate is misjudged by about 20 % (Brazeau et al., "Carbohydrate counting
// accuracy and blood glucose variability in adults with type 1 diabetes", Diabetes Research and Clinical Practice
// 99(1):19-23, 2013); late and missed boluses are own choice.
#pragma once
#include <optional>
#include <vector>

#include "core/base/random.hpp"
#include "core/simulation/meal_habit.hpp"
#include "core/simulation/physiology.hpp"

namespace glucose::sim {

/// Grams of carbohydrate one unit covers: glucose is back at basal 5 h after 60 g. Found by bisection on the body.
double titrated_grams_per_unit(const BodyParameters& parameters);
/// How far one unit lowers glucose in 4 h from 200 mg/dL, mg/dL.
double titrated_drop_per_unit(const BodyParameters& parameters);

class InsulinDosing {
 public:
  InsulinDosing(Random random, const BodyParameters& parameters);
  /// Decides when and how much to bolus for this meal (possibly never).
  void announce(const PlannedMeal& meal);
  /// Units to inject in this minute; 0 mostly. `shown_mg_dl` is what the sensor shows.
  double units_due(int minute_of_day, double shown_mg_dl, double on_board_u);
  /// Basal delivery, as a share of the rate that would keep the basal state.
  double basal_share() const { return basal_share_; }

 private:
  struct Bolus {
    int in_min;
    double carbs_g;
  };
  double correction(double shown_mg_dl, double on_board_u) const;

  Random random_;
  double grams_per_unit_, drop_per_unit_, target_mg_dl_;
  double count_bias_, count_sd_, missed_chance_, late_chance_, basal_share_, correction_chance_;
  std::vector<Bolus> waiting_;
  int since_bolus_min_ = 600;
};

}  // namespace glucose::sim
