// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/trainer.hpp"

#include <algorithm>

#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/meal/training/population_training.hpp"
#include "core/tasks/meal/training/quality.hpp"
#include "core/tasks/meal/training/refreshing.hpp"
#include "core/tasks/meal/training/training.hpp"
#include "core/tasks/meal/training/tuning.hpp"

namespace glucose {

namespace {

void note_candidates(Notes& notes, const TrainingOutcome& outcome) {
  if (outcome.candidates.empty()) return;
  NoteList candidates;
  for (const Candidate& c : outcome.candidates) {
    Notes one;
    note_text(one, "algorithm", name_of(c.algorithm));
    note(one, "validation_rmse", c.rmse);
    note(one, "validation_mae", mean_of(c.validation, &Metrics::mae));
    candidates.items.push_back(std::move(one));
  }
  notes.push_back({"candidates", std::move(candidates)});
}

// How much each member of an ensemble counts, by horizon; thousandths say enough.
void note_weights(Notes& notes, const Model& model) {
  const auto* ensemble = std::get_if<Ensemble>(&model.predictor);
  if (ensemble == nullptr) return;
  const std::size_t K = model.horizons_min.size();
  Notes weights;
  for (std::size_t m = 0; m < ensemble->members.size(); ++m) {
    std::vector<double> of_member;
    for (std::size_t k = 0; k < K; ++k)
      of_member.push_back(std::round(1000 * static_cast<double>(ensemble->weights[m * K + k])) / 1000);
    weights.push_back({std::string(name_of(ensemble->algorithms[m])), std::move(of_member)});
  }
  notes.push_back({"weights", std::move(weights)});
}

void note_courses(Notes& notes, const TrainingOutcome& outcome) {
  if (outcome.courses.empty()) return;
  NoteList networks;
  for (const NetworkCourse& network : outcome.courses) {
    Notes one;
    note_text(one, "learnt_from", network.serves ? "train and validation" : "train");
    note(one, "epochs", network.course.epochs());
    if (network.course.best_epoch > 0) note(one, "best_epoch", network.course.best_epoch);
    one.push_back({"stopped_early", network.course.stopped_early});
    one.push_back({"training_loss", network.course.training});
    if (!network.course.validation.empty()) one.push_back({"validation_loss", network.course.validation});
    networks.items.push_back(std::move(one));
  }
  notes.push_back({"networks", std::move(networks)});
}

std::vector<MetricRow> metrics_of(const TrainingOutcome& outcome) {
  std::vector<MetricRow> rows;
  const auto& horizons = outcome.model.horizons_min;
  for (std::size_t k = 0; k < horizons.size(); ++k) {
    for (std::size_t split = 0; split < outcome.metrics.size(); ++split)
      if (!outcome.metrics[split].empty())
        add_metrics(rows, static_cast<Split>(split), horizons[k], "", outcome.metrics[split][k]);
    add_metrics(rows, Split::test, horizons[k], "persistence_", outcome.persistence_test[k], "");
  }
  return rows;
}

Outcome outcome_of(TrainingOutcome trained) {
  Outcome outcome;
  outcome.artifact = encode(trained.model);
  outcome.algorithm = name_of(trained.model.algorithm);
  outcome.schema = trained.model.schema();
  outcome.horizons_min = trained.model.horizons_min;
  outcome.rows = {trained.sizes.train, trained.sizes.validation, trained.sizes.test};
  const auto& test = trained.metrics[static_cast<std::size_t>(Split::test)];
  outcome.mae = mean_of(test, &Metrics::mae);
  outcome.rmse = mean_of(test, &Metrics::rmse);
  outcome.r2 = mean_of(test, &Metrics::r2);
  outcome.metrics = metrics_of(trained);
  outcome.rejected = trained.rejected;
  outcome.production_ready = trained.production_ready;
  outcome.quality_issues = std::move(trained.quality_issues);
  note_candidates(outcome.notes, trained);
  note_weights(outcome.notes, trained.model);
  if (!trained.network.empty()) note_text(outcome.notes, "network", trained.network);
  note_courses(outcome.notes, trained);
  note(outcome.notes, "interval_residuals", trained.model.intervals.n);
  return outcome;
}

// What a person's training stands on: the population's model when it has the horizons asked for and something that the
// algorithm makes use of.
const Model* foundation(const TrainingBasis& basis) {
  if (basis.population == nullptr) return nullptr;
  const Model& model = dynamic_cast<const HeldModel<Model>&>(*basis.population).get();
  const TrainOptions& o = basis.options;
  const bool is_auto = basis.algorithm == Algorithm::automatic, is_lstm = basis.algorithm == Algorithm::lstm;
  const LstmModel* network = network_of(model.predictor);
  const bool has_network = network != nullptr && network->has_shape_of(o);
  const bool helps = (!is_lstm && population_of(model.predictor) != nullptr) || (has_network && (is_lstm || is_auto));
  const bool fits = std::equal(model.horizons_min.begin(), model.horizons_min.end(), o.horizons_min.begin(),
                               o.horizons_min.begin() + o.n_horizons);
  return helps && fits ? &model : nullptr;
}

/// Training or Refreshing of one person's meals.
template <class Work>
class PersonTrainer final : public Trainer {
 public:
  PersonTrainer(std::unique_ptr<MealRows> rows, bool stands_on_population, Work training)
      : rows_(std::move(rows)), stands_on_population_(stands_on_population), training_(std::move(training)) {}

