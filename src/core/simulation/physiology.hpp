// SPDX-License-Identifier: PostgreSQL
// Glucose, insulin and gut of one simulated body: ordinary differential equations, one-minute steps.
//
// [M] Dalla Man, Rizza, Cobelli, "Meal simulation model of the glucose-insulin system", IEEE Transactions on
//     Biomedical Engineering 54(10):1740-1749, 2007: every subsystem below, and both columns of numbers.
// [G] Dalla Man, Camilleri, Cobelli, "A system model of oral glucose absorption: validation on gold standard data",
//     IEEE Transactions on Biomedical Engineering 53(12):2472-2478, 2006: the emptying of the stomach.
// [S] Dalla Man, Raimondo, Rizza, Cobelli, "GIM, simulation software of meal glucose-insulin model", Journal of
//     Diabetes Science and Technology 1(3):323-330, 2007: insulin under the skin, type 1 diabetes.
// [V] Visentin et al., "The UVA/Padova type 1 diabetes simulator goes from single meal to single day", Journal of
//     Diabetes Science and Technology 12(2):273-281, 2018: sensitivity that varies over the day, dawn phenomenon.
// Not from a paper (own choice, marked [O]): the protein channel and the low-glucose answer of the liver, whose
// published forms need more states than a source of test data can justify.
#pragma once
#include <array>
#include <cstddef>

namespace glucose::sim {

/// Constants of one body. The comment gives unit · normal / type 2 value · source. kp1, Vm0, m6 and Sb follow from
/// these (basal steady state). draw_person() says how persons depart from the columns.
struct BodyParameters {
  double weight_kg;                 // kg · drawn
  double basal_glucose_mg_dl;       // Gb, mg/dL · drawn
  double basal_insulin_pmol_l;      // Ib, pmol/L · 25.5 / 59.9, from Sb of [M]
  double basal_production;          // EGPb, mg/kg/min · 1.92 / 2.00, from kp1 of [M]
  double glucose_volume_dl_per_kg;  // VG, dL/kg · 1.88 / 1.49 [M]
  double k1_per_min;                // plasma to tissue, 1/min · 0.065 / 0.042 [M]
  double k2_per_min;                // tissue to plasma, 1/min · 0.079 / 0.071 [M]
  double insulin_volume_l_per_kg;   // VI, L/kg · 0.05 / 0.04 [M]
  double m1_per_min;                // liver to plasma insulin, 1/min · 0.190 / 0.379 [M]
  double m2_per_min;                // plasma to liver insulin, 1/min · 0.484 / 0.673 [M]
  double m4_per_min;                // peripheral insulin loss, 1/min · 0.194 / 0.269 [M]
  double m5_min_kg_per_pmol;        // extraction by secretion, min kg/pmol · 0.0304 / 0.0526 [M]; 0 without secretion
  double basal_extraction;          // HEb, 1 · 0.6 / 0.6 [M]
  double kmax_per_min;              // fastest emptying and grinding, 1/min · 0.0558 / 0.0465 [M]
  double kmin_per_min;              // slowest emptying, 1/min · 0.0080 / 0.0076 [M]
  double kabs_per_min;              // gut to plasma, 1/min · 0.057 / 0.023 [M]
  double emptying_b;                // b, 1 · 0.82 / 0.68 [M][G]
  double emptying_d;                // d (c in [G]), 1 · 0.010 / 0.09 [M]
  double absorbed_fraction;         // f, 1 · 0.90 / 0.90 [M]
  double kp2_per_min;               // production by glucose, 1/min · 0.0021 / 0.0007 [M]
  double kp3;                       // production by delayed insulin, mg/kg/min per pmol/L · 0.009 / 0.005 [M]
  double kp4;                       // production by portal insulin, mg/kg/min per pmol/kg · 0.0618 / 0.0786 [M]
  double ki_per_min;                // delay of that insulin, 1/min · 0.0079 / 0.0066 [M]
  double brain_uptake;              // Fcns, mg/kg/min · 1 / 1 [M]
  double vmx;                       // uptake by insulin, mg/kg/min per pmol/L · 0.047 / 0.034 [M]
  double km0_mg_per_kg;             // half saturation of uptake, mg/kg · 225.59 / 466.21 [M]
  double p2u_per_min;               // delay of insulin action, 1/min · 0.0331 / 0.0840 [M]
  double secretion_rate_gain;       // K, dynamic answer, pmol/kg per mg/dL · 2.30 / 0.99 [M]; 0 in type 1
  double secretion_alpha_per_min;   // delay of the static answer, 1/min · 0.050 / 0.013 [M]
  double secretion_beta;            // static answer, pmol/kg/min per mg/dL · 0.11 / 0.05 [M]; 0 in type 1
  double secretion_gamma_per_min;   // portal vein to liver, 1/min · 0.5 / 0.5 [M]
  double ke1_per_min;               // renal excretion, 1/min · 0.0005 / 0.0007 [M]
  double ke2_mg_per_kg;             // renal threshold, mg/kg · 339 / 269 [M]
  double kd_per_min;                // dissociation under the skin, 1/min · 0.0164 [S]
  double ka1_per_min;               // absorption, not dissociated, 1/min · 0.0018 [S]
  double ka2_per_min;               // absorption, dissociated, 1/min · 0.0182 [S]
  double counter_gain;              // production below 75 mg/dL, mg/kg/min per mg/dL · 0.05 [O], 0.02 in type 1
  bool secretes;                    // false in type 1
};

/// The two columns of [M], Table I, with Gb 90 and 160 mg/dL and 78 and 91 kg.
BodyParameters normal_body();
BodyParameters type2_body();

/// Geometric interpolation, weight 0 = a, 1 = b: how an intermediate metabolism is made. a's `secretes` is kept.
BodyParameters between(const BodyParameters& a, const BodyParameters& b, double weight);

/// What reaches the stomach. Fibre is not absorbed and so is not in `available_carbs_g`; fat, fibre and the kind of
/// food show in `speed`, which multiplies kmax, kmin and kabs (1 = the mixed meal of [M]).
struct StomachFood {
  double available_carbs_g, protein_g;
  double speed;
  int duration_min;
};

/// What acts on the body for one minute beside food.
struct Influence {
  double insulin_pmol_per_kg_min;  // delivered under the skin
  double sensitivity;              // multiplies Vmx, kp3, kp4 [V]; 1 = the body's own
  double production;               // added to endogenous production, mg/kg/min (dawn [V], daily life)
};

/// The body's state and its one-minute step (classical Runge-Kutta 4). Starts in the basal steady state. After each
/// step amounts are clamped to be non-negative; insulin action X and the static secretion Y may be negative.
class Body {
 public:
  explicit Body(const BodyParameters& parameters);
  /// Adds a meal: its carbohydrate enters the stomach evenly over food.duration_min.
  void eat(const StomachFood& food);
  /// Puts insulin under the skin at once (U).
  void inject(double units);
  void step_minute(const Influence& influence);

