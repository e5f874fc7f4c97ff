// SPDX-License-Identifier: PostgreSQL
// Lines over time as SVG to stand in a page: it scales with the page, takes its colours from the page's CSS (classes
// chart, grid, tick, s1 … s6) and says in words what it shows. Shapes: S series, N points.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace glucose {

struct Chart {
  std::string_view title, unit;          // in words, for those who do not see it
  std::vector<std::string_view> labels;  // [N] of the points, such as days
  std::vector<std::string_view> names;   // [S]
  std::span<const double> values;        // [S × N]; NaN: not known, a gap in the line
  bool from_zero = true;                 // the axis begins at 0, or where the values do
};

inline constexpr std::size_t kMostSeries = 6, kMostPoints = 2000;

/// Throws Error bad_argument when the sizes do not fit together, or are larger than that. Without a known value it says
/// so.
std::string svg_of(const Chart& chart);

}  // namespace glucose
