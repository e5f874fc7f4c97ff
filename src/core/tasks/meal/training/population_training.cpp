// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/population_training.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/base/steps.hpp"
#include "core/math/stacking.hpp"
#include "core/tasks/meal/features/first_day.hpp"
#include "core/tasks/meal/models/recollection.hpp"
#include "core/tasks/meal/training/population_fit.hpp"
#include "core/tasks/meal/training/population_network.hpp"
#include "core/tasks/meal/training/quality.hpp"
#include "core/tasks/meal/training/replay.hpp"

namespace glucose {

namespace {

constexpr std::size_t kFolds = 5;
constexpr std::size_t kEnoughForTrees = 400;  // rows to learn from; fewer only teach trees noise
constexpr std::size_t kEnoughForNetwork = 500;
constexpr std::size_t kEnoughFirstDays = 20000;
constexpr std::size_t kRowsPerStep = 2048;  // of what is little work

struct OnePerson {
  std::vector<Sample> samples;
  SplitSizes sizes;
  std::size_t fold;
  std::vector<PointForecast> said;  // by a model of others, with the memory it would have had
  std::vector<int> remembered;

  std::size_t learnt() const { return static_cast<std::size_t>(sizes.train + sizes.validation); }
};

/// Of person, row and horizon.
constexpr auto kSaid = [](const OnePerson& p, std::size_t i, std::size_t k) { return p.said[i].mg_dl[k]; };

}  // namespace

struct PopulationTraining::State {
  std::vector<OnePerson> persons;
  Algorithm wanted;
  TrainOptions options;
  std::vector<int> horizons_min;
  const BoostingApi* boosting;
  std::size_t n_folds = 0, n_rows = 0;
  std::optional<PopulationFit> fit;
  std::vector<PopulationModel> models;  // of the folds, then of all
  float share = 0;
  std::vector<float> residual_sd;
  std::size_t rows_done = 0, n_first_days = 0;
  std::vector<ScaledRow> first_days;
  std::optional<PopulationNetwork> network;
  bool tries_network = false;
  float share_of_network = 0;
  std::vector<Metrics> without_network;  // errors on validation rows [K]
  std::size_t rows_looked_at = 0;
  TrainingOutcome outcome;
  Steps work;

  /// The whole training: folds of persons, what trees and a network are worth beside them, and what is stored.
  Steps run() {
    const bool is_network = wanted == Algorithm::lstm;
    for (std::size_t fold = 0; fold < n_folds && !is_network; ++fold) {
      fit.emplace(rows_without(fold), LearntFrom::many, options, boosting);
      for (; !fit->done(); fit->step()) co_yield Pause{};
      models.push_back(fit->take());
      fit.reset();
    }
    if (!is_network) {
      for (Steps weighing = weigh_trees(); !weighing.done(); weighing.step()) co_yield Pause{};
      for (OnePerson& p : persons) {
        const Predictor of_others = models[p.fold];
        Replay replay(p.samples, of_others, horizons_min);
        for (; !replay.done(); replay.step()) co_yield Pause{};
        p.said = replay.said();
        p.remembered = replay.remembered();
        add_first_days(p);
        rows_done += p.samples.size();
      }
    }
    if (is_network || tries_network) {
      network.emplace(rows_of_persons(), options);
      for (; !network->has_answered(); network->step()) co_yield Pause{};
      for (Steps rest = is_network ? answer_by_network() : weigh_network(); !rest.done(); rest.step()) co_yield Pause{};
      if (is_network || share_of_network > 0)
        for (; !network->done(); network->step()) co_yield Pause{};
    }
    if (!is_network) {
      fit.emplace(rows_without(n_folds), LearntFrom::many, options, share > 0 ? boosting : nullptr);
      for (; !fit->done(); fit->step()) co_yield Pause{};
      models.push_back(fit->take());
      finish(models.back());
      fit.reset();
    }
    for (Steps rest = measure_all(); !rest.done(); rest.step()) co_yield Pause{};
  }

  /// Whether the row that is looked at is the last of a step.
  bool is_long() { return ++rows_looked_at % kRowsPerStep == 0; }

  /// The rows to learn from, of all persons but those of a fold.
  std::vector<const Sample*> rows_without(std::size_t fold) const {
    std::vector<const Sample*> rows;
    for (const OnePerson& p : persons)
      if (p.fold != fold)
        for (std::size_t i = 0; i < p.learnt(); ++i) rows.push_back(&p.samples[i]);
    return rows;
  }

