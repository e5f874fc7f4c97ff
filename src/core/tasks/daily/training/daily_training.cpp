// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/training/daily_training.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/math/gate.hpp"
#include "core/math/stacking.hpp"
#include "core/tasks/daily/models/row_follower.hpp"

namespace glucose {

namespace {

constexpr double kPopulationRows = 60, kPartRows = 20, kExpertRows = 30;  // what is known beforehand counts as so many
constexpr std::array<float, 7> kEtas{0, 0.05F, 0.1F, 0.2F, 0.4F, 0.8F, 1.6F};
constexpr std::array<float, 4> kShrinks{0, 60, 30, 15};  // 0: never
constexpr double kWorthIt = 0.002;  // of the error: less is not worth following a person's own days
constexpr float kFloor = 0.01F;     // what the last value and smoothing count at least
constexpr std::size_t kMostScores = 1000;
constexpr std::size_t kScoreFolds = 5;
constexpr std::size_t kFollowedAStep = 4096, kAskedAStep = 1024, kNetworkAskedAStep = 4;  // rows

std::vector<double> errors_of(const std::vector<std::vector<float>>& forecasts, const std::vector<float>& outcomes,
                              const std::vector<float>& weights) {
  std::vector<double> errors;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    float forecast = 0;
    for (std::size_t e = 0; e < weights.size(); ++e) forecast += weights[e] * forecasts[e][i];
    errors.push_back(std::abs(static_cast<double>(forecast - outcomes[i])));
  }
  return errors;
}

// Weights come of squared errors; what is said is to be right in the middle. Where one expert is beyond chance, as the
// last value of a device that smooths, all lean towards it. What is given outlives the steps.
Steps lean(const std::vector<std::vector<float>>& forecasts, const std::vector<float>& outcomes,
           std::vector<float>& weights) {
  const std::vector<float> stacked = weights;
  const std::vector<double> before = errors_of(forecasts, outcomes, stacked);
  double best = std::accumulate(before.begin(), before.end(), 0.0);
  for (std::size_t e = 0; e < stacked.size(); ++e)
    for (const float share : {0.25F, 0.5F, 0.75F}) {
      std::vector<float> tried = stacked;
      for (float& weight : tried) weight *= 1 - share;
      tried[e] += share;
      const std::vector<double> errors = errors_of(forecasts, outcomes, tried);
      const double sum = std::accumulate(errors.begin(), errors.end(), 0.0);
      if (sum < best && better_beyond_chance(errors, before)) best = sum, weights = tried;
      co_yield Pause{};
    }
}

double mean_absolute(const std::vector<float>& errors) {
  double sum = 0;
  for (const float e : errors) sum += std::abs(static_cast<double>(e));
  return errors.empty() ? 1 : std::max(sum / static_cast<double>(errors.size()), 1e-4);
}

/// Which naive forecast an algorithm is; none: it is none.
std::optional<Naive> naive_of(Algorithm a) {
  switch (a) {
    case Algorithm::persistence:
      return Naive::last;
    case Algorithm::moving_average:
      return Naive::moving_average;
    case Algorithm::exponential_smoothing:
      return Naive::smoothed;
    case Algorithm::mean:
      return Naive::mean;
    default:
      return std::nullopt;
  }
}

}  // namespace

DailyTraining::DailyTraining(const DailyRows& rows, Algorithm algorithm, const TrainOptions& options,
                             const DailyModel* population, const BoostingApi* boosting)
    : rows_(rows), algorithm_(algorithm), options_(options), population_(population), boosting_(boosting) {
  for (std::uint32_t i = 0; i < rows.size(); ++i) {
    all_.push_back(i);
    if (rows.split[i] == Split::train) train_.push_back(i);
    if (rows.split[i] == Split::validation) validation_.push_back(i);
    if (rows.split[i] != Split::test) both_.push_back(i);
  }
  trained_.model.subject = rows.subject;
  trained_.model.algorithm = algorithm;
  trained_.model.lookback = options.lookback_days;
  trained_.model.sequence = rows.sequence;
  plan();
  work_ = run();
}

void DailyTraining::plan() {
  const bool is_auto = algorithm_ == Algorithm::automatic;
  if (naive_of(algorithm_)) return;
  if (!is_auto) {
    plans_.push_back({algorithm_, algorithm_ == Algorithm::lad && rows_.persons == 1, options_.l2});
    return;
  }
  if (population_ != nullptr) {
    trained_.model.parts = population_->parts;
    trained_.stands_on_population = true;
  }
  plans_.push_back({Algorithm::ridge, true, options_.l2});
  if (population_ != nullptr || rows_.persons == 1) return;
  plans_.push_back({Algorithm::ridge, false, options_.l2});
  plans_.push_back({Algorithm::lad, true, options_.l2});
  if (boosting_ != nullptr) plans_.push_back({Algorithm::trees, false, -1});
}

