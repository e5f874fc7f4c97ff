// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/model.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/base/wipe.hpp"
#include "core/readings/time_grid.hpp"
#include "core/tasks/cgm/features.hpp"
#include "core/tasks/cgm/place.hpp"

namespace glucose {

namespace {

constexpr float kLow = 70, kHigh = 180;  // mg/dL, the usual range
constexpr float kCloseMgDl = 20.0F, kCloseShare = 0.2F;
constexpr float kEdgeWidth = 40;        // mg/dL
constexpr float kHalfErrsLess = 0.04F;  // the half of two forecasts, than either: its interval is narrower by that
constexpr float kRhythmKnown = 7, kRhythmSeen = 2;  // days

float limit(float mg_dl) {
  return std::clamp(mg_dl, kGlucoseLow, kGlucoseHigh);
}

/// The distribution of the outcome around the median at a place.
struct Outcome {
  const CgmModel& model;
  const CgmNodes& nodes;
  const CgmPlace& place;

  float quantile(double p) const {
    const auto at = [&](std::size_t k) {
      return nodes.median[k] +
             nodes.spread[k] * static_cast<float>(cgm_quantile(model.quantiles_of(k), p)) * place.widen;
    };
    return place.between(at(place.before), at(place.after));
  }
  float below(float mg_dl) const {
    const auto at = [&](std::size_t k) {
      const float z = (mg_dl - place.of(nodes.median)) / (nodes.spread[k] * place.widen);
      return static_cast<float>(cgm_probability_below(model.quantiles_of(k), static_cast<double>(z)));
    };
    return place.between(at(place.before), at(place.after));
  }
};

/// What is said, with its interval, within what a sensor can show. outcome: quantile(p) and below(mg/dL)
template <class Distribution>
CgmForecastPoint point_of(const Distribution& outcome, int minutes, float median, float mean, Head head, double level) {
  if (!std::isfinite(median) || !std::isfinite(mean)) forecast_not_finite();
  const float said = head == Head::mean ? mean : median;
  CgmForecastPoint point{};
  point.minutes_ahead = minutes;
  point.mg_dl = limit(said);
  point.mean_mg_dl = limit(mean);
  const float lower = outcome.quantile((1 - level) / 2), upper = outcome.quantile((1 + level) / 2);
  point.lower = std::min({limit(lower), limit(median), point.mg_dl});
  point.upper = std::max({limit(upper), limit(median), point.mg_dl});
  // Where all of it lies beyond what a sensor can show, its edge alone would look certain.
  const float width = std::min(upper - lower, kEdgeWidth);
  point.lower = std::min(point.lower, kGlucoseHigh - width);
  point.upper = std::max(point.upper, kGlucoseLow + width);
  const float close = std::max(kCloseMgDl, kCloseShare * point.mg_dl);
  point.score = std::clamp(outcome.below(point.mg_dl + close) - outcome.below(point.mg_dl - close), 0.0F, 1.0F);
  point.below_70 = std::clamp(outcome.below(kLow), 0.0F, 1.0F);
  point.above_180 = std::clamp(1 - outcome.below(kHigh), 0.0F, 1.0F);
  point.limited = point.mg_dl != said;
  point.rhythm = kUnknown;
  point.at_most = Confidence::high;
  return point;
}

CgmForecastPoint point_at(const CgmModel& model, const CgmNodes& nodes, int minutes, const CgmPlace& place,
                          double level) {
  const Outcome outcome{model, nodes, place};
  return point_of(outcome, minutes, place.of(nodes.median), place.of(nodes.mean), Head::median, level);
}

CgmForecastPoint point_of_day(const CgmModel& model, const DayPast& past, int minutes, double since_reading_min,
                              const CgmQuestion& question) {
  const DayOutlook outlook(model.day, past, minutes + since_reading_min);
  const Head head = question.head == Head::median ? Head::median : Head::mean;
  CgmForecastPoint point = point_of(outlook, minutes, outlook.quantile(0.5), outlook.mean(), head, question.level);
  point.rhythm = outlook.rhythm();
  return point;
}

/// Nothing when nothing of a day is asked, or known to the model.
std::optional<DayPast> past_of_day(const CgmModel& model, const CgmKnown& known, const CgmQuestion& question,
                                   const DayClock& clock) {
  if (!question.asks_for_rhythm()) return {};
  const DayClock now{question.at, {&question.utc_offset_min, 1}};
  if (!model.day.empty()) return DayPast(known.series, known.n - 1, clock.offsets_min.empty() ? now : clock);
  if (question.farthest() <= kCgmLongestMin) return {};
  throw Error(ErrorCode::model_mismatch, "the model forecasts two hours and no more", "Train the model again.");
}

[[noreturn]] void nothing_recent(std::span<const Reading> readings, Micros at) {
  if (!was_measured(readings, at - kCgmOldestReading, at))
    throw Error(ErrorCode::too_little_history, "no glucose reading in the hour before this moment",
                "A forecast from readings alone needs a recent one; two hours of them are best.");
  // Measured in time and recorded later: what there is must not be said not to be there.
  throw Error(ErrorCode::too_little_history, "no glucose reading of the hour before this moment was known then",
              kImportHint, "There are readings, but all of them were recorded only later (recorded_at).");
}

Confidence confidence_of_days(float known) {
  return known >= kRhythmKnown ? Confidence::high : known >= kRhythmSeen ? Confidence::medium : Confidence::low;
}

/// A forecast has no steps: between the two horizons one becomes the other.
CgmForecastPoint faded(const CgmForecastPoint& near, const CgmForecastPoint& far) {
  const float weight = cgm_share_of_day(far.minutes_ahead);
  const auto between = [weight](float a, float b) { return a + weight * (b - a); };
  CgmForecastPoint point = far;
  point.mg_dl = between(near.mg_dl, far.mg_dl);
  point.mean_mg_dl = between(near.mean_mg_dl, far.mean_mg_dl);
  const float narrower = 1 - kHalfErrsLess * 4 * weight * (1 - weight);
  point.lower = point.mg_dl - narrower * std::max(point.mg_dl - between(near.lower, far.lower), 0.0F);
  point.upper = point.mg_dl + narrower * std::max(between(near.upper, far.upper) - point.mg_dl, 0.0F);
  point.score = between(near.score, far.score);
  point.below_70 = between(near.below_70, far.below_70);
  point.above_180 = between(near.above_180, far.above_180);
  point.limited = far.limited || (weight < 1 && near.limited);
  return point;
}

}  // namespace

std::optional<std::size_t> cgm_few_of(std::size_t known) {
  if (known >= kCgmLeastKnown) return {};
  const auto above = std::upper_bound(kCgmFewKnown.begin(), kCgmFewKnown.end(), known);
  return static_cast<std::size_t>(above - kCgmFewKnown.begin()) - (above == kCgmFewKnown.begin() ? 0 : 1);
}

float cgm_spread_at(const CgmModel& model, std::size_t k, const CgmSpreadColumns& columns, const CgmTrust& trust) {
  constexpr std::size_t S = kCgmSpreadColumns;
  float spread = cgm_spread(&model.spread[k * S], columns);
  if (const auto few = cgm_few_of(trust.known); few && !model.few_spread.empty())
    spread = std::max(spread, cgm_spread(&model.few_spread[(*few * kCgmHorizons + k) * S], columns));
  return trust.doubt_mg_dl > 0 ? std::hypot(spread, trust.doubt_mg_dl) : spread;
}

float within_limit(float mg_dl, float level, const CgmTrust& trust) {
  return trust.limit > 0 ? std::min(mg_dl, level) : trust.limit < 0 ? std::max(mg_dl, level) : mg_dl;
}

CgmNodes cgm_nodes(const CgmModel& model, const CgmWindow& window, int minute_of_day, const CgmTrust& trust,
                   const CgmOwnPast& own) {
  return cgm_nodes(model, cgm_columns(window, minute_of_day).data(), cgm_spread_columns(window, trust.known),
                   window.back(), trust, own);
}

CgmNodes cgm_nodes(const CgmModel& model, const float* columns, const CgmSpreadColumns& spread, float level,
                   const CgmTrust& trust, const CgmOwnPast& own) {
  CgmTargets median = cgm_changes(model.median, columns), mean = cgm_changes(model.mean, columns);
  if (model.has_trees()) {
    add_correction(model.median_trees.correction(columns), median);
    add_correction(model.mean_trees.correction(columns), mean);
  }
  CgmNodes nodes;
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    nodes.median[k] = within_limit(level + own.mixed(median[k], own.median_calm, k, level), level, trust);
    nodes.mean[k] = within_limit(level + own.mixed(mean[k], own.mean_calm, k, level), level, trust);
    nodes.spread[k] = own.wider_at(k) * cgm_spread_at(model, k, spread, trust);
  }
  return nodes;
}

