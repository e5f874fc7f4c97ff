// SPDX-License-Identifier: PostgreSQL
// What all pictures of pages write: numbers, places, steps of an axis, text as markup has it.
#pragma once
#include <cmath>
#include <string>
#include <string_view>
#include <vector>

namespace glucose {

/// Text as HTML and XML have it: & < > " ' as entities; bytes that XML has no place for are left out.
std::string escaped(std::string_view text);

/// A value as an axis says it: at most six digits.
std::string number(double value);

/// A place in a picture, to a tenth.
std::string place(double value);

/// 1, 2 or 5 times a power of ten, so that about `ticks` of it make the range.
double nice_step(double range, int ticks);

/// Calls mark(value) for each whole step of an axis from low to high, both included; nowhere it would not move.
template <class Mark>
void each_step(double low, double high, double step, Mark&& mark) {
  const double first = std::ceil(low / step - 1e-3), last = std::floor(high / step + 1e-3);
  if (!(last - first < 1000)) return;
  for (int i = 0; i <= static_cast<int>(last - first); ++i) mark((first + i) * step);
}

/// Characters of UTF-8.
std::size_t length_of(std::string_view text);

/// Words in lines of at most so many characters, unless one word has more.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

}  // namespace glucose
