// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cmath>
#include <string>

#include "core/base/decimal.hpp"
#include "core/base/units.hpp"

namespace glucose {

/// Numbers as they are read in a language (English or German) and a unit.
struct Speech {
  GlucoseUnit unit;
  bool german;

  std::string number(double value, int decimals) const { return decimal(value, decimals, german); }
  std::string number_of(double mg_dl) const {
    return number(in_unit(unit, mg_dl), unit == GlucoseUnit::mmol_l ? 1 : 0);
  }
  std::string level(double mg_dl) const {
    return number_of(mg_dl) + " " + kGlucoseUnitNames[static_cast<std::size_t>(unit)];
  }
  std::string rate(double mg_dl) const {
    return number(in_unit(unit, std::abs(mg_dl)), unit == GlucoseUnit::mmol_l ? 2 : 1) + " " +
           kGlucoseUnitNames[static_cast<std::size_t>(unit)];
  }
  std::string minutes(Micros span) const {
    const auto n = static_cast<long long>((span + kMinute / 2) / kMinute);
    const std::string digits = std::to_string(n);
    return digits + (german ? (n == 1 ? " Minute" : " Minuten") : (n == 1 ? " minute" : " minutes"));
  }
  std::string either(const std::string& en, const std::string& de) const { return german ? de : en; }
};

}  // namespace glucose
