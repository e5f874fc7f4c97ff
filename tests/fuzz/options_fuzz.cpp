// SPDX-License-Identifier: PostgreSQL
// libFuzzer: options of trainings and searches, and units of metrics. An option that is taken can be shown, and the
// value shown is taken again and changes nothing.
#include <cmath>
#include <cstring>
#include <vector>

#include "core/days/metric_unit.hpp"
#include "core/training/options.hpp"
#include "core/training/search.hpp"
#include "fuzz.hpp"

namespace glucose {

namespace {

constexpr std::array<std::string_view, 23> kKeys{"seed",
                                                 "epochs",
                                                 "batch_size",
                                                 "learning_rate",
                                                 "dropout",
                                                 "patience",
                                                 "l2",
                                                 "rounds",
                                                 "depth",
                                                 "eta",
                                                 "min_days",
                                                 "min_meals",
                                                 "sequence_length",
                                                 "lookback_days",
                                                 "bidirectional",
                                                 "min_samples",
                                                 "min_accuracy",
                                                 "min_f1",
                                                 "max_calibration_error",
                                                 "horizons",
                                                 "hidden",
                                                 "",
                                                 "seed "};
constexpr std::array<double, 12> kNumbers{0, 1, -1, 0.5, 60, 120, 64, 360, 1e-300, 1e300, 9007199254740993.0, 256};

std::string key_of(FuzzedDataProvider& in) {
  return in.ConsumeBool() ? std::string(kKeys[in.ConsumeIntegralInRange<std::size_t>(0, kKeys.size() - 1)])
                          : in.ConsumeRandomLengthString(20);
}

std::vector<double> numbers_of(FuzzedDataProvider& in) {
  std::vector<double> numbers(in.ConsumeIntegralInRange<std::size_t>(0, 14));
  for (double& number : numbers) {
    if (in.ConsumeBool()) {
      number = kNumbers[in.ConsumeIntegralInRange<std::size_t>(0, kNumbers.size() - 1)];
      continue;
    }
    const auto bits = in.ConsumeIntegral<std::uint64_t>();  // any number, and none
    std::memcpy(&number, &bits, sizeof number);
  }
  return numbers;
}

void check_shown(const TrainOptions& options, const std::string& key) {
  const OptionValue shown = option_value(options, key);
  must(shown.n >= 0 && shown.n <= kMaxHorizons, "a value has some numbers");
  if (shown.n == 0) return;
  TrainOptions again = options;
  set_option(again, key, shown.numbers.data(), shown.n);
  const OptionValue second = option_value(again, key);
  must(second.n == shown.n && second.numbers == shown.numbers, "an option is taken as it is shown");
}

void search(FuzzedDataProvider& in, const TrainOptions& options) {
  const auto algorithm = static_cast<Algorithm>(in.ConsumeIntegralInRange<std::size_t>(0, kAlgorithmNames.size() - 1));
  std::vector<SearchAxis> axes(in.ConsumeIntegralInRange<std::size_t>(0, 4));
  for (SearchAxis& axis : axes) {
    axis.key = key_of(in);
    axis.candidates.resize(in.ConsumeIntegralInRange<std::size_t>(0, 8));
    for (auto& candidate : axis.candidates) candidate = numbers_of(in);
  }
  passes({ErrorCode::bad_argument}, [&] {
    const SearchGrid grid(algorithm, options, axes);
    must(grid.size() > 0 && grid.size() <= kMostCombinations, "a search is bounded");
    for (std::size_t i = 0; i < grid.size(); ++i)
      for (const SearchAxis& axis : grid.axes()) check_shown(grid.options(i), axis.key);
  });
}

}  // namespace

}  // namespace glucose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glucose;
  FuzzedDataProvider in(data, size);
  TrainOptions options;
  const std::vector<AlgorithmInfo> algorithms{{Algorithm::ridge, "", {"l2", "horizons"}},
                                              {Algorithm::lstm, "", {"hidden"}}};
  passes({ErrorCode::bad_argument}, [&] { (void)parse_algorithm(algorithms, in.ConsumeRandomLengthString(12)); });
  for (int n = in.ConsumeIntegralInRange(0, 4); n > 0; --n) {
    const std::string key = key_of(in);
    const std::vector<double> numbers = numbers_of(in);
    passes({ErrorCode::bad_argument}, [&] { require_option(algorithms, key); });
    if (passes({ErrorCode::bad_argument},
               [&] { set_option(options, key, numbers.data(), static_cast<int>(numbers.size())); }))
      check_shown(options, key);
  }
  double value = in.ConsumeFloatingPoint<double>();
  const std::string from = in.ConsumeRandomLengthString(12), to = in.ConsumeRandomLengthString(12);
  const double before = value;
  if (!convert_unit(from, to, value)) must(value == before || std::isnan(before), "what is not converted stays");
  search(in, options);
  return 0;
}
