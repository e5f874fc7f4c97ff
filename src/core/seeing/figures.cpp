// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/figures.hpp"

#include <cmath>
#include <cstdio>

namespace glucose {

namespace {

std::string with_decimals(double value, int decimals, bool german) {
  char text[32];
  (void)std::snprintf(text, sizeof text, "%.*f", decimals, value);
  std::string figures = text;
  if (const auto point = figures.find('.'); german && point != std::string::npos) figures[point] = ',';
  return figures;
}

}  // namespace

std::string in_figures(double mg_dl, GlucoseUnit unit, bool german) {
  return with_decimals(in_unit(unit, mg_dl), unit == GlucoseUnit::mmol_l ? 1 : 0, german);
}

std::string in_percent(double pct, bool german) {
  return with_decimals(pct, pct > 0 && std::abs(pct) < 9.95 ? 1 : 0, german);
}

}  // namespace glucose
