// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/curve_fit.hpp"

namespace glucose {

namespace {

constexpr std::size_t P = kRichFeatures;
constexpr double kTypePenalty = 3;  // times the usual: whether it is a lunch has to earn its place
constexpr double kRidge = 1e-9;     // without any penalty, columns that never varied must not stop a fit

}  // namespace

std::vector<double> rich_penalties(double penalty) {
  std::vector<double> penalties(P, penalty + kRidge);
  std::fill_n(penalties.begin() + meal2::kFirstType, kMealTypes, penalty * kTypePenalty + kRidge);
  return penalties;
}

CurveFit::CurveFit() : sums_(P, kCurveSteps, Intercept::free) {}

void CurveFit::add(const StandardRow& z, const Sample& row) {
  std::array<double, kCurveSteps> change;
  for (std::size_t c = 0; c < kCurveSteps; ++c) change[c] = static_cast<double>(row.curve[c] - row.rich[meal2::kLevel]);
  sums_.add(z.data(), change.data());
}

void CurveFit::solve(double penalty, PopulationModel& model) {
  const std::vector<double> penalties = rich_penalties(penalty);
  for (std::size_t c = 0; c < kCurveSteps; ++c) {
    RidgeSums<double> known = sums_.target(c);
    RidgeFit fit{{0}, std::vector<double>(P, 0.0)};
    if (known.rows() > 0) fit = known.solve(penalties);
    model.curve_intercept.push_back(static_cast<float>(fit.intercept[0]));
    for (const double b : fit.slopes) model.curve_coefficients.push_back(static_cast<float>(b));
  }
}

}  // namespace glucose
