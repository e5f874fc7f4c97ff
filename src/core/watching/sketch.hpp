// SPDX-License-Identifier: PostgreSQL
// What is kept of a quantity to know later whether it has drifted: some quantiles and how alike neighbouring values
// are. No value of a row is kept as such. Shapes: N values, C cuts.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/base/note.hpp"

namespace glucose {

/// Values in time order, each with the stretch (a person's week, or a person) and the part of the day it belongs to.
struct Observed {
  std::span<const float> value;           // [N], NaN: not known
  std::span<const std::int32_t> stretch;  // [N], ascending
  std::span<const std::uint8_t> part;     // [N] 0 … kDayParts - 1; empty: all of one part
  std::span<const std::uint8_t> counts;   // [N] 0: says only how alike values are; empty: all count
  bool in_order = false;                  // whether a stretch follows on the one before it
};

/// Forecasts are asked for when somebody wants one: what is compared is what was asked at about the same hours.
inline constexpr std::size_t kDayParts = 4;
inline constexpr std::size_t kSketchShares = 16;  // cuts are at every sixteenth of the known values
/// With fewer stretches it is not known what chance does.
inline constexpr int kFewestStretches = 4;

struct Sketch {
  struct Part {
    int n = 0, missing = 0;
    std::vector<int> up_to;  // [C] values that are missing, or no higher than the cut
  };
  std::vector<float> cuts;  // ascending, between values
  std::vector<Part> parts;
  double crowd = 0;     // values of the stretch that a value is in, on average over values
  double likeness = 0;  // intraclass correlation of being up to a cut, 0 … 1; NaN: not known
  double memory = 1;    // (1 + r) / (1 - r) with r the correlation of a stretch with the next, 1 … 3

  int n() const;
  /// How many independent values so many are worth that come with `crowd` in a stretch: n / (memory (1 + (crowd - 1)
  /// likeness)); NaN: not known. Source: L. Kish, "Survey sampling", 1965, ch. 5; M. S. Bartlett, J. R. Statist. Soc.
  /// 98, 1935.
  double worth(double n, double crowd) const;
};

/// None of what has never been known.
std::optional<Sketch> sketch_of(const Observed& observed);

/// As stored, and back; none when it is no sketch.
Notes notes_of(const Sketch& sketch);
struct SketchFields {
  std::vector<double> cuts, n, missing, up_to;
  double crowd, likeness, memory;  // NaN: not there
};
std::optional<Sketch> sketch_from(const SketchFields& fields);

/// Values of the stretch that a value is in, on average.
double crowd_of(std::span<const std::int32_t> stretch);

}  // namespace glucose
