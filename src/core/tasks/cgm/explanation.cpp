// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/explanation.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/tasks/cgm/features.hpp"

namespace glucose {

namespace {

constexpr double kRounding = 1e-3;  // mg/dL

double limit(double mg_dl) {
  return std::clamp(mg_dl, static_cast<double>(kGlucoseLow), static_cast<double>(kGlucoseHigh));
}

}  // namespace

CgmExplainer::CgmExplainer(const CgmModel& model, const CgmKnown& known, const CgmQuestion& question,
                           const DayClock& clock)
    : CgmExplainer(model, known, question, cgm_forecast(model, known, question, clock)) {}

CgmExplainer::CgmExplainer(const CgmModel& model, const CgmKnown& known, const CgmQuestion& question,
                           const CgmForecast& served)
    : head_(question.head == Head::mean ? model.mean : model.median),
      trees_(question.head == Head::mean ? model.mean_trees : model.median_trees),
      seen_(cgm_seen(known, question.at, question.utc_offset_min)),
      served_(served.points[0]),
      own_(served.own),
      shows_mean_(question.head == Head::mean),
      place_(question.minutes[0] + seen_.since_reading_min),
      x_(cgm_columns(seen_.window, seen_.minute_of_day)) {
  add_line();
  if (trees_.empty()) tree_horizon_ = kCgmTreeCount;
}

void CgmExplainer::add_line() {
  for (std::size_t p = 0; p < kCgmColumns; ++p) {
    const float* of_column = &head_[p * kCgmHorizons];
    const double part = static_cast<double>(place_.between(of_column[place_.before], of_column[place_.after])) *
                        static_cast<double>(x_[p]);
    part_of(p) += part;
    linear_change_ += part;
  }
}

/// One horizon of the trees.
void CgmExplainer::step() {
  if (done()) return;
  const std::size_t t = tree_horizon_++;
  CgmAtTrees one{};
  one[t] = trees_.share[t];
  const auto share = static_cast<double>(place_.of(cgm_at_all(one)));
  if (share != 0) add_trees(t, share);
}

void CgmExplainer::add_trees(std::size_t t, double share) {
  std::array<double, kCgmTreeColumns> phi;
  double expected = 0;
  trees_.trees[t].contributions(trees_.sees(x_.data()), phi, expected);
  parts_[static_cast<std::size_t>(CgmGroup::constant)] += share * expected;
  for (std::size_t i = 0; i < phi.size(); ++i)
    (i < kCgmTreeSees.size() ? part_of(kCgmTreeSees[i]) : of_linear_forecast_) += share * phi[i];
}

Explanation CgmExplainer::take() const {
  const float level = seen_.window.back();
  const bool has_rhythm = !std::isnan(served_.rhythm);
  const double counts = has_rhythm ? 1 - static_cast<double>(cgm_share_of_day(served_.minutes_ahead)) : 1;
  const double calm = static_cast<double>(share_of_calm()), of_model = counts * (1 - calm);
  Explanation e{level, {}};
  double sum = static_cast<double>(level);
  const auto add = [&](std::string_view name, float value, double part) {
    e.parts.push_back({name, value, static_cast<float>(part)});
    sum += part;
  };
  for (std::size_t g = 0; g < kCgmGroups; ++g) {
    const auto group = static_cast<CgmGroup>(g);
    add(name_of(group), cgm_group_value(group, x_.data()), of_model * parts_[g]);
  }
  if (!trees_.empty())
    add("linear_forecast", static_cast<float>(static_cast<double>(level) + linear_change_),
        of_model * of_linear_forecast_);
  if (calm > 0) {
    const auto change = [&](std::size_t k) { return own_.calm_change(k, level); };
    add("last_day", own_.mean,
        counts * calm * static_cast<double>(place_.between(change(place_.before), change(place_.after))));
  }
  if (!std::isfinite(static_cast<float>(sum))) forecast_not_finite();
  if (has_rhythm) {
    add("rhythm", served_.rhythm, static_cast<double>(shows_mean_ ? served_.mean_mg_dl : served_.mg_dl) - sum);
  } else if (const double limited =
                 limit(static_cast<double>(within_limit(static_cast<float>(sum), level, seen_.trust)));
             std::abs(limited - sum) > kRounding) {
    add("limit", kUnknown, limited - sum);
  }
  std::stable_sort(e.parts.begin(), e.parts.end(), [](const FeaturePart& a, const FeaturePart& b) {
    return std::abs(a.contribution) > std::abs(b.contribution);
  });
  return e;
}

}  // namespace glucose
