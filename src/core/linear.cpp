// SPDX-License-Identifier: PostgreSQL
#include "core/linear.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

// Eigen-free on purpose: the normal equations are solved by LAPACK through Armadillo.
#include <armadillo>

#include "core/error.hpp"

// LAPACK's own reports a wrong argument on the terminal and ends the process; a server must live on. The call it
// reports has already failed: its info code is not 0, and Armadillo says so.
extern "C" void xerbla_(const char* /*routine*/, const int* /*argument*/, std::size_t /*routine_length*/) {}

namespace glucose {

namespace {

constexpr std::array<double, 5> kPenalties{10, 30, 100, 300, 1000};
constexpr int kFolds = 5;
constexpr int kReweightings = 25;
constexpr double kSmallestResidual = 1.0;  // mg/dL; below it a deviation counts as squared
constexpr auto kColumns = static_cast<arma::uword>(kDesignColumns);

// Some tens of meals say little about the penalty: the usual one stays unless another is better beyond chance.
constexpr std::size_t usual_penalty(Loss loss) {
  return loss == Loss::squared ? 2 : 1;
}

struct Coefficients {
  double intercept = 0;
  arma::vec slopes;
};

// Minimises sum w (y - a - Xb)^2 + penalty sum v b^2, v the columns' own. Weighted centring makes the intercept free
// of the penalty.
Coefficients solve_weighted(const arma::mat& X, const arma::vec& y, const arma::vec& w, double penalty) {
  const double total = arma::accu(w);
  const arma::rowvec centre = (w.t() * X) / total;
  const double level = arma::dot(w, y) / total;
  arma::mat Z = X;
  Z.each_row() -= centre;
  arma::mat weighted = Z;
  weighted.each_col() %= w;
  arma::mat normal = weighted.t() * Z;
  static constexpr auto kOwn = column_penalties();
  for (arma::uword p = 0; p < normal.n_rows; ++p) normal(p, p) += penalty * kOwn[p];
  Coefficients fit;
  if (!arma::solve(fit.slopes, normal, weighted.t() * (y - level), arma::solve_opts::likely_sympd))
    throw Error(ErrorCode::internal, "normal equations could not be solved");
  fit.intercept = level - arma::as_scalar(centre * fit.slopes);
  return fit;
}

Coefficients fit_squared(const arma::mat& X, const arma::vec& y, double penalty) {
  return solve_weighted(X, y, arma::vec(X.n_rows, arma::fill::ones), penalty);
}

// Weights are scaled by the first fit's median residual, so that a penalty means about the same for both losses.
Coefficients fit_absolute(const arma::mat& X, const arma::vec& y, double penalty) {
  Coefficients fit = fit_squared(X, y, penalty);
  double scale = 0;
  for (int i = 0; i < kReweightings; ++i) {
    arma::vec residual = arma::abs(y - X * fit.slopes - fit.intercept);
    if (i == 0) scale = std::max(arma::median(residual), kSmallestResidual);
    residual.transform([scale](double r) { return scale / std::max(r, kSmallestResidual); });
    fit = solve_weighted(X, y, residual, penalty);
  }
  return fit;
}

Coefficients fit_loss(Loss loss, const arma::mat& X, const arma::vec& y, double penalty) {
  return loss == Loss::squared ? fit_squared(X, y, penalty) : fit_absolute(X, y, penalty);
}

arma::vec losses_of(Loss loss, const arma::vec& residual) {
  return loss == Loss::squared ? arma::vec(arma::square(residual)) : arma::vec(arma::abs(residual));
}

// in: losses [N × penalties] of the same rows · out: the penalty with the smallest mean loss when it beats the usual
// one by more than two standard errors of their paired difference, else the usual one
std::size_t choose_penalty(const arma::mat& losses, std::size_t usual) {
  const auto best = static_cast<std::size_t>(arma::mean(losses, 0).index_min());
  const arma::vec gain = losses.col(usual) - losses.col(best);
  const double se = arma::stddev(gain) / std::sqrt(static_cast<double>(gain.n_elem));
  return arma::mean(gain) > 2 * se ? best : usual;
}

}  // namespace

struct LinearFit::State {
  Loss loss;
  int horizons;
  bool choose;
  Scaler scaler;
  arma::mat X;        // [N × P] standardised
  arma::mat Y;        // [N × K] change from the last glucose
  int next = 0;       // the unit of work: a (horizon, penalty, fold), then a horizon's last fit
  arma::cube losses;  // [N × penalties × K], each row's by the fit that did not see its fold
  LinearModel model;

  int searches() const { return choose ? horizons * static_cast<int>(kPenalties.size()) * kFolds : 0; }
  int units() const { return searches() + horizons; }

