// SPDX-License-Identifier: PostgreSQL
#include "core/days/metric_unit.hpp"

#include <algorithm>
#include <array>

#include "core/base/units.hpp"

namespace glucose {

namespace {

struct Conversion {
  std::string_view from, to;
  double factor, offset = 0;
};

constexpr double kKcalPerKj = 1 / 4.184;

constexpr std::array<Conversion, 26> kConversions{{{"s", "min", 1.0 / 60},
                                                   {"h", "min", 60},
                                                   {"minutes", "min", 1},
                                                   {"hours", "min", 60},
                                                   {"km", "m", 1000},
                                                   {"mi", "m", 1609.344},
                                                   {"kj", "kcal", kKcalPerKj},
                                                   {"cal", "kcal", 0.001},
                                                   {"mmol/l", "mg/dl", kMgDlPerMmolL},
                                                   {"s", "ms", 1000},
                                                   {"mg", "g", 0.001},
                                                   {"kg", "g", 1000},
                                                   {"g", "mg", 1000},
                                                   {"l", "ml", 1000},
                                                   {"fl_oz", "ml", 29.5735295625},
                                                   {"count/min", "bpm", 1},
                                                   {"1/min", "bpm", 1},
                                                   {"bpm", "1/min", 1},
                                                   {"count/min", "1/min", 1},
                                                   {"degc", "°c", 1},
                                                   {"degf", "°c", 5.0 / 9, -160.0 / 9},
                                                   {"°f", "°c", 5.0 / 9, -160.0 / 9},
                                                   {"°c", "k", 1},
                                                   {"degc", "k", 1},
                                                   {"1", "count", 1},
                                                   {"steps", "count", 1}}};

bool same(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

bool convert_unit(std::string_view from, std::string_view to, double& value) {
  if (same(from, to)) return true;
  for (const Conversion& c : kConversions)
    if (same(from, c.from) && same(to, c.to)) {
      value = value * c.factor + c.offset;
      return true;
    }
  return false;
}

}  // namespace glucose
