// SPDX-License-Identifier: PostgreSQL
#include "core/math/classification.hpp"

#include <algorithm>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace glucose {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kSmallest = 1e-6;
constexpr int kNewtonSteps = 50;
constexpr double kSettled = 1e-10;

std::vector<std::size_t> in_order(std::span<const float> probability) {
  std::vector<std::size_t> order(probability.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return probability[a] < probability[b]; });
  return order;
}

double share(double part, double of) {
  return of > 0 ? part / of : kNan;
}

// Falling thresholds: each(threshold, yes so far, all so far) after every group of equal forecasts.
template <class Each>
void falling(std::span<const float> probability, std::span<const std::uint8_t> outcome, Each&& each) {
  const auto order = in_order(probability);
  double yes = 0;
  for (std::size_t i = order.size(); i-- > 0;) {
    yes += outcome[order[i]];
    if (i > 0 && probability[order[i - 1]] == probability[order[i]]) continue;
    each(static_cast<double>(probability[order[i]]), yes, static_cast<double>(order.size() - i));
  }
}

void add_order(BinaryMetrics& m, std::span<const float> probability, std::span<const std::uint8_t> outcome) {
  const double yes = m.yes, no = m.n - m.yes;
  double found = 0, passed = 0, won = 0, precision = 0;
  falling(probability, outcome, [&](double, double yes_so_far, double so_far) {
    const double here = yes_so_far - found, no_here = so_far - passed - here;
    won += here * (no - (passed - found) - no_here / 2);
    precision += here * yes_so_far / so_far;
    found = yes_so_far;
    passed = so_far;
  });
  m.auc = share(won, yes * no);
  m.average_precision = share(precision, yes);
}

// Parts of equal count: each(first, end) of what is in order.
template <class Each>
void equal_parts(std::size_t n, Each&& each) {
  const std::size_t parts = std::min(n, kCalibrationBins);
  for (std::size_t part = 0; part < parts; ++part) each(n * part / parts, n * (part + 1) / parts);
}

}  // namespace

BinaryMetrics measure_binary(std::span<const float> probability, std::span<const std::uint8_t> outcome,
                             double threshold) {
  BinaryMetrics m{0, 0, kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan, kNan};
  m.n = static_cast<int>(outcome.size());
  if (m.n == 0) return m;
  double called = 0, right_calls = 0, right = 0, squared = 0, absolute = 0;
  for (std::size_t i = 0; i < outcome.size(); ++i) {
    const double p = static_cast<double>(probability[i]), y = outcome[i];
    const bool calls = p >= threshold, is_yes = outcome[i] != 0;
    m.yes += is_yes;
    called += calls;
    right_calls += calls && is_yes;
    right += calls == is_yes;
    squared += (p - y) * (p - y);
    absolute += std::abs(p - y);
  }
  const double n = m.n;
  m.base_rate = m.yes / n;
  m.accuracy = right / n;
  m.precision = share(right_calls, called);
  m.recall = share(right_calls, m.yes);
  m.f1 = share(2 * right_calls, called + m.yes);
  m.brier = squared / n;
  m.absolute = absolute / n;
  const double plain = m.base_rate * (1 - m.base_rate);
  if (plain > 0) m.brier_skill = 1 - m.brier / plain;
  m.calibration_error = calibration_error(probability, outcome);
  add_order(m, probability, outcome);
  return m;
}

double calibration_error(std::span<const float> probability, std::span<const std::uint8_t> outcome) {
  const auto order = in_order(probability);
  if (order.empty()) return kNan;
  double sum = 0;
  equal_parts(order.size(), [&](std::size_t first, std::size_t end) {
    double forecast = 0, yes = 0;
    for (std::size_t i = first; i < end; ++i) {
      forecast += static_cast<double>(probability[order[i]]);
      yes += outcome[order[i]];
    }
    sum += std::abs(forecast - yes);
  });
  return sum / static_cast<double>(order.size());
}

