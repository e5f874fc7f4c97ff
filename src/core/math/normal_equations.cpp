// SPDX-License-Identifier: PostgreSQL
#include "core/math/normal_equations.hpp"

#include <armadillo>

#include "core/base/error.hpp"

namespace glucose {

std::vector<double> solve_normal(std::span<const double> a, std::span<const double> y, std::size_t r) {
  const arma::uword n = y.size() / r;
  arma::mat normal(n, n), right(n, r);
  for (arma::uword p = 0; p < n; ++p) {
    for (arma::uword q = p; q < n; ++q) normal(p, q) = normal(q, p) = a[p * n + q];
    for (arma::uword h = 0; h < r; ++h) right(p, h) = y[p * r + h];
  }
  arma::mat solution;
  if (!arma::solve(solution, normal, right, arma::solve_opts::likely_sympd))
    throw Error(ErrorCode::internal, "normal equations could not be solved");
  std::vector<double> b;
  b.reserve(n * r);
  for (arma::uword p = 0; p < n; ++p)
    for (arma::uword h = 0; h < r; ++h) b.push_back(solution(p, h));
  return b;
}

}  // namespace glucose
