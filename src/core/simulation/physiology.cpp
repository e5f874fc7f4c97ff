// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/physiology.hpp"

#include <algorithm>
#include <cmath>

namespace glucose::sim {

namespace {
// Protein [O]: a small part becomes glucose over hours. The figure is below the 0.3-0.5 g/g of amino acid balances,
// because most of it replaces other production of the liver.
constexpr double kProteinToGlucose = 0.12;
constexpr double kProteinPerMin = 0.012;
constexpr double kCounterThresholdMgDl = 75;
constexpr double kMostCounterProduction = 1.5;  // mg/kg/min
}  // namespace

BodyParameters normal_body() {
  BodyParameters p{};
  p.weight_kg = 78, p.basal_glucose_mg_dl = 90, p.basal_insulin_pmol_l = 25.5, p.basal_production = 1.92;
  p.glucose_volume_dl_per_kg = 1.88, p.k1_per_min = 0.065, p.k2_per_min = 0.079;
  p.insulin_volume_l_per_kg = 0.05, p.m1_per_min = 0.190, p.m2_per_min = 0.484, p.m4_per_min = 0.194;
  p.m5_min_kg_per_pmol = 0.0304, p.basal_extraction = 0.6;
  p.kmax_per_min = 0.0558, p.kmin_per_min = 0.0080, p.kabs_per_min = 0.057;
  p.emptying_b = 0.82, p.emptying_d = 0.010, p.absorbed_fraction = 0.90;
  p.kp2_per_min = 0.0021, p.kp3 = 0.009, p.kp4 = 0.0618, p.ki_per_min = 0.0079;
  p.brain_uptake = 1, p.vmx = 0.047, p.km0_mg_per_kg = 225.59, p.p2u_per_min = 0.0331;
  p.secretion_rate_gain = 2.30, p.secretion_alpha_per_min = 0.050, p.secretion_beta = 0.11;
  p.secretion_gamma_per_min = 0.5, p.ke1_per_min = 0.0005, p.ke2_mg_per_kg = 339;
  p.kd_per_min = 0.0164, p.ka1_per_min = 0.0018, p.ka2_per_min = 0.0182, p.counter_gain = 0.05;
  p.secretes = true;
  return p;
}

BodyParameters type2_body() {
  BodyParameters p = normal_body();
  p.weight_kg = 91, p.basal_glucose_mg_dl = 160, p.basal_insulin_pmol_l = 59.9, p.basal_production = 2.00;
  p.glucose_volume_dl_per_kg = 1.49, p.k1_per_min = 0.042, p.k2_per_min = 0.071;
  p.insulin_volume_l_per_kg = 0.04, p.m1_per_min = 0.379, p.m2_per_min = 0.673, p.m4_per_min = 0.269;
  p.m5_min_kg_per_pmol = 0.0526;
  p.kmax_per_min = 0.0465, p.kmin_per_min = 0.0076, p.kabs_per_min = 0.023;
  p.emptying_b = 0.68, p.emptying_d = 0.09;
  p.kp2_per_min = 0.0007, p.kp3 = 0.005, p.kp4 = 0.0786, p.ki_per_min = 0.0066;
  p.vmx = 0.034, p.km0_mg_per_kg = 466.21, p.p2u_per_min = 0.0840;
  p.secretion_rate_gain = 0.99, p.secretion_alpha_per_min = 0.013, p.secretion_beta = 0.05;
  p.ke1_per_min = 0.0007, p.ke2_mg_per_kg = 269;
  return p;
}

BodyParameters between(const BodyParameters& a, const BodyParameters& b, double weight) {
  using P = BodyParameters;
  // Only what differs between the columns; the rest is a's.
  constexpr std::array members{&P::weight_kg,
                               &P::basal_glucose_mg_dl,
                               &P::basal_insulin_pmol_l,
                               &P::basal_production,
                               &P::glucose_volume_dl_per_kg,
                               &P::k1_per_min,
                               &P::k2_per_min,
                               &P::insulin_volume_l_per_kg,
                               &P::m1_per_min,
                               &P::m2_per_min,
                               &P::m4_per_min,
                               &P::m5_min_kg_per_pmol,
                               &P::kmax_per_min,
                               &P::kmin_per_min,
                               &P::kabs_per_min,
                               &P::emptying_b,
                               &P::emptying_d,
                               &P::kp2_per_min,
                               &P::kp3,
                               &P::kp4,
                               &P::ki_per_min,
                               &P::vmx,
                               &P::km0_mg_per_kg,
                               &P::p2u_per_min,
                               &P::secretion_rate_gain,
                               &P::secretion_alpha_per_min,
                               &P::secretion_beta,
                               &P::ke1_per_min,
                               &P::ke2_mg_per_kg};
  BodyParameters mixed = a;
  for (const auto member : members) mixed.*member = a.*member * std::pow(b.*member / a.*member, weight);
  return mixed;
}

Body::Body(const BodyParameters& parameters) : p_(parameters) {
  set_basal();
}

// Basal steady state, [M] section "Basal state": all slopes zero at Gb and Ib. Gives kp1, Vm0, m6 and Sb, so that a
// person is drawn by his basal values and not by constants that have to agree with each other.
void Body::set_basal() {
  const double gp = p_.basal_glucose_mg_dl * p_.glucose_volume_dl_per_kg;
  const double gt = (p_.brain_uptake - p_.basal_production + p_.k1_per_min * gp) / p_.k2_per_min;
  const double ip = p_.basal_insulin_pmol_l * p_.insulin_volume_l_per_kg;
  const double m3 = p_.basal_extraction * p_.m1_per_min / (1 - p_.basal_extraction);
  double il = p_.m2_per_min * ip / (p_.m1_per_min + m3);
  if (p_.secretes) {
    il = (p_.m2_per_min + p_.m4_per_min) / p_.m1_per_min * ip;
    basal_secretion_ = (p_.m1_per_min + m3) * il - p_.m2_per_min * ip;
  } else {
    basal_rate_ = (p_.m2_per_min + p_.m4_per_min) * ip - p_.m1_per_min * il;
  }
  const double portal = basal_secretion_ / p_.secretion_gamma_per_min;
  m6_ = p_.basal_extraction + p_.m5_min_kg_per_pmol * basal_secretion_;
  kp1_ = p_.basal_production + p_.kp2_per_min * gp + p_.kp3 * p_.basal_insulin_pmol_l + p_.kp4 * portal;
  vm0_ = (p_.basal_production - p_.brain_uptake) * (p_.km0_mg_per_kg + gt) / gt;
  x_[plasma_glucose] = gp, x_[tissue_glucose] = gt, x_[liver_insulin] = il, x_[plasma_insulin] = ip;
  x_[insulin_delay_1] = x_[insulin_delay_2] = p_.basal_insulin_pmol_l;
  x_[portal_insulin] = portal;
  x_[skin_1] = basal_rate_ / (p_.kd_per_min + p_.ka1_per_min);
  x_[skin_2] = p_.kd_per_min * x_[skin_1] / p_.ka2_per_min;
  skin_basal_ = x_[skin_1] + x_[skin_2];
}

void Body::eat(const StomachFood& food) {
  const double new_mg = std::max(0.0, food.available_carbs_g) * 1000;
  const double old_mg = x_[stomach_solid] + x_[stomach_liquid] + to_eat_mg_;
  if (new_mg > 0) speed_ = (speed_ * old_mg + food.speed * new_mg) / (old_mg + new_mg);
  dose_mg_ = old_mg + new_mg;
  to_eat_mg_ += new_mg;
  protein_to_eat_mg_ += std::max(0.0, food.protein_g) * 1000;
  const double minutes = std::max(1, food.duration_min);
  eating_mg_per_min_ = to_eat_mg_ / minutes;
  protein_mg_per_min_ = protein_to_eat_mg_ / minutes;
}

void Body::inject(double units) {
  x_[skin_1] += std::max(0.0, units) * kPmolPerUnit / p_.weight_kg;
}

void Body::swallow() {
  const double carbs_mg = std::min(to_eat_mg_, eating_mg_per_min_);
  const double protein_mg = std::min(protein_to_eat_mg_, protein_mg_per_min_);
  to_eat_mg_ -= carbs_mg, protein_to_eat_mg_ -= protein_mg;
  x_[stomach_solid] += carbs_mg;
  x_[protein_first] += protein_mg * kProteinToGlucose;
}

// [G] equations of the nonlinear emptying: fast when the stomach is full, slow in the middle, fast again at the end.
double Body::emptying(double stomach_mg) const {
  if (dose_mg_ < 1) return p_.kmax_per_min * speed_;
  const double rise = 5 / (2 * dose_mg_ * (1 - p_.emptying_b));
  const double fall = 5 / (2 * dose_mg_ * p_.emptying_d);
  const double shape = std::tanh(rise * (stomach_mg - p_.emptying_b * dose_mg_)) -
                       std::tanh(fall * (stomach_mg - p_.emptying_d * dose_mg_)) + 2;
  return speed_ * (p_.kmin_per_min + (p_.kmax_per_min - p_.kmin_per_min) / 2 * shape);
}

double Body::secretion(const Vector& x) const {
  return p_.secretion_gamma_per_min * x[portal_insulin];
}

double Body::production(const Vector& x, const Influence& influence) const {
  const double g = x[plasma_glucose] / p_.glucose_volume_dl_per_kg;
  const double insulin = influence.sensitivity * (p_.kp3 * x[insulin_delay_2] + p_.kp4 * x[portal_insulin]);
  const double counter = std::clamp(p_.counter_gain * (kCounterThresholdMgDl - g), 0.0, kMostCounterProduction);
  return std::max(0.0, kp1_ - p_.kp2_per_min * x[plasma_glucose] - insulin + influence.production) + counter;
}

// [M]: absorption, glucose kinetics, utilization, excretion, insulin kinetics, insulin action, secretion; [S]: skin.
Body::Vector Body::slope(const Vector& x, const Influence& influence) const {
  Vector d{};
  const double stomach = x[stomach_solid] + x[stomach_liquid];
  const double kempt = emptying(stomach), kgri = p_.kmax_per_min * speed_, kabs = p_.kabs_per_min * speed_;
  d[stomach_solid] = -kgri * x[stomach_solid];
  d[stomach_liquid] = kgri * x[stomach_solid] - kempt * x[stomach_liquid];
  d[gut] = kempt * x[stomach_liquid] - kabs * x[gut];
  d[protein_first] = -kProteinPerMin * x[protein_first];
  d[protein_second] = kProteinPerMin * (x[protein_first] - x[protein_second]);
  const double appearance = (p_.absorbed_fraction * kabs * x[gut] + kProteinPerMin * x[protein_second]) / p_.weight_kg;

  const double vm = std::max(0.0, vm0_ + p_.vmx * influence.sensitivity * x[insulin_action]);
  const double uptake = vm * x[tissue_glucose] / (p_.km0_mg_per_kg + x[tissue_glucose]);
  const double excretion = p_.ke1_per_min * std::max(0.0, x[plasma_glucose] - p_.ke2_mg_per_kg);
  const double exchange = p_.k1_per_min * x[plasma_glucose] - p_.k2_per_min * x[tissue_glucose];
  d[plasma_glucose] = production(x, influence) + appearance - p_.brain_uptake - excretion - exchange;
  d[tissue_glucose] = exchange - uptake;

  const double s = secretion(x);
  const double extraction = std::clamp(m6_ - p_.m5_min_kg_per_pmol * s, 0.05, 0.9);
  const double m3 = extraction * p_.m1_per_min / (1 - extraction);
  const double from_skin = p_.ka1_per_min * x[skin_1] + p_.ka2_per_min * x[skin_2];
  d[liver_insulin] = -(p_.m1_per_min + m3) * x[liver_insulin] + p_.m2_per_min * x[plasma_insulin] + s;
  d[plasma_insulin] =
      -(p_.m2_per_min + p_.m4_per_min) * x[plasma_insulin] + p_.m1_per_min * x[liver_insulin] + from_skin;
  const double insulin = x[plasma_insulin] / p_.insulin_volume_l_per_kg;
  d[insulin_delay_1] = p_.ki_per_min * (insulin - x[insulin_delay_1]);
  d[insulin_delay_2] = p_.ki_per_min * (x[insulin_delay_1] - x[insulin_delay_2]);
  d[insulin_action] = p_.p2u_per_min * (insulin - p_.basal_insulin_pmol_l - x[insulin_action]);
  if (p_.secretes) {
    const double excess = x[plasma_glucose] / p_.glucose_volume_dl_per_kg - p_.basal_glucose_mg_dl;
    const double wanted = std::max(p_.secretion_beta * excess, -basal_secretion_);
    d[secretion_static] = p_.secretion_alpha_per_min * (wanted - x[secretion_static]);
    const double rise = std::max(0.0, d[plasma_glucose] / p_.glucose_volume_dl_per_kg);
    const double made = std::max(0.0, x[secretion_static] + basal_secretion_ + p_.secretion_rate_gain * rise);
    d[portal_insulin] = made - s;
  }
  d[skin_1] = influence.insulin_pmol_per_kg_min - (p_.kd_per_min + p_.ka1_per_min) * x[skin_1];
  d[skin_2] = p_.kd_per_min * x[skin_1] - p_.ka2_per_min * x[skin_2];
  return d;
}

void Body::step_minute(const Influence& influence) {
  swallow();
  const auto moved = [this](const Vector& d, double minutes) {
    Vector x = x_;
    for (std::size_t i = 0; i < kStates; ++i) x[i] += minutes * d[i];
    return x;
  };
  const Vector a = slope(x_, influence);
  const Vector b = slope(moved(a, 0.5), influence);
  const Vector c = slope(moved(b, 0.5), influence);
  const Vector d = slope(moved(c, 1), influence);
  for (std::size_t i = 0; i < kStates; ++i) {
    x_[i] += (a[i] + 2 * b[i] + 2 * c[i] + d[i]) / 6;
    if (i != insulin_action && i != secretion_static) x_[i] = std::max(0.0, x_[i]);
  }
}

double Body::plasma_mg_dl() const {
  return x_[plasma_glucose] / p_.glucose_volume_dl_per_kg;
}

double Body::insulin_pmol_l() const {
  return x_[plasma_insulin] / p_.insulin_volume_l_per_kg;
}

double Body::insulin_on_board_u() const {
  return std::max(0.0, x_[skin_1] + x_[skin_2] - skin_basal_) * p_.weight_kg / kPmolPerUnit;
}

void Body::set_glucose(double mg_dl) {
  const double ratio = mg_dl / plasma_mg_dl();
  x_[plasma_glucose] *= ratio;
  x_[tissue_glucose] *= ratio;
}

}  // namespace glucose::sim