  void search(int unit) {
    const int fold = unit % kFolds, penalty = unit / kFolds % static_cast<int>(kPenalties.size());
    const int k = unit / kFolds / static_cast<int>(kPenalties.size());
    const arma::uword n = X.n_rows;
    const arma::uword first = n * static_cast<arma::uword>(fold) / kFolds;
    const arma::uword last = n * static_cast<arma::uword>(fold + 1) / kFolds;
    if (first == last || last - first == n) return;
    arma::mat X_rest = X;
    arma::vec y_rest = Y.col(static_cast<arma::uword>(k));
    X_rest.shed_rows(first, last - 1);
    const arma::vec y_held = y_rest.subvec(first, last - 1);
    y_rest.shed_rows(first, last - 1);
    const auto fit = fit_loss(loss, X_rest, y_rest, kPenalties[static_cast<std::size_t>(penalty)]);
    const arma::vec residual = y_held - X.rows(first, last - 1) * fit.slopes - fit.intercept;
    losses.slice(static_cast<arma::uword>(k)).col(static_cast<arma::uword>(penalty)).rows(first, last - 1) =
        losses_of(loss, residual);
  }

  void finish(int k, double penalty) {
    const auto fit = fit_loss(loss, X, Y.col(static_cast<arma::uword>(k)), penalty);
    model.intercept.push_back(static_cast<float>(fit.intercept));
    for (const double b : fit.slopes) model.coefficients.push_back(static_cast<float>(b));
  }
};

LinearFit::LinearFit(Samples rows, int horizons, Loss loss, double l2)
    : penalties_(static_cast<std::size_t>(horizons), l2), state_(std::make_unique<State>()) {
  State& s = *state_;
  s.loss = loss;
  s.horizons = horizons;
  s.choose = l2 < 0;
  const auto n = static_cast<arma::uword>(rows.size()), K = static_cast<arma::uword>(horizons);
  std::vector<float> raw;
  raw.reserve(rows.size() * kDesignColumns);
  for (const Sample& row : rows) {
    const DesignRow columns = design_row(row.features);
    raw.insert(raw.end(), columns.begin(), columns.end());
  }
  s.scaler = Scaler::fit(raw, kDesignColumns);
  s.X.set_size(n, kColumns);
  s.Y.set_size(n, K);
  if (s.choose) s.losses.zeros(n, kPenalties.size(), K);
  DesignRow scaled;
  for (arma::uword i = 0; i < n; ++i) {
    s.scaler.transform(std::span(raw).subspan(i * kColumns, kColumns), scaled.data());
    for (arma::uword p = 0; p < kColumns; ++p) s.X(i, p) = static_cast<double>(scaled[p]);
    const float level = last_glucose(rows[i].features);
    for (arma::uword k = 0; k < K; ++k) s.Y(i, k) = static_cast<double>(rows[i].targets[k] - level);
  }
}

LinearFit::~LinearFit() = default;
LinearFit::LinearFit(LinearFit&&) noexcept = default;
LinearFit& LinearFit::operator=(LinearFit&&) noexcept = default;

bool LinearFit::done() const {
  return state_->next == state_->units();
}
double LinearFit::progress() const {
  return static_cast<double>(state_->next) / state_->units();
}
const std::vector<double>& LinearFit::penalties() const {
  return penalties_;
}

void LinearFit::step() {
  State& s = *state_;
  const int unit = s.next++;
  if (unit < s.searches()) {
    s.search(unit);
    return;
  }
  const int k = unit - s.searches();
  if (s.choose)
    penalties_[static_cast<std::size_t>(k)] =
        kPenalties[choose_penalty(s.losses.slice(static_cast<arma::uword>(k)), usual_penalty(s.loss))];
  s.finish(k, penalties_[static_cast<std::size_t>(k)]);
}

LinearModel LinearFit::take() {
  state_->model.scaler = std::move(state_->scaler);
  return std::move(state_->model);
}

void LinearModel::predict(const FeatureVector& x, int horizons, float* out) const {
  const DesignRow raw = design_row(x);
  DesignRow scaled;
  scaler.transform(raw, scaled.data());
  const float level = last_glucose(x);
  for (int k = 0; k < horizons; ++k) {
    const float* slopes = coefficients.data() + static_cast<std::size_t>(k) * kDesignColumns;
    double change = static_cast<double>(intercept[static_cast<std::size_t>(k)]);
    for (std::size_t p = 0; p < kDesignColumns; ++p)
      change += static_cast<double>(slopes[p]) * static_cast<double>(scaled[p]);
    out[k] = level + static_cast<float>(change);
  }
}

}  // namespace glucose
