// SPDX-License-Identifier: PostgreSQL
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "core/base/steps.hpp"
#include "core/math/scaler.hpp"
#include "core/readings/low_glucose.hpp"
#include "core/tasks/meal/models/scores.hpp"

namespace glucose {

namespace {

constexpr double kSlopePenalty = 120;      // in rows
constexpr double kSmallestResidual = 0.5;  // mg/dL
constexpr double kLargestPull = 4;         // of one residual on a step, in scales
constexpr double kSettled = 1e-5;
constexpr double kLargestFirstDay = 1;  // of the logarithm
// A stranger may be of another kind than anybody who was left out: so much larger are residuals of a first day then
// (each of four sources left out).
constexpr double kOfAnotherKind = 1.15;
constexpr int kSteps = 30;
constexpr int kFewMeals = 5;              // a person's first meals are not typical of the others …
constexpr std::size_t kEnoughRows = 100;  // … and are left out when so many remain
constexpr std::array<double, kGrids> kKnots{0.15, 0.5, 0.85};  // quantiles of the logarithm of the forecast
constexpr double kKnotReach = 0.3;                             // SD of a bell, of that logarithm

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

struct Fitted {
  double log_scale;
  Vector slopes;
};

// Newton's method on sum(log s + |r| / s) + penalty / 2 |slopes|^2, s = exp(a + Z slopes). A step of it is one of work.
Steps fit_scale(const Matrix& Z, const Vector& size, Fitted& f) {
  f = {0, Vector::Zero(Z.cols())};
  const Matrix centred = Z.rowwise() - Z.colwise().mean();
  Matrix curvature = centred.transpose() * centred;
  curvature.diagonal().array() += kSlopePenalty;
  const Eigen::LLT<Matrix> solver(curvature);
  const auto level = [&] { return std::log((size.array() * (-(Z * f.slopes).array()).exp()).mean()); };
  for (int step = 0; step < kSteps; ++step) {
    f.log_scale = level();
    Vector pull = (size.array() * (-((Z * f.slopes).array() + f.log_scale)).exp()).min(kLargestPull);
    pull.array() -= pull.mean();
    const Vector change = solver.solve(centred.transpose() * pull - kSlopePenalty * f.slopes);
    f.slopes += change;
    if (change.cwiseAbs().maxCoeff() < kSettled) break;
    co_yield Pause{};
  }
  f.log_scale = level();
}

/// The fit of one horizon.
class HorizonFit {
 public:
  HorizonFit(std::span<const ScaledRow> rows, std::size_t k, int horizon_min)
      : rows_(rows), k_(k), horizon_min_(horizon_min) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (!std::isnan(rows[i].residual[k])) {
        known_.push_back(i);
        if (rows[i].remembered >= kFewMeals) learnt_.push_back(i);
      }
    if (learnt_.size() < kEnoughRows) learnt_ = known_;
  }

  int n() const { return static_cast<int>(learnt_.size()); }

  /// Of usual days first, then of a first day too.
  Steps fit_scale_of_days() {
    ScalerFit columns_of(kScaleColumns);
    for (const std::size_t i : learnt_) columns_of.add(columns(i));
    for (const std::size_t i : learnt_) columns_of.add_again(columns(i));
    const Scaler scaler = columns_of.fitted();
    std::copy_n(scaler.mean.begin(), kScaleColumns, scale_.mean.begin());
    std::copy_n(scaler.inverse_sd.begin(), kScaleColumns, scale_.inverse_sd.begin());
    co_yield Pause{};
    const auto n = static_cast<Eigen::Index>(learnt_.size());
    Matrix Z(n, static_cast<Eigen::Index>(kScaleColumns));
    Vector size(n);
    for (Eigen::Index i = 0; i < n; ++i) {
      const std::size_t row = learnt_[static_cast<std::size_t>(i)];
      ScaleColumns z;
      scaler.transform(columns(row), z.data());
      for (std::size_t s = 0; s < kScaleColumns; ++s)
        Z(i, static_cast<Eigen::Index>(s)) = std::clamp(static_cast<double>(z[s]), -4.0, 4.0);
      const ScaledRow& r = rows_[row];
      size(i) = std::abs(deviation_of(r)) / std::sqrt(1 + static_cast<double>(r.variance[k_])) + kSmallestResidual;
    }
    co_yield Pause{};
    Fitted fit;
    for (Steps fitting = fit_scale(Z, size, fit); !fitting.done(); fitting.step()) co_yield Pause{};
    scale_.log_scale = static_cast<float>(fit.log_scale);
    for (std::size_t s = 0; s < kScaleColumns; ++s)
      scale_.slopes[s] = static_cast<float>(fit.slopes(static_cast<Eigen::Index>(s)));
    double mean = 0;  // of the scores' size, which is to be 1
    for (const std::size_t i : learnt_) mean += std::abs(score(i)) / static_cast<double>(learnt_.size());
    scale_.log_scale += static_cast<float>(std::log(std::max(mean, 1e-3)));
  }

