// SPDX-License-Identifier: PostgreSQL
#include "core/paired.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "core/forecast.hpp"

namespace glucose {

PairedComparison compare_paired(std::span<const double> a, std::span<const double> b) {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  PairedComparison c{static_cast<int>(a.size()), kNan, kNan, kNan, kNan, kNan};
  if (c.n == 0) return c;
  const double n = c.n;
  double sum_a = 0, sum_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum_a += a[i];
    sum_b += b[i];
  }
  c.mean_a = sum_a / n;
  c.mean_b = sum_b / n;
  c.difference = c.mean_b - c.mean_a;
  if (c.n < 2) return c;
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double off = b[i] - a[i] - c.difference;
    squares += off * off;
  }
  const double t = boost::math::quantile(boost::math::students_t(n - 1), 0.5 + kPairedLevel / 2);
  const double half = t * std::sqrt(squares / (n - 1) / n);
  c.ci_low = c.difference - half;
  c.ci_high = c.difference + half;
  return c;
}

std::vector<int> common_horizons(const std::vector<int>& a, const std::vector<int>& b) {
  std::vector<int> common;
  std::copy_if(a.begin(), a.end(), std::back_inserter(common),
               [&](int horizon) { return std::find(b.begin(), b.end(), horizon) != b.end(); });
  std::sort(common.begin(), common.end());
  return common;
}

std::vector<double> meal_errors(const Model& model, Samples samples, std::span<const int> horizons_min) {
  std::vector<std::size_t> answers;
  for (const int horizon : horizons_min)
    answers.push_back(static_cast<std::size_t>(
        std::find(model.horizons_min.begin(), model.horizons_min.end(), horizon) - model.horizons_min.begin()));
  std::vector<double> errors;
  std::array<HorizonForecast, kMaxHorizons> answer;
  for (const Sample& sample : samples) {
    forecast_horizons(model, sample.features, answer.data());
    double sum = 0;
    for (std::size_t k = 0; k < answers.size(); ++k)
      sum += std::abs(static_cast<double>(answer[answers[k]].mg_dl) - static_cast<double>(sample.targets[k]));
    errors.push_back(sum / static_cast<double>(answers.size()));
  }
  return errors;
}

}  // namespace glucose
