// SPDX-License-Identifier: PostgreSQL
// A training as the spine sees it, whatever is trained.
#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/note.hpp"
#include "core/math/metrics.hpp"
#include "core/training/rows.hpp"

namespace glucose {

/// One measured number of a model: its error of a kind at a horizon, over n rows of a split. NaN: not known.
struct MetricRow {
  Split split;
  int minutes_ahead;
  std::string metric;
  double value;
  int n;
  std::string_view head = "median";  // of what was forecast; empty: of no model's
};
/// The five numbers of Metrics, their names after `prefix`.
void add_metrics(std::vector<MetricRow>& rows, Split split, int minutes_ahead, std::string_view prefix,
                 const Metrics& metrics, std::string_view head = "median");

/// What a training leaves: the artifact and all that is stored beside it.
struct Outcome {
  std::vector<std::uint8_t> artifact;
  std::string algorithm, schema;
  std::vector<int> horizons_min;
  std::array<int, 3> rows{};       // by Split
  double mae, rmse, r2;            // on test, mean over horizons, in the task's unit
  std::vector<MetricRow> metrics;  // of exactly the stored model, but for validation (see Trainer)
  struct Splits {
    bool known = false;  // of one person
    Micros validation_start = 0, test_start = 0, test_end = 0;
  } splits;                                  // moments of the first row of each, and of the last
  Micros learnt_from = 0, learnt_until = 0;  // moments of the first and the last row that weights were learnt from
  bool stands_on_population = false;         // the population's model that was given is part of it
  bool rejected = false;                     // must never be deployed
  bool production_ready = false;
  std::vector<std::string> quality_issues;
  Notes notes;  // metadata
};

/// Trains in small steps of a few milliseconds: `while (!t.done()) { poll(); t.step(); }`. The errors on validation are
/// those before the model was fitted again on these rows too; test rows measure exactly what is stored.
class Trainer {
 public:
  virtual ~Trainer() = default;
  virtual bool done() const = 0;
  virtual void step() = 0;
  virtual double progress() const = 0;     // 0 … 1
  virtual int epoch() const { return 0; }  // of the fit under way; 0 when it has none
  /// Of the candidates so far, in the task's unit; infinity before the first.
  virtual double best_validation_rmse() const { return std::numeric_limits<double>::infinity(); }
  virtual Outcome take() = 0;
};

}  // namespace glucose
