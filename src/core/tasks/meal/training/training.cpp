// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/tasks/meal/training/fit.hpp"
#include "core/tasks/meal/training/quality.hpp"
#include "core/tasks/meal/training/replay.hpp"

namespace glucose {

namespace {

constexpr std::size_t kEnoughForTrees = 150;  // train rows; 'auto' does not try trees on fewer

std::vector<Algorithm> candidates_of(Algorithm algorithm, bool with_trees) {
  if (algorithm == Algorithm::automatic) {
    std::vector<Algorithm> all{Algorithm::persistence, Algorithm::mean, Algorithm::ridge,
                               Algorithm::lad,         Algorithm::lstm, Algorithm::personal};
    if (with_trees) all.push_back(Algorithm::trees);
    return all;
  }
  // Persistence is always measured too: every model is judged against it.
  if (algorithm == Algorithm::persistence) return {algorithm};
  return {Algorithm::persistence, algorithm};
}

constexpr std::size_t kJudgedPerStep = 8;
constexpr std::size_t kMemoryBytes = std::size_t{2} << 20;  // a memory's meals and their factors

// Of progress: fitting, fitting again, and measuring.
constexpr double kFirstFits = 0.6, kLastFits = 0.3, kMeasuring = 0.1;

bool remembers(const Member& member) {
  const auto* model = std::get_if<PopulationModel>(&member);
  return model != nullptr && !model->kernel.is_empty();
}

}  // namespace

struct Training::State {
  enum class Phase { fitting, validating, refitting, measuring, judging, done };

  std::vector<Sample> samples;
  SplitSizes sizes;
  TrainOptions options;
  Algorithm wanted;
  std::vector<Algorithm> queue;
  Phase phase = Phase::fitting;
  std::optional<PopulationModel> population;  // what a personal model stands on
  std::optional<LstmModel> network;           // what a network begins with
  float share_of_network = 0;                 // how much it counts in the population's forecasts
  Intervals population_intervals;
  const BoostingApi* boosting = nullptr;
  std::unique_ptr<Fit> fit;      // the one under way
  Predictor asked;               // who is asked about rows
  std::optional<Replay> replay;  // of these rows
  std::vector<int> horizons_min;
  std::vector<Member> fitted;
  std::vector<int> best_epochs;              // as fitted; 0 where there are none
  std::vector<bool> settled;                 // whether they stay as they were fitted
  std::optional<Weighing> weighing;          // of the candidates so far
  std::vector<Member> refitted;              // of the chosen
  std::vector<PointForecast> recalled_said;  // what the candidate with a memory had said of the learnt rows
  std::vector<NetworkCourse> courses;
  std::string_view network_note;  // what the trained network is
  Predictor final_predictor;
  Intervals intervals;
  Memory memory;
  Forecasts served;        // medians of the test rows
  std::size_t judged = 0;  // rows
  std::array<std::vector<Metrics>, 3> metrics;

  Samples all() const { return samples; }
  Samples train() const { return all().first(static_cast<std::size_t>(sizes.train)); }
  Samples validation() const {
    return all().subspan(static_cast<std::size_t>(sizes.train), static_cast<std::size_t>(sizes.validation));
  }
  Samples test() const { return all().last(static_cast<std::size_t>(sizes.test)); }
  Samples learnt() const { return all().first(static_cast<std::size_t>(sizes.train + sizes.validation)); }
  Foundations foundations() const {
    return {population ? &*population : nullptr, boosting, network ? &*network : nullptr};
  }

  void note_course(bool serves) {
    if (const LstmCourse* course = fit->course()) courses.push_back({serves, *course});
  }

  void fit_step() {
    if (!fit) {
      fit = make_fit(queue[weighing->size()], train(), validation(), options, foundations());
    } else if (!fit->done()) {
      fit->step();
    } else {
      best_epochs.push_back(fit->best_epoch());
      note_course(false);
      if (queue[weighing->size()] == Algorithm::lstm)
        network_note = !network ? "own" : fit->settled() ? "population" : "fine-tuned";
      settled.push_back(!refits(queue[weighing->size()]) || fit->settled());
      fitted.push_back(fit->take());
      // A memory is filled by the rows before; other models have learnt from them and say nothing new about them.
      asked = as_predictor(fitted.back());
      replay.emplace(remembers(fitted.back()) ? learnt() : validation(), asked, horizons_min);
      phase = Phase::validating;
    }
  }

  void validate_step() {
    if (!replay->done()) return replay->step();
    const std::size_t n = validation().size();
    const Algorithm algorithm = queue[weighing->size()];
    weighing->add(algorithm, replay->answers(replay->said().size() - n, n));
    if (algorithm == Algorithm::personal) recalled_said = replay->said();
    fit.reset();
    phase = Phase::fitting;
    if (weighing->size() == queue.size()) choose();
  }

