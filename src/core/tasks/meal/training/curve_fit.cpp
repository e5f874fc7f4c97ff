// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/curve_fit.hpp"

namespace glucose {

namespace {

constexpr std::size_t P = kRichFeatures, L = kLineColumns;
constexpr double kTypePenalty = 3;        // times the usual: whether it is a lunch has to earn its place
constexpr double kOfDoubt = 0.5;          // times the usual, of columns times the doubt
constexpr double kDoubtAlone = 1.0 / 40;  // the same of the doubt itself, which is not standardised
constexpr double kRidge = 1e-9;           // without any penalty, columns that never varied must not stop a fit

}  // namespace

std::vector<double> line_penalties(double penalty) {
  std::vector<double> penalties(L, penalty);
  std::fill_n(penalties.begin() + meal2::kFirstType, kMealTypes, penalty * kTypePenalty);
  penalties[P] = penalty * kDoubtAlone;
  for (std::size_t p = 0; p < P; ++p) penalties[P + 1 + p] = kOfDoubt * penalties[p];
  for (double& each : penalties) each += kRidge;
  return penalties;
}

CurveFit::CurveFit() : sums_(L, kCurveSteps, Intercept::free) {}

void CurveFit::add(const LineRow& line, const Sample& row, double weight) {
  std::array<double, kCurveSteps> change;
  for (std::size_t c = 0; c < kCurveSteps; ++c) change[c] = static_cast<double>(row.curve[c] - row.rich[meal2::kLevel]);
  sums_.add(line.data(), change.data(), weight);
}

void CurveFit::solve(double penalty, PopulationModel& model) {
  const std::vector<double> penalties = line_penalties(penalty);
  for (std::size_t c = 0; c < kCurveSteps; ++c) {
    RidgeSums<double> known = sums_.target(c);
    RidgeFit fit{{0}, std::vector<double>(L, 0.0)};
    if (known.rows() > 0) fit = known.solve(penalties);
    model.curve_intercept.push_back(static_cast<float>(fit.intercept[0]));
    for (const double b : fit.slopes) model.curve_coefficients.push_back(static_cast<float>(b));
  }
}

}  // namespace glucose
