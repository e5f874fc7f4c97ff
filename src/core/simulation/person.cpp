// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/person.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace glucose::sim {

namespace {
/// What a profile means, in the order of Profile. `towards_t2d`: place between the two columns of the meal model.
struct ProfileRow {
  double towards_t2d_low, towards_t2d_high;
  double basal_mg_dl, basal_sd;
  double weight_kg;
  double appetite;
  double day_sd;
  double dawn;
  double life_sd;
};
constexpr std::array<ProfileRow, kProfiles> kRows{{
    {0.00, 0.10, 96, 4, 74, 1.00, 0.12, 0.15, 0.60},
    {0.25, 0.45, 110, 5, 83, 1.00, 0.18, 0.30, 0.95},
    {0.55, 0.90, 140, 16, 88, 1.00, 0.38, 1.00, 1.35},
    {0.00, 0.15, 155, 10, 76, 1.00, 0.38, 0.70, 1.45},
}};
// The test meals of the model's paper empty more slowly than what people eat: sensors see the peak after 60-90 min in
// type 1 and type 2 diabetes (Daenen et al., "Peak-time determination of post-meal glucose excursions in
// insulin-treated diabetic patients", Diabetes & Metabolism 36(2):165-169, 2010: 72 min). So all profiles have the
// kabs of the normal column, and kabs and kmax are faster.
constexpr double kGutPace = 1.7;
constexpr double kDayKept = 0.75;  // of yesterday's deviation in sensitivity
constexpr double kLifeMin = 90;

double around_one(Random& random, double sd) {
  return std::exp(sd * random.normal());
}

double bell(double minute_of_day, double centre, double width) {
  const double z = (minute_of_day - centre) / width;
  return std::exp(-z * z / 2);
}
}  // namespace

Person draw_person(Profile profile, Random random) {
  const ProfileRow& row = kRows[static_cast<std::size_t>(profile)];
  Person person{};
  BodyParameters& body = person.body;
  body = between(normal_body(), type2_body(), random.uniform(row.towards_t2d_low, row.towards_t2d_high));
  body.weight_kg = std::clamp(row.weight_kg * around_one(random, 0.14), 45.0, 140.0);
  body.basal_glucose_mg_dl = row.basal_mg_dl + row.basal_sd * std::clamp(random.normal(), -2.0, 2.0);
  body.basal_production *= around_one(random, 0.05);
  const double sensitivity = around_one(random, 0.22);
  body.vmx *= sensitivity, body.kp3 *= sensitivity;
  const double beta_cells = around_one(random, 0.22);
  body.secretion_beta *= beta_cells, body.secretion_rate_gain *= beta_cells;
  body.kabs_per_min = kGutPace * normal_body().kabs_per_min * around_one(random, 0.20);
  body.kmax_per_min *= kGutPace * around_one(random, 0.15);
  body.kmin_per_min *= around_one(random, 0.15);
  if (profile == Profile::t1d) {
    body.secretes = false;
    body.secretion_beta = body.secretion_rate_gain = body.m5_min_kg_per_pmol = 0;
    body.basal_insulin_pmol_l = 60 * around_one(random, 0.15);
    body.counter_gain = 0.02;
  }
  person.appetite = row.appetite * std::pow(body.weight_kg / 76, 0.4) * around_one(random, 0.12);
  person.sensitivity_day_sd = row.day_sd * random.uniform(0.7, 1.3);
  person.sensitivity_morning = -random.uniform(0.0, 0.3);
  person.dawn_production = row.dawn * random.uniform(0.2, 1.8);
  person.life_sd = row.life_sd * random.uniform(0.7, 1.3);
  return person;
}

DailyVariation::DailyVariation(Random random, const Person& person)
    : random_(random),
      day_sd_(person.sensitivity_day_sd),
      morning_(person.sensitivity_morning),
      dawn_(person.dawn_production),
      life_sd_(person.life_sd) {
  today_ = 0;
  tomorrow_ = day_sd_ * random_.normal();
  life_ = life_sd_ * random_.normal();
}

void DailyVariation::start_day() {
  today_ = tomorrow_;
  tomorrow_ = kDayKept * today_ + day_sd_ * std::sqrt(1 - kDayKept * kDayKept) * random_.normal();
}

Influence DailyVariation::step_minute(int minute_of_day) {
  const double kept = 1 - 1 / kLifeMin;
  life_ = kept * life_ + life_sd_ * std::sqrt(1 - kept * kept) * random_.normal();
  const double into = minute_of_day / 1440.0;
  const double deviation = today_ + into * (tomorrow_ - today_) + morning_ * bell(minute_of_day, 480, 120);
  // Asleep a body is calmer: half the disturbance at night.
  const double awake = minute_of_day < 390 ? 0.5 : 1.0;
  return {0, std::exp(deviation), dawn_ * bell(minute_of_day, 390, 100) + awake * life_};
}

}  // namespace glucose::sim