  /// How much of the trees' correction serves: what would have been best for persons left out, on their train and
  /// validation rows.
  Steps weigh_trees() {
    std::vector<double> residuals, corrections;
    for (const OnePerson& p : persons)
      for (std::size_t i = 0; i < p.learnt(); ++i) {
        if (is_long()) co_yield Pause{};
        std::array<float, kMaxHorizons> linear;
        const PopulationModel& model = models[p.fold];
        model.predict_linear(p.samples[i].rich, options.n_horizons, linear.data());
        for (std::size_t k = 0; k < horizons_min.size(); ++k) {
          residuals.push_back(static_cast<double>(p.samples[i].targets[k] - linear[k]));
          corrections.push_back(model.trees.empty() ? 0
                                                    : static_cast<double>(model.trees[k].predict(p.samples[i].rich)));
        }
      }
    const Share found = best_share(residuals, corrections);
    if (wanted == Algorithm::trees || found.beyond_chance) share = static_cast<float>(found.best);
    std::vector<double> sums(horizons_min.size(), 0.0);
    for (std::size_t i = 0; i < residuals.size(); ++i)
      sums[i % sums.size()] += std::pow(residuals[i] - static_cast<double>(share) * corrections[i], 2);
    for (const double sum : sums)
      residual_sd.push_back(static_cast<float>(
          std::sqrt(sum * static_cast<double>(sums.size()) / static_cast<double>(residuals.size()))));
    for (PopulationModel& model : models) finish(model);
  }

  void finish(PopulationModel& model) const {
    model.share_of_trees = share;
    if (share == 0) model.trees.clear();
    model.residual_sd = residual_sd;
  }

  std::vector<PersonRows> rows_of_persons() const {
    std::vector<PersonRows> rows;
    for (const OnePerson& p : persons) rows.push_back({p.samples, p.sizes});
    return rows;
  }

  Steps answer_by_network() {
    for (std::size_t p = 0; p < persons.size(); ++p) {
      if (is_long()) co_yield Pause{};
      persons[p].said = network->said(p);
      for (int i = 0; i < persons[p].sizes.total(); ++i) persons[p].remembered.push_back(i);
    }
  }

  /// How much the network counts: what would have been best for persons left out, as of the trees.
  Steps weigh_network() {
    std::vector<double> residuals, corrections;
    for (std::size_t p = 0; p < persons.size(); ++p)
      for (std::size_t i = 0; i < persons[p].learnt(); ++i) {
        if (is_long()) co_yield Pause{};
        for (std::size_t k = 0; k < horizons_min.size(); ++k) {
          const float said = persons[p].said[i].mg_dl[k];
          residuals.push_back(static_cast<double>(persons[p].samples[i].targets[k] - said));
          corrections.push_back(static_cast<double>(network->said(p)[i].mg_dl[k] - said));
        }
      }
    for (Steps m = measure_split(Split::validation, kSaid, without_network); !m.done(); m.step()) co_yield Pause{};
    const Share found = best_share(residuals, corrections);
    if (!found.beyond_chance) co_return;
    share_of_network = static_cast<float>(found.best);
    for (std::size_t p = 0; p < persons.size(); ++p)
      for (std::size_t i = 0; i < persons[p].samples.size(); ++i) {
        if (is_long()) co_yield Pause{};
        for (std::size_t k = 0; k < horizons_min.size(); ++k) {
          float& said = persons[p].said[i].mg_dl[k];
          said += share_of_network * (network->said(p)[i].mg_dl[k] - said);
        }
      }
  }

  /// What is stored.
  Predictor predictor() {
    if (wanted == Algorithm::lstm) return network->take();
    if (share_of_network == 0) return std::move(models.back());
    Ensemble both{{algorithm_alone(), Algorithm::lstm}, {}, {}};
    both.members.emplace_back(std::move(models.back()));
    both.members.emplace_back(network->take());
    for (const float weight : {1 - share_of_network, share_of_network})
      both.weights.insert(both.weights.end(), horizons_min.size(), weight);
    return both;
  }
  Algorithm algorithm_alone() const { return share > 0 ? Algorithm::trees : Algorithm::population; }

  /// Errors of what `say` gives for (person, row, horizon) over a split of everybody, one horizon a step. out: [K]
  template <class Say>
  Steps measure_split(Split split, Say say, std::vector<Metrics>& out) const {
    out.clear();
    for (std::size_t k = 0; k < horizons_min.size(); ++k) {
      std::vector<float> forecast, outcomes;
      for (const OnePerson& p : persons)
        for (std::size_t i = 0; i < p.samples.size(); ++i) {
          if (p.sizes.of(static_cast<int>(i)) != split) continue;
          forecast.push_back(say(p, i, k));
          outcomes.push_back(p.samples[i].targets[k]);
        }
      out.push_back(measure(forecast, outcomes));
      co_yield Pause{};
    }
  }

