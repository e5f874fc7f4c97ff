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

/// Forecasts of rows, horizon by horizon: [K][N].
std::vector<std::vector<float>> forecasts(const Predictor& predictor, Samples rows, int K) {
  std::vector<std::vector<float>> out(static_cast<std::size_t>(K), std::vector<float>(rows.size()));
  std::array<float, kMaxHorizons> one;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    predict(predictor, rows[i].features, K, one.data());
    for (std::size_t k = 0; k < out.size(); ++k) out[k][i] = one[k];
  }
  return out;
}

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

Intervals intervals_from(const Predictor& predictor, Samples rows, int K) {
  Intervals intervals;
  intervals.n = static_cast<int>(rows.size());
  const auto forecast = forecasts(predictor, rows, K);
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
  const auto forecast = forecasts(predictor, rows, horizons);
  std::vector<Metrics> metrics;
  for (std::size_t k = 0; k < forecast.size(); ++k) metrics.push_back(measure(forecast[k], outcomes(rows, k)));
  return metrics;
}

struct Training::State {
  std::vector<Sample> samples;
  SplitSizes sizes;
  TrainOptions options;
  Algorithm wanted;
  std::vector<Algorithm> queue;
  std::size_t next = 0;      // in queue
  std::unique_ptr<Fit> fit;  // the one under way
  bool refitting = false;
  std::vector<Predictor> fitted;
  std::vector<Candidate> candidates;
  std::size_t winner = 0;
  Predictor final_predictor;
  Intervals intervals;
  bool done = false;

  Samples all() const { return samples; }
  Samples train() const { return all().first(static_cast<std::size_t>(sizes.train)); }
  Samples validation() const {
    return all().subspan(static_cast<std::size_t>(sizes.train), static_cast<std::size_t>(sizes.validation));
  }
  Samples test() const { return all().last(static_cast<std::size_t>(sizes.test)); }
  Samples learnt() const { return all().first(static_cast<std::size_t>(sizes.train + sizes.validation)); }

  void begin_next() { fit = make_fit(queue[next], train(), validation(), options); }

  void compare() {
    fitted.push_back(fit->take());
    Candidate candidate{queue[next], measure_rows(fitted.back(), validation(), options.n_horizons), 0};
    candidate.rmse = mean_rmse(candidate.validation);
    candidates.push_back(candidate);
    fit.reset();
    ++next;
  }

  // The last in the queue is the one asked for; 'auto' takes the smallest validation error, the simpler one when equal.
  void choose() {
    winner = candidates.size() - 1;
    if (wanted == Algorithm::automatic) {
      const auto best = std::min_element(candidates.begin(), candidates.end(),
                                         [](const Candidate& a, const Candidate& b) { return a.rmse < b.rmse; });
      winner = static_cast<std::size_t>(best - candidates.begin());
    }
    intervals = intervals_from(fitted[winner], validation(), options.n_horizons);
    refitting = refits(candidates[winner].algorithm);
    if (refitting)
      fit = make_fit(candidates[winner].algorithm, learnt(), {}, options);
    else
      finish(std::move(fitted[winner]));
  }

  void finish(Predictor predictor) {
    final_predictor = std::move(predictor);
    done = true;
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
  std::size_t needed = s.samples.size() * sizeof(Sample);
  for (const Algorithm candidate : s.queue)
    needed = std::max(needed, fit_bytes_needed(candidate, s.samples.size(), options));
  if (needed > memory_cap)
    throw Error(ErrorCode::out_of_memory,
                "training would need " + std::to_string(needed >> 10) + " kB, more than glucose.max_train_memory",
                "Raise glucose.max_train_memory, or train with fewer meals or smaller layers.");
}

Training::~Training() = default;
Training::Training(Training&&) noexcept = default;

bool Training::done() const {
  return state_->done;
}

void Training::step() {
  State& s = *state_;
  if (s.refitting) {
    if (!s.fit->done())
      s.fit->step();
    else
      s.finish(s.fit->take());
  } else if (s.next == s.queue.size()) {
    s.choose();
  } else if (!s.fit) {
    s.begin_next();
  } else if (!s.fit->done()) {
    s.fit->step();
  } else {
    s.compare();
  }
}

double Training::progress() const {
  const State& s = *state_;
  if (s.done) return 1;
  const double under_way = s.fit ? s.fit->progress() : 0;
  const double finished = static_cast<double>(s.refitting ? s.queue.size() : s.next);
  return (finished + under_way) / static_cast<double>(s.queue.size() + 1);
}

TrainingOutcome Training::take() {
  State& s = *state_;
  TrainingOutcome outcome;
  const int K = s.options.n_horizons;
  outcome.sizes = s.sizes;
  outcome.model.algorithm = s.candidates[s.winner].algorithm;
  outcome.model.horizons_min.assign(s.options.horizons_min.begin(), s.options.horizons_min.begin() + K);
  outcome.metrics = {measure_rows(s.final_predictor, s.train(), K), s.candidates[s.winner].validation,
                     measure_rows(s.final_predictor, s.test(), K)};
  outcome.persistence_test = measure_rows(Persistence{}, s.test(), K);
  outcome.model.predictor = std::move(s.final_predictor);
  outcome.model.intervals = std::move(s.intervals);
  outcome.candidates = std::move(s.candidates);
  judge(outcome);
  return outcome;
}

}  // namespace glucose
