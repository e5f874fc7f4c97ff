// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/linear.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/learn/ridge.hpp"
#include "core/math/gate.hpp"

namespace glucose {

namespace {

constexpr std::array<double, 6> kPenalties{3, 10, 30, 100, 300, 1000};
constexpr int kFolds = 5;
constexpr int kReweightings = 25;
constexpr double kSettled = 0.01;          // mg/dL per SD: no coefficient moves more, the reweighting ends
constexpr double kSmallestResidual = 1.0;  // mg/dL; below it a deviation counts as squared
constexpr std::size_t kRowsPerStep = 1024;
constexpr std::size_t P = kDesignColumns;
constexpr std::array<double, P> kColumnPenalties = column_penalties();

// Some tens of meals say little about the penalty: the usual one stays unless another is better beyond chance.
constexpr std::size_t usual_penalty(Loss loss) {
  return loss == Loss::squared ? 3 : 2;
}

/// in: losses [penalties][N] of the same rows
std::size_t choose_penalty(const std::vector<double>& losses, std::size_t n, std::size_t usual) {
  std::array<PairedSums, kPenalties.size()> gains;
  for (std::size_t p = 0; p < kPenalties.size(); ++p)
    for (std::size_t i = 0; i < n; ++i) gains[p].add(losses[usual * n + i] - losses[p * n + i]);
  return most_gained(gains, usual);
}

struct Coefficients {
  double intercept = 0;
  std::array<double, P> slopes{};

  double farthest(const Coefficients& other) const {
    double most = std::abs(intercept - other.intercept);
    for (std::size_t p = 0; p < P; ++p) most = std::max(most, std::abs(slopes[p] - other.slopes[p]));
    return most;
  }
};

using Sums = RidgeSums<double>;

Sums no_rows() {
  return {P, 1, Intercept::free};
}

/// Each column has its own penalty; the intercept has none.
Coefficients solution(Sums& sums, double penalty) {
  std::array<double, P> penalties;
  for (std::size_t p = 0; p < P; ++p) penalties[p] = penalty * kColumnPenalties[p];
  const RidgeFit fit = sums.solve(penalties);
  Coefficients of{fit.intercept[0], {}};
  std::copy_n(fit.slopes.begin(), P, of.slopes.begin());
  return of;
}

}  // namespace

/// The order of the work, horizon by horizon: sums of each fold; for each fold and penalty a fit of the other folds;
/// the fit of all rows with the best penalty. A fit is one solution for squared errors, several passes for absolute
/// ones; a step is one solution, or kRowsPerStep rows of a pass.
struct LinearFit::State {
  enum class Phase { sums, fit, reweighting };

  Loss loss;
  int horizons;
  bool choose;
  double l2;
  Scaler scaler;
  std::size_t n = 0;
  std::vector<float> X;   // [N × P] standardised
  std::vector<double> Y;  // [K × N] change from the last glucose
  LinearModel model;

  Phase phase = Phase::sums;
  int k = 0, fold = 0, penalty = 0;  // fold == kFolds: the fit of all rows
  std::size_t row = 0;               // of the pass under way
  std::vector<Sums> sums;            // by fold, then of all
  std::vector<double> losses;        // [penalties × N], each row's by the fit that did not see its fold
  Coefficients fit;
  Sums weighted = no_rows();
  std::vector<double> left;  // residuals of the rows that are looked at
  double scale = 1;
  int reweightings = 0;

  const float* x(std::size_t i) const { return &X[i * P]; }
  double y(std::size_t i) const { return Y[static_cast<std::size_t>(k) * n + i]; }
  /// What the fit leaves of n rows.
  const std::vector<double>& residuals(std::size_t from, std::size_t rows) {
    left.resize(rows);
    ridge_kernel().residuals(x(from), &Y[static_cast<std::size_t>(k) * n + from], rows, P, fit.intercept,
                             fit.slopes.data(), left.data());
    return left;
  }
  std::size_t first(int of) const { return n * static_cast<std::size_t>(of) / kFolds; }
  bool final_fit() const { return fold == kFolds; }
  bool held(std::size_t i) const { return !final_fit() && i >= first(fold) && i < first(fold + 1); }
  int units() const { return horizons * (choose ? kFolds * static_cast<int>(kPenalties.size()) + 1 : 1); }
  int unit() const {
    const int searched = choose ? fold * static_cast<int>(kPenalties.size()) + penalty : 0;
    return k * (units() / std::max(horizons, 1)) + searched;
  }
  bool done() const { return k == horizons; }

  void add_row(Sums& to, double weight) const {
    const double target = y(row);
    to.add(x(row), &target, weight);
  }

  void sum_rows() {
    const std::size_t last = std::min(row + kRowsPerStep, n);
    for (; row < last; ++row) {
      while (row >= first(fold + 1)) ++fold;
      add_row(sums[static_cast<std::size_t>(fold)], 1);
    }
    if (row < n) return;
    for (std::size_t f = 0; f < kFolds; ++f) sums[kFolds].add(sums[f], 1);
    fold = choose ? 0 : kFolds;
    phase = Phase::fit;
  }

  double penalty_of_fit() const {
    if (!final_fit()) return kPenalties[static_cast<std::size_t>(penalty)];
    if (!choose) return l2;
    return kPenalties[choose_penalty(losses, n, usual_penalty(loss))];
  }

