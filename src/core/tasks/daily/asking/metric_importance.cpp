// SPDX-License-Identifier: PostgreSQL
#include <algorithm>
#include <cmath>

#include "core/base/random.hpp"
#include "core/tasks/daily/asking/metric_forecast.hpp"

namespace glucose {

namespace {

/// Another day's values of a feature, one feature after the other.
class MetricImportance final : public ImportanceWork {
 public:
  MetricImportance(const DailyModel& model, const DailyRows& rows, Micros from, std::uint64_t seed)
      : model_(model), rows_(rows), random_(seed), follower_(model) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows.at[i] >= from) asked_.push_back(i);
    plain_ = error(-1, {});
  }
  bool done() const override { return group_ >= kDailyGroups - 1; }
  void step() override {
    std::vector<std::size_t> other = asked_;
    random_.shuffle(other);
    const double shuffled = error(group_, other);
    found_.push_back(
        {name_of_group(group_), kDayAheadMin, static_cast<float>(shuffled - plain_), static_cast<int>(asked_.size())});
    ++group_;
  }
  std::vector<Importance> take() const override {
    auto sorted = found_;
    sort_by_increase(sorted);
    return sorted;
  }

 private:
  double error(int group, const std::vector<std::size_t>& other) const {
    double sum = 0;
    for (std::size_t k = 0; k < asked_.size(); ++k) {
      const std::size_t i = asked_[k], j = group < 0 ? i : other[k];
      std::array<float, kDailyColumns> x;
      for (std::size_t c = 0; c < kDailyColumns; ++c)
        x[c] = group_of_column(c) == group && c != kLevel ? rows_.columns(j)[c] : rows_.columns(i)[c];
      const std::vector<float> sequence = mixed_sequence(i, j, group);
      Experts experts = model_.experts(x, rows_.naive[i], sequence.empty() ? nullptr : sequence.data());
      if (group == kLastValueGroup || group == kMeansGroup) swap_naive(experts, j, group);
      const DailyForecast f = daily_forecast(model_, follower_, experts, rows_.level(i), 0);
      sum += std::abs(static_cast<double>(f.value - rows_.target[i]));
    }
    return asked_.empty() ? 0 : sum / static_cast<double>(asked_.size());
  }
  std::vector<float> mixed_sequence(std::size_t i, std::size_t j, int group) const {
    if (rows_.sequence == 0) return {};
    std::vector<float> own = rows_.sequence_of(i);
    if (group > kLastValueGroup || group < 0) return own;
    const std::vector<float> other = rows_.sequence_of(j);
    static_assert(kLastValueGroup == kDailyFeatures);  // the metric's own column is the one after the features
    for (std::size_t t = static_cast<std::size_t>(group); t < own.size(); t += kSequenceColumns) own[t] = other[t];
    return own;
  }
  void swap_naive(Experts& experts, std::size_t j, int group) const {
    const Experts others = model_.experts(rows_.columns(j), rows_.naive[j], rows_.sequence_of(j).data());
    for (int kind = 0; kind < kNaiveKinds; ++kind)
      if ((static_cast<Naive>(kind) == Naive::last) == (group == kLastValueGroup))
        experts[static_cast<std::size_t>(kind)] = others[static_cast<std::size_t>(kind)];
  }

  const DailyModel& model_;
  const DailyRows& rows_;
  Random random_;
  DailyFollower follower_;
  std::vector<std::size_t> asked_;
  double plain_ = 0;
  int group_ = 0;
  std::vector<Importance> found_;
};

}  // namespace

std::unique_ptr<ImportanceWork> metric_importance(const DailyModel& model, const DailyRows& rows, Micros from,
                                                  std::uint64_t seed) {
  return std::make_unique<MetricImportance>(model, rows, from, seed);
}

}  // namespace glucose
