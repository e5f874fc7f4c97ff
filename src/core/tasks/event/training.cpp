// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "core/base/error.hpp"
#include "core/math/gate.hpp"
#include "core/math/stacking.hpp"

namespace glucose {

namespace {

constexpr int kFewestOfEach = 5;   // yes and no
constexpr double kPriorRows = 50;  // against which weights are found
constexpr Micros kWeek = 7 * kDay;
constexpr std::size_t kRowsPerStep = 64;

EventMember member_of(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::mean:
      return EventMember::mean;
    case Algorithm::persistence:
      return EventMember::persistence;
    case Algorithm::trees:
      return EventMember::trees;
    case Algorithm::lstm:
      return EventMember::network;
    default:
      return EventMember::logistic;
  }
}

bool is_plain(EventMember member) {
  return member == EventMember::mean || member == EventMember::persistence;
}

double squared(double p, std::uint8_t y) {
  return (p - y) * (p - y);
}

std::vector<float> probabilities(const std::vector<double>& log_odds) {
  std::vector<float> p;
  p.reserve(log_odds.size());
  for (const double l : log_odds) p.push_back(static_cast<float>(probability_of(l)));
  return p;
}

}  // namespace

EventTraining::EventTraining(std::unique_ptr<EventRows> rows, EventTrainingOptions options)
    : rows_(std::move(rows)), options_(std::move(options)), best_brier_(std::numeric_limits<double>::infinity()) {
  prepare();
  require_both_kinds();
  EventModel& model = outcome_.model;
  model.name = rows_->name;
  model.definition = rows_->definition;
  model.rule = *rows_->rule;
  model.algorithm = options_.algorithm;
  model.prior = options_.prior;
  work_ = work();
}

void EventTraining::prepare() {
  const EventRows& rows = *rows_;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows.split[i] == static_cast<std::uint8_t>(Split::test)) continue;
    learnt_.push_back(i);
    y_.push_back(rows.y[i]);
  }
  std::map<std::int32_t, std::pair<std::size_t, std::size_t>> of_person;  // first and how many
  for (std::size_t l = 0; l < learnt_.size(); ++l) {
    auto& [first, n] = of_person.try_emplace(rows.person[learnt_[l]], l, 0).first->second;
    ++n;
  }
  const bool by_person = of_person.size() >= 2 * kEventFolds;
  for (std::size_t l = 0; l < learnt_.size(); ++l) {
    const auto person = rows.person[learnt_[l]];
    const auto [first, n] = of_person[person];
    fold_.push_back(by_person ? static_cast<std::size_t>(person) % kEventFolds : (l - first) * kEventFolds / n);
    if (options_.prior) prior_.push_back(log_odds(options_.prior->probability(rows_->look(learnt_[l]), 0)));
  }
}

void EventTraining::require_both_kinds() const {
  const auto yes = std::count(y_.begin(), y_.end(), std::uint8_t{1});
  const auto no = static_cast<std::ptrdiff_t>(y_.size()) - yes;
  if (yes >= kFewestOfEach && no >= kFewestOfEach) return;
  if (options_.prior && !y_.empty()) return;
  throw Error(ErrorCode::too_little_history,
              "too little history to train: yes " + std::to_string(yes) + " times and no " + std::to_string(no),
              "Record more, define the event otherwise, or ask a population model.",
              "Each is needed " + std::to_string(kFewestOfEach) + " times among the rows to learn from.");
}

// Base rate and persistence are always there: what has to be beaten, and what serves where nothing beats them.
std::vector<EventMember> EventTraining::wanted() const {
  std::vector<EventMember> members{EventMember::mean, EventMember::persistence};
  if (options_.prior) members.push_back(EventMember::prior);
  if (options_.algorithm != Algorithm::automatic) {
    const EventMember asked = member_of(options_.algorithm);
    if (!is_plain(asked)) members.push_back(asked);
    return members;
  }
  members.push_back(EventMember::logistic);
  if (options_.boosting != nullptr && !options_.prior) members.push_back(EventMember::trees);
  return members;
}

