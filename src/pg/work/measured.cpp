// SPDX-License-Identifier: PostgreSQL
#include "pg/work/measured.hpp"

#include <algorithm>

#include "pg/work/rows.hpp"

namespace glucose::pg {

namespace {

constexpr const char* kHeldOut = "held_out_";

bool is_of_model(const MetricRow& row) {
  return row.head == "median" && (row.metric == "mae" || row.metric == "rmse" || row.metric == "r2" ||
                                  row.metric == "mape" || row.metric == "bias" || row.metric == "coverage");
}

bool is_noted(const std::vector<MetricRow>& rows, int minutes_ahead) {
  return std::any_of(rows.begin(), rows.end(), [minutes_ahead](const MetricRow& row) {
    return row.minutes_ahead == minutes_ahead && is_of_model(row);
  });
}

void replace(std::vector<MetricRow>& rows, Split split, const std::vector<Evaluation>& evaluations) {
  std::vector<MetricRow> measured;
  for (const Evaluation& e : evaluations) {
    if (!is_noted(rows, e.minutes_ahead)) continue;
    add_metrics(measured, split, e.minutes_ahead, "", e.errors);
    measured.push_back({split, e.minutes_ahead, "coverage", e.coverage, e.errors.n});
  }
  const auto is_there = [&](const MetricRow& row) {
    return std::any_of(measured.begin(), measured.end(), [&](const MetricRow& m) {
      return m.minutes_ahead == row.minutes_ahead && m.metric == row.metric;
    });
  };
  for (MetricRow& row : rows)
    if (row.split == Split::validation && split == Split::validation && !row.head.empty())
      row.metric = kHeldOut + row.metric;
  std::erase_if(rows, [&](const MetricRow& row) { return row.split == split && is_of_model(row) && is_there(row); });
  rows.insert(rows.end(), measured.begin(), measured.end());
}

}  // namespace

void measure_outcome(const Task& task, const Material& material, Outcome& outcome, WatchedForecasts& seen,
                     MemoryContext context) {
  if (task.score == nullptr) return;
  const auto* model = owned<std::unique_ptr<AnyModel>>(context, [&] { return task.decode(outcome.artifact); });
  const Rows* rows = rows_of(material, context, [&] { return task.scoring_rows(**model); });
  const Micros from = outcome.learnt_from, until = outcome.splits.test_end + 1;
  auto* evaluator = owned<Evaluator>(context, [&] {
    return Evaluator(
        std::make_unique<OverheardScorer>(task.score(**model, *rows, from), seen,
                                          WatchRange{.from = from, .until = until}, outcome.splits.test_start),
        {outcome.splits.validation_start, outcome.splits.test_start}, from, until);
  });
  run_to_end(evaluator);
  guarded([&] {
    const auto evaluations = evaluator->take();
    for (const Split split : {Split::train, Split::validation, Split::test})
      replace(outcome.metrics, split, evaluations[static_cast<std::size_t>(split)]);
  });
}

}  // namespace glucose::pg
