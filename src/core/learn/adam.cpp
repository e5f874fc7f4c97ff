// SPDX-License-Identifier: PostgreSQL
#include "core/learn/adam.hpp"

#include <cmath>

#include "core/base/error.hpp"
#include "core/learn/kernels/lstm_kernel.hpp"

namespace glucose {

Adam::Adam(std::size_t parameters, AdamOptions options, SimdLevel level)
    : kernel_(&lstm_kernel(level)), options_(options), m_(parameters), v_(parameters) {}

double Adam::step(std::span<float> parameters, std::span<const float> gradient) {
  if (parameters.size() != m_.size() || gradient.size() != m_.size())
    throw Error(ErrorCode::bad_argument, "the parameters' size does not fit the optimiser");
  const double length = std::sqrt(kernel_->sum_of_squares(gradient.data(), gradient.size()));
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
  kernel_->adam({rate, epsilon, clip, options_.beta1, options_.beta2}, m_.size(), parameters.data(), gradient.data(),
                m_.data(), v_.data());
  return length;
}

}  // namespace glucose
