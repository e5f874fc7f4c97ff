// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/outlook.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/base/error.hpp"
#include "core/days/glucose_day.hpp"
#include "core/math/statistics.hpp"
#include "core/readings/range_limits.hpp"
#include "core/seeing/summary.hpp"

namespace glucose {

namespace {

// What stays of a day's weight each day, for one to three days ahead: the further, the less the last days say.
constexpr std::array<double, kMostOutlookDays> kStays{0.85, 0.90, 0.92};
constexpr double kPriorDays = 3;  // that the usual variance counts as
constexpr double kWider = 0.05;   // a day
// How far days of a person are from each other, on the scale of each measure. Chosen with the three above on the first
// four fifths of each person of open data (docs/why/outlook.md).
constexpr std::array<double, 4> kUsualSd{0.09, 0.15, 0.09, 0.2};

/// A scale on which values vary alike wherever they are, and where it ends.
struct Scale {
  double (*to)(double value);
  double (*from)(double scaled);
  double low, high;
};

double log_of(double mg_dl) {
  return std::log(mg_dl);
}
double exp_of(double scaled) {
  return std::exp(scaled);
}
double angle_of(double pct) {
  return std::asin(std::sqrt(std::clamp(pct, 0.0, 100.0) / 100));
}
double share_of(double angle) {
  return 100 * std::pow(std::sin(angle), 2);
}

Scale scale_of(Measure measure) {
  if (is_share(measure)) return {angle_of, share_of, 0, std::numbers::pi / 2};
  return {log_of, exp_of, std::log(static_cast<double>(kGlucoseLow)), std::log(static_cast<double>(kGlucoseHigh))};
}

double weight_of(const PastValue& past, int days_ahead) {
  return std::pow(kStays[static_cast<std::size_t>(days_ahead - 1)], past.age);
}

/// One more value: its mean, and Student's distribution of it on the scale.
struct Next {
  double mean, centre, width, df;  // the mean is between the least and the most of the past, whatever is rounded
  double at(double p) const { return centre + width * student_quantile(p, df); }
};

Next next_of(std::span<const PastValue> past, const Scale& scale, double usual_sd, int days_ahead) {
  double weights = 0, squares = 0, mean = 0, centre = 0, variance = 0, least = past[0].value, most = least;
  for (const PastValue& p : past) {
    const double w = weight_of(p, days_ahead);
    weights += w, squares += w * w, mean += w * p.value, centre += w * scale.to(p.value);
    least = std::min(least, p.value), most = std::max(most, p.value);
  }
  centre /= weights;
  for (const PastValue& p : past) variance += weight_of(p, days_ahead) * std::pow(scale.to(p.value) - centre, 2);
  const double n = weights * weights / squares;  // days that the weights are worth
  variance *= n / (n - 1) / weights;
  const double df = n - 1 + kPriorDays;
  variance = ((n - 1) * variance + kPriorDays * usual_sd * usual_sd) / df;
  return {std::clamp(mean / weights, least, most), centre,
          (1 + kWider * (days_ahead - 1)) * std::sqrt(variance * (1 + 1 / n)), df};
}

void set_interval(ExpectedDay& outlook, const Next& next, const Scale& scale, bool may_end) {
  const double tail = (1 - kOutlookLevel) / 2;
  double lower = std::max(scale.low, next.at(tail)), upper = std::min(scale.high, next.at(1 - tail));
  if (may_end) {
    const double above = std::max(scale.low, next.at(1 - kOutlookLevel));
    const double below = std::min(scale.high, next.at(kOutlookLevel));
    double shortest = upper - lower;
    if (scale.high - above < shortest) lower = above, upper = scale.high, shortest = scale.high - above;
    if (below - scale.low < shortest) lower = scale.low, upper = below;
  }
  outlook.lower = std::min(scale.from(lower), outlook.expected);
  outlook.upper = std::max(scale.from(upper), outlook.expected);
}

}  // namespace

ExpectedDay day_outlook_of(Measure measure, std::span<const PastValue> past, int days_ahead) {
  if (past.size() < kFewestOutlookDays)
    throw Error(ErrorCode::too_little_history, "an outlook needs days that have been");
  const Scale scale = scale_of(measure);
  const Next next = next_of(past, scale, kUsualSd[static_cast<std::size_t>(measure)], days_ahead);
  ExpectedDay outlook{static_cast<int>(past.size()), next.mean, 0, 0};
  set_interval(outlook, next, scale, is_share(measure));
  return outlook;
}

std::array<std::vector<PastValue>, 3> past_days(const Stretch& stretch, Micros at) {
  constexpr Targets kUsual;
  const double beyond = first_above(kUsual.high);
  std::array<std::vector<PastValue>, 3> past;
  for (int age = 0; age < kOutlookPast; ++age) {
    double covered = 0, sum = 0, in_range = 0, below = 0;
    for (const StretchPoint& p : stretch.between(at - (age + 1) * kDay, at - age * kDay)) {
      const auto time = static_cast<double>(p.covers);
      covered += time, sum += time * p.mg_dl;
      in_range += p.mg_dl >= kUsual.low && p.mg_dl < beyond ? time : 0;
      below += p.mg_dl < kUsual.low ? time : 0;
    }
    if (!(covered >= kDayCovered * static_cast<double>(kDay))) continue;
    past[0].push_back({age, sum / covered});
    past[1].push_back({age, 100 * (in_range / covered)});
    past[2].push_back({age, 100 * (below / covered)});
  }
  return past;
}

std::vector<PastValue> past_levels(const Stretch& stretch, Micros at, Micros ahead) {
  std::vector<PastValue> past;
  for (int age = 0; age < kOutlookPast; ++age) {
    const Micros then = at + ahead - (age + 1) * kDay;
    const StretchPoint* nearest = nullptr;
    for (const StretchPoint& p : stretch.between(then - kLongestStep, std::min(then + kLongestStep, at) + 1))
      if (nearest == nullptr || std::abs(p.at - then) < std::abs(nearest->at - then)) nearest = &p;
    if (nearest != nullptr) past.push_back({age, nearest->mg_dl});
  }
  return past;
}

}  // namespace glucose
