// SPDX-License-Identifier: PostgreSQL
// Whole trainings with the longest single step (the time between two polls for interrupts), features, decoding.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <string>
#include <vector>

#include "core/tasks/meal/features/features.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/meal/training/population_training.hpp"
#include "core/tasks/meal/training/training.hpp"
#include "simulated_samples.hpp"
#ifdef PGG_HAS_BOOSTING
#include "boosting/boosting.hpp"
#endif

namespace {

using namespace glucose;

const std::vector<Sample>& samples(std::size_t n) {
  static std::vector<std::vector<Sample>> made;
  for (const auto& there : made)
    if (there.size() == n) return there;
  made.push_back(n_simulated_samples(1, n));
  return made.back();
}

constexpr std::size_t kMealsEach = 240;

// Of this thread: what other work on the machine takes is not counted.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

const BoostingApi* boosting() {
#ifdef PGG_HAS_BOOSTING
  return pg_glucose_boosting();
#else
  return nullptr;
#endif
}

void training(benchmark::State& state) {
  const auto algorithm = static_cast<Algorithm>(state.range(0));
  const auto n = static_cast<std::size_t>(state.range(1));
  state.SetLabel(std::string(name_of(algorithm)));
  if (samples(n).size() != n) return state.SkipWithError("too few simulated meals");
  TrainOptions options;
  if (n > 1000) options.epochs = 3;  // steps are what counts here
  double longest = 0, take = 0, steps = 0;
  for (auto _ : state) {
    Training run(samples(n), algorithm, options, std::size_t{1} << 32, nullptr, boosting());
    const auto timed = [](auto&& work) {
      const double start = cpu_ms();
      work();
      return cpu_ms() - start;
    };
    steps = 0;
    while (!run.done()) {
      longest = std::max(longest, timed([&] { run.step(); }));
      ++steps;
    }
    take = std::max(take, timed([&] { benchmark::DoNotOptimize(run.take()); }));
  }
  state.counters["longest_step_ms"] = longest;
  state.counters["take_ms"] = take;
  state.counters["steps"] = steps;
}

/// So many persons, of any profile, with so many meals each.
std::vector<std::vector<Sample>> crowd(std::size_t persons, std::size_t meals) {
  static std::vector<std::vector<Sample>> made;
  for (std::size_t p = made.size(); p < persons; ++p)
    made.push_back(n_simulated_samples(p + 1, meals, static_cast<Profile>(p % kProfiles)));
  return {made.begin(), made.begin() + static_cast<std::ptrdiff_t>(persons)};
}

void population(benchmark::State& state) {
  const auto persons = static_cast<std::size_t>(state.range(1));
  state.SetLabel(std::string(name_of(static_cast<Algorithm>(state.range(0)))));
  double longest = 0, take = 0, rows = 0;
  for (auto _ : state) {
    state.PauseTiming();
    auto all = crowd(persons, kMealsEach);
    rows = 0;
    for (const auto& one : all) rows += static_cast<double>(one.size());
    state.ResumeTiming();
    PopulationTraining run(std::move(all), static_cast<Algorithm>(state.range(0)), {}, std::size_t{1} << 34,
                           boosting());
    while (!run.done()) {
      const double start = cpu_ms();
      run.step();
      longest = std::max(longest, cpu_ms() - start);
    }
    const double start = cpu_ms();
    const TrainingOutcome outcome = run.take();
    take = cpu_ms() - start;
    // Of persons left out, on their newest meals before the test rows.
    for (const Candidate& candidate : outcome.candidates)
      state.counters["rmse_" + std::string(name_of(candidate.algorithm))] = candidate.rmse;
  }
  state.counters["longest_step_ms"] = longest;
  state.counters["take_ms"] = take;
  state.counters["meals"] = rows;
}

void features(benchmark::State& state) {
  SimulatedHistory history = simulated_history(1, 31);
  const auto n = std::min<std::size_t>(8640, history.readings.size());
  const std::span<const Reading> readings = std::span<const Reading>(history.readings).last(n);
  Meal meal = history.meals.back();
  meal.eaten_at = readings.back().measured_at;
  for (auto _ : state) benchmark::DoNotOptimize(extract(meal, readings, history.meals));
  state.SetLabel(std::to_string(n) + " readings");
}

void decoding(benchmark::State& state) {
  TrainOptions options;
  options.epochs = 1;
  Training run(samples(105), static_cast<Algorithm>(state.range(0)), options, std::size_t{1} << 32);
  while (!run.done()) run.step();
  const auto bytes = encode(run.take().model);
  for (auto _ : state) benchmark::DoNotOptimize(decode(bytes));
  state.SetLabel(std::to_string(bytes.size()) + " bytes");
}

constexpr auto kRidge = static_cast<int>(Algorithm::ridge), kLad = static_cast<int>(Algorithm::lad),
               kLstm = static_cast<int>(Algorithm::lstm), kAuto = static_cast<int>(Algorithm::automatic);

BENCHMARK(training)
    ->ArgNames({"algorithm", "meals"})
    ->ArgsProduct({{kRidge, kLad, kLstm, kAuto}, {105, 120, 240, 1000, 5000}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(population)
    ->ArgNames({"algorithm", "persons"})
    ->ArgsProduct({{kRidge, kLstm, kAuto}, {25, 50, 100, 200}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(features)->Unit(benchmark::kMicrosecond);
BENCHMARK(decoding)->Arg(kRidge)->Arg(kLstm)->Unit(benchmark::kMicrosecond);

}  // namespace