double best_threshold(std::span<const float> probability, std::span<const std::uint8_t> outcome) {
  const double all = std::accumulate(outcome.begin(), outcome.end(), 0.0);
  double best = 0, threshold = 0.5;
  falling(probability, outcome, [&](double at, double yes, double called) {
    const double f1 = 2 * yes / (called + all);
    if (f1 > best) best = f1, threshold = at;
  });
  return threshold;
}

double log_odds(double probability) {
  const double p = std::clamp(probability, kSmallest, 1 - kSmallest);
  return std::log(p / (1 - p));
}

double probability_of(double log_odds) {
  return log_odds >= 0 ? 1 / (1 + std::exp(-log_odds)) : std::exp(log_odds) / (1 + std::exp(log_odds));
}

PlattScaling fit_platt(std::span<const double> log_odds, std::span<const std::uint8_t> outcome, double pull) {
  double slope = 1, shift = 0;
  // A row at log odds x says x²/4 of the slope and 1/4 of the shift at most.
  const double weight = pull / 4;
  for (int step = 0; step < kNewtonSteps; ++step) {
    double g_slope = weight * (slope - 1), g_shift = weight * shift;
    double ss = weight, sb = 0, bb = weight;
    for (std::size_t i = 0; i < outcome.size(); ++i) {
      const double x = log_odds[i], p = probability_of(slope * x + shift), v = p * (1 - p), e = p - outcome[i];
      g_slope += e * x;
      g_shift += e;
      ss += v * x * x;
      sb += v * x;
      bb += v;
    }
    const double det = ss * bb - sb * sb;
    if (!(det > 0)) break;
    const double d_slope = (bb * g_slope - sb * g_shift) / det, d_shift = (ss * g_shift - sb * g_slope) / det;
    // Newton's steps on a convex loss, kept short enough not to jump over its flat ends.
    const double damp = 1 / std::max(1.0, std::max(std::abs(d_slope), std::abs(d_shift)));
    slope -= damp * d_slope;
    shift -= damp * d_shift;
    if (std::abs(d_slope) + std::abs(d_shift) < kSettled) break;
  }
  // A forecast that orders the wrong way round is worth nothing; turned round it would be luck.
  if (!(slope > 0)) {
    const double all = std::accumulate(outcome.begin(), outcome.end(), 0.0), n = static_cast<double>(outcome.size());
    return {0, static_cast<float>(glucose::log_odds((all + 0.5) / (n + 1)))};
  }
  return {static_cast<float>(slope), static_cast<float>(shift)};
}

std::vector<ReliabilityBin> reliability_bins(std::span<const float> probability, std::span<const std::uint8_t> outcome,
                                             double overlap) {
  const auto order = in_order(probability);
  std::vector<ReliabilityBin> bins;
  equal_parts(order.size(), [&](std::size_t first, std::size_t end) {
    double yes = 0;
    for (std::size_t i = first; i < end; ++i) yes += outcome[order[i]];
    bins.push_back({probability[order[end - 1]], static_cast<float>(static_cast<double>(end - first) / overlap),
                    static_cast<float>(yes / overlap)});
  });
  return bins;
}

ProbabilityRange credible_range(std::span<const ReliabilityBin> bins, double probability, double level) {
  if (bins.empty()) return {0, 1};
  auto bin = std::find_if(bins.begin(), bins.end(),
                          [&](const ReliabilityBin& b) { return probability <= static_cast<double>(b.upper); });
  if (bin == bins.end()) --bin;
  const double a = static_cast<double>(bin->yes) + 0.5, b = static_cast<double>(bin->n - bin->yes) + 0.5;
  const double tail = (1 - level) / 2;
  return {std::min(boost::math::ibeta_inv(a, b, tail), probability),
          std::max(boost::math::ibetac_inv(a, b, tail), probability)};
}

}  // namespace glucose
