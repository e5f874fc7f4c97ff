// SPDX-License-Identifier: PostgreSQL
// Patterns in plain words, which name no cause and no remedy.
#pragma once
#include <string>

#include "core/seeing/patterns.hpp"

namespace glucose {

/// What is held against what, as rows name it: 'breakfast', 'morning', 'monday', 'weekend', 'STEPS most'.
std::string what_of(const Pattern& pattern);
std::string than_of(const Pattern& pattern);

/// On how many of the pairs it was so, in the direction of the difference.
inline int n_alike(const Pattern& p) {
  return p.shift.difference < 0 ? p.shift.n_below : p.shift.n_above;
}

/// One sentence, and one more where days after something are meant. What is not found is said to be no more than
/// chance.
std::string in_words(const Pattern& pattern, GlucoseUnit unit, bool german);

}  // namespace glucose
