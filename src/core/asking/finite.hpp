// SPDX-License-Identifier: PostgreSQL
// The one door through which numbers leave a model: weights that were imported may be finite and far too large.
#pragma once
#include <cmath>
#include <initializer_list>

#include "core/asking/answer.hpp"
#include "core/asking/scored.hpp"
#include "core/base/error.hpp"

namespace glucose {

/// Throws Error model_mismatch unless all numbers are finite.
inline void require_finite(std::initializer_list<float> numbers) {
  for (const float number : numbers)
    if (!std::isfinite(number))
      throw Error(ErrorCode::model_mismatch, "the model's forecast is not finite",
                  "Train the model again, or deploy another version.");
}

inline void require_finite(const Answer& answer) {
  for (std::size_t k = 0; k < static_cast<std::size_t>(answer.n); ++k) {
    const Expected& e = answer.expected[k];
    require_finite({e.value, e.lower, e.upper, e.mean, e.probability[0], e.probability[1], e.score});
  }
}

/// A feature's value may be unknown; what it adds may not.
inline void require_finite(const Explanation& explanation) {
  require_finite({explanation.baseline});
  for (const FeaturePart& part : explanation.parts) require_finite({part.contribution});
}

}  // namespace glucose
