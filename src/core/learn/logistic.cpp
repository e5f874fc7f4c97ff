// SPDX-License-Identifier: PostgreSQL
#include "core/learn/logistic.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/math/classification.hpp"

namespace glucose {

namespace {

constexpr std::size_t kRowsPerStep = 256, kRowsOfDescent = 2048;
constexpr int kNewtonIterations = 50;
constexpr double kNewtonSettled = 1e-6, kFlat = 1e-9;  // kFlat keeps a column that never varies solvable

using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

LogisticFit::LogisticFit(const LogisticRows& rows, int columns, const LogisticOptions& options)
    : rows_(rows), n_(rows.y.size()), columns_(static_cast<std::size_t>(columns)), options_(options) {
  if (columns < 1 || n_ == 0 || rows.x.size() != n_ * columns_ || (!rows.offset.empty() && rows.offset.size() != n_) ||
      (!rows.start.empty() && rows.start.size() != columns_ + 1))
    throw Error(ErrorCode::bad_argument, "rows, outcomes and coefficients of a logistic regression differ in number");
  w_.assign(columns_ + 1, 0.0);
  std::copy(rows.start.begin(), rows.start.end(), w_.begin());
  work_ = options.descent ? descend() : newton();
}

double LogisticFit::penalty(std::size_t j) const {
  if (j == columns_) return options_.intercept_penalty;
  return options_.l2 * static_cast<double>(n_) + options_.own_rows;
}

double LogisticFit::residual(std::size_t row, const std::vector<double>& w, double& variance) const {
  double sum = w[columns_] + (rows_.offset.empty() ? 0 : rows_.offset[row]);
  const float* x = &rows_.x[row * columns_];
  for (std::size_t j = 0; j < columns_; ++j) sum += w[j] * static_cast<double>(x[j]);
  const double p = probability_of(sum);
  variance = p * (1 - p);
  return p - rows_.y[row];
}

Steps LogisticFit::newton() {
  const std::size_t C = columns_ + 1;
  const auto side = static_cast<Eigen::Index>(C);
  for (; iterations_ < std::min(options_.iterations, kNewtonIterations) && !settled_; ++iterations_) {
    Eigen::MatrixXd hessian = Eigen::MatrixXd::Zero(side, side);
    Eigen::VectorXd gradient(side);
    for (std::size_t j = 0; j < C; ++j) {
      gradient(static_cast<Eigen::Index>(j)) = penalty(j) * w_[j];
      hessian(static_cast<Eigen::Index>(j), static_cast<Eigen::Index>(j)) = penalty(j) + kFlat;
    }
    for (std::size_t first = 0; first < n_; first += kRowsPerStep) {
      const std::size_t n = std::min(kRowsPerStep, n_ - first);
      Eigen::MatrixXd block(side, static_cast<Eigen::Index>(n));
      for (std::size_t i = 0; i < n; ++i) {
        double variance;
        const double e = residual(first + i, w_, variance), root = std::sqrt(variance);
        const float* x = &rows_.x[(first + i) * columns_];
        const auto at = static_cast<Eigen::Index>(i);
        for (std::size_t j = 0; j < C; ++j) {
          const double value = j < columns_ ? static_cast<double>(x[j]) : 1.0;
          gradient(static_cast<Eigen::Index>(j)) += e * value;
          block(static_cast<Eigen::Index>(j), at) = root * value;
        }
      }
      hessian.selfadjointView<Eigen::Lower>().rankUpdate(block);
      co_yield Pause{};
    }
    const Eigen::VectorXd step = hessian.selfadjointView<Eigen::Lower>().ldlt().solve(gradient);
    double largest = 0;
    for (std::size_t j = 0; j < C; ++j) largest = std::max(largest, std::abs(step(static_cast<Eigen::Index>(j))));
    // From 0 Newton's steps of this loss are short; a step of more than 5 would leave where its curvature holds.
    const double damp = 1 / std::max(1.0, largest / 5);
    for (std::size_t j = 0; j < C; ++j) w_[j] -= damp * step(static_cast<Eigen::Index>(j));
    settled_ = largest < kNewtonSettled;
    co_yield Pause{};
  }
}

Steps LogisticFit::descend() {
  const auto P = static_cast<Eigen::Index>(columns_);
  const double n = static_cast<double>(n_);
  for (; iterations_ < options_.iterations && !settled_; ++iterations_) {
    Eigen::VectorXf w(P);
    for (std::size_t j = 0; j < columns_; ++j) w(static_cast<Eigen::Index>(j)) = static_cast<float>(w_[j]);
    Eigen::VectorXd gradient = Eigen::VectorXd::Zero(P);
    double of_intercept = 0;
    for (std::size_t first = 0; first < n_; first += kRowsOfDescent) {
      const std::size_t count = std::min(kRowsOfDescent, n_ - first);
      const Eigen::Map<const Rows> x(&rows_.x[first * columns_], static_cast<Eigen::Index>(count), P);
      Eigen::VectorXf e = x * w;
      for (std::size_t i = 0; i < count; ++i) {
        float& sum = e(static_cast<Eigen::Index>(i));
        const double offset = rows_.offset.empty() ? 0 : rows_.offset[first + i];
        const double error = probability_of(static_cast<double>(sum) + w_[columns_] + offset) - rows_.y[first + i];
        of_intercept += error;
        sum = static_cast<float>(error);
      }
      gradient += (x.transpose() * e).cast<double>();
      co_yield Pause{};
    }
    double largest = 0;
    for (std::size_t j = 0; j <= columns_; ++j) {
      const double sum = j < columns_ ? gradient(static_cast<Eigen::Index>(j)) : of_intercept;
      const double slope = (sum + penalty(j) * w_[j]) / n;
      w_[j] -= options_.rate * slope;
      largest = std::max(largest, std::abs(slope));
    }
    settled_ = largest < options_.tolerance;
  }
}

double logistic_log_odds(std::span<const float> w, std::span<const float> x) {
  double sum = static_cast<double>(w.back());
  for (std::size_t j = 0; j < x.size(); ++j) sum += static_cast<double>(w[j]) * static_cast<double>(x[j]);
  return sum;
}

}  // namespace glucose
