// SPDX-License-Identifier: PostgreSQL
// EventTraining's fits of single members.
#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/learn/boosted_trees.hpp"
#include "core/learn/logistic.hpp"
#include "core/tasks/event/training.hpp"

namespace glucose {

namespace {

constexpr double kUsualL2 = 0.1;    // a row, of logistic regression
constexpr double kRateRows = 30;    // so many rows of the population's rate a person's is pulled by
constexpr double kOwnRateRows = 5;  // rows of the base rate that the rate of a state is pulled by
constexpr double kOwnRows = 50;     // what a person's coefficients are pulled to 0 by, on the population's answer
constexpr double kOwnShift = 10;
constexpr std::size_t kSequenceRows = 4096;  // of an epoch

double rate(double yes, double n, double pulled_to, double rows) {
  return log_odds((yes + rows * probability_of(pulled_to)) / (n + rows));
}

}  // namespace

Steps EventTraining::fit(EventMember member, const std::vector<std::size_t>& on, EventStack& into) {
  switch (member) {
    case EventMember::logistic:
      return fit_logistic(on, into);
    case EventMember::trees:
      return fit_trees(on, into);
    case EventMember::network:
      return fit_network(on, into);
    default:
      fit_rates(on, into);
      return {};
  }
}

void EventTraining::fit_rates(const std::vector<std::size_t>& on, EventStack& into) const {
  std::array<double, kEventStates> n{}, yes{};
  double all = 0, all_yes = 0;
  for (const std::size_t l : on) {
    const auto state = static_cast<std::size_t>(rows_->state[learnt_[l]]);
    ++n[state], yes[state] += y_[l];
    ++all, all_yes += y_[l];
  }
  const EventStack* prior = options_.prior.get();
  const double base =
      prior != nullptr ? rate(all_yes, all, static_cast<double>(prior->mean), kRateRows) : rate(all_yes, all, 0, 1);
  into.mean = static_cast<float>(base);
  for (std::size_t s = 0; s < kEventStates; ++s)
    into.persistence[s] =
        static_cast<float>(prior != nullptr ? rate(yes[s], n[s], static_cast<double>(prior->persistence[s]), kRateRows)
                                            : rate(yes[s], n[s], base, kOwnRateRows));
}

Steps EventTraining::fit_logistic(const std::vector<std::size_t>& on, EventStack& into) {
  const std::size_t P = rows_->columns->columns();
  std::vector<float> x;
  x.reserve(on.size() * P);
  std::vector<std::uint8_t> y;
  std::vector<double> offset;
  for (const std::size_t l : on) {
    const auto row = rows_->row(learnt_[l]);
    x.insert(x.end(), row.begin(), row.end());
    y.push_back(y_[l]);
    if (!prior_.empty()) offset.push_back(prior_[l]);
  }
  into.scaler = Scaler::fit(x, P);
  for (std::size_t i = 0; i < y.size(); ++i)
    into.scaler.transform(std::span<const float>(x).subspan(i * P, P), &x[i * P]);
  co_yield Pause{};
  LogisticOptions options;
  options.l2 = options_.options.l2 < 0 ? kUsualL2 : options_.options.l2;
  options.descent = options_.algorithm == Algorithm::logistic_gd;
  if (options_.prior) options.own_rows = kOwnRows, options.intercept_penalty = kOwnShift;
  LogisticFit fitting({x, y, offset, {}}, static_cast<int>(P), options);
  for (; !fitting.done(); fitting.step()) co_yield Pause{};
  into.logistic = fitting.take();
}

Steps EventTraining::fit_trees(const std::vector<std::size_t>& on, EventStack& into) {
  std::vector<float> x, y, margins;
  fit_rates(on, into);
  for (const std::size_t l : on) {
    const auto row = rows_->row(learnt_[l]);
    x.insert(x.end(), row.begin(), row.end());
    y.push_back(static_cast<float>(y_[l]));
    margins.push_back(prior_.empty() ? 0.0F : static_cast<float>(prior_[l]));
  }
  const TrainOptions& given = options_.options;
  BoostedTreesOptions options;
  options.objective = BoostingObjective::logistic;
  options.rounds = given.rounds, options.depth = given.depth, options.eta = given.eta;
  options.lambda = given.l2 < 0 ? 10 : given.l2;
  options.colsample = 0.5;
  options.seed = given.seed;
  const auto P = static_cast<int>(rows_->columns->columns());
  if (options_.memory_cap > 0 && boosted_trees_bytes_needed(on.size(), P, options) > options_.memory_cap)
    throw Error(ErrorCode::out_of_memory, "training of trees needs more memory than it may use",
                "Set glucose.max_train_memory higher, or train on a shorter period.");
  BoostedTreesFit fitting(options_.boosting, x, P, y, {}, options, margins);
  x.clear();
  for (; !fitting.done(); fitting.step()) co_yield Pause{};
  into.trees = fitting.take();
}

Steps EventTraining::fit_network(const std::vector<std::size_t>& on, EventStack& into) {
  SequenceShape shape;
  shape.steps = rows_->columns->steps;
  shape.features = static_cast<int>(rows_->columns->step_names.size());
  const TrainOptions& given = options_.options;
  shape.layers = given.layers;
  shape.hidden = given.hidden[0];
  shape.bidirectional = given.bidirectional;
  SequenceData data;
  for (std::size_t i = 0; i < on.size(); ++i) {
    const auto sequence = rows_->sequence(learnt_[on[i]]);
    data.days.insert(data.days.end(), sequence.begin(), sequence.end());
    data.training.first.push_back(static_cast<std::uint32_t>(i * static_cast<std::size_t>(shape.steps)));
    data.training.targets.push_back(static_cast<float>(y_[on[i]]));
  }
  SequenceTrainerOptions options;
  options.epochs = given.epochs;
  options.batch_size = std::max(given.batch_size, 2);
  options.epoch_rows = kSequenceRows;
  options.learning_rate = static_cast<float>(given.learning_rate);
  options.dropout = static_cast<float>(given.dropout);
  options.l2 = static_cast<float>(std::max(given.l2, 0.0));
  options.loss = SequenceLoss::logistic;
  options.seed = given.seed;
  if (options_.memory_cap > 0 &&
      SequenceTrainer::bytes_needed(shape, data.days.size() / static_cast<std::size_t>(shape.features), on.size(), 0,
                                    options) > options_.memory_cap)
    throw Error(ErrorCode::out_of_memory, "training of a network needs more memory than it may use",
                "Set glucose.max_train_memory higher, or train on a shorter period.");
  const EventStack* prior = options_.prior.get();
  const bool goes_on = prior != nullptr && prior->network && prior->network->net.shape() == shape;
  SequenceFit fitting(shape, std::move(data), options, goes_on ? &*prior->network : nullptr);
  for (; !fitting.done(); fitting.step()) co_yield Pause{};
  into.network = fitting.take();
}

}  // namespace glucose