CgmForecastPoint cgm_point_at_horizon(const CgmModel& model, const CgmNodes& nodes, std::size_t k, double level,
                                      double since_reading_min) {
  return point_at(model, nodes, cgm_minutes(k), CgmPlace(cgm_minutes(k) + since_reading_min), level);
}

void forecast_not_finite() {
  throw Error(ErrorCode::model_mismatch, "the model's forecast is not finite", "Train the model again.");
}

void wipe(CgmModel& model) {
  for (auto* weights : {&model.median, &model.mean, &model.spread, &model.few_spread, &model.quantiles})
    wipe_values(std::span<float>(*weights));
  wipe(model.day);
  for (auto* trees : {&model.median_trees, &model.mean_trees}) wipe_values(std::span<float>(trees->linear));
}

CgmSeen cgm_seen(const CgmKnown& known, Micros at, int utc_offset_min) {
  if (known.n == 0 || at - known.series.at(known.n - 1) > kCgmOldestReading) nothing_recent(known.readings, at);
  const CgmLook look = known.series.look(known.n - 1);
  CgmSeen seen;
  seen.window = look.window;
  seen.trust = look.trust;
  seen.ends_at = look.at;
  seen.minute_of_day = DayClock{at, {&utc_offset_min, 1}}.minute_of_day(look.at);
  seen.since_reading_min = static_cast<double>(at - look.at) / kMinute;
  return seen;
}