std::vector<std::size_t> EventTraining::without_fold(std::size_t fold) const {
  const EventRows& rows = *rows_;
  std::map<std::int32_t, std::pair<Micros, Micros>> answered;  // of a person, first and last
  for (std::size_t l = 0; l < learnt_.size(); ++l) {
    if (fold_[l] != fold) continue;
    const Micros at = rows.at[learnt_[l]];
    auto& [first, last] = answered.try_emplace(rows.person[learnt_[l]], at, at).first->second;
    first = std::min(first, at), last = std::max(last, at);
  }
  std::vector<std::size_t> on;
  for (std::size_t l = 0; l < learnt_.size(); ++l) {
    if (fold_[l] == fold) continue;
    const auto near = answered.find(rows.person[learnt_[l]]);
    const Micros at = rows.at[learnt_[l]], horizon = rows.horizon();
    if (near != answered.end() && at > near->second.first - horizon && at < near->second.second + horizon) continue;
    on.push_back(l);
  }
  return on;
}

Steps EventTraining::answer(Held& held) {
  held.log_odds.assign(learnt_.size(), 0);
  if (held.member == EventMember::prior) {
    held.log_odds = prior_;
    co_return;
  }
  for (std::size_t fold = 0; fold < kEventFolds; ++fold) {
    const std::vector<std::size_t> on = without_fold(fold);
    if (on.empty()) continue;
    EventStack stack;
    Steps fitting = fit(held.member, on, stack);
    for (; !fitting.done(); fitting.step()) co_yield Pause{};
    for (std::size_t l = 0, n = 0; l < learnt_.size(); ++l) {
      if (fold_[l] != fold) continue;
      held.log_odds[l] = stack.log_odds(held.member, rows_->look(learnt_[l]), prior_.empty() ? 0 : prior_[l]);
      if (++n % kRowsPerStep == 0) co_yield Pause{};
    }
    ++fits_done_;
  }
  double sum = 0;
  for (std::size_t l = 0; l < y_.size(); ++l) sum += squared(probability_of(held.log_odds[l]), y_[l]);
  best_brier_ = std::min(best_brier_, sum / static_cast<double>(y_.size()));
}

Steps EventTraining::work() {
  std::vector<Held> held;
  for (const EventMember member : wanted()) held.push_back({member, {}, {}});
  fits_ = held.size() * kEventFolds + held.size();
  for (Held& one : held) {
    Steps answering = answer(one);
    for (; !answering.done(); answering.step()) co_yield Pause{};
    one.probability = probabilities(one.log_odds);
  }
  weigh(held);
  std::vector<std::size_t> all(learnt_.size());
  for (std::size_t l = 0; l < all.size(); ++l) all[l] = l;
  EventStack& stack = outcome_.model.stack;
  fit_rates(all, stack);
  for (const Held& one : held) {
    ++fits_done_;
    if (is_plain(one.member) || one.member == EventMember::prior) continue;
    if (stack.weights[static_cast<std::size_t>(one.member)] == 0) continue;
    Steps fitting = fit(one.member, all, stack);
    for (; !fitting.done(); fitting.step()) co_yield Pause{};
  }
  finish(held);
  co_yield Pause{};
  measure();
}

void EventTraining::weigh(const std::vector<Held>& held) {
  EventWeights& weights = outcome_.model.stack.weights;
  weights.fill(0);
  const auto set = [&](EventMember member, float weight) { weights[static_cast<std::size_t>(member)] = weight; };
  const EventMember asked = member_of(options_.algorithm);
  if (options_.algorithm != Algorithm::automatic && (is_plain(asked) || !options_.prior))
    set(asked, 1);
  else
    choose(held);
  for (const auto& h : held) {
    const BinaryMetrics measured = measure_binary(h.probability, y_);
    outcome_.members.push_back({h.member, measured.brier, measured.auc, weights[static_cast<std::size_t>(h.member)]});
  }
}