  bool done() const override { return training_.done(); }
  void step() override { training_.step(); }
  double progress() const override { return training_.progress(); }
  int epoch() const override { return training_.epoch(); }
  double best_validation_rmse() const override { return training_.best_validation_rmse(); }

  Outcome take() override {
    TrainingOutcome trained = training_.take();
    const auto n_train = static_cast<std::size_t>(trained.sizes.train);
    const auto n_learnt = n_train + static_cast<std::size_t>(trained.sizes.validation);
    const auto remembered = static_cast<double>(trained.model.memory.meals.size());
    Outcome outcome = outcome_of(std::move(trained));
    const std::vector<Sample>& samples = rows_->only();
    outcome.learnt_from = samples.front().eaten_at;
    outcome.learnt_until = samples[n_learnt - 1].eaten_at;
    outcome.stands_on_population = stands_on_population_;
    outcome.splits = {true, samples[n_train].eaten_at, samples[n_learnt].eaten_at, samples.back().eaten_at};
    note_time(outcome.notes, "validation_start", samples[n_train].eaten_at);
    note_time(outcome.notes, "test_start", samples[n_learnt].eaten_at);
    note_time(outcome.notes, "test_end", samples.back().eaten_at);
    note(outcome.notes, "meals_remembered", remembered);
    return outcome;
  }

 private:
  std::unique_ptr<MealRows> rows_;
  bool stands_on_population_;
  Work training_;
};

class ManyTrainer final : public Trainer {
 public:
  ManyTrainer(std::unique_ptr<MealRows> rows, const TrainingBasis& basis)
      : persons_(rows->persons.size()),
        training_(with_period(std::move(rows)), basis.algorithm, basis.options, basis.memory_cap, basis.boosting) {}

  bool done() const override { return training_.done(); }
  void step() override { training_.step(); }
  double progress() const override { return training_.progress(); }

  Outcome take() override {
    TrainingOutcome trained = training_.take();
    const PopulationModel* model = population_of(trained.model.predictor);
    const float share = model != nullptr ? model->share_of_trees : 0;
    const bool has_share = model != nullptr;
    Outcome outcome = outcome_of(std::move(trained));
    outcome.learnt_from = first_;
    outcome.learnt_until = last_;
    note(outcome.notes, "persons", static_cast<double>(persons_));
    if (has_share) note(outcome.notes, "share_of_trees", static_cast<double>(share));
    return outcome;
  }

 private:
  std::vector<std::vector<Sample>> with_period(std::unique_ptr<MealRows> rows) {
    for (const auto& samples : rows->persons) {
      first_ = std::min(first_, samples.front().eaten_at);
      last_ = std::max(last_, samples.back().eaten_at);
    }
    return std::move(rows->persons);
  }

  std::size_t persons_;
  Micros first_ = std::numeric_limits<Micros>::max(), last_ = std::numeric_limits<Micros>::min();
  PopulationTraining training_;
};

std::unique_ptr<MealRows> meals_of(std::unique_ptr<Rows> rows) {
  return std::unique_ptr<MealRows>(static_cast<MealRows*>(rows.release()));
}

}  // namespace

std::unique_ptr<Trainer> train_meals(std::unique_ptr<Rows> rows, const TrainingBasis& basis) {
  auto meals = meals_of(std::move(rows));
  const Model* population = foundation(basis);
  Training training(meals->only(), basis.algorithm, basis.options, basis.memory_cap, population, basis.boosting);
  return std::make_unique<PersonTrainer<Training>>(std::move(meals), population != nullptr, std::move(training));
}

std::unique_ptr<Trainer> refresh_meals(std::unique_ptr<Rows> rows, const RefreshBasis& basis) {
  auto meals = meals_of(std::move(rows));
  const Model& active = static_cast<const HeldModel<Model>&>(*basis.active).get();
  Refreshing refreshing(meals->only(), active, basis.learnt_until, basis.recipe.options, basis.recipe.memory_cap);
  return std::make_unique<PersonTrainer<Refreshing>>(std::move(meals), basis.stands_on_population,
                                                     std::move(refreshing));
}

std::unique_ptr<Trainer> train_meal_population(std::unique_ptr<Rows> rows, const TrainingBasis& basis) {
  return std::make_unique<ManyTrainer>(meals_of(std::move(rows)), basis);
}

std::unique_ptr<Tuner> tune_meals(std::unique_ptr<Rows> rows, const TrainingBasis& basis, const SearchGrid& grid) {
  return std::make_unique<Tuning>(static_cast<const MealRows&>(*rows).only(), basis.algorithm, grid, basis.memory_cap,
                                  basis.boosting);
}

}  // namespace glucose
