// SPDX-License-Identifier: PostgreSQL
#include "core/training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.hpp"
#include "core/fit.hpp"
#include "core/quality.hpp"

namespace glucose {

namespace {

std::vector<Algorithm> candidates_of(Algorithm algorithm) {
  if (algorithm == Algorithm::automatic)
    return {Algorithm::persistence, Algorithm::mean, Algorithm::ridge, Algorithm::lad, Algorithm::lstm};
  // Persistence is always measured too: every model is judged against it.
  if (algorithm == Algorithm::persistence) return {algorithm};
  return {Algorithm::persistence, algorithm};
}

// Standard errors of a paired difference: less may well be luck.
constexpr double kBeyondChance = 2;

using Forecasts = std::vector<std::vector<float>>;  // [K][N]

constexpr std::size_t kRowsPerStep = 8;  // of the widest network: a few milliseconds

/// Forecasts of rows, some rows a step: asking a network about a thousand meals takes tens of milliseconds.
struct Asking {
  Samples rows;
  Forecasts answers;
  std::size_t next = 0;

  Asking() = default;
  Asking(Samples which, int K) : rows(which), answers(static_cast<std::size_t>(K), std::vector<float>(which.size())) {}
  bool done() const { return next == rows.size(); }
  void step(const Predictor& predictor) {
    std::array<float, kMaxHorizons> one;
    const std::size_t last = std::min(next + kRowsPerStep, rows.size());
    for (; next < last; ++next) {
      predict(predictor, rows[next].features, static_cast<int>(answers.size()), one.data());
      for (std::size_t k = 0; k < answers.size(); ++k) answers[k][next] = one[k];
    }
  }
};

std::vector<float> outcomes(Samples rows, std::size_t k) {
  std::vector<float> y;
  for (const Sample& row : rows) y.push_back(row.targets[k]);
  return y;
}

double mean_rmse(const std::vector<Metrics>& metrics) {
  double sum = 0;
  for (const Metrics& m : metrics) sum += m.rmse;
  const double mean = sum / static_cast<double>(metrics.size());
  return std::isfinite(mean) ? mean : std::numeric_limits<double>::infinity();
}

std::vector<Metrics> measure_all(const Forecasts& forecast, Samples rows) {
  std::vector<Metrics> metrics;
  for (std::size_t k = 0; k < forecast.size(); ++k) metrics.push_back(measure(forecast[k], outcomes(rows, k)));
  return metrics;
}

Intervals intervals_from(const Forecasts& forecast, Samples rows) {
  Intervals intervals;
  intervals.n = static_cast<int>(rows.size());
  for (std::size_t k = 0; k < forecast.size(); ++k) {
    std::vector<float> residuals = outcomes(rows, k);
    for (std::size_t i = 0; i < residuals.size(); ++i) residuals[i] -= forecast[k][i];
    const Offsets offsets = interval_offsets(residuals);
    intervals.below.push_back(offsets.below);
    intervals.above.push_back(offsets.above);
  }
  return intervals;
}

}  // namespace

std::vector<Metrics> measure_rows(const Predictor& predictor, Samples rows, int horizons) {
  Asking asking(rows, horizons);
  while (!asking.done()) asking.step(predictor);
  return measure_all(asking.answers, rows);
}

struct Training::State {
  enum class Phase { fitting, validating, refitting, measuring, done };

  std::vector<Sample> samples;
  SplitSizes sizes;
  TrainOptions options;
  Algorithm wanted;
  std::vector<Algorithm> queue;
  Phase phase = Phase::fitting;
  std::unique_ptr<Fit> fit;  // the one under way
  Asking asking;             // the rows it is asked about afterwards
  std::vector<Predictor> fitted;
  std::vector<int> best_epochs;  // as fitted; 0 where there are none
  std::vector<Forecasts> validated;
  std::vector<Candidate> candidates;
  std::size_t winner = 0;
  Predictor final_predictor;
  Intervals intervals;
  std::array<std::vector<Metrics>, 3> metrics;

  Samples all() const { return samples; }
  Samples train() const { return all().first(static_cast<std::size_t>(sizes.train)); }
  Samples validation() const {
    return all().subspan(static_cast<std::size_t>(sizes.train), static_cast<std::size_t>(sizes.validation));
  }
  Samples test() const { return all().last(static_cast<std::size_t>(sizes.test)); }
  Samples learnt() const { return all().first(static_cast<std::size_t>(sizes.train + sizes.validation)); }

  void fit_step() {
    if (!fit) {
      fit = make_fit(queue[candidates.size()], train(), validation(), options);
    } else if (!fit->done()) {
      fit->step();
    } else {
      best_epochs.push_back(fit->best_epoch());
      fitted.push_back(fit->take());
      asking = Asking(validation(), options.n_horizons);
      phase = Phase::validating;
    }
  }

  void validate_step() {
    if (!asking.done()) return asking.step(fitted.back());
    Candidate candidate{queue[candidates.size()], measure_all(asking.answers, validation()), 0};
    candidate.rmse = mean_rmse(candidate.validation);
    candidates.push_back(std::move(candidate));
    validated.push_back(std::move(asking.answers));
    fit.reset();
    phase = Phase::fitting;
    if (candidates.size() == queue.size()) choose();
  }

  /// Squared errors of a candidate on the validation rows, mean over horizons: [N].
  std::vector<double> squared_errors(std::size_t candidate) const {
    std::vector<double> errors(validation().size(), 0.0);
    for (std::size_t k = 0; k < validated[candidate].size(); ++k)
      for (std::size_t i = 0; i < errors.size(); ++i)
        errors[i] += std::pow(static_cast<double>(validated[candidate][k][i] - validation()[i].targets[k]), 2) /
                     options.n_horizons;
    return errors;
  }

