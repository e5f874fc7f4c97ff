// SPDX-License-Identifier: PostgreSQL
// What models see of a moment, by name: what explanations and importances are about.
#pragma once
#include <string_view>
#include <vector>

#include "core/tasks/meal/models/model.hpp"

namespace glucose {

/// Where the columns of each kind of model begin in SeenColumns.
inline constexpr std::size_t kRichPlace = 0, kDesignPlace = kRichFeatures,
                             kNetworkPlace = kDesignPlace + kDesignColumns,
                             kSeenColumns = kNetworkPlace + kNetworkInputs;

/// The columns of all kinds of model, one after another. A model looks at those of its kinds.
SeenColumns seen_columns(const Moment& moment);
float& column_at(SeenColumns& columns, std::size_t place);
inline float column_at(const SeenColumns& columns, std::size_t place) {
  return column_at(const_cast<SeenColumns&>(columns), place);
}

/// A feature of a model: one name, and its places in SeenColumns. Columns of several kinds that hold the same quantity
/// have one name.
struct SeenFeature {
  std::string_view name;
  std::vector<std::size_t> places;
};
std::vector<SeenFeature> seen_features(const Predictor& predictor);

}  // namespace glucose
