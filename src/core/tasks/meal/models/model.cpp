// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/model.hpp"

#include <algorithm>
#include <cmath>

#include "core/readings/low_glucose.hpp"

namespace glucose {

namespace {

/// A moment as it is, or columns in its stead.
struct Asked {
  const Moment& moment;
  const SeenColumns* columns;
};

template <class Kind>
PointForecast ask(const Kind& kind, const Asked& asked, const Recollection& /*known*/,
                  std::span<const int> horizons_min) {
  PointForecast f{};
  const int K = static_cast<int>(horizons_min.size());
  if constexpr (std::is_same_v<Kind, Persistence>) {
    f.mg_dl.fill(asked.columns != nullptr ? asked.columns->design[0] : last_glucose(asked.moment.features));
  } else if constexpr (std::is_same_v<Kind, LinearModel>) {
    kind.predict_row(asked.columns != nullptr ? asked.columns->design : design_row(asked.moment.features), K,
                     f.mg_dl.data());
  } else if constexpr (std::is_same_v<Kind, LstmModel>) {
    kind.predict_row(asked.columns != nullptr ? asked.columns->network : network_row(asked.moment.features), K,
                     f.mg_dl.data());
  } else {
    kind.predict(asked.moment.features, K, f.mg_dl.data());
  }
  f.impersonal = f.mg_dl;
  return f;
}

PointForecast ask(const PopulationModel& model, const Asked& asked, const Recollection& known,
                  std::span<const int> horizons_min) {
  PointForecast f{};
  model.predict(asked.moment.rich, static_cast<int>(horizons_min.size()), f.impersonal.data());
  if (model.kernel.is_empty()) {
    f.mg_dl = f.impersonal;
    return f;
  }
  known.recall(asked.moment, f);
  for (std::size_t k = 0; k < horizons_min.size(); ++k) f.mg_dl[k] = f.impersonal[k] + f.believed[k] * f.recalled[k];
  return f;
}

PointForecast ask(const Ensemble& ensemble, const Asked& asked, const Recollection& known,
                  std::span<const int> horizons_min) {
  PointForecast f{};
  bool recalls = false;
  for (std::size_t m = 0; m < ensemble.members.size(); ++m) {
    const PointForecast one =
        std::visit([&](const auto& kind) { return ask(kind, asked, known, horizons_min); }, ensemble.members[m]);
    const auto* population = std::get_if<PopulationModel>(&ensemble.members[m]);
    const bool remembers = population != nullptr && !population->kernel.is_empty();
    for (std::size_t k = 0; k < horizons_min.size(); ++k)
      f.mg_dl[k] += ensemble.weights[m * horizons_min.size() + k] * one.mg_dl[k];
    recalls |= remembers;
    if (remembers) {
      f.impersonal = one.impersonal;
      f.recalled = one.recalled;
      f.believed = one.believed;
      f.variance = one.variance;
    }
  }
  if (!recalls) f.impersonal = f.mg_dl;
  return f;
}

PointForecast ask(const Predictor& predictor, const Asked& asked, const Recollection& known,
                  std::span<const int> horizons_min) {
  PointForecast f = std::visit([&](const auto& kind) { return ask(kind, asked, known, horizons_min); }, predictor);
  if (!learns_changes(predictor)) return f;
  const RichVector& rich = asked.moment.rich;
  for (std::size_t k = 0; k < horizons_min.size(); ++k)
    f.mg_dl[k] = defended(f.mg_dl[k], horizons_min[k], rich[meal2::kLevel] - rich[meal2::kAboveMonthMean],
                          rich[meal2::kSdMonth]);
  return f;
}

}  // namespace

bool learns_changes(const Predictor& predictor) {
  return !std::holds_alternative<Persistence>(predictor) && !std::holds_alternative<MeanModel>(predictor);
}

PointForecast predict(const Predictor& predictor, const Moment& moment, const Recollection& known,
                      std::span<const int> horizons_min) {
  return ask(predictor, {moment, nullptr}, known, horizons_min);
}

PointForecast predict(const Predictor& predictor, const SeenColumns& columns, Micros at, const Recollection& known,
                      std::span<const int> horizons_min) {
  const Moment moment{at, {}, columns.rich};
  return ask(predictor, {moment, &columns}, known, horizons_min);
}

RememberedMeal remember(const Sample& sample, const PointForecast& said, std::size_t horizons) {
  RememberedMeal meal{sample.eaten_at, sample.rich, {}, {}, {}, {}};
  for (auto* values : {&meal.residual, &meal.recalled, &meal.score, &meal.rank}) values->fill(kUnknown);
  for (std::size_t k = 0; k < horizons; ++k) {
    meal.residual[k] = sample.targets[k] - said.impersonal[k];
    meal.recalled[k] = said.recalled[k];
  }
  return meal;
}

std::array<float, kMaxHorizons> score_last(const Intervals& intervals, std::span<RememberedMeal> meals,
                                           std::span<const int> horizons_min, std::span<const float> said_mg_dl,
                                           std::span<const float> variance, std::span<const float> outcome_mg_dl) {
  std::array<float, kMaxHorizons> median;
  median.fill(kUnknown);
  RememberedMeal& last = meals.back();
  const auto earlier = meals.first(meals.size() - 1);
  for (std::size_t k = 0; k < horizons_min.size(); ++k) {
    if (std::isnan(said_mg_dl[k])) continue;
    const float scale =
        intervals.scale[k].at(scale_columns(last.rich, said_mg_dl[k]), variance[k], last.rich[meal2::kDoubt]);
    const OwnScores own(known_meals(earlier, horizons_min[k], last.eaten_at), k, intervals.grids.empty());
    const Outlook outlook(intervals, own, k, said_mg_dl[k], scale);
    median[k] = std::clamp(outlook.quantile(0.5), kGlucoseLow, kGlucoseHigh);
    if (std::isnan(outcome_mg_dl[k])) continue;
    last.score[k] =
        static_cast<float>(deviation(static_cast<double>(outcome_mg_dl[k]), static_cast<double>(said_mg_dl[k])) /
                           static_cast<double>(scale));
    last.rank[k] = outlook.rank(outcome_mg_dl[k]);
  }
  return median;
}

PointForecast Model::predict(const Moment& moment, const Recollection& known) const {
  return glucose::predict(predictor, moment, known, horizons_min);
}

Recollection Model::recollection() const {
  return {population_of(predictor), horizons_min, memory};
}

Predictor as_predictor(Member member) {
  return std::visit([](auto&& kind) { return Predictor(std::forward<decltype(kind)>(kind)); }, std::move(member));
}

const PopulationModel* population_of(const Predictor& predictor) {
  if (const auto* ensemble = std::get_if<Ensemble>(&predictor)) {
    for (const Member& member : ensemble->members)
      if (const auto* population = std::get_if<PopulationModel>(&member); population && !population->kernel.is_empty())
        return population;
    return nullptr;
  }
  const auto* population = std::get_if<PopulationModel>(&predictor);
  return population != nullptr && !population->kernel.is_empty() ? population : nullptr;
}

const LstmModel* network_of(const Predictor& predictor) {
  if (const auto* ensemble = std::get_if<Ensemble>(&predictor)) {
    for (const Member& member : ensemble->members)
      if (const auto* network = std::get_if<LstmModel>(&member)) return network;
    return nullptr;
  }
  return std::get_if<LstmModel>(&predictor);
}

float share_of_network(const Predictor& predictor) {
  const auto* ensemble = std::get_if<Ensemble>(&predictor);
  if (ensemble == nullptr) return network_of(predictor) != nullptr ? 1 : 0;
  for (std::size_t m = 0; m < ensemble->members.size(); ++m)
    if (std::holds_alternative<LstmModel>(ensemble->members[m]))
      return ensemble->weights[m * ensemble->weights.size() / ensemble->members.size()];
  return 0;
}

std::string_view Model::schema() const {
  const auto looks_at_meal2 = [](const Member& m) { return std::holds_alternative<PopulationModel>(m); };
  const auto* ensemble = std::get_if<Ensemble>(&predictor);
  const bool does = ensemble != nullptr
                        ? std::any_of(ensemble->members.begin(), ensemble->members.end(), looks_at_meal2)
                        : std::holds_alternative<PopulationModel>(predictor);
  return does ? kRichSchema : kFeatureSchema;
}

}  // namespace glucose
