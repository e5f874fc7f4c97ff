// SPDX-License-Identifier: PostgreSQL
// The numbers that people and clinics expect of a stretch of readings.
#pragma once
#include "core/seeing/stretch.hpp"

namespace glucose {

/// Limits of the ranges, mg/dL. As given, those of most persons with type 1 or type 2.
/// Source: Battelino et al., Diabetes Care 2019;42:1593 (54, 70, 180, 250; pregnancy: 63 to 140); Battelino et al.,
/// Lancet Diabetes Endocrinol 2023;11:42 (tight range: 70 to 140).
struct Targets {
  double very_low = 54, low = 70, tight_high = 140, high = 180, very_high = 250;
  double conga_hours = 1;
};

/// What a period is called enough from: 70 % of 14 days. Source: Battelino et al., Diabetes Care 2019;42:1593.
inline constexpr double kEnoughShare = 0.7;
inline constexpr int kEnoughDays = 14;

/// Levels in mg/dL, shares in percent of the time covered. NaN: cannot be said of so few readings.
struct Summary {
  int readings = 0;  // moments with one
  int days = 0;      // that have a reading
  Micros first_at = 0, last_at = 0;
  double covered_pct = 0;  // of the period
  bool is_enough = false;  // at least 70 % of the period, and of 14 days
  double mean, sd, cv_pct;
  double gmi_pct;  // 3.31 + 0.02392 mean: Bergenstal et al., Diabetes Care 2018;41:2275
  double very_low_pct, low_pct, in_range_pct, tight_range_pct, high_pct, very_high_pct;
  int very_low_episodes = 0, low_episodes = 0, high_episodes = 0, very_high_episodes = 0;  // episodes.hpp
  double lbgi, hbgi, gri, adrr;                                                            // risk.hpp
  double mage, modd, conga;                                                                // variability.hpp
  double j_index;  // 0.001 (mean + SD)²: Wójcicki, Horm Metab Res 1995;27:41
};

/// in: a stretch, limits, and when the person's days begin (none: UTC's; see average_daily_risk_range()) · out: time is
/// weighed by what each reading covers. GRI is always of 54, 70, 180 and 250 mg/dL, as it was fitted.
Summary summary_of(const Stretch& stretch, const Targets& targets, std::span<const Micros> midnights = {});

}  // namespace glucose
