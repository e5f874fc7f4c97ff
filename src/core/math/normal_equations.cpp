// SPDX-License-Identifier: PostgreSQL
#include "core/math/normal_equations.hpp"

// Eigen-free on purpose: the normal equations are solved by LAPACK through Armadillo.
#include <armadillo>

#include "core/base/error.hpp"

// LAPACK's own reports a wrong argument on the terminal and ends the process; a server must live on. The call it
// reports has already failed: its info code is not 0, and Armadillo says so.
extern "C" void xerbla_(const char* /*routine*/, const int* /*argument*/, std::size_t /*routine_length*/) {}

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
