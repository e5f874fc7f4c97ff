// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/seen_columns.hpp"

#include <algorithm>

namespace glucose {

namespace {

std::string_view name_at(std::size_t place) {
  if (place < kDesignPlace) return kRichTable[place].name;
  if (place < kNetworkPlace) return kDesignNames[place - kDesignPlace];
  const std::size_t input = place - kNetworkPlace;
  if (input >= kHistorySteps) return kStaticNames[input - kHistorySteps];
  return input + 1 < kHistorySteps ? kFeatureTable[kHistory + input].name : kDesignNames[0];
}

struct Places {
  std::size_t first, n;
};
Places places_of(const Persistence&) {
  return {kDesignPlace, 1};
}
Places places_of(const MeanModel&) {
  return {0, 0};
}
Places places_of(const LinearModel&) {
  return {kDesignPlace, kDesignColumns};
}
Places places_of(const LstmModel&) {
  return {kNetworkPlace, kNetworkInputs};
}
Places places_of(const PopulationModel&) {
  return {kRichPlace, kRichFeatures};
}

void add(std::vector<SeenFeature>& features, Places places) {
  for (std::size_t place = places.first; place < places.first + places.n; ++place) {
    const std::string_view name = name_at(place);
    auto known = std::find_if(features.begin(), features.end(), [&](const SeenFeature& f) { return f.name == name; });
    if (known == features.end()) known = features.insert(features.end(), {name, {}});
    if (std::find(known->places.begin(), known->places.end(), place) == known->places.end())
      known->places.push_back(place);
  }
}

}  // namespace

SeenColumns seen_columns(const Moment& moment) {
  return {moment.rich, design_row(moment.features), network_row(moment.features)};
}

float& column_at(SeenColumns& columns, std::size_t place) {
  if (place < kDesignPlace) return columns.rich[place];
  if (place < kNetworkPlace) return columns.design[place - kDesignPlace];
  return columns.network[place - kNetworkPlace];
}

std::vector<SeenFeature> seen_features(const Predictor& predictor) {
  std::vector<SeenFeature> features;
  const auto add_kind = [&](const auto& kind) { add(features, places_of(kind)); };
  if (const auto* ensemble = std::get_if<Ensemble>(&predictor)) {
    for (const Member& member : ensemble->members) std::visit(add_kind, member);
    return features;
  }
  std::visit(
      [&](const auto& kind) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(kind)>, Ensemble>) add_kind(kind);
      },
      predictor);
  return features;
}

}  // namespace glucose