  // The last in the queue is the one asked for.
  void choose() {
    if (wanted == Algorithm::automatic)
      weighing->choose_blend(population.has_value(), share_of_network);
    else
      weighing->choose_last();
    metrics[static_cast<std::size_t>(Split::validation)] = (*weighing)[weighing->winner()].validation;
    phase = Phase::refitting;
  }

  void refit_step() {
    if (refitted.size() == weighing->chosen().size()) return measure_final();
    const std::size_t next = weighing->chosen()[refitted.size()];
    const Algorithm algorithm = (*weighing)[next].algorithm;
    if (settled[next]) {
      refitted.push_back(std::move(fitted[next]));
    } else if (!fit) {
      TrainOptions again = options;
      if (best_epochs[next] > 0) again.epochs = best_epochs[next];
      fit = make_fit(algorithm, learnt(), {}, again, foundations());
    } else if (!fit->done()) {
      fit->step();
    } else {
      note_course(true);
      refitted.push_back(fit->take());
      fit.reset();
    }
  }

  void measure_final() {
    if (refitted.size() == 1) {
      final_predictor = as_predictor(refitted.front());
    } else {
      Ensemble ensemble{{}, refitted, weighing->weights()};
      for (const std::size_t c : weighing->chosen()) ensemble.algorithms.push_back((*weighing)[c].algorithm);
      final_predictor = std::move(ensemble);
    }
    phase = Phase::measuring;
    replay.emplace(all(), final_predictor, horizons_min);
  }

  void measure_step() {
    if (!replay->done()) return replay->step();
    metrics[static_cast<std::size_t>(Split::train)] = measure_all(replay->answers(0, train().size()), train());
    served.resize(horizons_min.size());
    intervals = !population_intervals.scale.empty() ? population_intervals : prior_intervals(horizons_min);
    phase = Phase::judging;
  }

  /// Outcome minus what had been said of a row by who had not learnt from it; NaN where there was nobody.
  float honest_residual(std::size_t i, std::size_t k) const {
    const auto n_train = static_cast<std::size_t>(sizes.train);
    if (i >= learnt().size()) return samples[i].targets[k] - replay->said()[i].mg_dl[k];
    if (i >= n_train) return samples[i].targets[k] - weighing->said(weighing->winner())[k][i - n_train];
    const bool recalls = std::any_of(weighing->chosen().begin(), weighing->chosen().end(),
                                     [&](std::size_t c) { return (*weighing)[c].algorithm == Algorithm::personal; });
    return recalls ? samples[i].targets[k] - recalled_said[i].mg_dl[k] : kUnknown;
  }

  /// The intervals are the population's where there is one, else what is known beforehand; the memory's scores say how
  /// well the person keeps to them. A few rows a step, each with the memory there would have been.
  void judge_step() {
    const std::size_t K = horizons_min.size();
    for (std::size_t n = 0; n < kJudgedPerStep && judged < samples.size(); ++n, ++judged) {
      const PointForecast& now = replay->said()[judged];
      memory.meals.push_back(remember(samples[judged], now, K));
      std::array<float, kMaxHorizons> said;  // then, by who had not learnt from it
      for (std::size_t k = 0; k < K; ++k) said[k] = samples[judged].targets[k] - honest_residual(judged, k);
      const auto median =
          score_last(intervals, memory.meals, horizons_min, said, now.variance, samples[judged].targets);
      const bool persists = std::holds_alternative<Persistence>(final_predictor);
      for (std::size_t k = 0; k < K && judged >= learnt().size(); ++k)
        served[k].push_back(persists ? said[k] : median[k]);
    }
    if (judged == samples.size()) {
      metrics[static_cast<std::size_t>(Split::test)] = measure_all(served, test());
      phase = Phase::done;
    }
    if (memory.meals.size() >= 2 * kRememberedMeals || (phase == Phase::done && memory.meals.size() > kRememberedMeals))
      memory.meals.erase(memory.meals.begin(), memory.meals.end() - kRememberedMeals);
  }

