// SPDX-License-Identifier: PostgreSQL
// Shapes: K horizons.
#pragma once
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "core/tasks/meal/models/baseline_models.hpp"
#include "core/tasks/meal/models/interval.hpp"
#include "core/tasks/meal/models/linear.hpp"
#include "core/tasks/meal/models/lstm_model.hpp"
#include "core/tasks/meal/models/memory.hpp"
#include "core/tasks/meal/models/population_model.hpp"
#include "core/tasks/meal/models/recollection.hpp"
#include "core/training/options.hpp"

namespace glucose {

/// What can be fitted; the order is the codec's tag.
using Member = std::variant<Persistence, MeanModel, LinearModel, LstmModel, PopulationModel>;

/// Several models' forecasts of the change from the level at the meal, weighted.
struct Ensemble {
  std::vector<Algorithm> algorithms;  // [M]
  std::vector<Member> members;        // [M]
  std::vector<float> weights;         // [M × K], none negative, of a horizon summing to 1
};
using Predictor = std::variant<Persistence, MeanModel, LinearModel, LstmModel, PopulationModel, Ensemble>;

/// A member that serves alone.
Predictor as_predictor(Member member);

/// A trained model as it is stored, cached and asked: one value type over the kinds.
struct Model {
  Algorithm algorithm = Algorithm::persistence;
  std::vector<int> horizons_min;  // [K]
  Predictor predictor;
  Intervals intervals;
  Memory memory;  // of the person's meals up to the training; empty: a population's

  int horizons() const { return static_cast<int>(horizons_min.size()); }
  /// Of the columns it looks at; with 'meal/2' those are also the person's earlier meals.
  std::string_view schema() const;
  bool looks_at_meal2() const { return schema() == kRichSchema; }
  PointForecast predict(const Moment& moment, const Recollection& known) const;
  /// Of the person's meals up to the training, to be asked and to grow; the model must outlive it.
  Recollection recollection() const;
};
void wipe(Model& model);

/// What the kinds of model see of a moment.
struct SeenColumns {
  RichVector rich;
  DesignRow design;
  NetworkRow network;
};

/// Whether a predictor adds a learnt change to the level: all but persistence and the mean. Its forecasts may point
/// lower than glucose goes (low_glucose.hpp).
bool learns_changes(const Predictor& predictor);

/// known: the person's meals; outcomes not known yet at the moment are not used
PointForecast predict(const Predictor& predictor, const Moment& moment, const Recollection& known,
                      std::span<const int> horizons_min);
/// The same from columns that need not be those of a moment.
PointForecast predict(const Predictor& predictor, const SeenColumns& columns, Micros at, const Recollection& known,
                      std::span<const int> horizons_min);

/// Whose residuals a person's memory holds: the population's part of a predictor, null when it has none.
const PopulationModel* population_of(const Predictor& predictor);

/// The network of a predictor, which persons' begin with when it is a population's; null when it has none.
const LstmModel* network_of(const Predictor& predictor);
/// How much it counts at the shortest horizon beside other members, 0 … 1.
float share_of_network(const Predictor& predictor);

/// What is to be remembered of a meal whose forecast was `said`; scores and ranks are not known yet.
RememberedMeal remember(const Sample& sample, const PointForecast& said, std::size_t horizons);

/// Fills score and rank of the last of the meals, by the intervals it would have been given; said: its whole forecast.
/// out: the medians it would have been given, [K] mg/dL, NaN where nothing was said
std::array<float, kMaxHorizons> score_last(const Intervals& intervals, std::span<RememberedMeal> meals,
                                           std::span<const int> horizons_min, std::span<const float> said_mg_dl,
                                           std::span<const float> variance, std::span<const float> outcome_mg_dl);

}  // namespace glucose