void DailyTraining::choose_alpha() {
  if (population_ != nullptr) {
    trained_.model.alpha = population_->alpha;
    return;
  }
  double best = std::numeric_limits<double>::infinity();
  for (std::size_t a = 0; a < kAlphas.size(); ++a) {
    double sum = 0;
    for (const std::uint32_t i : both_)
      sum += std::abs(static_cast<double>(rows_.naive[i].smoothed[a] - rows_.target[i]));
    if (sum < best) best = sum, trained_.model.alpha = static_cast<int>(a);
  }
}

std::size_t DailyTraining::asked_a_step() const {
  const auto& parts = trained_.model.parts;
  const bool asks_network =
      std::any_of(parts.begin(), parts.end(), [](const DailyPart& p) { return p.network.has_value(); });
  return asks_network ? kNetworkAskedAStep : kAskedAStep;
}

Steps DailyTraining::ask_experts(const RowList& list, std::vector<Experts>& experts) const {
  experts.assign(rows_.size(), Experts{});
  const std::size_t most = asked_a_step();
  for (std::size_t k = 0; k < list.size(); ++k) {
    const std::uint32_t i = list[k];
    experts[i] = trained_.model.experts(rows_.columns(i), rows_.naive[i], rows_.sequence_of(i).data());
    if ((k + 1) % most == 0) co_yield Pause{};
  }
}

Micros DailyTraining::newest(const RowList& list) const {
  Micros at = list.empty() ? 0 : rows_.at[list.front()];
  for (const std::uint32_t i : list) at = std::max(at, rows_.at[i]);
  return at;
}

void DailyTraining::note_candidate(std::string name, const std::vector<float>& changes) {
  std::vector<float> forecast, outcome;
  for (std::size_t k = 0; k < validation_.size(); ++k) {
    const std::uint32_t i = validation_[k];
    forecast.push_back(from_model(rows_.level(i) + changes[k], rows_.is_log));
    outcome.push_back(rows_.target[i]);
  }
  const Metrics m = measure(forecast, outcome);
  trained_.candidates.push_back({std::move(name), m.mae, m.rmse});
  if (m.rmse < best_rmse_) best_rmse_ = m.rmse;
}

// How much each part counts in the forecast of all together.
Steps DailyTraining::weigh_parts() {
  DailyModel& model = trained_.model;
  const std::size_t n = model.parts.size(), most = asked_a_step();
  model.part_weights.assign(n, 0.0F);
  if (n == 0) co_return;
  std::vector<std::vector<float>> forecasts(n);
  std::vector<float> outcomes;
  for (const std::uint32_t i : validation_) outcomes.push_back(rows_.change(i));
  for (std::size_t p = 0; p < n; ++p) {
    for (const std::uint32_t i : validation_) {
      forecasts[p].push_back(model.parts[p].predict(rows_.columns(i), rows_.sequence_of(i).data()));
      if (forecasts[p].size() % most == 0) co_yield Pause{};
    }
    std::string name(name_of(model.parts[p].algorithm));
    if (model.parts[p].line.count > 0 && model.parts[p].line.count < kDailyFeatures) name += " of own values";
    if (p + plans_.size() < n) name += " of the population";
    note_candidate(std::move(name), forecasts[p]);
  }
  std::vector<float> prior(n, 1.0F / static_cast<float>(n));
  if (trained_.stands_on_population) {
    prior = population_->part_weights;
    prior.resize(n, 0.0F);
  }
  if (std::accumulate(prior.begin(), prior.end(), 0.0F) <= 0) prior.assign(n, 1.0F / static_cast<float>(n));
  model.part_weights =
      stacking_weights(forecasts, outcomes, prior, trained_.stands_on_population ? kPopulationRows : kPartRows);
}

