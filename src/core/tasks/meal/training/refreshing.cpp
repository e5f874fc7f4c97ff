// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/refreshing.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/error.hpp"
#include "core/tasks/meal/training/fit.hpp"
#include "core/tasks/meal/training/quality.hpp"
#include "core/tasks/meal/training/replay.hpp"

namespace glucose {

namespace {

constexpr std::size_t kJudgedPerStep = 8;
constexpr std::size_t kMemoryBytes = std::size_t{2} << 20;  // a memory's meals and their factors, of each replay

bool is_own(Algorithm algorithm) {
  return algorithm == Algorithm::mean || algorithm == Algorithm::ridge || algorithm == Algorithm::lad;
}

std::vector<Algorithm> algorithms_of(const Model& model) {
  const auto* ensemble = std::get_if<Ensemble>(&model.predictor);
  return ensemble != nullptr ? ensemble->algorithms : std::vector<Algorithm>{model.algorithm};
}

}  // namespace

/// [fit the members that are the person's own →] [what the active model said →] what the refreshed one says → remember.
struct Refreshing::State {
  enum class Phase { fitting, asking_active, asking, judging, done };

  std::vector<Sample> samples;
  SplitSizes sizes;
  const Model* active;
  Micros learnt_until;  // by the active model
  TrainOptions options;
  std::vector<Algorithm> algorithms;  // [M]
  Phase phase = Phase::fitting;
  std::size_t member = 0;
  std::unique_ptr<Fit> fit;  // the one under way
  Model model;               // the refreshed one
  bool learns = false;       // some of its weights are learnt from these rows
  std::optional<Replay> before, now;
  Forecasts served;        // medians of the test rows
  std::size_t judged = 0;  // rows
  std::array<std::vector<Metrics>, 3> metrics;

  Samples all() const { return samples; }
  std::size_t n_learnt() const { return static_cast<std::size_t>(sizes.train + sizes.validation); }
  Samples test() const { return all().subspan(n_learnt()); }

  void fit_step() {
    if (member == algorithms.size()) {
      start_asking();
    } else if (!is_own(algorithms[member])) {
      ++member;
    } else if (!fit) {
      fit = make_fit(algorithms[member], all().first(n_learnt()), {}, options, {});
    } else if (!fit->done()) {
      fit->step();
    } else {
      put(fit->take());
      fit.reset();
      ++member;
    }
  }

  void put(Member fitted) {
    if (auto* ensemble = std::get_if<Ensemble>(&model.predictor))
      ensemble->members[member] = std::move(fitted);
    else
      model.predictor = as_predictor(std::move(fitted));
  }

  // What the active model said counts for rows that the refreshed one has learnt from and it has not: see honest().
  void start_asking() {
    if (learns && samples[n_learnt() - 1].eaten_at > learnt_until) {
      before.emplace(all(), active->predictor, model.horizons_min);
      phase = Phase::asking_active;
    } else {
      now.emplace(all(), model.predictor, model.horizons_min);
      phase = Phase::asking;
    }
  }

  void ask_step(Replay& replay, Phase next) {
    if (!replay.done()) return replay.step();
    if (next == Phase::asking) now.emplace(all(), model.predictor, model.horizons_min);
    if (next == Phase::judging) {
      const auto n_train = static_cast<std::size_t>(sizes.train);
      metrics[static_cast<std::size_t>(Split::train)] = measure_all(now->answers(0, n_train), all().first(n_train));
    }
    phase = next;
  }

  /// What was said of a row by who had not learnt from it; nullptr: there was nobody.
  const PointForecast* honest(std::size_t i) const {
    if (!learns || i >= n_learnt()) return &now->said()[i];
    if (samples[i].eaten_at > learnt_until) return &before->said()[i];
    return nullptr;
  }

  /// Of meals that both have learnt from, what the active model remembers of how far off it was beforehand.
  void recall_score(RememberedMeal& meal) const {
    const auto& known = active->memory.meals;
    const auto found = std::partition_point(known.begin(), known.end(),
                                            [&](const RememberedMeal& m) { return m.eaten_at < meal.eaten_at; });
    if (found == known.end() || found->eaten_at != meal.eaten_at) return;
    meal.score = found->score;
    meal.rank = found->rank;
  }

