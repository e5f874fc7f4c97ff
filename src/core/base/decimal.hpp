// SPDX-License-Identifier: PostgreSQL
// Numbers as they are read in English and in German.
#pragma once
#include <algorithm>
#include <cstdio>
#include <string>

namespace glucose {

/// A number that is written with a point, with a comma where one is wanted.
inline std::string with_comma(std::string number, bool wanted) {
  if (wanted) std::replace(number.begin(), number.end(), '.', ',');
  return number;
}

inline std::string decimal(double value, int decimals, bool german) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return with_comma(text, german);
}

}  // namespace glucose
