// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstdint>

namespace glucose {

/// Times inside core are microseconds since any one epoch; only differences matter.
using Micros = std::int64_t;
inline constexpr Micros kSecond = 1'000'000;
inline constexpr Micros kMinute = 60 * kSecond;
inline constexpr Micros kDay = 24 * 60 * kMinute;

/// mg/dL per mmol/L of glucose (molar mass 180.182 g/mol).
inline constexpr double kMgDlPerMmolL = 18.0182;

/// What glucose is said in; everything inside is in mg/dL.
enum class GlucoseUnit : std::uint8_t { mg_dl, mmol_l };
inline constexpr const char* kGlucoseUnitNames[] = {"mg/dL", "mmol/L"};
constexpr double in_unit(GlucoseUnit unit, double mg_dl) {
  return unit == GlucoseUnit::mmol_l ? mg_dl / kMgDlPerMmolL : mg_dl;
}

/// What a sensor can report and a forecast may say, mg/dL.
inline constexpr float kGlucoseLow = 20.0F;
inline constexpr float kGlucoseHigh = 600.0F;

}  // namespace glucose
