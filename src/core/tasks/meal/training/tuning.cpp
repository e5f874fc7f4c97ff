// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/tuning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/learn/boosted_trees.hpp"
#include "core/tasks/meal/training/fit.hpp"
#include "core/tasks/meal/training/quality.hpp"
#include "core/tasks/meal/training/weighing.hpp"

namespace glucose {

namespace {

constexpr std::size_t kFirstPercent = 40, kBlockPercent = 15;
constexpr std::size_t kLeastRows = 5;                        // to learn from
constexpr std::size_t kNewestPart = 15, kNewestOf = 85;      // to stop early on, as in train_model
constexpr std::uint64_t kOrderStream = 0x74756e65'6f726465;  // apart from the seeds of the fits

[[noreturn]] void too_few(std::size_t rows) {
  throw Error(ErrorCode::too_little_history,
              "too little history to tune: " + std::to_string(rows) + " meals before the test rows",
              "Each of four origins needs at least five meals to learn from and one to be asked about.");
}

}  // namespace

std::vector<Origin> rolling_origins(Samples rows, int longest_horizon_min) {
  const SplitSizes sizes = split_sizes(rows);
  const auto n = static_cast<std::size_t>(sizes.train + sizes.validation);
  std::vector<Origin> origins;
  for (std::size_t percent = kFirstPercent; percent < 100; percent += kBlockPercent) {
    const std::size_t first = moment_boundary(rows, n * percent / 100);
    const std::size_t end = std::min(n, moment_boundary(rows, n * (percent + kBlockPercent) / 100));
    std::size_t learnt = first;
    while (learnt > 0 && first < n &&
           !outcome_known(rows[learnt - 1].eaten_at, longest_horizon_min, rows[first].eaten_at))
      --learnt;
    if (learnt < kLeastRows || end <= first) too_few(n);
    origins.push_back({learnt, first, end - first});
  }
  return origins;
}

struct Tuning::State {
  State(std::vector<Sample> rows, Algorithm wanted, SearchGrid searched, const BoostingApi* api)
      : samples(std::move(rows)), algorithm(wanted), grid(std::move(searched)), boosting(api) {}

  std::vector<Sample> samples;
  Algorithm algorithm;
  SearchGrid grid;
  const BoostingApi* boosting;
  std::vector<int> horizons_min;
  std::vector<Origin> origins;
  std::vector<std::size_t> order;  // of the combinations
  std::size_t combination = 0;     // place in the order
  std::size_t origin = 0;
  int epochs = 0;  // that were best at this origin; 0: not known yet
  std::unique_ptr<Fit> fit;
  Predictor asked;
  std::optional<Replay> replay;
  Forecasts said;              // [K][rows asked about so far] of this combination
  std::vector<Sample> scored;  // [rows asked about so far]
  std::array<double, kOrigins> origin_rmse{};
  std::vector<TriedCombination> tried;

  bool done() const { return combination == order.size(); }
  Samples learnt() const { return Samples(samples).first(origins[origin].learnt); }
  Samples block() const { return Samples(samples).subspan(origins[origin].first, origins[origin].n); }
  bool looks_for_epochs() const { return algorithm == Algorithm::lstm && epochs == 0; }

  void begin_fit() {
    TrainOptions options = grid.options(order[combination]);
    Samples training = learnt(), newest;
    if (looks_for_epochs()) {
      const std::size_t n = training.size() - std::max<std::size_t>(1, training.size() * kNewestPart / kNewestOf);
      newest = training.subspan(n);
      training = training.first(n);
    } else if (epochs > 0) {
      options.epochs = epochs;
    }
    fit = make_fit(algorithm, training, newest, options, {nullptr, boosting});
  }

  void end_fit() {
    if (looks_for_epochs()) {
      epochs = fit->best_epoch() > 0 ? fit->best_epoch() : grid.options(order[combination]).epochs;
    } else {
      asked = as_predictor(fit->take());
      replay.emplace(block(), asked, horizons_min);
    }
    fit.reset();
  }

  void end_block() {
    const Forecasts answers = replay->answers(0, block().size());
    for (std::size_t k = 0; k < said.size(); ++k) said[k].insert(said[k].end(), answers[k].begin(), answers[k].end());
    scored.insert(scored.end(), block().begin(), block().end());
    origin_rmse[origin] = mean_of(measure_all(answers, block()), &Metrics::rmse);
    replay.reset();
    epochs = 0;
    if (++origin == origins.size()) end_combination();
  }

  void end_combination() {
    const auto metrics = measure_all(said, scored);
    TriedCombination result{order[combination], mean_of(metrics, &Metrics::mae), mean_of(metrics, &Metrics::rmse),
                            static_cast<int>(scored.size())};
    if (!std::isfinite(result.rmse)) result.mae = result.rmse = std::numeric_limits<double>::infinity();
    tried.push_back(result);
    said.assign(horizons_min.size(), {});
    scored.clear();
    origin = 0;
    ++combination;
  }

  void step() {
    if (done()) return;
    if (replay)
      replay->done() ? end_block() : replay->step();
    else if (!fit)
      begin_fit();
    else
      fit->done() ? end_fit() : fit->step();
  }
};

Tuning::Tuning(std::vector<Sample> samples, Algorithm algorithm, SearchGrid grid, std::size_t memory_cap,
               const BoostingApi* boosting)
    : state_(std::make_unique<State>(std::move(samples), algorithm, std::move(grid), boosting)) {
  State& s = *state_;
  if (algorithm == Algorithm::trees && boosting == nullptr) trees_not_available();
  const TrainOptions base = s.grid.options(0);
  s.horizons_min.assign(base.horizons_min.begin(), base.horizons_min.begin() + base.n_horizons);
  s.origins = rolling_origins(s.samples, s.horizons_min.back());
  s.said.resize(s.horizons_min.size());
  s.order.resize(s.grid.size());
  std::iota(s.order.begin(), s.order.end(), std::size_t{0});
  Random(base.seed ^ kOrderStream).shuffle(s.order);
  std::size_t of_fit = 0;
  for (std::size_t c = 0; c < s.grid.size(); ++c)
    of_fit = std::max(of_fit, fit_bytes_needed(algorithm, s.samples.size(), s.grid.options(c)));
  const std::size_t needed = s.samples.size() * (2 * sizeof(Sample) + sizeof(PointForecast)) + of_fit;
  if (needed > memory_cap)
    throw Error(ErrorCode::out_of_memory,
                "tuning would need " + std::to_string(needed >> 10) + " kB, more than glucose.max_train_memory",
                "Raise glucose.max_train_memory, or search fewer meals or smaller layers.");
}

Tuning::~Tuning() = default;

bool Tuning::done() const {
  return state_->done();
}

void Tuning::step() {
  state_->step();
}

const std::array<double, kOrigins>& Tuning::last_origins_rmse() const {
  return state_->origin_rmse;
}

std::vector<TriedCombination> Tuning::ranked() const {
  return ranked_by_rmse(state_->tried);
}

}  // namespace glucose
