// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "core/tasks/meal/features/dataset.hpp"

namespace glucose {

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
  population
};
inline constexpr std::array<std::string_view, 10> kAlgorithmNames{
    "persistence", "mean", "ridge", "lad", "lstm", "auto", "trees", "personal", "ensemble", "population"};
/// What can be asked for, in the order in which they are listed.
inline constexpr std::array<Algorithm, 8> kAlgorithms{Algorithm::persistence, Algorithm::mean,     Algorithm::ridge,
                                                      Algorithm::lad,         Algorithm::trees,    Algorithm::lstm,
                                                      Algorithm::personal,    Algorithm::automatic};

/// Throws Error bad_argument, naming what exists.
Algorithm parse_algorithm(std::string_view name);
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
};
static_assert(std::is_trivially_copyable_v<TrainOptions>);

/// Sets one option by its name; `values` are its numbers (one, or the list of horizons or hidden sizes).
/// Throws Error bad_argument naming the key when it is unknown, has a wrong number of values or is out of range.
void set_option(TrainOptions& options, std::string_view key, const double* values, int n_values);

/// Throws Error bad_argument naming the key when set_option does not know it.
void require_option(std::string_view key);

}  // namespace glucose
