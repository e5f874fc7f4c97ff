// SPDX-License-Identifier: PostgreSQL
// What keeps glucose from falling as far as it may rise.
#pragma once

namespace glucose {

/// A forecast with what keeps glucose up taken into account, mg/dL. What falls is raised again, by the liver
/// (counter-regulation) or by eating, and the more surely the more time there is. Models that are mostly linear do not
/// know it: on public data what they forecast below 90 mg/dL was 10 to 25 too low at one to two hours.
/// in: what a model said, mean and SD of the person's readings of 30 days (NaN: not known) · out: more where it is
/// below 90 mg/dL and an SD below the mean, hardly anything far above; still ascending in mg_dl
float defended(float mg_dl, int horizon_min, float usual_mg_dl, float usual_sd_mg_dl);

/// How far an outcome is from a forecast, mg/dL: above it the difference; below it the logarithm of the share that is
/// left of the way down to 40 mg/dL, where sensors end, times the length of that way (at least 25 mg/dL). So what is
/// measured above and below may have one scale. Ascending in outcome.
double deviation(double outcome_mg_dl, double forecast_mg_dl);
/// The outcome of a deviation from a forecast: the inverse, down to where the logarithm ends.
double outcome_of(double deviation, double forecast_mg_dl);

}  // namespace glucose