  /// `say` as of measure_split.
  template <class Say>
  Steps add_candidate(Algorithm algorithm, Say say) {
    std::vector<Metrics> validation;
    for (Steps m = measure_split(Split::validation, say, validation); !m.done(); m.step()) co_yield Pause{};
    add_measured(algorithm, validation);
  }
  void add_measured(Algorithm algorithm, const std::vector<Metrics>& validation) {
    outcome.candidates.push_back({algorithm, validation, mean_of(validation, &Metrics::rmse), true});
  }

  /// What is known of the model: errors of all that was tried, of what is stored on each split, and the intervals.
  Steps measure_all() {
    const auto persistence = [](const OnePerson& p, std::size_t i, std::size_t) {
      return p.samples[i].rich[meal2::kLevel];
    };
    const auto linear = [this](const OnePerson& p, std::size_t i, std::size_t k) {
      std::array<float, kMaxHorizons> out;
      models[p.fold].predict_linear(p.samples[i].rich, options.n_horizons, out.data());
      return out[k];
    };
    const auto by_network = [this](const OnePerson& p, std::size_t i, std::size_t k) {
      return network->said(static_cast<std::size_t>(&p - persons.data()))[i].mg_dl[k];
    };
    const bool is_network = wanted == Algorithm::lstm;
    outcome.model.algorithm = is_network             ? Algorithm::lstm
                              : share_of_network > 0 ? Algorithm::ensemble
                                                     : algorithm_alone();
    std::vector<Steps> tried, parts;
    tried.push_back(add_candidate(Algorithm::persistence, persistence));
    if (!is_network) tried.push_back(add_candidate(Algorithm::ridge, linear));
    if (network && !is_network) tried.push_back(add_candidate(Algorithm::lstm, by_network));
    for (Steps& part : tried)
      for (; !part.done(); part.step()) co_yield Pause{};
    if (share_of_network > 0) add_measured(algorithm_alone(), without_network);
    parts.push_back(add_candidate(outcome.model.algorithm, kSaid));
    for (const Split split : {Split::train, Split::validation, Split::test})
      parts.push_back(measure_split(split, kSaid, outcome.metrics[static_cast<std::size_t>(split)]));
    parts.push_back(measure_split(Split::test, persistence, outcome.persistence_test));
    parts.push_back(pooled_intervals());
    for (Steps& part : parts)
      for (; !part.done(); part.step()) co_yield Pause{};
  }

  Steps pooled_intervals() {
    std::vector<ScaledRow> rows;
    rows.reserve(n_rows);  // what is not used is never touched
    for (std::size_t n = 0; n < persons.size(); ++n) {
      const OnePerson& p = persons[n];
      for (std::size_t i = 0; i < p.learnt(); ++i) {
        if (is_long()) co_yield Pause{};
        rows.push_back(scaled_row(static_cast<int>(n), p.remembered[i], p.samples[i], p.samples[i].rich, p.said[i]));
      }
    }
    Steps fitting = fit_intervals(rows, first_days, horizons_min, outcome.model.intervals);
    for (; !fitting.done(); fitting.step()) co_yield Pause{};
  }

  ScaledRow scaled_row(int person, int remembered, const Sample& sample, const RichVector& seen,
                       const PointForecast& said) const {
    ScaledRow row{person, remembered, sample.eaten_at, {}, said.mg_dl, said.variance, {}, seen[meal2::kDoubt]};
    for (std::size_t k = 0; k < horizons_min.size(); ++k) {
      row.columns[k] = scale_columns(seen, said.mg_dl[k]);
      row.residual[k] = sample.targets[k] - said.mg_dl[k];
    }
    return row;
  }

  /// Its meals as on a first day, answered by a model of others: of many persons' meals some.
  void add_first_days(const OnePerson& p) {
    for (std::size_t i = 0; i < p.learnt(); ++i, ++n_first_days) {
      if (n_first_days % (1 + n_rows / kEnoughFirstDays) != 0) continue;
      const RichVector first = as_on_first_day(p.samples[i].rich);
      first_days.push_back(scaled_row(0, 0, p.samples[i], first, said_of_stranger(models[p.fold], first)));
    }
  }

