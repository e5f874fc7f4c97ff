// SPDX-License-Identifier: PostgreSQL
#include "pg/work/measured.hpp"

#include <algorithm>
#include <array>
#include <cmath>

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

/// Over the horizons; NaN when there is none.
double mean_of(const std::vector<MetricRow>& rows, Split split, std::string_view metric) {
  double sum = 0, n = 0;
  for (const MetricRow& row : rows)
    if (row.split == split && row.metric == metric && is_of_model(row)) sum += row.value, ++n;
  return sum / n;
}

/// What the training said of itself over all horizons moves with what was measured.
void replace_test(Outcome& outcome, const std::vector<Evaluation>& evaluations) {
  constexpr std::array<std::string_view, 3> kNames{"mae", "rmse", "r2"};
  std::array<double, 3> before;
  for (std::size_t i = 0; i < kNames.size(); ++i) before[i] = mean_of(outcome.metrics, Split::test, kNames[i]);
  replace(outcome.metrics, Split::test, evaluations);
  const std::array<double*, 3> of_all{&outcome.mae, &outcome.rmse, &outcome.r2};
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (const double moved = mean_of(outcome.metrics, Split::test, kNames[i]) - before[i]; std::isfinite(moved))
      *of_all[i] += moved;
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
    for (const Split split : {Split::train, Split::validation})
      replace(outcome.metrics, split, evaluations[static_cast<std::size_t>(split)]);
    replace_test(outcome, evaluations[static_cast<std::size_t>(Split::test)]);
  });
}

}  // namespace glucose::pg