// Members beside each other, pulled to the population's answer, else to the learnt ones alike. What is plain counts
// among them where it was not said who shall answer.
void EventTraining::choose(const std::vector<Held>& held) {
  std::vector<std::size_t> members;
  std::vector<std::vector<float>> theirs;
  std::vector<float> pulled_to;
  for (std::size_t m = 0; m < held.size(); ++m) {
    if (is_plain(held[m].member) && options_.algorithm != Algorithm::automatic) continue;
    const bool pulls = options_.prior ? held[m].member == EventMember::prior : !is_plain(held[m].member);
    members.push_back(m);
    theirs.push_back(held[m].probability);
    pulled_to.push_back(pulls ? 1.0F : 0.0F);
  }
  const float pulling = std::accumulate(pulled_to.begin(), pulled_to.end(), 0.0F);
  for (float& weight : pulled_to) weight /= pulling;
  const std::vector<float> outcomes(y_.begin(), y_.end());
  const std::vector<float> found = stacking_weights(theirs, outcomes, pulled_to, kPriorRows);
  const float sum = std::accumulate(found.begin(), found.end(), 0.0F);
  for (std::size_t m = 0; m < members.size(); ++m)
    outcome_.model.stack.weights[static_cast<std::size_t>(held[members[m]].member)] = found[m] / sum;
}

// What has to be beaten, the weights' gain over it and what is made of their answers.
void EventTraining::finish(const std::vector<Held>& held) {
  EventStack& stack = outcome_.model.stack;
  std::size_t base = 0;
  for (std::size_t m = 1; m < held.size(); ++m) {
    if (options_.prior ? held[m].member == EventMember::prior
                       : is_plain(held[m].member) && outcome_.members[m].brier < outcome_.members[base].brier)
      base = m;
  }
  const auto together = [&] {
    std::vector<double> log_odds_of(y_.size());
    for (std::size_t l = 0; l < y_.size(); ++l) {
      double p = 0;
      for (const auto& h : held)
        p += static_cast<double>(stack.weights[static_cast<std::size_t>(h.member)] * h.probability[l]);
      log_odds_of[l] = log_odds(p);
    }
    return log_odds_of;
  };
  std::vector<double> answers = together();
  std::map<std::pair<std::int32_t, Micros>, double> gains;
  for (std::size_t l = 0; l < y_.size(); ++l)
    gains[{rows_->person[learnt_[l]], rows_->at[learnt_[l]] / kWeek}] +=
        squared(static_cast<double>(held[base].probability[l]), y_[l]) - squared(probability_of(answers[l]), y_[l]);
  PairedSums better, worse;
  for (const auto& [week, gain] : gains) better.add(gain), worse.add(-gain);
  outcome_.worse_beyond_chance = worse.beyond_chance();
  if (options_.algorithm == Algorithm::automatic && !better.beyond_chance()) {
    stack.weights.fill(0);
    stack.weights[static_cast<std::size_t>(held[base].member)] = 1;
    answers = together();
  }
  for (EventMemberScore& member : outcome_.members)
    member.weight = stack.weights[static_cast<std::size_t>(member.member)];
  stack.platt = fit_platt(answers, y_);
  held_out_.clear();
  for (const double l : answers) held_out_.push_back(static_cast<float>(probability_of(stack.platt.apply(l))));
  const bool evening = outcome_.model.rule.at == EventMoment::evening;
  stack.bins = reliability_bins(held_out_, y_, evening ? outcome_.model.rule.horizon_days() : 1);
  stack.threshold = static_cast<float>(best_threshold(held_out_, y_));
  stack.n = static_cast<int>(y_.size());
  stack.yes = static_cast<int>(std::count(y_.begin(), y_.end(), std::uint8_t{1}));
}

void EventTraining::measure() {
  const EventModel& model = outcome_.model;
  const EventModel plain = model.as_persistence();
  std::array<std::vector<float>, 3> forecast, persistence;
  std::array<std::vector<std::uint8_t>, 3> outcome;
  std::size_t l = 0;
  for (std::size_t i = 0; i < rows_->size(); ++i) {
    const std::size_t split = rows_->split[i];
    const bool is_test = split == static_cast<std::size_t>(Split::test);
    const EventLook look = rows_->look(i);
    const bool held_out = split == static_cast<std::size_t>(Split::validation);
    forecast[split].push_back(held_out ? held_out_[l] : static_cast<float>(model.probability(look)));
    persistence[split].push_back(static_cast<float>(plain.probability(look)));
    outcome[split].push_back(rows_->y[i]);
    if (!is_test) ++l;
  }
  const auto threshold = static_cast<double>(model.stack.threshold);
  for (std::size_t split = 0; split < 3; ++split) {
    outcome_.measured[split] = measure_binary(forecast[split], outcome[split], threshold);
    outcome_.persistence[split] = measure_binary(persistence[split], outcome[split], threshold);
  }
}

}  // namespace glucose
