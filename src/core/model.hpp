// SPDX-License-Identifier: PostgreSQL
// Shapes: K horizons.
#pragma once
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "core/baseline_models.hpp"
#include "core/interval.hpp"
#include "core/linear.hpp"
#include "core/lstm_model.hpp"
#include "core/options.hpp"

namespace glucose {

/// What can be fitted; the order is the codec's tag.
using Predictor = std::variant<Persistence, MeanModel, LinearModel, LstmModel>;

/// A trained model as it is stored, cached and asked: one value type over the kinds.
struct Model {
  Algorithm algorithm = Algorithm::persistence;
  std::vector<int> horizons_min;  // [K]
  Predictor predictor;
  Intervals intervals;

  int horizons() const { return static_cast<int>(horizons_min.size()); }
  /// Point forecasts, mg/dL, not yet limited to what a sensor can show. out: [K]
  void predict(const FeatureVector& x, float* out) const;
};

void predict(const Predictor& predictor, const FeatureVector& x, int horizons, float* out);

/// Model ↔ bytes, format 1: magic "PGGM", format, feature schema, horizons, intervals, predictor, CRC-32 of all before
/// it; little-endian. decode throws Error model_mismatch for anything damaged, foreign, oversized or not finite.
inline constexpr std::size_t kMaxArtifactBytes = std::size_t{32} << 20;
std::vector<std::uint8_t> encode(const Model& model);
Model decode(std::span<const std::uint8_t> bytes);

}  // namespace glucose