  Scale scale(std::span<const ScaledRow> first_days) {
    double sum = 0, n = 0, doubt = 0;
    for (const ScaledRow& row : first_days)
      if (!std::isnan(row.residual[k_])) sum += std::abs(score_of(row)), n += 1;
    if (n < static_cast<double>(kEnoughRows)) return scale_;
    // Days like others are as they were, on average.
    for (const std::size_t i : learnt_)
      doubt += static_cast<double>(rows_[i].doubt) / static_cast<double>(learnt_.size());
    scale_.first_day = static_cast<float>(std::clamp(
        std::log(std::max(kOfAnotherKind * sum / n, 1e-3)) / (1 - std::min(doubt, 0.5)), 0.0, kLargestFirstDay));
    scale_.log_scale -= scale_.first_day * static_cast<float>(doubt);
    return scale_;
  }

  Steps add_grids(Intervals& out) const {
    std::vector<double> factors(rows_.size(), 1.0);
    for (std::size_t first = 0; first < known_.size();) {
      std::size_t last = first, heard = first;
      PersonFactor factor(false);
      for (; last < known_.size() && rows_[known_[last]].person == rows_[known_[first]].person; ++last) {
        const Micros at = rows_[known_[last]].eaten_at;
        for (; heard < last && outcome_known(rows_[known_[heard]].eaten_at, horizon_min_, at); ++heard)
          factor.add(score(known_[heard]));
        factors[known_[last]] = factor.value();
      }
      first = last;
    }
    co_yield Pause{};
    std::vector<double> heights;
    for (const std::size_t i : learnt_) heights.push_back(height(i));
    std::sort(heights.begin(), heights.end());
    for (const double at : kKnots) {
      co_yield Pause{};
      const double knot = heights[static_cast<std::size_t>(at * static_cast<double>(heights.size() - 1))];
      out.knots.push_back(static_cast<float>(knot));
      ScorePool pool;
      for (const std::size_t i : learnt_) {
        const double apart = (height(i) - knot) / kKnotReach;
        pool.add(score(i) / factors[i], 1 + std::exp(-apart * apart / 2));
      }
      co_yield Pause{};
      std::vector<double> scores, levels;
      pool.to_distribution(1, scores, levels);
      for (std::size_t q = 1; q <= kQuantiles; ++q)
        out.grids.push_back(static_cast<float>(
            interpolate(levels, scores, static_cast<double>(q) / static_cast<double>(kQuantiles + 1))));
    }
  }

 private:
  const ScaleColumns& columns(std::size_t i) const { return rows_[i].columns[k_]; }
  double deviation_of(const ScaledRow& row) const {
    const auto forecast = static_cast<double>(row.forecast[k_]);
    return deviation(forecast + static_cast<double>(row.residual[k_]), forecast);
  }
  double score(std::size_t i) const { return score_of(rows_[i]); }
  double score_of(const ScaledRow& row) const {
    return deviation_of(row) / static_cast<double>(scale_.at(row.columns[k_], row.variance[k_], row.doubt));
  }
  double height(std::size_t i) const { return std::log(std::max(static_cast<double>(rows_[i].forecast[k_]), 40.0)); }

  std::span<const ScaledRow> rows_;
  std::size_t k_;
  int horizon_min_;
  std::vector<std::size_t> known_, learnt_;
  Scale scale_;
};

}  // namespace

Steps fit_intervals(std::span<const ScaledRow> rows, std::span<const ScaledRow> first_days,
                    std::span<const int> horizons_min, Intervals& out) {
  out = {};
  for (std::size_t k = 0; k < horizons_min.size(); ++k) {
    HorizonFit fit(rows, k, horizons_min[k]);
    if (fit.n() == 0) {
      out = prior_intervals(horizons_min);
      co_return;
    }
    for (Steps of_days = fit.fit_scale_of_days(); !of_days.done(); of_days.step()) co_yield Pause{};
    out.scale.push_back(fit.scale(first_days));
    for (Steps grids = fit.add_grids(out); !grids.done(); grids.step()) co_yield Pause{};
    out.n = fit.n();
  }
}

}  // namespace glucose
