// SPDX-License-Identifier: PostgreSQL
// From a lowest to a highest reading, and back.
#pragma once
#include "core/seeing/stretch.hpp"

namespace glucose {

/// A way from one turning point to the next.
struct Excursion {
  std::size_t from, to;  // points of the stretch: the first of those that are lowest or highest
  double height;         // mg/dL, > 0
  int direction;         // 1: up, -1: down
  bool is_over;          // it turned; false: a gap or the end came before
};

/// A turning point is a highest or lowest reading from which glucose then moved by more than `least`; behind a gap all
/// begins anew. Ways that are not over are named when they are higher than that.
std::vector<Excursion> excursions_of(const Stretch& stretch, double least_mg_dl);

}  // namespace glucose