Steps DailyTraining::weigh_experts() {
  DailyModel& model = trained_.model;
  if (const auto naive = naive_of(algorithm_)) {
    model.prior[static_cast<std::size_t>(*naive)] = 1;
    co_return;
  }
  if (algorithm_ != Algorithm::automatic) {
    model.prior[kTogether] = 1;
    co_return;
  }
  std::vector<Experts> experts;
  for (Steps work = ask_experts(validation_, experts); !work.done(); work.step()) co_yield Pause{};
  std::vector<std::vector<float>> forecasts(kExperts);
  std::vector<float> outcomes;
  for (const std::uint32_t i : validation_) {
    outcomes.push_back(rows_.change(i));
    for (std::size_t e = 0; e < kExperts; ++e) forecasts[e].push_back(experts[i][e]);
  }
  std::vector<float> prior{0.05F, 0.05F, 0.3F, 0.1F, 0.5F};
  if (population_ != nullptr) prior.assign(population_->prior.begin(), population_->prior.end());
  auto weights = stacking_weights(forecasts, outcomes, prior, population_ != nullptr ? kPopulationRows : kExpertRows);
  if (population_ == nullptr)
    for (Steps work = lean(forecasts, outcomes, weights); !work.done(); work.step()) co_yield Pause{};
  for (const Naive kind : {Naive::last, Naive::smoothed})
    weights[static_cast<std::size_t>(kind)] = std::max(weights[static_cast<std::size_t>(kind)], kFloor);
  const float sum = std::accumulate(weights.begin(), weights.end(), 0.0F);
  for (std::size_t e = 0; e < kExperts; ++e) model.prior[e] = weights[e] / sum;
}

// Goes through every person's days and measures those of a split, each by what was known before it. half_widths: of the
// intervals of those rows, in units of the spread; null: as the model's scores say.
Steps DailyTraining::follow(Split split, DailyMeasured& m, const std::vector<float>* half_widths) const {
  const DailyModel& model = trained_.model;
  const float usual = half_width(model.scores, kIntervalLevel);
  m = {};
  RowFollower followed(model, rows_);
  for (std::uint32_t i = 0; i < rows_.size(); ++i) {
    if (i > 0 && i % kFollowedAStep == 0) co_yield Pause{};
    if (rows_.split[i] > split) continue;
    const DailyFollower follower = followed.before(i);
    if (rows_.split[i] == split) {
      const float half = half_widths != nullptr ? (*half_widths)[m.score.size()] : usual;
      const DailyForecast f = daily_forecast(model, follower, experts_[i], rows_.level(i), half);
      m.forecast.push_back(f.value);
      m.lower.push_back(f.lower);
      m.upper.push_back(f.upper);
      m.outcome.push_back(rows_.target[i]);
      m.last.push_back(rows_.naive[i].last);
      m.person.push_back(rows_.person[i]);
      m.score.push_back(std::abs(rows_.change(i) - follower.forecast(experts_[i])) / follower.spread());
    }
    followed.note(i, experts_[i]);
  }
}

Steps DailyTraining::tune_follower() {
  DailyModel& model = trained_.model;
  if (algorithm_ != Algorithm::automatic) co_return;
  if (population_ != nullptr) {
    model.eta = population_->eta;
    model.shrink = population_->shrink;
    co_return;
  }
  struct Trial {
    float DailyModel::*number;
    float value;
  };
  std::vector<Trial> trials{{&DailyModel::eta, model.eta}};  // as it is, to begin with
  for (const float eta : kEtas) trials.push_back({&DailyModel::eta, eta});
  for (const float shrink : kShrinks) trials.push_back({&DailyModel::shrink, shrink});
  double best = std::numeric_limits<double>::infinity();
  for (const Trial& trial : trials) {
    const float before = model.*trial.number;
    model.*trial.number = trial.value;
    DailyMeasured measured;
    for (Steps work = follow(Split::validation, measured); !work.done(); work.step()) co_yield Pause{};
    const double tried = measured.errors().mae;
    if (&trial == trials.data() || tried < best * (1 - kWorthIt))
      best = tried;
    else
      model.*trial.number = before;
    co_yield Pause{};
  }
}

// Of each row by the scores that a model has which never saw its fold: persons where there are five, else stretches of
// time. So what is said of validation is of intervals that know nothing of the row.
std::vector<float> DailyTraining::half_widths_of_others(const DailyMeasured& m) const {
  const std::size_t n = m.score.size();
  const auto fold_of = [&](std::size_t i) {
    return rows_.persons >= static_cast<int>(kScoreFolds) ? static_cast<std::size_t>(m.person[i]) % kScoreFolds
                                                          : i * kScoreFolds / n;
  };
  std::array<float, kScoreFolds> half;
  for (std::size_t fold = 0; fold < kScoreFolds; ++fold) {
    std::vector<float> others = scores_beside();
    for (std::size_t i = 0; i < n; ++i)
      if (fold_of(i) != fold) others.push_back(m.score[i]);
    std::sort(others.begin(), others.end());
    half[fold] = half_width(others, kIntervalLevel);
  }
  std::vector<float> halves;
  for (std::size_t i = 0; i < n; ++i) halves.push_back(half[fold_of(i)]);
  return halves;
}

// A person's few scores stand beside the population's, which know the tails.
std::vector<float> DailyTraining::scores_beside() const {
  return population_ != nullptr ? population_->scores : std::vector<float>{};
}

