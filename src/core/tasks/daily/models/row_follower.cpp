// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/models/row_follower.hpp"

namespace glucose {

DailyFollower RowFollower::before(std::size_t i) {
  if (rows_.person[i] != person_) {
    person_ = rows_.person[i];
    so_far_ = DailyFollower(model_);
    waiting_.clear();
  }
  const auto is_known = [&](const Noted& noted) { return rows_.known_at[noted.row] <= rows_.at[i]; };
  // What is still not known after so many days is not followed any more.
  const auto is_over = [&](const Noted& noted) { return rows_.day[noted.row] < rows_.day[i] - model_.followed(); };
  for (; !waiting_.empty() && (is_known(waiting_.front()) || is_over(waiting_.front())); waiting_.pop_front())
    if (is_known(waiting_.front())) observe(so_far_, waiting_.front());
  DailyFollower follower = so_far_;
  for (const Noted& noted : waiting_)
    if (is_known(noted)) observe(follower, noted);
  return follower;
}

}  // namespace glucose
