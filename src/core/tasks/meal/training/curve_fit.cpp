// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/curve_fit.hpp"

#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace glucose {

namespace {

constexpr Eigen::Index P = kRichFeatures;
constexpr std::size_t kRowsAtOnce = 256;
constexpr double kTypePenalty = 3;  // times the usual: whether it is a lunch has to earn its place

/// Of a set of rows: all sums that normal equations need.
struct Sums {
  Eigen::MatrixXd zz = Eigen::MatrixXd::Zero(P, P);  // the lower triangle
  Eigen::VectorXd z = Eigen::VectorXd::Zero(P);
  double n = 0;

  void add(const Eigen::MatrixXd& rows) {
    if (rows.rows() == 0) return;
    zz.selfadjointView<Eigen::Lower>().rankUpdate(rows.transpose());
    z += rows.colwise().sum().transpose();
    n += static_cast<double>(rows.rows());
  }
};

}  // namespace

double column_penalty(std::size_t column) {
  return column >= meal2::kFirstType && column < meal2::kFirstType + kMealTypes ? kTypePenalty : 1;
}

struct CurveFit::State {
  std::vector<float> waiting, outcomes;  // [n × P], [n × C] not yet in the sums
  Sums whole;
  std::array<Sums, kCurveSteps> others;  // by step, of rows that do not know all
  std::array<Eigen::VectorXd, kCurveSteps> zy;
  std::array<double, kCurveSteps> y{};

  State() { zy.fill(Eigen::VectorXd::Zero(P)); }
  void flush();
};

CurveFit::CurveFit() : state_(std::make_unique<State>()) {}
CurveFit::~CurveFit() = default;

void CurveFit::add(const StandardRow& z, const Sample& row) {
  State& s = *state_;
  s.waiting.insert(s.waiting.end(), z.begin(), z.end());
  for (const float value : row.curve) s.outcomes.push_back(value - row.rich[meal2::kLevel]);
  if (s.outcomes.size() == kRowsAtOnce * kCurveSteps) s.flush();
}

void CurveFit::State::flush() {
  const std::size_t n = outcomes.size() / kCurveSteps;
  const auto known = [&](std::size_t i, std::size_t c) { return !std::isnan(outcomes[i * kCurveSteps + c]); };
  std::vector<std::size_t> complete, incomplete;
  for (std::size_t i = 0; i < n; ++i) {
    bool all = true;
    for (std::size_t c = 0; c < kCurveSteps; ++c) all = all && known(i, c);
    (all ? complete : incomplete).push_back(i);
  }
  const auto matrix = [&](const std::vector<std::size_t>& places) {
    Eigen::MatrixXd rows(static_cast<Eigen::Index>(places.size()), P);
    for (Eigen::Index r = 0; r < rows.rows(); ++r)
      for (Eigen::Index p = 0; p < P; ++p)
        rows(r, p) = static_cast<double>(
            waiting[places[static_cast<std::size_t>(r)] * kRichFeatures + static_cast<std::size_t>(p)]);
    return rows;
  };
  const auto add_outcomes = [&](const std::vector<std::size_t>& places, const Eigen::MatrixXd& rows, std::size_t c) {
    Eigen::VectorXd change(rows.rows());
    for (Eigen::Index r = 0; r < rows.rows(); ++r)
      change(r) = static_cast<double>(outcomes[places[static_cast<std::size_t>(r)] * kCurveSteps + c]);
    zy[c] += rows.transpose() * change;
    y[c] += change.sum();
  };
  const Eigen::MatrixXd of_complete = matrix(complete);
  whole.add(of_complete);
  for (std::size_t c = 0; c < kCurveSteps; ++c) {
    std::vector<std::size_t> here;
    std::copy_if(incomplete.begin(), incomplete.end(), std::back_inserter(here),
                 [&](std::size_t i) { return known(i, c); });
    const Eigen::MatrixXd rows = matrix(here);
    others[c].add(rows);
    add_outcomes(complete, of_complete, c);
    add_outcomes(here, rows, c);
  }
  waiting.clear();
  outcomes.clear();
}

void CurveFit::solve(double penalty, PopulationModel& model) {
  State& s = *state_;
  s.flush();
  for (std::size_t c = 0; c < kCurveSteps; ++c) {
    Eigen::VectorXd slopes = Eigen::VectorXd::Zero(P);
    double intercept = 0;
    if (const double n = s.whole.n + s.others[c].n; n > 0) {
      const Eigen::VectorXd mean = (s.whole.z + s.others[c].z) / n;
      Eigen::MatrixXd normal = s.whole.zz + s.others[c].zz - n * mean * mean.transpose();
      for (Eigen::Index p = 0; p < P; ++p) normal(p, p) += penalty * column_penalty(static_cast<std::size_t>(p)) + 1e-9;
      slopes = normal.selfadjointView<Eigen::Lower>().llt().solve(s.zy[c] - mean * s.y[c]);
      intercept = s.y[c] / n - mean.dot(slopes);
    }
    if (!slopes.allFinite()) throw Error(ErrorCode::internal, "normal equations could not be solved");
    model.curve_intercept.push_back(static_cast<float>(intercept));
    for (Eigen::Index p = 0; p < P; ++p) model.curve_coefficients.push_back(static_cast<float>(slopes(p)));
  }
}

}  // namespace glucose
