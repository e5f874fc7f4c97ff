// SPDX-License-Identifier: PostgreSQL
#include "core/training/options.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "core/base/error.hpp"

namespace glucose {

Algorithm parse_algorithm(const std::vector<AlgorithmInfo>& all, std::string_view name) {
  std::string known;
  for (const AlgorithmInfo& info : all) {
    if (name == name_of(info.algorithm)) return info.algorithm;
    known += (known.empty() ? "" : ", ") + std::string(name_of(info.algorithm));
  }
  throw Error(ErrorCode::bad_argument, "unrecognized algorithm \"" + std::string(name) + "\"",
              "Algorithms are " + known + ".");
}

namespace {

[[noreturn]] void reject(std::string_view key, const std::string& wanted) {
  throw Error(ErrorCode::bad_argument, "invalid value for option \"" + std::string(key) + "\"",
              "It must be " + wanted + ".");
}

[[noreturn]] void reject_unknown(std::string_view key) {
  throw Error(ErrorCode::bad_argument, "unrecognized option \"" + std::string(key) + "\"",
              "Options and their defaults are listed by glucose.algorithms().");
}

std::string text_of(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// One numeric option: where it lives and what it may be. A value below `low` is none: the default is not a number.
struct Number {
  std::string_view key;
  double low, high;
  bool whole;
  void (*store)(TrainOptions&, double);
  double (*load)(const TrainOptions&);
};

constexpr double kLargestSeed = 9007199254740992.0;  // 2^53: every whole number up to it survives jsonb's numeric

constexpr std::array<Number, 19> kNumbers{{
    {"seed", 0, kLargestSeed, true, [](TrainOptions& o, double v) { o.seed = static_cast<std::uint64_t>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.seed); }},
    {"epochs", 1, 10000, true, [](TrainOptions& o, double v) { o.epochs = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.epochs); }},
    {"batch_size", 1, 1024, true, [](TrainOptions& o, double v) { o.batch_size = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.batch_size); }},
    {"learning_rate", 1e-6, 1, false, [](TrainOptions& o, double v) { o.learning_rate = v; },
     [](const TrainOptions& o) { return static_cast<double>(o.learning_rate); }},
    {"dropout", 0, 0.9, false, [](TrainOptions& o, double v) { o.dropout = v; },
     [](const TrainOptions& o) { return static_cast<double>(o.dropout); }},
    {"patience", 0, 10000, true, [](TrainOptions& o, double v) { o.patience = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.patience); }},
    {"l2", 0, 1e6, false, [](TrainOptions& o, double v) { o.l2 = v; },
     [](const TrainOptions& o) { return static_cast<double>(o.l2); }},
    {"rounds", 1, 1000, true, [](TrainOptions& o, double v) { o.rounds = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.rounds); }},
    {"depth", 1, 8, true, [](TrainOptions& o, double v) { o.depth = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.depth); }},
    {"eta", 0.001, 1, false, [](TrainOptions& o, double v) { o.eta = v; },
     [](const TrainOptions& o) { return static_cast<double>(o.eta); }},
    {"min_days", 1, 3650, true, [](TrainOptions& o, double v) { o.min_days = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.min_days); }},
    {"min_meals", 10, 100000, true, [](TrainOptions& o, double v) { o.min_meals = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.min_meals); }},
    {"sequence_length", 7, 90, true, [](TrainOptions& o, double v) { o.sequence_length = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.sequence_length); }},
    {"lookback_days", 14, 365, true, [](TrainOptions& o, double v) { o.lookback_days = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.lookback_days); }},
    {"bidirectional", 0, 1, true, [](TrainOptions& o, double v) { o.bidirectional = v > 0; },
     [](const TrainOptions& o) { return o.bidirectional ? 1.0 : 0.0; }},
    {"min_samples", 1, 1e6, true, [](TrainOptions& o, double v) { o.min_samples = static_cast<int>(v); },
     [](const TrainOptions& o) { return static_cast<double>(o.min_samples); }},
    {"min_accuracy", 0, 1, false, [](TrainOptions& o, double v) { o.min_accuracy = v; },
     [](const TrainOptions& o) { return o.min_accuracy; }},
    {"min_f1", 0, 1, false, [](TrainOptions& o, double v) { o.min_f1 = v; },
     [](const TrainOptions& o) { return o.min_f1; }},
    {"max_calibration_error", 0, 1, false, [](TrainOptions& o, double v) { o.max_calibration_error = v; },
     [](const TrainOptions& o) { return o.max_calibration_error; }},
}};

bool is_whole(double v) {
  return std::floor(v) == v;
}

void set_horizons(TrainOptions& options, const double* values, int n) {
  bool ok = n >= 1 && n <= kMaxHorizons;
  for (int i = 0; ok && i < n; ++i)
    ok = is_whole(values[i]) && values[i] >= kShortestHorizonMin && values[i] <= kLongestHorizonMin &&
         (i == 0 || values[i] > values[i - 1]);
  if (!ok)
    reject("horizons", "1 to " + std::to_string(kMaxHorizons) + " ascending whole minutes, " +
                           std::to_string(kShortestHorizonMin) + " to " + std::to_string(kLongestHorizonMin));
  options.n_horizons = n;
  for (int i = 0; i < n; ++i) options.horizons_min[static_cast<std::size_t>(i)] = static_cast<int>(values[i]);
}

void set_hidden(TrainOptions& options, const double* values, int n) {
  bool ok = n >= 1 && n <= kMaxLayers;
  for (int i = 0; ok && i < n; ++i) ok = is_whole(values[i]) && values[i] >= 1 && values[i] <= 256;
  if (!ok) reject("hidden", "1 to 3 whole numbers, each 1 to 256");
  options.layers = n;
  options.hidden.fill(0);
  for (int i = 0; i < n; ++i) options.hidden[static_cast<std::size_t>(i)] = static_cast<int>(values[i]);
}

}  // namespace

void set_option(TrainOptions& options, std::string_view key, const double* values, int n_values) {
  if (key == "horizons") return set_horizons(options, values, n_values);
  if (key == "hidden") return set_hidden(options, values, n_values);
  for (const Number& number : kNumbers) {
    if (key != number.key) continue;
    if (n_values != 1 || !(values[0] >= number.low && values[0] <= number.high) ||
        (number.whole && !is_whole(values[0])))
      reject(key, std::string(number.whole ? "a whole number" : "a number") + " from " + text_of(number.low) + " to " +
                      text_of(number.high));
    number.store(options, values[0]);
    return;
  }
  reject_unknown(key);
}

void require_option(const std::vector<AlgorithmInfo>& all, std::string_view key) {
  const auto listens = [&](const AlgorithmInfo& info) {
    return std::find(info.options.begin(), info.options.end(), key) != info.options.end();
  };
  if (std::none_of(all.begin(), all.end(), listens)) reject_unknown(key);
}

OptionValue option_value(const TrainOptions& options, std::string_view key) {
  OptionValue value;
  const auto list = [&](const auto& numbers, int n) {
    value.is_list = true;
    for (; value.n < n; ++value.n)
      value.numbers[static_cast<std::size_t>(value.n)] = numbers[static_cast<std::size_t>(value.n)];
  };
  if (key == "horizons") list(options.horizons_min, options.n_horizons);
  if (key == "hidden") list(options.hidden, options.layers);
  for (const Number& number : kNumbers)
    if (key == number.key && number.load(options) >= number.low) value.numbers[0] = number.load(options), value.n = 1;
  return value;
}

}  // namespace glucose