  /// What is said of whom nothing is remembered.
  PointForecast said_of_stranger(const PopulationModel& model, const RichVector& seen) const {
    PointForecast said{};
    model.predict(seen, options.n_horizons, said.mg_dl.data());
    Moment moment{};
    moment.rich = seen;
    Recollection(&model, horizons_min).recall(moment, said);
    return said;
  }
};

PopulationTraining::PopulationTraining(std::vector<std::vector<Sample>> persons, Algorithm algorithm,
                                       const TrainOptions& options, std::size_t memory_cap, const BoostingApi* boosting)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  if (algorithm != Algorithm::automatic && algorithm != Algorithm::ridge && algorithm != Algorithm::trees &&
      algorithm != Algorithm::lstm)
    throw Error(ErrorCode::bad_argument,
                "algorithm \"" + std::string(name_of(algorithm)) + "\" cannot be trained on a population",
                "Choose auto, ridge, trees or lstm.");
  if (static_cast<int>(persons.size()) < kLeastPersons)
    throw Error(ErrorCode::too_little_history,
                "too few persons to train on: " + std::to_string(persons.size()) + " with enough meals",
                "At least two persons must share their data (person.shares_data) and have enough meals.");
  if (algorithm == Algorithm::trees && boosting == nullptr) trees_not_available();
  s.wanted = algorithm;
  s.options = options;
  s.horizons_min.assign(options.horizons_min.begin(), options.horizons_min.begin() + options.n_horizons);
  s.n_folds = std::min(kFolds, persons.size());
  std::size_t learnt = 0;
  for (std::vector<Sample>& samples : persons) {
    const SplitSizes sizes = split_sizes(samples);
    s.n_rows += samples.size();
    s.persons.push_back({std::move(samples), sizes, s.persons.size() % s.n_folds, {}, {}});
    learnt += s.persons.back().learnt();
  }
  s.boosting = algorithm == Algorithm::ridge || algorithm == Algorithm::lstm ||
                       (algorithm == Algorithm::automatic && learnt < kEnoughForTrees)
                   ? nullptr
                   : boosting;
  s.tries_network = algorithm == Algorithm::automatic && learnt >= kEnoughForNetwork;
  const std::size_t of_network =
      s.tries_network || algorithm == Algorithm::lstm ? PopulationNetwork::bytes_needed(s.n_rows, options) : 0;
  const std::size_t of_fit = PopulationFit::bytes_needed(learnt, options, s.boosting != nullptr);
  const std::size_t of_intervals = learnt * (sizeof(ScaledRow) + kIntervalFitBytes);
  const std::size_t needed = of_network + s.n_rows * (sizeof(Sample) + sizeof(PointForecast) + sizeof(int)) +
                             std::max(of_fit, of_intervals) +
                             sizeof(ScaledRow) * std::min(learnt, 2 * kEnoughFirstDays);
  if (needed > memory_cap)
    throw Error(ErrorCode::out_of_memory,
                "training would need " + std::to_string(needed >> 10) + " kB, more than glucose.max_train_memory",
                "Raise glucose.max_train_memory, or choose a shorter period (start_at, end_at).");
  s.work = s.run();
}

PopulationTraining::~PopulationTraining() = default;
PopulationTraining::PopulationTraining(PopulationTraining&&) noexcept = default;

bool PopulationTraining::done() const {
  return state_->work.done();
}

void PopulationTraining::step() {
  state_->work.step();
}

double PopulationTraining::progress() const {
  const State& s = *state_;
  if (done()) return 1;
  const double fits = static_cast<double>(s.models.size()) + (s.fit ? s.fit->progress() : 0);
  const double answers = static_cast<double>(s.rows_done) / static_cast<double>(s.n_rows);
  const double network = s.network ? s.network->progress() : 0;
  if (s.wanted == Algorithm::lstm) return network;
  const double of_network = s.tries_network ? 0.3 : 0;
  return of_network * network + (1 - of_network) * 0.5 * (fits / static_cast<double>(s.n_folds + 1) + answers);
}

TrainingOutcome PopulationTraining::take() {
  State& s = *state_;
  for (const OnePerson& p : s.persons) {
    s.outcome.sizes.train += p.sizes.train;
    s.outcome.sizes.validation += p.sizes.validation;
    s.outcome.sizes.test += p.sizes.test;
  }
  s.outcome.candidates.back().within_chance =
      s.outcome.candidates.back().rmse < 1.02 * s.outcome.candidates.front().rmse;
  s.outcome.model.horizons_min = s.horizons_min;
  s.outcome.model.predictor = s.predictor();
  judge(s.outcome);
  return std::move(s.outcome);
}

}  // namespace glucose
