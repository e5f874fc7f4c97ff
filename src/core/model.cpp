// SPDX-License-Identifier: PostgreSQL
#include "core/model.hpp"

namespace glucose {

void predict(const Predictor& predictor, const FeatureVector& x, int horizons, float* out) {
  std::visit([&](const auto& kind) { kind.predict(x, horizons, out); }, predictor);
}

void Model::predict(const FeatureVector& x, float* out) const {
  glucose::predict(predictor, x, horizons(), out);
}

}  // namespace glucose
