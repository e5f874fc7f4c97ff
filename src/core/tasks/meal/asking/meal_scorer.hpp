// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/asking/scored.hpp"
#include "core/tasks/meal/models/forecast.hpp"

namespace glucose {

/// A person's meals one after another, as they would have been answered. Meals before `from`, and those with an unknown
/// outcome, are only remembered.
class MealScorer final : public Scorer {
 public:
  /// model and samples must outlive this
  MealScorer(const Model& model, Samples samples, Micros from)
      : model_(model), samples_(samples), from_(from), follower_(model) {}
  bool done() const override { return next_ == samples_.size(); }
  bool next(ScoredRow& row) override;

 private:
  const Model& model_;
  Samples samples_;
  Micros from_;
  Follower follower_;
  std::size_t next_ = 0;
  Micros last_unit_ = std::numeric_limits<Micros>::min();
};

}  // namespace glucose