Steps DailyTraining::settle_scores() {
  DailyModel& model = trained_.model;
  DailyMeasured& measured = trained_.measured[static_cast<std::size_t>(Split::validation)];
  for (Steps work = follow(Split::validation, measured); !work.done(); work.step()) co_yield Pause{};
  const std::vector<float> half_widths = half_widths_of_others(measured);
  co_yield Pause{};
  for (Steps work = follow(Split::validation, measured, &half_widths); !work.done(); work.step()) co_yield Pause{};
  std::vector<float> scores = scores_beside();
  scores.insert(scores.end(), measured.score.begin(), measured.score.end());
  std::sort(scores.begin(), scores.end());
  if (scores.size() <= kMostScores) {
    model.scores = scores;
    co_return;
  }
  for (std::size_t q = 0; q < kMostScores; ++q)
    model.scores.push_back(scores[q * (scores.size() - 1) / (kMostScores - 1)]);
}

Steps DailyTraining::run() {
  DailyModel& model = trained_.model;
  choose_alpha();
  co_yield Pause{};
  const std::size_t frozen = model.parts.size();
  model.parts.resize(frozen + plans_.size());
  const auto fit_all = [&](const RowList& learn, bool networks, double from, double to) -> Steps {
    for (std::size_t p = 0; p < plans_.size(); ++p) {
      if (model.parts[frozen + p].network && !networks) continue;
      const double begin = from + (to - from) * static_cast<double>(p) / static_cast<double>(plans_.size());
      const double share = (to - from) / static_cast<double>(plans_.size());
      progress_ = begin;
      Steps work = fit_part({&rows_, &learn, &validation_, &options_, boosting_}, plans_[p], model.parts[frozen + p],
                            trained_.course, [this, begin, share](double part) { progress_ = begin + share * part; });
      while (!work.done()) {
        work.step();
        co_yield Pause{};
      }
    }
  };
  for (Steps work = fit_all(train_, true, 0, 0.6); !work.done(); work.step()) co_yield Pause{};
  model.learnt_until = newest(train_);
  for (int kind = 0; kind < kNaiveKinds; ++kind) {
    static constexpr const char* kNames[] = {"persistence", "moving_average", "exponential_smoothing", "mean"};
    std::vector<float> changes;
    for (const std::uint32_t i : validation_)
      changes.push_back(to_model(rows_.naive[i].of(static_cast<Naive>(kind), model.alpha), rows_.is_log) -
                        rows_.level(i));
    note_candidate(kNames[kind], changes);
  }
  for (Steps work = weigh_parts(); !work.done(); work.step()) co_yield Pause{};
  for (Steps work = weigh_experts(); !work.done(); work.step()) co_yield Pause{};
  for (Steps work = ask_experts(all_, experts_); !work.done(); work.step()) co_yield Pause{};
  std::vector<float> held_out, seen, naive;
  for (const std::uint32_t i : both_) {
    const float e = rows_.change(i) - experts_[i][kTogether];
    (rows_.split[i] == Split::validation ? held_out : seen).push_back(e);
    naive.push_back(rows_.change(i) - experts_[i][static_cast<std::size_t>(Naive::smoothed)]);
  }
  const bool few = validation_.size() < 5;
  model.naive_spread = static_cast<float>(mean_absolute(naive));
  const bool has_parts = !model.parts.empty();
  model.optimism =
      has_parts && !few ? static_cast<float>(std::clamp(mean_absolute(held_out) / mean_absolute(seen), 1.0, 2.0)) : 1;
  model.spread = has_parts && !few ? static_cast<float>(mean_absolute(held_out)) : model.naive_spread;
  if (population_ != nullptr && algorithm_ == Algorithm::automatic) {
    // What all persons' days have shown says more than a few weeks of one.
    model.spread = population_->spread;
    model.naive_spread = population_->naive_spread;
    model.optimism = population_->optimism;
  }
  for (Steps work = tune_follower(); !work.done(); work.step()) co_yield Pause{};
  for (Steps work = settle_scores(); !work.done(); work.step()) co_yield Pause{};
  progress_ = 0.6;
  for (Steps work = fit_all(both_, false, 0.6, 0.95); !work.done(); work.step()) co_yield Pause{};
  model.learnt_until = newest(both_);
  co_yield Pause{};
  for (Steps work = ask_experts(all_, experts_); !work.done(); work.step()) co_yield Pause{};
  for (const Split split : {Split::train, Split::test}) {
    DailyMeasured& measured = trained_.measured[static_cast<std::size_t>(split)];
    for (Steps work = follow(split, measured); !work.done(); work.step()) co_yield Pause{};
  }
}

}  // namespace glucose
