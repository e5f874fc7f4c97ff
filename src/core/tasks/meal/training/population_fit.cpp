// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/population_fit.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/learn/ridge.hpp"
#include "core/tasks/meal/features/first_day.hpp"
#include "core/tasks/meal/training/curve_fit.hpp"

namespace glucose {

namespace {

constexpr double kPenalty = 400;     // of a standardised column, in rows
constexpr double kOfFirstDay = 0.5;  // what a row counts once more, as on a first day
constexpr std::size_t kRowsPerStep = 128;
constexpr std::size_t kSumsBytes = std::size_t{5} << 20;  // of the horizons and of each step of the curve
constexpr std::size_t L = kLineColumns;

BoostedTreesOptions boosting_options(const TrainOptions& options) {
  BoostedTreesOptions o;
  o.rounds = options.rounds;
  o.depth = options.depth;
  o.eta = options.eta;
  o.min_child_weight = 20;
  o.subsample = 0.7;
  o.colsample = 0.4;
  o.lambda = 5;
  o.seed = options.seed;
  return o;
}

}  // namespace

struct PopulationFit::State {
  enum class Phase { means, spreads, sums, solve, trees, done };

  explicit State(std::size_t horizons) : K(horizons), sums(L, horizons, Intercept::free) {}

  std::vector<const Sample*> rows;
  std::size_t K;
  LearntFrom from;
  double penalty, usual_spread = 0;
  BoostedTreesOptions boosted;
  const BoostingApi* boosting;
  PopulationModel model;
  Phase phase = Phase::means;
  std::size_t next = 0;
  ScalerFit columns{kRichFeatures};
  RidgeSums<double> sums;  // of K targets
  CurveFit curve;
  std::optional<BoostedTreesFit> trees;

  float change(const Sample& row, std::size_t k) const { return row.targets[k] - row.rich[meal2::kLevel]; }

  void sum(const Sample& row, const RichVector& seen, double weight) {
    const LineRow line = model.line_row(seen);
    std::array<float, kMaxHorizons> y;
    for (std::size_t k = 0; k < K; ++k) y[k] = change(row, k);
    sums.add(line.data(), y.data(), weight);
    curve.add(line, row, weight);
  }

  /// The rows of the next step; after the last of them comes `then`.
  template <class Visit>
  void visit(Phase then, Visit&& each) {
    const std::size_t last = std::min(next + kRowsPerStep, rows.size());
    for (; next < last; ++next) each(*rows[next]);
    if (next < rows.size()) return;
    next = 0;
    phase = then;
  }

  void add_to_means() {
    visit(Phase::spreads, [&](const Sample& row) {
      columns.add(row.rich);
      usual_spread += variance_of(row.rich) / static_cast<double>(rows.size());
    });
  }

  void add_to_spreads() {
    visit(Phase::sums, [&](const Sample& row) { columns.add_again(row.rich); });
    if (phase == Phase::sums) model.scaler = columns.fitted();
  }

  void sum_rows() {
    visit(Phase::solve, [&](const Sample& row) {
      const double weight = usual_spread / variance_of(row.rich);
      sum(row, row.rich, weight);
      if (from == LearntFrom::many) sum(row, as_on_first_day(row.rich), kOfFirstDay * weight);
    });
  }

  void solve() {
    const RidgeFit fit = sums.solve(line_penalties(penalty));
    for (std::size_t k = 0; k < K; ++k) {
      model.intercept.push_back(static_cast<float>(fit.intercept[k]));
      for (std::size_t l = 0; l < L; ++l) model.coefficients.push_back(static_cast<float>(fit.slopes[l * K + k]));
    }
    curve.solve(penalty, model);
    phase = boosting != nullptr ? Phase::trees : Phase::done;
  }

  BoostedTreesOptions of_horizon(std::size_t k) const {
    BoostedTreesOptions o = boosted;
    o.seed += k;
    return o;
  }

  void boost() {
    const std::size_t k = model.trees.size();
    if (trees && trees->done()) {
      model.trees.push_back(trees->take());
      trees.reset();
      if (model.trees.size() == K) phase = Phase::done;
    } else if (trees) {
      trees->step();
    } else {
      std::vector<float> x, residual;
      x.reserve(rows.size() * kRichFeatures);
      residual.reserve(rows.size());
      for (const Sample* row : rows) {
        std::array<float, kMaxHorizons> linear;
        model.predict_linear(row->rich, static_cast<int>(K), linear.data());
        x.insert(x.end(), row->rich.begin(), row->rich.end());
        residual.push_back(row->targets[k] - linear[k]);
      }
      trees.emplace(boosting, x, kRichFeatures, residual, std::span<const float>(), of_horizon(k));
    }
  }
};

PopulationFit::PopulationFit(std::vector<const Sample*> rows, LearntFrom from, const TrainOptions& options,
                             const BoostingApi* boosting)
    : state_(std::make_unique<State>(static_cast<std::size_t>(options.n_horizons))) {
  State& s = *state_;
  s.rows = std::move(rows);
  s.from = from;
  s.penalty = options.l2 < 0 ? kPenalty : options.l2;
  s.boosted = boosting_options(options);
  s.boosting = boosting;
  s.model.residual_sd.assign(s.K, 1.0F);
}

PopulationFit::~PopulationFit() = default;
PopulationFit::PopulationFit(PopulationFit&&) noexcept = default;
PopulationFit& PopulationFit::operator=(PopulationFit&&) noexcept = default;

bool PopulationFit::done() const {
  return state_->phase == State::Phase::done;
}

double PopulationFit::progress() const {
  const State& s = *state_;
  if (done()) return 1;
  const double of_rows = static_cast<double>(s.next) / static_cast<double>(s.rows.size());
  const double linear =
      std::min(1.0, (static_cast<double>(s.phase) + of_rows) / static_cast<double>(State::Phase::solve));
  if (s.boosting == nullptr) return linear;
  const double boosted =
      (static_cast<double>(s.model.trees.size()) + (s.trees ? s.trees->progress() : 0)) / static_cast<double>(s.K);
  return 0.1 * linear + 0.9 * boosted;
}

void PopulationFit::step() {
  switch (state_->phase) {
    case State::Phase::means:
      return state_->add_to_means();
    case State::Phase::spreads:
      return state_->add_to_spreads();
    case State::Phase::sums:
      return state_->sum_rows();
    case State::Phase::solve:
      return state_->solve();
    case State::Phase::trees:
      return state_->boost();
    case State::Phase::done:
      return;
  }
}

PopulationModel PopulationFit::take() {
  state_->model.share_of_trees = state_->model.trees.empty() ? 0.0F : 1.0F;
  return std::move(state_->model);
}

std::size_t PopulationFit::bytes_needed(std::size_t n, const TrainOptions& options, bool with_trees) {
  const std::size_t linear = n * sizeof(void*) + kSumsBytes;
  return with_trees ? linear + n * sizeof(float) * (kRichFeatures + 1) +
                          boosted_trees_bytes_needed(n, kRichFeatures, boosting_options(options))
                    : linear;
}

}  // namespace glucose
