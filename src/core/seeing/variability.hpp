// SPDX-License-Identifier: PostgreSQL
// How much glucose goes up and down: over hours, within excursions, from day to day.
#pragma once
#include "core/seeing/stretch.hpp"

namespace glucose {

/// MAGE, variant "turning points, one SD, direction of the first": a turning point is a highest or lowest reading from
/// which glucose then moved by more than one SD; an excursion goes from one to the next, begins anew behind a gap, and
/// one still under way at the end does not count. The mean of those in the direction of the first; NaN without any.
/// in: SD of the stretch, mg/dL · out: mg/dL
/// Source: Service et al., Diabetes 1970;19:644 (one SD, one direction; turning points were found by eye).
double mean_excursion(const Stretch& stretch, double sd);

/// MODD: the mean absolute difference to the reading 24 hours before, over the time covered by those that have one
/// within 7.5 minutes of then (the nearest, of two the earlier); NaN without any.
/// Source: Molnar, Taylor and Ho, Diabetologia 1972;8:342.
double mean_of_daily_differences(const Stretch& stretch);

/// CONGA(n): the SD of the differences to the reading n hours before, found and weighed as for MODD; NaN with fewer
/// than two. Source: McDonnell et al., Diabetes Technol Ther 2005;7:253.
double overlapping_net_action(const Stretch& stretch, double hours);

}  // namespace glucose
