// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/asking/metric_forecast.hpp"
#include "core/tasks/daily/models/row_follower.hpp"

namespace glucose {

namespace {

class MetricScorer final : public Scorer {
 public:
  MetricScorer(const DailyModel& model, const DailyRows& rows, Micros from)
      : model_(model),
        rows_(rows),
        from_(from),
        half_width_(half_width(model.scores, kIntervalLevel)),
        followed_(model, rows) {}
  bool done() const override { return next_ >= rows_.size(); }
  bool next(ScoredRow& row) override {
    const std::size_t i = next_++;
    const Experts experts = model_.experts(rows_.columns(i), rows_.naive[i], rows_.sequence_of(i).data());
    const DailyFollower follower = followed_.before(i);
    followed_.note(i, experts);
    if (rows_.at[i] < from_) return false;
    const DailyForecast f = daily_forecast(model_, follower, experts, rows_.level(i), half_width_);
    row.at = rows_.at[i];
    row.unit = rows_.day[i];
    row.n = 1;
    row.minutes[0] = kDayAheadMin;
    row.value[0] = f.value;
    row.lower[0] = f.lower;
    row.upper[0] = f.upper;
    row.outcome[0] = rows_.target[i];
    return true;
  }

 private:
  const DailyModel& model_;
  const DailyRows& rows_;
  Micros from_;
  float half_width_;  // in units of the spread
  RowFollower followed_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<Scorer> score_metric(const DailyModel& model, const DailyRows& rows, Micros from) {
  return std::make_unique<MetricScorer>(model, rows, from);
}

}  // namespace glucose
