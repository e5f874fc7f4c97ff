// SPDX-License-Identifier: PostgreSQL
// Shapes: K horizons.
#pragma once
#include "core/math/metrics.hpp"
#include "core/tasks/meal/models/forecast.hpp"

namespace glucose {

/// Errors of a stored model over samples at one horizon, and how often its interval held what happened (0 … 1).
struct Evaluation {
  Metrics errors;
  double coverage;
};

/// Evaluates the answers a person would have been given, limits and intervals included, a few rows a step:
/// `while (!e.done()) { poll(); e.step(); }`.
class Evaluator {
 public:
  /// earlier: meals before the samples, which are only remembered · rows with an unknown outcome are only remembered,
  /// too. All must outlive this.
  Evaluator(const Model& model, Samples earlier, Samples samples);

  bool done() const { return next_ == earlier_.size() + samples_.size(); }
  void step();
  std::vector<Evaluation> take() const;  // [K]

 private:
  void answer(const Sample& sample);

  Samples earlier_, samples_;
  std::size_t next_ = 0;
  Follower follower_;
  std::vector<std::vector<float>> forecasts_, outcomes_;  // [K][rows]
  std::vector<int> held_;                                 // [K]
};

/// All steps at once.
std::vector<Evaluation> evaluate(const Model& model, Samples earlier, Samples samples);

}  // namespace glucose
