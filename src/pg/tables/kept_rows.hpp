// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <algorithm>
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Rows of one relation: settled ones, and behind them those that the last question read beyond.
template <class Row>
struct KeptRows {
  std::vector<Row> all;
  std::size_t settled = 0;
};

inline TimestampTz moment_of(const Reading& r) {
  return r.measured_at;
}
inline TimestampTz moment_of(const Meal& m) {
  return m.eaten_at;
}
inline bool same(const Reading& a, const Reading& b) {
  return a.measured_at == b.measured_at && a.recorded_at == b.recorded_at && a.mg_dl == b.mg_dl;
}
inline bool same(float a, float b) {
  return a == b || (a != a && b != b);
}
inline bool same(const Meal& a, const Meal& b) {
  const Nutrition &x = a.nutrition, &y = b.nutrition;
  return a.id == b.id && a.eaten_at == b.eaten_at && a.type == b.type && same(x.calories, y.calories) &&
         same(x.carbs_g, y.carbs_g) && same(x.protein_g, y.protein_g) && same(x.fat_g, y.fat_g) &&
         same(x.fiber_g, y.fiber_g);
}

/// Puts newly read rows behind the settled ones. out: up to when rows are those that were there before
template <class Row>
TimestampTz put_behind(KeptRows<Row>& rows, std::span<const Row> newer, TimestampTz unchanged) {
  const std::span<const Row> before = std::span<const Row>(rows.all).subspan(rows.settled);
  std::size_t i = 0;
  while (i < before.size() && i < newer.size() && same(before[i], newer[i])) ++i;
  if (i < before.size()) unchanged = std::min(unchanged, moment_of(before[i]) - 1);
  if (i < newer.size()) unchanged = std::min(unchanged, moment_of(newer[i]) - 1);
  rows.all.resize(rows.settled + i);
  rows.all.insert(rows.all.end(), newer.begin() + static_cast<std::ptrdiff_t>(i), newer.end());
  return unchanged;
}

template <class Row>
std::span<const Row> up_to(const KeptRows<Row>& rows, TimestampTz at) {
  const std::span<const Row> all(rows.all);
  return all.first(static_cast<std::size_t>(
      std::partition_point(all.begin(), all.end(), [&](const Row& r) { return moment_of(r) <= at; }) - all.begin()));
}

}  // namespace glucose::pg
