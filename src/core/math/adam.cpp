// SPDX-License-Identifier: PostgreSQL
#include "core/math/adam.hpp"

#include <cmath>

#include "core/base/error.hpp"

namespace glucose {

namespace {

// Eight independent sums: the compiler may not reorder one, and a chain of additions would be the slowest part.
double norm(std::span<const float> values) {
  double sums[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= values.size(); i += 8)
    for (std::size_t k = 0; k < 8; ++k) sums[k] += static_cast<double>(values[i + k]) * values[i + k];
  for (; i < values.size(); ++i) sums[0] += static_cast<double>(values[i]) * values[i];
  double sum = 0.0;
  for (const double part : sums) sum += part;
  return std::sqrt(sum);
}

}  // namespace

double Adam::step(std::span<float> parameters, std::span<const float> gradient) {
  if (parameters.size() != m_.size() || gradient.size() != m_.size())
    throw Error(ErrorCode::bad_argument, "the parameters' size does not fit the optimiser");
  const double length = norm(gradient);
  if (!std::isfinite(length)) return length;
  ++steps_;
  const float clip =
      options_.clip_norm > 0.0F && length > options_.clip_norm ? static_cast<float>(options_.clip_norm / length) : 1.0F;
  const auto n = static_cast<double>(steps_);
  // p -= rate · m̂ / (√v̂ + ε) with both corrections moved out of the loop.
  const double correction2 = std::sqrt(1.0 - std::pow(static_cast<double>(options_.beta2), n));
  const auto rate = static_cast<float>(options_.learning_rate * correction2 /
                                       (1.0 - std::pow(static_cast<double>(options_.beta1), n)));
  const auto epsilon = static_cast<float>(options_.epsilon * correction2);
  const float beta1 = options_.beta1, beta2 = options_.beta2;
  float* __restrict p = parameters.data();
  const float* __restrict g = gradient.data();
  float* __restrict m = m_.data();
  float* __restrict v = v_.data();
  for (std::size_t i = 0, end = m_.size(); i < end; ++i) {
    const float d = g[i] * clip;
    m[i] = beta1 * m[i] + (1.0F - beta1) * d;
    v[i] = beta2 * v[i] + (1.0F - beta2) * (d * d);
    p[i] -= rate * m[i] / (std::sqrt(v[i]) + epsilon);
  }
  return length;
}

}  // namespace glucose
