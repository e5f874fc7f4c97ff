// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <span>
#include <vector>

namespace glucose {

/// Solves the symmetric positive definite system A B = Y. in: a [P × P], the triangle from the diagonal on is read;
/// y [P × R] · out: [P × R] · throws Error internal when A is singular
std::vector<double> solve_normal(std::span<const double> a, std::span<const double> y, std::size_t r = 1);

}  // namespace glucose
