// SPDX-License-Identifier: PostgreSQL
// The LSTM of the default shape at every SIMD level: a whole training, one prediction, a batch of predictions.
#include <benchmark/benchmark.h>

#include <utility>
#include <vector>

#include "core/learn/lstm.hpp"
#include "core/learn/lstm_trainer.hpp"

namespace {

using glucose::SimdLevel;

constexpr glucose::LstmShape kShape{.steps = 12, .n_static = 21, .outputs = 2, .layers = 2, .hidden = {64, 64}};

std::vector<float> normals(glucose::Random& rng, int rows, int columns) {
  std::vector<float> values(static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns));
  for (float& value : values) value = static_cast<float>(rng.normal());
  return values;
}

glucose::LstmData samples(int n) {
  glucose::Random rng(1);
  return {normals(rng, n, kShape.steps), normals(rng, n, kShape.n_static), normals(rng, n, kShape.outputs)};
}

bool skipped(benchmark::State& state, SimdLevel level) {
  state.SetLabel(to_string(level));
  if (has_simd_level(level)) return false;
  state.SkipWithError("not on this CPU");
  return true;
}

// 105 meals (three weeks), 100 epochs of batches of 32, no early stopping.
void lstm_training(benchmark::State& state) {
  const auto level = static_cast<SimdLevel>(state.range(0));
  if (skipped(state, level)) return;
  const glucose::LstmData data = samples(105);
  while (state.KeepRunning()) {
    glucose::LstmTrainer trainer(kShape, data, {},
                                 {.dropout = static_cast<float>(state.range(1)) / 100, .level = level});
    while (!trainer.done()) trainer.step();
    glucose::Lstm net = trainer.take();
    benchmark::DoNotOptimize(net.parameters().data());
  }
}

void lstm_prediction(benchmark::State& state) {
  const auto level = static_cast<SimdLevel>(state.range(0));
  if (skipped(state, level)) return;
  const int n = static_cast<int>(state.range(1));
  const glucose::LstmData data = samples(n);
  glucose::Lstm net(kShape, level);
  glucose::Random rng(1);
  net.initialise(rng);
  std::vector<float> out(data.targets.size());
  while (state.KeepRunning()) {
    net.predict(data.sequence.data(), data.statics.data(), n, out.data());
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * n);
}

BENCHMARK(lstm_training)
    ->ArgNames({"level", "dropout_percent"})
    ->ArgsProduct({{0, 1, 2}, {0, 20}})
    ->Unit(benchmark::kMillisecond);
BENCHMARK(lstm_prediction)
    ->ArgNames({"level", "meals"})
    ->ArgsProduct({{0, 1, 2}, {1, 32, 1000}})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
