// SPDX-License-Identifier: PostgreSQL
// A stored model on rows whose outcomes are known: what evaluation, comparison and importance stand on.
#pragma once
#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "core/asking/answer.hpp"
#include "core/math/metrics.hpp"
#include "core/math/paired.hpp"

namespace glucose {

inline constexpr int kMostScored = 24;  // horizons of a row

/// One row: what a person would have been told at a moment, and what happened.
struct ScoredRow {
  Micros at = 0;
  std::int64_t unit = 0;  // rows of one unit say much the same, and count as one where chance is asked about
  int n = 0;
  std::array<int, kMostScored> minutes{};
  std::array<float, kMostScored> value{}, lower{}, upper{}, outcome{};  // outcome NaN: not known
};

/// Goes through rows in time order, with what was known at each.
class Scorer {
 public:
  virtual ~Scorer() = default;
  virtual bool done() const = 0;
  /// A small step; true when it gave a row.
  virtual bool next(ScoredRow& row) = 0;
};

/// Errors of a stored model over rows at one horizon, and how often its 90 % interval held what happened (0 … 1).
struct Evaluation {
  int minutes_ahead;
  Metrics errors;
  double coverage;
};

/// Evaluates in small steps over parts of a history: a row belongs to the part that began last before it.
class Evaluator {
 public:
  /// starts: ascending beginnings of the parts after the first; rows before `from` and from `until` on are not counted
  Evaluator(std::unique_ptr<Scorer> scorer, std::vector<Micros> starts, Micros from, Micros until);
  bool done() const { return scorer_->done(); }
  void step();
  /// By part, then horizon; horizons without a known outcome are left out.
  std::vector<std::vector<Evaluation>> take() const;

 private:
  struct Seen {
    std::vector<float> forecast, outcome;
    int held = 0;
  };
  struct Part {
    std::vector<int> minutes;
    std::vector<Seen> seen;  // [minutes]
  };
  std::unique_ptr<Scorer> scorer_;
  std::vector<Micros> starts_;
  Micros from_, until_;
  std::vector<Part> parts_;
};

/// Mean absolute errors of each unit over given horizons, in small steps; units with an unknown outcome are left out.
class UnitErrors {
 public:
  UnitErrors(std::unique_ptr<Scorer> scorer, std::vector<int> minutes, Micros from, Micros until);
  bool done() const { return scorer_->done(); }
  void step();
  struct Unit {
    std::int64_t unit;
    double error;  // mean over its rows and the horizons
  };
  std::vector<Unit> take() const;

 private:
  std::unique_ptr<Scorer> scorer_;
  std::vector<int> minutes_;
  Micros from_, until_;
  struct Sum {
    std::int64_t unit;
    double error;
    int n;
  };
  std::vector<Sum> sums_;
};

/// Two models on the units they share.
PairedComparison compare_units(const std::vector<UnitErrors::Unit>& a, const std::vector<UnitErrors::Unit>& b);

/// By how much a model errs more at one horizon when it is told another row's value of a feature.
struct Importance {
  std::string_view feature;  // of a table with static storage
  int minutes_ahead;
  float increase;  // of the mean absolute error; below 0 by chance
  int n;           // rows
};

/// The largest first; equal ones stay in their order.
inline void sort_by_increase(std::span<Importance> found) {
  std::stable_sort(found.begin(), found.end(),
                   [](const Importance& a, const Importance& b) { return a.increase > b.increase; });
}

class ImportanceWork {
 public:
  virtual ~ImportanceWork() = default;
  virtual bool done() const = 0;
  virtual void step() = 0;
  /// By horizon, then the most important first.
  virtual std::vector<Importance> take() const = 0;
};

/// What one feature adds to a forecast.
struct FeaturePart {
  std::string_view feature;  // of a table with static storage
  float value;               // as the model sees it, NaN: unknown or none
  float contribution;        // in the task's unit
};

/// baseline + the contributions = the forecast that is served, up to rounding of single precision.
struct Explanation {
  float baseline;
  std::vector<FeaturePart> parts;  // the largest first
};

/// Takes the forecast of one horizon apart, in small steps.
class Explainer {
 public:
  virtual ~Explainer() = default;
  virtual bool done() const = 0;
  virtual void step() = 0;
  virtual Explanation take() const = 0;
};

}  // namespace glucose