Micros cgm_reach(const CgmModel& model, const CgmQuestion& question) {
  return question.asks_for_rhythm() && !model.day.empty() ? kDayReach : kCgmReach;
}

CgmForecast cgm_forecast(const CgmModel& model, const CgmKnown& known, const CgmQuestion& question,
                         const DayClock& clock) {
  const CgmSeen seen = cgm_seen(known, question.at, question.utc_offset_min);
  CgmForecast forecast;
  forecast.window = seen.window;
  forecast.own = known.past.at(known.n - 1, seen.ends_at);
  const CgmNodes nodes = cgm_nodes(model, seen.window, seen.minute_of_day, seen.trust, forecast.own);
  forecast.n = question.n_minutes;
  const std::optional<DayPast> past = past_of_day(model, known, question, clock);
  if (past) forecast.state = past->state();
  for (std::size_t i = 0; i < static_cast<std::size_t>(forecast.n); ++i) {
    CgmForecastPoint& point = forecast.points[i];
    const int ahead = question.minutes[i];
    point = point_at(model, nodes, ahead, CgmPlace(ahead + seen.since_reading_min), question.level);
    if (past && ahead > kCgmFadesFromMin)
      point = faded(point, point_of_day(model, *past, ahead, seen.since_reading_min, question));
    if (past && ahead > kCgmLongestMin) point.at_most = confidence_of_days(past->state().days);
  }
  return forecast;
}

}  // namespace glucose