  void begin_fit() {
    if (!final_fit() && (first(fold) == first(fold + 1) || first(fold + 1) - first(fold) == n)) return next_fit();
    const Coefficients before = fit;
    Sums learnt = sums[kFolds];
    if (!final_fit()) learnt.add(sums[static_cast<std::size_t>(fold)], -1);
    fit = solution(learnt, penalty_of_fit());
    if (loss == Loss::squared) return end_fit();
    // Weights are scaled by this fit's median residual, so that a penalty means about the same for both losses.
    const std::vector<double>& all = residuals(0, n);
    std::vector<double> sizes;
    sizes.reserve(n);
    for (std::size_t i = 0; i < n; ++i)
      if (!held(i)) sizes.push_back(std::abs(all[i]));
    const auto middle = sizes.begin() + static_cast<std::ptrdiff_t>(sizes.size() / 2);
    std::nth_element(sizes.begin(), middle, sizes.end());
    scale = std::max(*middle, kSmallestResidual);
    // The problem is convex: where it starts only decides how soon it ends.
    if (!final_fit() && penalty > 0) fit = before;
    weighted.clear();
    row = 0;
    reweightings = 0;
    phase = Phase::reweighting;
  }

  void reweight_rows() {
    const std::size_t last = std::min(row + kRowsPerStep, n);
    const std::vector<double>& of_rows = residuals(row, last - row);
    for (std::size_t i = 0; row < last; ++row, ++i)
      if (!held(row)) add_row(weighted, scale / std::max(std::abs(of_rows[i]), kSmallestResidual));
    if (row < n) return;
    const Coefficients next = solution(weighted, penalty_of_fit());
    const bool settled = next.farthest(fit) < kSettled;
    fit = next;
    weighted.clear();
    row = 0;
    if (settled || ++reweightings == kReweightings) end_fit();
  }

  void end_fit() {
    phase = Phase::fit;
    if (!final_fit()) {
      double* lost = &losses[static_cast<std::size_t>(penalty) * n + first(fold)];
      for (const double r : residuals(first(fold), first(fold + 1) - first(fold)))
        *lost++ = loss == Loss::squared ? r * r : std::abs(r);
      return next_fit();
    }
    model.intercept.push_back(static_cast<float>(fit.intercept));
    for (const double b : fit.slopes) model.coefficients.push_back(static_cast<float>(b));
  }

  void next_fit() {
    if (++penalty < static_cast<int>(kPenalties.size())) return;
    penalty = 0;
    ++fold;
  }

  void next_horizon() {
    ++k;
    fold = penalty = 0;
    row = 0;
    for (Sums& some : sums) some.clear();
    std::fill(losses.begin(), losses.end(), 0.0);
    phase = Phase::sums;
  }
};

LinearFit::LinearFit(Samples rows, int horizons, Loss loss, double l2)
    : penalties_(static_cast<std::size_t>(horizons), l2), state_(std::make_unique<State>()) {
  State& s = *state_;
  s.loss = loss;
  s.horizons = horizons;
  s.choose = l2 < 0;
  s.l2 = l2;
  s.sums.assign(kFolds + 1, no_rows());
  s.n = rows.size();
  if (s.choose) s.losses.resize(kPenalties.size() * s.n);
  s.X.reserve(s.n * P);
  for (const Sample& row : rows) {
    const DesignRow columns = design_row(row.features);
    s.X.insert(s.X.end(), columns.begin(), columns.end());
  }
  s.scaler = Scaler::fit(s.X, P);
  for (std::size_t i = 0; i < s.n; ++i) s.scaler.transform({&s.X[i * P], P}, &s.X[i * P]);
  for (std::size_t k = 0; k < static_cast<std::size_t>(horizons); ++k)
    for (const Sample& row : rows) s.Y.push_back(static_cast<double>(row.targets[k] - last_glucose(row.features)));
}

LinearFit::~LinearFit() = default;
LinearFit::LinearFit(LinearFit&&) noexcept = default;
LinearFit& LinearFit::operator=(LinearFit&&) noexcept = default;

bool LinearFit::done() const {
  return state_->done();
}
double LinearFit::progress() const {
  return static_cast<double>(state_->unit()) / state_->units();
}
const std::vector<double>& LinearFit::penalties() const {
  return penalties_;
}

void LinearFit::step() {
  State& s = *state_;
  switch (s.phase) {
    case State::Phase::sums:
      return s.sum_rows();
    case State::Phase::fit:
      s.begin_fit();
      break;
    case State::Phase::reweighting:
      s.reweight_rows();
      break;
  }
  const auto k = static_cast<std::size_t>(s.k);
  if (s.model.intercept.size() <= k) return;
  penalties_[k] = s.penalty_of_fit();
  s.next_horizon();
}

LinearModel LinearFit::take() {
  state_->model.scaler = std::move(state_->scaler);
  return std::move(state_->model);
}

void LinearModel::predict_row(const DesignRow& row, int horizons, float* out) const {
  DesignRow scaled;
  scaler.transform(row, scaled.data());
  for (int k = 0; k < horizons; ++k) {
    const float* slopes = coefficients.data() + static_cast<std::size_t>(k) * kDesignColumns;
    double change = static_cast<double>(intercept[static_cast<std::size_t>(k)]);
    for (std::size_t p = 0; p < kDesignColumns; ++p)
      change += static_cast<double>(slopes[p]) * static_cast<double>(scaled[p]);
    out[k] = row[0] + static_cast<float>(change);  // the level
  }
}

}  // namespace glucose