  double plasma_mg_dl() const;
  double insulin_pmol_l() const;
  /// Insulin still under the skin above that of the basal rate, U: what a bolus calculator calls "on board".
  double insulin_on_board_u() const;
  /// The rate that keeps the basal steady state without secretion (0 when the body secretes).
  double basal_rate_pmol_per_kg_min() const { return basal_rate_; }
  /// Sets plasma and tissue glucose (titration and tests).
  void set_glucose(double mg_dl);

 private:
  enum State : std::size_t {
    stomach_solid,
    stomach_liquid,
    gut,
    protein_first,
    protein_second,
    plasma_glucose,
    tissue_glucose,
    liver_insulin,
    plasma_insulin,
    insulin_delay_1,
    insulin_delay_2,
    insulin_action,
    secretion_static,
    portal_insulin,
    skin_1,
    skin_2,
    kStates
  };
  using Vector = std::array<double, kStates>;

  void set_basal();
  void swallow();
  double emptying(double stomach_mg) const;
  double secretion(const Vector& x) const;
  double production(const Vector& x, const Influence& influence) const;
  Vector slope(const Vector& x, const Influence& influence) const;

  BodyParameters p_;
  Vector x_{};
  double kp1_ = 0, vm0_ = 0, m6_ = 0, basal_secretion_ = 0, basal_rate_ = 0, skin_basal_ = 0;
  double to_eat_mg_ = 0, eating_mg_per_min_ = 0, protein_to_eat_mg_ = 0, protein_mg_per_min_ = 0;
  double dose_mg_ = 0, speed_ = 1;
};

inline constexpr double kPmolPerUnit = 6000;  // 1 U of insulin, as in [S]

}  // namespace glucose::sim
