// SPDX-License-Identifier: PostgreSQL
// Forecasts of yes or no as probabilities: how good they are, and how they are put right. Shapes: N forecasts.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace glucose {

/// NaN where it cannot be said: a share of none, or an order of one kind only.
struct BinaryMetrics {
  int n = 0, yes = 0;
  double base_rate;
  double accuracy, precision, recall, f1;  // of calling yes from a threshold on
  double auc;                              // a yes has the larger forecast than a no, ties count half
  double average_precision;                // Σ (recall gained × precision) over falling thresholds
  double brier;                            // mean squared error
  double brier_skill;                      // 1 - brier / that of the base rate
  double calibration_error;                // see calibration_error()
  double absolute;                         // mean |p - y|
};

/// in: probability [N], outcome [N] 0 or 1
BinaryMetrics measure_binary(std::span<const float> probability, std::span<const std::uint8_t> outcome,
                             double threshold = 0.5);

inline constexpr std::size_t kCalibrationBins = 10;
/// Expected calibration error: forecasts in order in 10 bins of equal count (fewer with fewer than 10 forecasts; equal
/// forecasts stay in the order given), mean over bins, by their count, of |mean forecast - share of yes|.
double calibration_error(std::span<const float> probability, std::span<const std::uint8_t> outcome);

/// The threshold with the largest F1, the highest of several; 0.5 when there is no yes.
double best_threshold(std::span<const float> probability, std::span<const std::uint8_t> outcome);

double log_odds(double probability);  // of at least 1e-6 and at most 1 - 1e-6
double probability_of(double log_odds);

/// Platt's scaling: log odds → slope × log odds + shift. Source: J. Platt, "Probabilistic outputs for support vector
/// machines …", 1999.
struct PlattScaling {
  float slope = 1, shift = 0;
  double apply(double log_odds) const { return static_cast<double>(slope) * log_odds + static_cast<double>(shift); }
};
/// By maximum likelihood on log odds of rows that were not learnt from, pulled to slope 1 and shift 0 as if `pull` rows
/// had said so. in: log odds [N], outcome [N]
PlattScaling fit_platt(std::span<const double> log_odds, std::span<const std::uint8_t> outcome, double pull = 10);

/// What was seen of forecasts up to an edge: bins of equal count, edges ascending.
struct ReliabilityBin {
  float upper;   // largest forecast of the bin
  float n, yes;  // worth of independent rows
};
/// in: probability [N], outcome [N], how many rows in a row say the same (their counts are divided by it)
std::vector<ReliabilityBin> reliability_bins(std::span<const float> probability, std::span<const std::uint8_t> outcome,
                                             double overlap);

struct ProbabilityRange {
  double lower, upper;
};
/// Where the share of yes lies among forecasts like this one, as its bin has seen it: the equal-tailed interval of
/// Beta(yes + ½, n - yes + ½), Jeffreys' prior (Brown, Cai and DasGupta 2001), widened to hold the forecast; 0 … 1
/// without bins. level in (0, 1)
ProbabilityRange credible_range(std::span<const ReliabilityBin> bins, double probability, double level);

}  // namespace glucose
