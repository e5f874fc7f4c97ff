// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

namespace glucose {

inline constexpr int kMaxHorizons = 12;
inline constexpr int kShortestHorizonMin = 5;
inline constexpr int kLongestHorizonMin = 360;

/// `ensemble` and `population` are what 'auto' ends as, for a person and for all, and cannot be asked for. The numbers
/// are those in artifacts.
enum class Algorithm : std::uint8_t {
  persistence,
  mean,
  ridge,
  lad,
  lstm,
  automatic,
  trees,
  personal,
  ensemble,
  population,
  linear,
  moving_average,
  exponential_smoothing,
  linear_mean,
  attention,
  multitask,
  logistic,
  logistic_gd
};
inline constexpr std::array<std::string_view, 18> kAlgorithmNames{"persistence",
                                                                  "mean",
                                                                  "ridge",
                                                                  "lad",
                                                                  "lstm",
                                                                  "auto",
                                                                  "trees",
                                                                  "personal",
                                                                  "ensemble",
                                                                  "population",
                                                                  "linear",
                                                                  "moving_average",
                                                                  "exponential_smoothing",
                                                                  "linear_mean",
                                                                  "attention",
                                                                  "multitask",
                                                                  "logistic",
                                                                  "logistic_gd"};
/// An algorithm of a task, as it is listed.
struct AlgorithmInfo {
  Algorithm algorithm;
  std::string_view description;
  std::vector<std::string_view> options;  // those it listens to, in the order in which they are shown
};

/// Throws Error bad_argument, naming those there are.
Algorithm parse_algorithm(const std::vector<AlgorithmInfo>& all, std::string_view name);
inline std::string_view name_of(Algorithm a) {
  return kAlgorithmNames[static_cast<std::size_t>(a)];
}

inline constexpr int kMaxLayers = 3;

/// How to train. l2 < 0: the linear models choose their penalty, the LSTM uses none; the LSTM takes at most 1.
struct TrainOptions {
  int n_horizons = 2;
  std::array<int, kMaxHorizons> horizons_min{60, 120};
  std::uint64_t seed = 1;
  int epochs = 100;
  int batch_size = 32;
  double learning_rate = 0.001;
  int layers = 2;
  std::array<int, kMaxLayers> hidden{64, 64};
  double dropout = 0.1;
  int patience = 8;
  double l2 = -1;
  int rounds = 80;  // of trees, with depth and eta
  int depth = 3;
  double eta = 0.05;
  int min_days = 7;
  int min_meals = 21;
  int sequence_length = 30;  // days that a network of days sees, of lookback_days that count at all
  int lookback_days = 90;
  bool bidirectional = false;
  // Of yes or no: with less, or an error above, a model is not ready for production.
  int min_samples = 100;
  double min_accuracy = 0.75, min_f1 = 0.70, max_calibration_error = 0.20;
};
static_assert(std::is_trivially_copyable_v<TrainOptions>);

/// Sets one option by its name; `values` are its numbers (one, or the list of horizons or hidden sizes).
/// Throws Error bad_argument naming the key when it is unknown, has a wrong number of values or is out of range.
void set_option(TrainOptions& options, std::string_view key, const double* values, int n_values);

/// Throws Error bad_argument naming the key when none of the algorithms listens to it.
void require_option(const std::vector<AlgorithmInfo>& all, std::string_view key);

/// One option's numbers as they are; none where the default is not a value.
struct OptionValue {
  bool is_list = false;
  int n = 0;
  std::array<double, kMaxHorizons> numbers{};
};
OptionValue option_value(const TrainOptions& options, std::string_view key);

}  // namespace glucose
