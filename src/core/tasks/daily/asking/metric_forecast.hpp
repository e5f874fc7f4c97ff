// SPDX-License-Identifier: PostgreSQL
// A question about a day of a metric, and its answer.
#pragma once
#include "core/asking/answer.hpp"
#include "core/asking/scored.hpp"
#include "core/tasks/daily/models/daily_model.hpp"

namespace glucose {

/// How far a question looks back.
int days_seen(const DailyModel& model);

/// What is known for a forecast of the day that Question::at is the midnight of, and of the days followed before it.
struct MetricSight {
  bool known = false;  // whether the metric is known of any day that counts
  DailyLook look{};
  std::vector<float> sequence;  // T × kSequenceColumns, of a network
  Experts experts{};
  DailyFollower follower;
  std::int32_t day = 0;
};
MetricSight sight_of(const DailyModel& model, const Known& known, const Question& question);

/// Throws Error too_little_history when the metric is not known of any day that counts.
Answer ask_metric(const DailyModel& model, const Known& known, const Question& question);

/// How much each day of the sequence counted, the oldest first; their sum is 1. Throws Error bad_argument for a model
/// without attention.
struct DayWeight {
  std::int32_t day;
  float weight;
};
std::vector<DayWeight> attention_of(const DailyModel& model, const Known& known, const Question& question);

/// Which day of the calendar begins at a moment or next after it; the day after the last one when none does.
std::int32_t day_at(const Calendar& calendar, Micros at);

/// Takes the forecast apart, in one step.
std::unique_ptr<Explainer> explain_metric(const DailyModel& model, const Known& known, const Question& question);

/// A model on rows of one person.
std::unique_ptr<Scorer> score_metric(const DailyModel& model, const DailyRows& rows, Micros from);
std::unique_ptr<ImportanceWork> metric_importance(const DailyModel& model, const DailyRows& rows, Micros from,
                                                  std::uint64_t seed);

}  // namespace glucose
