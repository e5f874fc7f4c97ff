// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/model.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/base/wipe.hpp"
#include "core/learn/logistic.hpp"

namespace glucose {

namespace {

double network_log_odds(const SequenceModel& network, const std::vector<float>& sequence) {
  float out = 0;
  network.predict(sequence.data(), 1, &out);
  return log_odds(static_cast<double>(out));
}

/// What is added up under the names of columns.
class Parts {
 public:
  explicit Parts(const EventColumns& columns) : columns_(columns) {}

  void add_column(std::size_t column, double log_odds) { sums_[columns_.names[column]] += log_odds; }
  void add(std::string_view name, double log_odds) { sums_[name] += log_odds; }

  void add_logistic(const EventStack& stack, const EventLook& look, double weight) {
    const std::vector<float> x = stack.scaled(look.x);
    for (std::size_t j = 0; j < x.size(); ++j)
      add_column(j, weight * static_cast<double>(stack.logistic[j]) * static_cast<double>(x[j]));
  }
  void add_trees(const EventStack& stack, const EventLook& look, double weight) {
    std::vector<double> phi(look.x.size());
    double expected = 0;
    stack.trees.contributions(look.x, phi, expected);
    for (std::size_t j = 0; j < phi.size(); ++j) add_column(j, weight * phi[j]);
  }
  void add_network(const EventStack& stack, const EventLook& look, double weight) {
    const double whole = network_log_odds(*stack.network, look.sequence);
    const std::size_t width = columns_.step_names.size();
    for (std::size_t f = 0; f < width; ++f) {
      std::vector<float> without = look.sequence;
      for (std::size_t at = f; at < without.size(); at += width) without[at] = kUnknown;
      add(columns_.step_names[f], weight * (whole - network_log_odds(*stack.network, without)));
    }
  }
  void add_stack(const EventStack& stack, const EventLook& look, double share) {
    const auto weight = [&](EventMember m) {
      return share * static_cast<double>(stack.weights[static_cast<std::size_t>(m)]);
    };
    if (const double w = weight(EventMember::persistence); w > 0)
      add("now", w * static_cast<double>(stack.persistence[static_cast<std::size_t>(look.state)] - stack.mean));
    if (const double w = weight(EventMember::logistic); w > 0) add_logistic(stack, look, w);
    if (const double w = weight(EventMember::trees); w > 0) add_trees(stack, look, w);
    if (const double w = weight(EventMember::network); w > 0) add_network(stack, look, w);
  }
  const std::map<std::string_view, double>& sums() const { return sums_; }

 private:
  const EventColumns& columns_;
  std::map<std::string_view, double> sums_;
};

}  // namespace

bool EventStack::has(EventMember member) const {
  switch (member) {
    case EventMember::logistic:
      return !logistic.empty();
    case EventMember::trees:
      return trees.features() > 0;
    case EventMember::network:
      return network.has_value();
    default:
      return true;
  }
}

std::vector<float> EventStack::scaled(std::span<const float> x) const {
  std::vector<float> out(x.size());
  scaler.transform(x, out.data());
  return out;
}

double EventStack::log_odds(EventMember member, const EventLook& look, double prior) const {
  switch (member) {
    case EventMember::mean:
      return static_cast<double>(mean);
    case EventMember::persistence:
      return static_cast<double>(persistence[static_cast<std::size_t>(look.state)]);
    case EventMember::logistic:
      return prior + logistic_log_odds(logistic, scaled(look.x));
    case EventMember::trees:
      return prior + static_cast<double>(trees.predict(look.x));
    case EventMember::network:
      return network_log_odds(*network, look.sequence);
    case EventMember::prior:
      return prior;
  }
  return prior;
}

double EventStack::probability(const EventLook& look, double prior) const {
  double p = 0;
  for (std::size_t m = 0; m < kEventMembers; ++m)
    if (weights[m] > 0)
      p += static_cast<double>(weights[m]) * probability_of(log_odds(static_cast<EventMember>(m), look, prior));
  return probability_of(platt.apply(glucose::log_odds(p)));
}

EventModel EventModel::as_persistence() const {
  EventModel plain;
  plain.name = name;
  plain.definition = definition;
  plain.rule = rule;
  plain.algorithm = Algorithm::persistence;
  plain.stack.mean = stack.mean;
  plain.stack.persistence = stack.persistence;
  plain.stack.weights[static_cast<std::size_t>(EventMember::persistence)] = 1;
  plain.stack.bins = stack.bins;
  plain.stack.threshold = stack.threshold;
  plain.stack.n = stack.n;
  plain.stack.yes = stack.yes;
  return plain;
}

void wipe(EventModel& model) {
  wipe_values(std::span(model.stack.logistic));
  wipe_values(std::span(model.stack.scaler.mean));
  wipe_values(std::span(model.stack.scaler.inverse_sd));
  wipe_values(std::span<float>(model.stack.persistence));
  if (model.stack.network) wipe(*model.stack.network);
  model.stack.trees = {};
  model.stack.bins.clear();
  model.stack.mean = 0;
  model.prior.reset();
}

EventParts event_parts(const EventModel& model, const EventLook& look) {
  const EventColumns columns(model.rule);
  Parts parts(columns);
  parts.add_stack(model.stack, look, 1);
  if (model.prior) {
    // All members of a person's stack but the plain ones and the network stand on the population's answer.
    double share = 0;
    for (const EventMember m : {EventMember::logistic, EventMember::trees, EventMember::prior})
      share += static_cast<double>(model.stack.weights[static_cast<std::size_t>(m)]);
    if (share > 0) parts.add_stack(*model.prior, look, share);
  }
  const double served = model.probability(look);
  EventParts result{static_cast<float>(probability_of(static_cast<double>(model.stack.mean))), {}};
  const double gap = served - static_cast<double>(result.baseline);
  double sum = 0, absolute = 0;
  for (const auto& [name, part] : parts.sums()) sum += part, absolute += std::abs(part);
  // What log odds make of probabilities is the same for all parts; where they cancel each other it cannot be said so,
  // and what is left over is called base_rate.
  constexpr double kCancelled = 0.02;
  const bool scales = std::abs(sum) > kCancelled * absolute && sum * gap > 0;
  const double slope = served * (1 - served), factor = scales ? gap / sum : slope;
  double told = 0;
  const auto value_of = [&](std::string_view name) {
    const auto found = std::find(columns.names.begin(), columns.names.end(), name);
    return found == columns.names.end() ? kUnknown : look.x[static_cast<std::size_t>(found - columns.names.begin())];
  };
  for (const auto& [name, part] : parts.sums()) {
    if (part == 0) continue;
    result.parts.push_back({name, value_of(name), static_cast<float>(factor * part)});
    told += factor * part;
  }
  if (std::abs(gap - told) > 1e-7) result.parts.push_back({"base_rate", kUnknown, static_cast<float>(gap - told)});
  std::stable_sort(result.parts.begin(), result.parts.end(), [](const EventPart& a, const EventPart& b) {
    return std::abs(a.contribution) > std::abs(b.contribution);
  });
  return result;
}

}  // namespace glucose