  /// Whether a candidate's errors are smaller than another's by more than kBeyondChance standard errors of the paired
  /// differences.
  bool clearly_better(std::size_t candidate, std::size_t other) const {
    if (!(candidates[candidate].rmse < candidates[other].rmse)) return false;
    std::vector<double> gain = squared_errors(other);
    const std::vector<double> mine = squared_errors(candidate);
    const double n = static_cast<double>(gain.size());
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < gain.size(); ++i) sum += gain[i] -= mine[i];
    for (const double g : gain) squares += std::pow(g - sum / n, 2);
    return n > 1 && sum > kBeyondChance * std::sqrt(squares * n / (n - 1));
  }

  /// Validation may be six meals: the smallest error of five candidates there is mostly luck. So the candidates are
  /// asked in the order in which they deserve trust, and a later one takes over only when it is clearly better. None
  /// that is clearly worse than persistence is taken.
  std::size_t best_candidate() const {
    constexpr std::array<Algorithm, 5> kTrust{Algorithm::ridge, Algorithm::lad, Algorithm::lstm, Algorithm::mean,
                                              Algorithm::persistence};
    std::size_t best = candidates.size();
    for (const Algorithm algorithm : kTrust) {
      const auto next = static_cast<std::size_t>(std::find(queue.begin(), queue.end(), algorithm) - queue.begin());
      const double rmse = candidates[next].rmse;
      if (!std::isfinite(rmse) || clearly_better(0, next)) continue;
      if (algorithm != Algorithm::persistence && rmse == candidates.front().rmse) continue;  // it has learnt nothing
      if (best == candidates.size() || clearly_better(next, best)) best = next;
    }
    return best == candidates.size() ? 0 : best;
  }

  // The last in the queue is the one asked for.
  void choose() {
    winner = wanted == Algorithm::automatic ? best_candidate() : candidates.size() - 1;
    for (std::size_t i = 0; i < candidates.size(); ++i)
      candidates[i].within_chance = std::isfinite(candidates[i].rmse) && !clearly_better(0, i);
    intervals = intervals_from(validated[winner], validation());
    metrics[static_cast<std::size_t>(Split::validation)] = candidates[winner].validation;
    phase = Phase::refitting;
    if (refits(candidates[winner].algorithm))
      fit = make_fit(candidates[winner].algorithm, learnt(), {}, options_of_refit());
    else
      measure_final(std::move(fitted[winner]));
  }

  TrainOptions options_of_refit() const {
    TrainOptions again = options;
    if (best_epochs[winner] > 0) again.epochs = best_epochs[winner];
    return again;
  }

  void refit_step() {
    if (!fit->done()) return fit->step();
    Predictor predictor = fit->take();
    fit.reset();
    measure_final(std::move(predictor));
  }

  void measure_final(Predictor predictor) {
    final_predictor = std::move(predictor);
    phase = Phase::measuring;
    asking = Asking(train(), options.n_horizons);
  }

  void measure_step() {
    if (!asking.done()) return asking.step(final_predictor);
    auto& of_train = metrics[static_cast<std::size_t>(Split::train)];
    if (of_train.empty()) {
      of_train = measure_all(asking.answers, train());
      asking = Asking(test(), options.n_horizons);
      return;
    }
    metrics[static_cast<std::size_t>(Split::test)] = measure_all(asking.answers, test());
    phase = Phase::done;
  }
};

Training::Training(std::vector<Sample> samples, Algorithm algorithm, const TrainOptions& options,
                   std::size_t memory_cap)
    : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.samples = std::move(samples);
  s.sizes = split_sizes(s.samples);
  if (s.sizes.train == 0 || s.sizes.validation == 0 || s.sizes.test == 0)
    throw Error(ErrorCode::too_little_history, "meals at one moment leave no rows to validate or test on");
  s.options = options;
  s.wanted = algorithm;
  s.queue = candidates_of(algorithm);
  std::size_t of_fit = 0;
  for (const Algorithm candidate : s.queue)
    of_fit = std::max(of_fit, fit_bytes_needed(candidate, s.samples.size(), options));
  const std::size_t needed = s.samples.size() * sizeof(Sample) + of_fit;
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
    case State::Phase::done:
      return;
  }
}

double Training::progress() const {
  const State& s = *state_;
  if (done()) return 1;
  const double under_way = s.phase == State::Phase::measuring ? 1 : s.fit ? s.fit->progress() : 0;
  return (static_cast<double>(s.candidates.size()) + under_way) / static_cast<double>(s.queue.size() + 1);
}

int Training::epoch() const {
  return state_->fit ? state_->fit->epoch() : 0;
}

double Training::best_validation_rmse() const {
  double best = std::numeric_limits<double>::infinity();
  for (const Candidate& candidate : state_->candidates) best = std::min(best, candidate.rmse);
  return best;
}

TrainingOutcome Training::take() {
  State& s = *state_;
  TrainingOutcome outcome;
  const int K = s.options.n_horizons;
  outcome.sizes = s.sizes;
  outcome.model.algorithm = s.candidates[s.winner].algorithm;
  outcome.model.horizons_min.assign(s.options.horizons_min.begin(), s.options.horizons_min.begin() + K);
  outcome.metrics = std::move(s.metrics);
  outcome.persistence_test = measure_rows(Persistence{}, s.test(), K);
  outcome.model.predictor = std::move(s.final_predictor);
  outcome.model.intervals = std::move(s.intervals);
  outcome.candidates = std::move(s.candidates);
  judge(outcome);
  return outcome;
}

}  // namespace glucose
