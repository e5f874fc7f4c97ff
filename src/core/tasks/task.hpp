// SPDX-License-Identifier: PostgreSQL
// A task: one kind of forecast, as a row of plain functions. Everything that keeps a model alive (training, jobs,
// versions, artifacts, evaluation, comparison, importance, explanation, log, outcomes, experiments, retraining) is
// written once over this row and knows no task by name. docs/how-to/add-a-task.md says how a row is added.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/asking/answer.hpp"
#include "core/asking/scored.hpp"
#include "core/learn/boosting_api.hpp"
#include "core/model/any_model.hpp"
#include "core/training/options.hpp"
#include "core/training/search.hpp"
#include "core/training/trainer.hpp"
#include "core/training/tuner.hpp"

namespace glucose {

/// What a training is given beside its rows.
struct TrainingBasis {
  Algorithm algorithm = Algorithm::automatic;
  TrainOptions options;
  std::size_t memory_cap = 0;             // bytes; Error out_of_memory when it would not do
  const AnyModel* population = nullptr;   // the active population model of the type; null: there is none
  const BoostingApi* boosting = nullptr;  // what trains trees; null: nothing does
};

/// What learning between trainings is given beside its rows: the model that serves, and how it was trained.
struct RefreshBasis {
  TrainingBasis recipe;               // its algorithm and options; the population's model that it stands on
  const AnyModel* active = nullptr;   // must outlive the refreshing
  Micros learnt_until = 0;            // the moment of the last row that its weights were learnt from
  bool stands_on_population = false;  // it does; recipe.population is null when that one is not there any more
};

/// What is stored beside a model's bytes when they come from elsewhere.
struct ModelFacts {
  std::string algorithm, schema;
  std::vector<int> horizons_min;
  std::string subject = {};  // its name, where the task forecasts several things
};

/// The moments that a model remembers something of.
struct MomentsKept {
  bool any = false;
  Micros first = 0, last = 0;
};

/// Of tasks whose models are weights alone.
inline MomentsKept remembers_nothing(const AnyModel& /*weights only*/) {
  return {};
}
inline std::vector<std::uint8_t> adopted_as_it_is(const AnyModel& /*weights only*/, std::span<const Meal> /*none*/) {
  return {};
}

struct Task {
  std::string_view name;       // the model_type, or what stands before its ':'
  std::string_view unit;       // of what is forecast
  std::string_view value_key;  // what is forecast, as documents name it
  std::string_view rows_are;   // what is counted when it is asked whether there is anything new: 'meals', …
  std::string_view units_are;  // what is paired when two versions are compared (ScoredRow::unit)
  bool asks_about_meals;       // a question is about a meal; else about a moment
  std::array<std::string_view, 2> events;  // names of Expected::probability in documents
  Subjects subjects = Subjects::none;      // what a model_type names behind a ':'
  int decimals = 0;                        // of values in documents, but for mmol/L

  // Training of one person, and of many.
  std::vector<AlgorithmInfo> (*algorithms)(bool of_population);
  TrainOptions (*defaults)(bool of_population);
  bool (*uses_population)(Algorithm algorithm);  // whether a person's training asks for the population's model
  bool (*uses_boosting)(Algorithm algorithm, bool of_population);
  Reach (*reach)(const TrainOptions& options);
  std::unique_ptr<RowsMaker> (*training_rows)(Algorithm algorithm, const TrainOptions& options, std::size_t memory_cap,
                                              bool of_population, int persons);
  std::unique_ptr<Trainer> (*train)(std::unique_ptr<Rows> rows, const TrainingBasis& basis);
  std::unique_ptr<Trainer> (*train_population)(std::unique_ptr<Rows> rows, const TrainingBasis& basis);
  std::unique_ptr<Tuner> (*tune)(std::unique_ptr<Rows> rows, const TrainingBasis& basis, const SearchGrid& grid);
  /// Estimates what is the person's own of a model anew on these rows; what is the population's, the choice among
  /// algorithms and the weights of each stay. Throws Error not_available when nothing of this model is such a layer.
  /// Null: no model of the task has one.
  std::unique_ptr<Trainer> (*refresh)(std::unique_ptr<Rows> rows, const RefreshBasis& basis) = nullptr;

  // Models.
  std::unique_ptr<AnyModel> (*decode)(std::span<const std::uint8_t> bytes);
  ModelFacts (*facts)(const AnyModel& model);
  MomentsKept (*remembers)(const AnyModel& model) = remembers_nothing;
  /// The bytes for a person with these meals at the moments it remembers: what a model remembers of somebody else is
  /// left out. Empty: unchanged.
  std::vector<std::uint8_t> (*adopted)(const AnyModel& model, std::span<const Meal> meals) = adopted_as_it_is;

  /// Glucose stays what it is, at the horizons and with the intervals of a model: what answers where the model itself
  /// is no better. Null: there is none.
  std::unique_ptr<AnyModel> (*baseline)(const AnyModel& model) = nullptr;

  // Asking.
  /// Checks and sets what horizons are asked for: numbers, of a list or one alone; none: the usual. Throws Error
  /// bad_argument. Null: the model's own horizons are answered and nothing else.
  void (*set_minutes)(Question& question, std::span<const double> numbers, bool is_list);
  Reach (*asking_reach)(const AnyModel& model, const Question& question);
  Answer (*ask)(const AnyModel& model, const Known& known, const Question& question);
  std::unique_ptr<Explainer> (*explain)(const AnyModel& model, const Known& known, const Question& question,
                                        int minutes_ahead);

  // Measuring a stored model on rows of one person, each answered with what was known then.
  Reach (*scoring_reach)(const AnyModel& model);
  /// How long before a period earlier rows are remembered.
  Micros (*scoring_lead)(const AnyModel& model);
  std::unique_ptr<RowsMaker> (*scoring_rows)(const AnyModel& model);
  /// model and rows must outlive it; rows before `from` are only remembered.
  std::unique_ptr<Scorer> (*score)(const AnyModel& model, const Rows& rows, Micros from);
  std::unique_ptr<ImportanceWork> (*importance)(const AnyModel& model, const Rows& rows, Micros from,
                                                std::uint64_t seed);

  // What came of a question, where it is not a reading that says so; both null: it is.
  Reach (*outcome_reach)(const Subject& subject) = nullptr;
  /// Of the moment that the material's period begins with. NaN: not known, perhaps not yet.
  float (*outcome)(const Material& material) = nullptr;
};

/// All there are; the order is of no meaning.
std::span<const Task* const> tasks();
/// The task of a model_type; null when there is none.
const Task* find_task(std::string_view model_type);
/// The task whose model an artifact says it is; throws Error model_mismatch when there is none.
const Task* task_of(std::span<const std::uint8_t> artifact);

}  // namespace glucose
