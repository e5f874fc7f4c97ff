// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <deque>

#include "core/tasks/daily/models/daily_model.hpp"

namespace glucose {

/// What a person's own errors say before each of its rows, one row after the other, of one person after the other: of
/// an outcome nothing before it was recorded, as when the model is asked.
class RowFollower {
 public:
  /// model and rows must outlive it
  RowFollower(const DailyModel& model, const DailyRows& rows) : model_(model), rows_(rows), so_far_(model) {}

  /// As of the midnight of row i, of all rows that were noted.
  DailyFollower before(std::size_t i);
  /// Row i is to be followed once its outcome is known.
  void note(std::size_t i, const Experts& experts) { waiting_.push_back({i, experts}); }

 private:
  struct Noted {
    std::size_t row;
    Experts experts;
  };
  void observe(DailyFollower& follower, const Noted& noted) const {
    follower.observe(noted.experts, rows_.change(noted.row), rows_.at[noted.row] <= model_.learnt_until);
  }

  const DailyModel& model_;
  const DailyRows& rows_;
  std::int32_t person_ = -1;
  DailyFollower so_far_;       // of all rows before those that wait
  std::deque<Noted> waiting_;  // from the first whose outcome is not known
};

}  // namespace glucose
