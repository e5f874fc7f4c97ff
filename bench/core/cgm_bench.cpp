// SPDX-License-Identifier: PostgreSQL
// Trainings from readings alone, of many rows, with the longest single step (the time between two polls for interrupts)
// of making rows and of the training.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <optional>
#include <vector>

#include "cgm_rows.hpp"

namespace {

using namespace glucose;

constexpr int kLives = 10, kDays = 28;
constexpr std::size_t kRowsOfALife = 5'000;

// Of this thread: what other work on the machine takes is not counted.
double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

template <class Work>
double timed(Work&& work) {
  const double start = cpu_ms();
  work();
  return cpu_ms() - start;
}

/// Four weeks of so many persons, some of them alike, until there are enough rows.
void cgm_training(benchmark::State& state) {
  const auto wanted = static_cast<std::size_t>(1000 * state.range(0));
  std::vector<std::vector<Reading>> lives;
  for (int life = 0; life < kLives; ++life)
    lives.push_back(
        simulated_readings(static_cast<std::uint64_t>(life), kDays, static_cast<Profile>(life % kProfiles)));
  double making = 0, longest = 0, take = 0, forgetting = 0;
  for (auto _ : state) {
    CgmRows rows;
    for (std::size_t person = 0; rows.size() < wanted; ++person) {
      std::optional<CgmRowsBuilder> builder;
      builder.emplace(rows, lives[person % kLives], DayClock{}, 0, kForever, kRowsOfALife);
      while (!builder->done()) making = std::max(making, timed([&] { builder->step(); }));
    }
    state.counters["rows"] = static_cast<double>(rows.size());
    std::optional<CgmTraining> run;
    longest = std::max(longest, timed([&] { run.emplace(std::move(rows), std::nullopt); }));
    while (!run->done()) longest = std::max(longest, timed([&] { run->step(); }));
    take = std::max(take, timed([&] { benchmark::DoNotOptimize(run->take()); }));
    forgetting = std::max(forgetting, timed([&] { run.reset(); }));
  }
  state.counters["longest_making_ms"] = making;
  state.counters["longest_step_ms"] = longest;
  state.counters["take_ms"] = take;
  state.counters["forgetting_ms"] = forgetting;
}

BENCHMARK(cgm_training)
    ->ArgName("thousand_rows")
    ->Arg(100)
    ->Arg(1000)
    ->Arg(4000)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
