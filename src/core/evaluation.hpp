// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/metrics.hpp"
#include "core/model.hpp"

namespace glucose {

/// Errors of a stored model over samples at one horizon, and how often its interval held what happened (0 … 1).
struct Evaluation {
  Metrics errors;
  double coverage;
};

/// Evaluates the answers a person would have been given, limits and intervals included. earlier: meals before them,
/// which are only remembered · rows with an unknown outcome are only remembered, too. out: [K]
std::vector<Evaluation> evaluate(const Model& model, Samples earlier, Samples samples);

}  // namespace glucose
