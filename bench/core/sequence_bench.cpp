// SPDX-License-Identifier: PostgreSQL
// The networks of daily metrics: whole trainings with the longest single step (the time between two polls for
// interrupts), and predictions. bench/peers/sequence_pytorch.py does the same work.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <vector>

#include "core/learn/sequence_trainer.hpp"

namespace {

using glucose::SimdLevel;

enum Kind { plain, bidirectional, attention, multitask };
constexpr const char* kNames[] = {"lstm", "bidirectional", "attention", "multitask"};

glucose::SequenceShape shape_of(Kind kind) {
  glucose::SequenceShape shape;  // 30 days × 51 features, 2 × 128
  shape.bidirectional = kind == bidirectional;
  shape.attention = kind == attention;
  shape.outputs = kind == multitask ? 5 : 1;
  return shape;
}

// 48 sequences, each of days of its own.
glucose::SequenceData data_of(const glucose::SequenceShape& shape) {
  constexpr std::size_t kSamples = 48;
  glucose::Random rng(1);
  glucose::SequenceData data;
  data.days.resize(kSamples * static_cast<std::size_t>(shape.steps * shape.features));
  for (float& value : data.days) value = static_cast<float>(rng.normal());
  for (std::size_t i = 0; i < kSamples; ++i) data.training.first.push_back(static_cast<std::uint32_t>(i) * 30);
  data.training.targets.resize(kSamples * static_cast<std::size_t>(shape.outputs));
  for (float& value : data.training.targets) value = static_cast<float>(rng.normal());
  return data;
}

double cpu_ms() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

bool skipped(benchmark::State& state, SimdLevel level, Kind kind) {
  state.SetLabel(std::string(kNames[kind]) + " " + to_string(level));
  if (has_simd_level(level)) return false;
  state.SkipWithError("not on this CPU");
  return true;
}

// 50 epochs of batches of 32, no early stopping.
void sequence_training(benchmark::State& state) {
  const auto level = static_cast<SimdLevel>(state.range(0));
  const auto kind = static_cast<Kind>(state.range(1));
  if (skipped(state, level, kind)) return;
  double longest = 0;
  for (auto _ : state) {
    glucose::SequenceTrainerOptions options;
    options.plateau = 0;
    options.level = level;
    glucose::SequenceTrainer trainer(shape_of(kind), data_of(shape_of(kind)), options);
    while (!trainer.done()) {
      const double start = cpu_ms();
      trainer.step();
      longest = std::max(longest, cpu_ms() - start);
    }
    benchmark::DoNotOptimize(trainer.course().training.back());
  }
  state.counters["longest_step_ms"] = longest;
}

void sequence_prediction(benchmark::State& state) {
  const auto level = static_cast<SimdLevel>(state.range(0));
  const auto kind = static_cast<Kind>(state.range(1));
  if (skipped(state, level, kind)) return;
  const auto n = static_cast<std::size_t>(state.range(2));
  const glucose::SequenceShape shape = shape_of(kind);
  const glucose::SequenceData data = data_of(shape);
  glucose::SequenceNet net(shape, level);
  glucose::Random rng(1);
  net.initialise(rng);
  std::vector<const float*> sequences;
  for (std::size_t i = 0; i < n; ++i)
    sequences.push_back(data.days.data() + i % 48 * static_cast<std::size_t>(shape.steps * shape.features));
  std::vector<float> out(n * static_cast<std::size_t>(shape.outputs));
  glucose::FloatBuffer scratch;
  while (state.KeepRunning()) {
    net.predict(sequences.data(), static_cast<int>(n), out.data(), nullptr, scratch);
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(n));
}

BENCHMARK(sequence_training)
    ->ArgNames({"level", "kind"})
    ->ArgsProduct({{0, 1, 2}, {plain, bidirectional, attention, multitask}})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(sequence_prediction)
    ->ArgNames({"level", "kind", "sequences"})
    ->ArgsProduct({{1, 2}, {plain, attention}, {1, 32, 500}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
