// SPDX-License-Identifier: PostgreSQL
// How dangerous levels are, on one scale for low and high.
#pragma once
#include "core/seeing/stretch.hpp"

namespace glucose {

/// Risk of a level, 0 … 100 at the ends of 20 … 600 mg/dL: f = 1.509 (ln(g)^1.084 - 5.381), 10 f². One of the two is 0.
/// Source: Kovatchev et al., Diabetes Care 1997;20:1655 (scale) and Diabetes Care 2006;29:2433 (risks).
struct Risk {
  double low = 0, high = 0;
};
Risk risk_of(double mg_dl);

/// LBGI and HBGI: means of the risks over the time covered. Source: Kovatchev et al., Diabetes Care 2006;29:2433.
Risk mean_risk(const Stretch& stretch);

/// ADRR: of each day the highest risk of low and of high, added; the mean over days with at least three readings, NaN
/// without any. Days begin at `midnights` (ascending, one more than days), at those of UTC where there are none.
/// Source: Kovatchev et al., Diabetes Care 2006;29:2433.
double average_daily_risk_range(const Stretch& stretch, std::span<const Micros> midnights);

/// The number of the day that a moment is in, for `midnights` as above.
Micros day_number(Micros at, std::span<const Micros> midnights);

/// GRI: 3 (% below 54) + 2.4 (% 54 to 69) + 1.6 (% above 250) + 0.8 (% 181 to 250), at most 100.
/// Source: Klonoff et al., J Diabetes Sci Technol 2023;17:1226 (online 2022).
double glycemia_risk_index(double below_54_pct, double below_70_pct, double above_180_pct, double above_250_pct);

}  // namespace glucose