  double progress() const {
    const double under_way = fit ? fit->progress() : 0;
    const auto share = [](std::size_t part, std::size_t of) {
      return static_cast<double>(part) / static_cast<double>(of);
    };
    switch (phase) {
      case Phase::fitting:
      case Phase::validating:
        return kFirstFits * (share(weighing->size(), queue.size()) + under_way / static_cast<double>(queue.size()));
      case Phase::refitting: {
        const std::size_t of = weighing->chosen().size();
        return kFirstFits + kLastFits * (share(refitted.size(), of) + under_way / static_cast<double>(of));
      }
      case Phase::measuring:
        return kFirstFits + kLastFits + kMeasuring / 2 * share(replay->said().size(), samples.size());
      case Phase::judging:
        return kFirstFits + kLastFits + kMeasuring / 2 * (1 + share(judged, samples.size()));
      case Phase::done:
        break;
    }
    return 1;
  }
};

Training::Training(std::vector<Sample> samples, Algorithm algorithm, const TrainOptions& options,
                   std::size_t memory_cap, const Model* population, const BoostingApi* boosting)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.samples = std::move(samples);
  s.sizes = split_sizes(s.samples);
  if (s.sizes.train == 0 || s.sizes.validation == 0 || s.sizes.test == 0)
    throw Error(ErrorCode::too_little_history, "meals at one moment leave no rows to validate or test on");
  s.options = options;
  s.weighing.emplace(s.validation(), static_cast<std::size_t>(options.n_horizons));
  s.wanted = algorithm;
  s.horizons_min.assign(options.horizons_min.begin(), options.horizons_min.begin() + options.n_horizons);
  if (population != nullptr) {
    const PopulationModel* of_all = population_of(population->predictor);
    if (of_all != nullptr) s.population = *of_all;
    const LstmModel* network = network_of(population->predictor);
    if (network != nullptr && network->has_shape_of(options)) s.network = *network;
    s.share_of_network = s.network ? share_of_network(population->predictor) : 0;
    // How sure a model is, the population knows of models of its own kind.
    if (of_all != nullptr ? algorithm != Algorithm::lstm : algorithm == Algorithm::lstm)
      s.population_intervals = population->intervals;
  }
  s.boosting = boosting;
  s.queue = candidates_of(algorithm, boosting != nullptr && s.train().size() >= kEnoughForTrees);
  std::size_t of_fit = 0;
  for (const Algorithm candidate : s.queue)
    of_fit = std::max(of_fit, fit_bytes_needed(candidate, s.samples.size(), options) +
                                  (candidate == Algorithm::personal ? kMemoryBytes : 0));
  const std::size_t of_row = sizeof(Sample) + 2 * sizeof(PointForecast) + sizeof(float) * kMaxHorizons * s.queue.size();
  const std::size_t needed = s.samples.size() * of_row + of_fit;
  if (needed > memory_cap)
    throw Error(ErrorCode::out_of_memory,
                "training would need " + std::to_string(needed >> 10) + " kB, more than glucose.max_train_memory",
                "Raise glucose.max_train_memory, or train with fewer meals or smaller layers.");
}

Training::~Training() = default;
Training::Training(Training&&) noexcept = default;

bool Training::done() const {
  return state_->phase == State::Phase::done;
}

void Training::step() {
  switch (state_->phase) {
    case State::Phase::fitting:
      return state_->fit_step();
    case State::Phase::validating:
      return state_->validate_step();
    case State::Phase::refitting:
      return state_->refit_step();
    case State::Phase::measuring:
      return state_->measure_step();
    case State::Phase::judging:
      return state_->judge_step();
    case State::Phase::done:
      return;
  }
}

double Training::progress() const {
  return state_->progress();
}

int Training::epoch() const {
  return state_->fit ? state_->fit->epoch() : 0;
}

double Training::best_validation_rmse() const {
  double best = std::numeric_limits<double>::infinity();
  const Weighing& weighing = *state_->weighing;
  for (std::size_t c = 0; c < weighing.size(); ++c) best = std::min(best, weighing[c].rmse);
  return best;
}

TrainingOutcome Training::take() {
  State& s = *state_;
  TrainingOutcome outcome;
  outcome.sizes = s.sizes;
  outcome.model.algorithm = (*s.weighing)[s.weighing->winner()].algorithm;
  outcome.model.horizons_min = s.horizons_min;
  outcome.network = s.network_note;
  outcome.courses = std::move(s.courses);
  outcome.metrics = std::move(s.metrics);
  const Predictor nothing_learnt = Persistence{};
  Replay persistence(s.test(), nothing_learnt, s.horizons_min);
  while (!persistence.done()) persistence.step();
  outcome.persistence_test = measure_all(persistence.answers(0, s.test().size()), s.test());
  s.replay.reset();
  outcome.model.predictor = std::move(s.final_predictor);
  outcome.model.intervals = std::move(s.intervals);
  outcome.model.memory = std::move(s.memory);
  outcome.candidates = s.weighing->take();
  judge(outcome);
  return outcome;
}

}  // namespace glucose
