// SPDX-License-Identifier: PostgreSQL
// A forecast taken apart: from the person's own level, by what each feature adds. What is served is a sum of lines, of
// trees and of naive forecasts, so that the parts are exact; of a network each feature is left out in turn, and what
// they only do together is what `recent_errors` holds beside the person's own mean error.
#include <algorithm>
#include <cmath>

#include "core/tasks/daily/asking/metric_forecast.hpp"

namespace glucose {

namespace {

using Groups = std::array<double, kDailyGroups>;

void add_line(const DailyLine& line, std::span<const float> x, double weight, Groups& groups) {
  groups[kDailyGroups - 2] += weight * static_cast<double>(line.intercept);  // of the level
  for (std::size_t i = 0; i < line.count; ++i) {
    const float value = x[line.first + i];
    if (!std::isnan(value))
      groups[static_cast<std::size_t>(group_of_column(line.first + i))] +=
          weight * static_cast<double>(line.slopes[i] * ((value - line.scaler.mean[i]) * line.scaler.inverse_sd[i]));
  }
}

void add_trees(const Trees& trees, std::span<const float> x, double weight, Groups& groups) {
  std::vector<double> phi(x.size());
  double expected = 0;
  trees.contributions(x, phi, expected);
  groups[kDailyGroups - 2] += weight * expected;
  for (std::size_t i = 0; i < phi.size(); ++i) groups[static_cast<std::size_t>(group_of_column(i))] += weight * phi[i];
}

// Without a feature: as if it were unknown on all days.
void add_network(const DailyPart& part, const MetricSight& sight, double weight, Groups& groups) {
  const std::size_t steps = sight.sequence.size() / kSequenceColumns;
  const double whole = static_cast<double>(part.predict(sight.look.x, sight.sequence.data()));
  double explained = 0;
  std::vector<float> without = sight.sequence;
  for (std::size_t f = 0; f < kSequenceColumns; ++f) {
    for (std::size_t t = 0; t < steps; ++t) without[t * kSequenceColumns + f] = kUnknown;
    const double gain = whole - static_cast<double>(part.predict(sight.look.x, without.data()));
    for (std::size_t t = 0; t < steps; ++t)
      without[t * kSequenceColumns + f] = sight.sequence[t * kSequenceColumns + f];
    groups[f < kDailyFeatures ? f : static_cast<std::size_t>(kLastValueGroup)] += weight * gain;
    explained += gain;
  }
  groups[kErrorsGroup] += weight * (whole - explained);
}

class MetricExplainer final : public Explainer {
 public:
  MetricExplainer(const DailyModel& model, const Known& known, const Question& question)
      : model_(model), known_(known), question_(question) {}
  bool done() const override { return done_; }
  void step() override {
    done_ = true;
    const MetricSight sight = sight_of(model_, known_, question_);
    const Answer answer = ask_metric(model_, known_, question_);  // raises where nothing is known
    Groups groups{};
    const auto weights = sight.follower.weights();
    for (int kind = 0; kind < kNaiveKinds; ++kind) {
      const auto k = static_cast<std::size_t>(kind);
      const auto group = static_cast<Naive>(kind) == Naive::last ? kLastValueGroup : kMeansGroup;
      groups[static_cast<std::size_t>(group)] += weights[k] * static_cast<double>(sight.experts[k]);
    }
    for (std::size_t p = 0; p < model_.parts.size(); ++p) {
      const double weight = weights[kTogether] * static_cast<double>(model_.part_weights[p]);
      if (weight <= 0) continue;
      const DailyPart& part = model_.parts[p];
      if (part.network)
        add_network(part, sight, weight, groups);
      else if (part.trees.features() > 0)
        add_trees(part.trees, sight.look.x, weight, groups);
      else
        add_line(part.line, sight.look.x, weight, groups);
    }
    groups[kErrorsGroup] += static_cast<double>(sight.follower.own_error());
    finish(sight, groups, answer.expected[0].value);
  }
  Explanation take() const override { return explanation_; }

 private:
  // In the metric's unit: of a logarithm, or a value at its limit, in proportion.
  void finish(const MetricSight& sight, const Groups& groups, float value) {
    explanation_.baseline = from_model(sight.look.level(), model_.is_log());
    double sum = 0;
    for (const double g : groups) sum += g;
    const double change = static_cast<double>(value - explanation_.baseline);
    const double scale = std::abs(sum) > 1e-9 ? change / sum : 0;
    for (int g = 0; g < kDailyGroups; ++g) {
      const double part = groups[static_cast<std::size_t>(g)] * scale;
      const float seen = g < kDailyFeatures ? value_of(sight, g) : kUnknown;
      if (part != 0 || !std::isnan(seen))
        explanation_.parts.push_back({name_of_group(g), seen, static_cast<float>(part)});
    }
    std::stable_sort(explanation_.parts.begin(), explanation_.parts.end(),
                     [](const auto& a, const auto& b) { return std::abs(a.contribution) > std::abs(b.contribution); });
  }
  // As it was measured.
  static float value_of(const MetricSight& sight, int feature) {
    const auto f = static_cast<std::size_t>(feature);
    const bool is_of_calendar = feature >= kWeekdaySin && feature <= kGapDays;
    const float value = sight.look.x[kDeviations + f] + (is_of_calendar ? 0.0F : sight.look.x[kLevels + f]);
    return feature == kRmssd || feature == kSdnn ? std::exp(value) : value;
  }

  const DailyModel& model_;
  const Known& known_;
  Question question_;
  bool done_ = false;
  Explanation explanation_;
};

}  // namespace

std::unique_ptr<Explainer> explain_metric(const DailyModel& model, const Known& known, const Question& question) {
  return std::make_unique<MetricExplainer>(model, known, question);
}

}  // namespace glucose
