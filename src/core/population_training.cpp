// SPDX-License-Identifier: PostgreSQL
#include "core/population_training.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/population_fit.hpp"
#include "core/quality.hpp"
#include "core/replay.hpp"

namespace glucose {

namespace {

constexpr std::size_t kFolds = 5;
constexpr std::size_t kEnoughForTrees = 400;  // rows to learn from; fewer only teach trees noise
constexpr double kBeyondChance = 2;           // standard errors of a paired difference

struct OnePerson {
  std::vector<Sample> samples;
  SplitSizes sizes;
  std::size_t fold;
  std::vector<PointForecast> said;  // by a model of others, with the memory it would have had
  std::vector<int> remembered;

  std::size_t learnt() const { return static_cast<std::size_t>(sizes.train + sizes.validation); }
};

}  // namespace

struct PopulationTraining::State {
  enum class Phase { folds, trees, answers, last, done };

  std::vector<OnePerson> persons;
  Algorithm wanted;
  TrainOptions options;
  std::vector<int> horizons_min;
  const BoostingApi* boosting;
  std::size_t n_folds = 0, n_rows = 0;
  Phase phase = Phase::folds;
  std::optional<PopulationFit> fit;
  std::vector<PopulationModel> models;  // of the folds, then of all
  float share = 0;
  std::vector<float> residual_sd;
  std::size_t person = 0;  // whose answers are under way
  Predictor asked;
  std::optional<Replay> replay;
  std::size_t rows_done = 0;

  /// The rows to learn from, of all persons but those of a fold.
  std::vector<const Sample*> rows_without(std::size_t fold) const {
    std::vector<const Sample*> rows;
    for (const OnePerson& p : persons)
      if (p.fold != fold)
        for (std::size_t i = 0; i < p.learnt(); ++i) rows.push_back(&p.samples[i]);
    return rows;
  }

  void fit_fold() {
    if (!fit) {
      fit.emplace(rows_without(models.size()), options, boosting);
    } else if (!fit->done()) {
      fit->step();
    } else {
      models.push_back(fit->take());
      fit.reset();
      if (models.size() == n_folds) phase = Phase::trees;
    }
  }

  /// How much of the trees' correction serves: what would have been best for persons left out, when the squared errors
  /// of the train and validation rows are then smaller by more than chance explains.
  void weigh_trees() {
    double agreed = 0, corrected = 0;
    struct Row {
      double residual, correction;
    };
    std::vector<Row> rows;
    for (const OnePerson& p : persons)
      for (std::size_t i = 0; i < p.learnt(); ++i) {
        std::array<float, kMaxHorizons> linear;
        const PopulationModel& model = models[p.fold];
        model.predict_linear(p.samples[i].rich, options.n_horizons, linear.data());
        for (std::size_t k = 0; k < horizons_min.size(); ++k) {
          const auto r = static_cast<double>(p.samples[i].targets[k] - linear[k]);
          const double t = model.trees.empty() ? 0 : static_cast<double>(model.trees[k].predict(p.samples[i].rich));
          rows.push_back({r, t});
          agreed += r * t;
          corrected += t * t;
        }
      }
    if (corrected > 0) {
      const double best = std::clamp(agreed / corrected, 0.0, 1.0);
      double gain = 0, squares = 0;
      for (const Row& r : rows) {
        const double g = r.residual * r.residual - std::pow(r.residual - best * r.correction, 2);
        gain += g;
        squares += g * g;
      }
      const bool beyond_chance = gain > kBeyondChance * std::sqrt(squares);
      if (wanted == Algorithm::trees || beyond_chance) share = static_cast<float>(best);
    }
    std::vector<double> sums(horizons_min.size(), 0.0);
    for (std::size_t i = 0; i < rows.size(); ++i)
      sums[i % sums.size()] += std::pow(rows[i].residual - static_cast<double>(share) * rows[i].correction, 2);
    for (const double sum : sums)
      residual_sd.push_back(
          static_cast<float>(std::sqrt(sum * static_cast<double>(sums.size()) / static_cast<double>(rows.size()))));
    for (PopulationModel& model : models) finish(model);
    phase = Phase::answers;
  }

  void finish(PopulationModel& model) const {
    model.share_of_trees = share;
    if (share == 0) model.trees.clear();
    model.residual_sd = residual_sd;
  }

  void answer() {
    OnePerson& p = persons[person];
    if (!replay) {
      asked = models[p.fold];
      replay.emplace(p.samples, asked, horizons_min);
    } else if (!replay->done()) {
      replay->step();
    } else {
      p.said = replay->said();
      p.remembered = replay->remembered();
      rows_done += p.samples.size();
      replay.reset();
      if (++person == persons.size()) phase = Phase::last;
    }
  }

  void fit_all() {
    if (!fit) {
      fit.emplace(rows_without(n_folds), options, share > 0 ? boosting : nullptr);
    } else if (!fit->done()) {
      fit->step();
    } else {
      models.push_back(fit->take());
      finish(models.back());
      fit.reset();
      phase = Phase::done;
    }
  }