  /// A few rows a step, each with the memory there would have been.
  void judge_step() {
    const std::size_t K = model.horizons_min.size();
    std::array<float, kMaxHorizons> unknown;
    unknown.fill(kUnknown);
    auto& meals = model.memory.meals;
    for (std::size_t n = 0; n < kJudgedPerStep && judged < samples.size(); ++n, ++judged) {
      const PointForecast* said = honest(judged);
      meals.push_back(remember(samples[judged], now->said()[judged], K));
      const auto median =
          score_last(model.intervals, meals, model.horizons_min, said != nullptr ? said->mg_dl : unknown,
                     now->said()[judged].variance, samples[judged].targets);
      if (said == nullptr) recall_score(meals.back());
      for (std::size_t k = 0; k < K && judged >= n_learnt(); ++k) served[k].push_back(median[k]);
    }
    if (judged == samples.size()) {
      metrics[static_cast<std::size_t>(Split::test)] = measure_all(served, test());
      phase = Phase::done;
    }
    if (meals.size() >= 2 * kRememberedMeals || (phase == Phase::done && meals.size() > kRememberedMeals))
      meals.erase(meals.begin(), meals.end() - kRememberedMeals);
  }
};

Refreshing::Refreshing(std::vector<Sample> samples, const Model& active, Micros learnt_until,
                       const TrainOptions& options, std::size_t memory_cap)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.samples = std::move(samples);
  s.sizes = split_sizes(s.samples);
  if (s.sizes.train == 0 || s.sizes.validation == 0 || s.sizes.test == 0)
    throw Error(ErrorCode::too_little_history, "meals at one moment leave no rows to validate or test on");
  s.active = &active;
  s.learnt_until = learnt_until;
  s.options = options;
  s.algorithms = algorithms_of(active);
  s.learns = std::any_of(s.algorithms.begin(), s.algorithms.end(), is_own);
  if (!s.learns && population_of(active.predictor) == nullptr)
    throw Error(ErrorCode::not_available,
                "nothing of a model of algorithm \"" + std::string(name_of(active.algorithm)) +
                    "\" is learnt between trainings",
                "Train the model anew.");
  std::size_t of_fit = 0;
  for (const Algorithm algorithm : s.algorithms)
    if (is_own(algorithm)) of_fit = std::max(of_fit, fit_bytes_needed(algorithm, s.samples.size(), options));
  const std::size_t needed =
      s.samples.size() * (sizeof(Sample) + 2 * sizeof(PointForecast)) + of_fit + 2 * kMemoryBytes;
  if (needed > memory_cap)
    throw Error(ErrorCode::out_of_memory,
                "an update would need " + std::to_string(needed >> 10) + " kB, more than glucose.max_train_memory",
                "Raise glucose.max_train_memory, or train with fewer meals.");
  s.model = active;
  s.model.memory.meals.clear();
  s.served.resize(s.model.horizons_min.size());
}

Refreshing::~Refreshing() = default;
Refreshing::Refreshing(Refreshing&&) noexcept = default;

bool Refreshing::done() const {
  return state_->phase == State::Phase::done;
}

void Refreshing::step() {
  switch (state_->phase) {
    case State::Phase::fitting:
      return state_->fit_step();
    case State::Phase::asking_active:
      return state_->ask_step(*state_->before, State::Phase::asking);
    case State::Phase::asking:
      return state_->ask_step(*state_->now, State::Phase::judging);
    case State::Phase::judging:
      return state_->judge_step();
    case State::Phase::done:
      return;
  }
}

double Refreshing::progress() const {
  constexpr auto kPhases = static_cast<double>(State::Phase::done);
  return static_cast<double>(state_->phase) / kPhases;
}

TrainingOutcome Refreshing::take() {
  State& s = *state_;
  TrainingOutcome outcome;
  outcome.sizes = s.sizes;
  outcome.metrics = std::move(s.metrics);
  const Predictor nothing_learnt = Persistence{};
  Replay persistence(s.test(), nothing_learnt, s.model.horizons_min);
  while (!persistence.done()) persistence.step();
  const Forecasts stays = persistence.answers(0, s.test().size());
  outcome.persistence_test = measure_all(stays, s.test());
  // Nothing was chosen on validation: it is judged by the rows that nothing was learnt from.
  Weighing weighing(s.test(), s.model.horizons_min.size());
  weighing.add(Algorithm::persistence, stays);
  weighing.add(s.model.algorithm, std::move(s.served));
  weighing.choose_last();
  outcome.model = std::move(s.model);
  outcome.candidates = weighing.take();
  judge(outcome);
  outcome.candidates.clear();
  return outcome;
}

}  // namespace glucose
