// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/base/random.hpp"
#include "core/simulation/physiology.hpp"
#include "core/simulation/profile.hpp"

namespace glucose::sim {

/// How one simulated person differs from another: the body, and how it varies from day to day and within the day.
/// Spreads are own choice (logarithmic SD 0.2-0.3 as in the virtual populations of the UVA/Padova simulator).
struct Person {
  BodyParameters body;
  double appetite;             // multiplies the typical plates
  double sensitivity_day_sd;   // of the logarithm, between days
  double sensitivity_morning;  // logarithm, lowest sensitivity at breakfast time
  double dawn_production;      // peak of the dawn phenomenon, mg/kg/min
  double life_sd;              // of the production and uptake by daily life, mg/kg/min
};

Person draw_person(Profile profile, Random random);

/// Sensitivity and production over time: a slow random walk between days (linear within the day), a morning dip, dawn,
/// and an Ornstein-Uhlenbeck process (90 min) for movement, stress and all else that no meal explains, as in
/// stochastic grey-box models (Duun-Henriksen et al., Journal of Diabetes Science and Technology 7(2):431-440, 2013).
class DailyVariation {
 public:
  DailyVariation(Random random, const Person& person);
  void start_day();
  /// insulin_pmol_per_kg_min of the answer is 0.
  Influence step_minute(int minute_of_day);

 private:
  Random random_;
  double day_sd_, morning_, dawn_, life_sd_;
  double today_, tomorrow_, life_;
};

}  // namespace glucose::sim