  /// Errors of what `say` gives for (person, row, horizon) over a split of everybody. out: [K]
  template <class Say>
  std::vector<Metrics> measure_split(Split split, Say&& say) const {
    std::vector<Metrics> metrics;
    for (std::size_t k = 0; k < horizons_min.size(); ++k) {
      std::vector<float> forecast, outcome;
      for (const OnePerson& p : persons)
        for (std::size_t i = 0; i < p.samples.size(); ++i) {
          if (p.sizes.of(static_cast<int>(i)) != split) continue;
          forecast.push_back(say(p, i, k));
          outcome.push_back(p.samples[i].targets[k]);
        }
      metrics.push_back(measure(forecast, outcome));
    }
    return metrics;
  }

  Intervals pooled_intervals() const {
    std::vector<ScaledRow> rows;
    for (std::size_t n = 0; n < persons.size(); ++n) {
      const OnePerson& p = persons[n];
      for (std::size_t i = 0; i < p.learnt(); ++i) {
        ScaledRow row{
            static_cast<int>(n), p.remembered[i], p.samples[i].eaten_at, {}, p.said[i].mg_dl, p.said[i].variance, {}};
        for (std::size_t k = 0; k < horizons_min.size(); ++k) {
          row.columns[k] = scale_columns(p.samples[i].rich, p.said[i].mg_dl[k]);
          row.residual[k] = p.samples[i].targets[k] - p.said[i].mg_dl[k];
        }
        rows.push_back(row);
      }
    }
    return fit_intervals(rows, horizons_min);
  }
};

PopulationTraining::PopulationTraining(std::vector<std::vector<Sample>> persons, Algorithm algorithm,
                                       const TrainOptions& options, std::size_t memory_cap, const BoostingApi* boosting)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  if (algorithm != Algorithm::automatic && algorithm != Algorithm::ridge && algorithm != Algorithm::trees)
    throw Error(ErrorCode::bad_argument,
                "algorithm \"" + std::string(name_of(algorithm)) + "\" cannot be trained on a population",
                "Choose auto, ridge or trees.");
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
  s.boosting = algorithm == Algorithm::ridge || (algorithm == Algorithm::automatic && learnt < kEnoughForTrees)
                   ? nullptr
                   : boosting;
  const std::size_t needed = s.n_rows * (sizeof(Sample) + sizeof(PointForecast) + sizeof(ScaledRow)) +
                             PopulationFit::bytes_needed(learnt, options);
  if (needed > memory_cap)
    throw Error(ErrorCode::out_of_memory,
                "training would need " + std::to_string(needed >> 10) + " kB, more than glucose.max_train_memory",
                "Raise glucose.max_train_memory, or choose a shorter period (start_at, end_at).");
}

PopulationTraining::~PopulationTraining() = default;
PopulationTraining::PopulationTraining(PopulationTraining&&) noexcept = default;

bool PopulationTraining::done() const {
  return state_->phase == State::Phase::done;
}

void PopulationTraining::step() {
  switch (state_->phase) {
    case State::Phase::folds:
      return state_->fit_fold();
    case State::Phase::trees:
      return state_->weigh_trees();
    case State::Phase::answers:
      return state_->answer();
    case State::Phase::last:
      return state_->fit_all();
    case State::Phase::done:
      return;
  }
}

double PopulationTraining::progress() const {
  const State& s = *state_;
  if (done()) return 1;
  const double fits = static_cast<double>(s.models.size()) + (s.fit ? s.fit->progress() : 0);
  const double answers = static_cast<double>(s.rows_done) / static_cast<double>(s.n_rows);
  return 0.5 * fits / static_cast<double>(s.n_folds + 1) + 0.5 * answers;
}

TrainingOutcome PopulationTraining::take() {
  State& s = *state_;
  TrainingOutcome outcome;
  for (const OnePerson& p : s.persons) {
    outcome.sizes.train += p.sizes.train;
    outcome.sizes.validation += p.sizes.validation;
    outcome.sizes.test += p.sizes.test;
  }
  const auto persistence = [](const OnePerson& p, std::size_t i, std::size_t) { return p.samples[i].rich[0]; };
  const auto linear = [&](const OnePerson& p, std::size_t i, std::size_t k) {
    std::array<float, kMaxHorizons> out;
    s.models[p.fold].predict_linear(p.samples[i].rich, s.options.n_horizons, out.data());
    return out[k];
  };
  const auto said = [](const OnePerson& p, std::size_t i, std::size_t k) { return p.said[i].mg_dl[k]; };
  const Algorithm stored = s.share > 0 ? Algorithm::trees : Algorithm::population;
  const auto add = [&](Algorithm algorithm, const auto& say) {
    Candidate c{algorithm, s.measure_split(Split::validation, say), 0, true};
    c.rmse = mean_of(c.validation, &Metrics::rmse);
    outcome.candidates.push_back(std::move(c));
  };
  add(Algorithm::persistence, persistence);
  add(Algorithm::ridge, linear);
  add(stored, said);
  outcome.candidates.back().within_chance = outcome.candidates.back().rmse < 1.02 * outcome.candidates.front().rmse;
  for (const Split split : {Split::train, Split::validation, Split::test})
    outcome.metrics[static_cast<std::size_t>(split)] = s.measure_split(split, said);
  outcome.persistence_test = s.measure_split(Split::test, persistence);
  outcome.model.algorithm = stored;
  outcome.model.horizons_min = s.horizons_min;
  outcome.model.intervals = s.pooled_intervals();
  outcome.model.predictor = std::move(s.models.back());
  judge(outcome);
  return outcome;
}

}  // namespace glucose
