// SPDX-License-Identifier: PostgreSQL
// Letters as in columns.hpp.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/learn/sequence_model.hpp"
#include "core/learn/trees.hpp"
#include "core/math/classification.hpp"
#include "core/math/scaler.hpp"
#include "core/tasks/event/columns.hpp"
#include "core/training/options.hpp"

namespace glucose {

/// What may answer, each in log odds. Of a person with a population's model: what is said beside that (`prior` alone:
/// nothing), but for the network, which goes on from the population's. The numbers are those in artifacts.
enum class EventMember : std::uint8_t { mean, persistence, logistic, trees, network, prior };
inline constexpr std::size_t kEventMembers = 6;
inline constexpr std::array<std::string_view, kEventMembers> kEventMemberNames{"mean",  "persistence", "logistic",
                                                                               "trees", "lstm",        "population"};
using EventWeights = std::array<float, kEventMembers>;

/// Members and what is made of them: Σ weight × probability, then put right by PlattScaling.
struct EventStack {
  float mean = 0;                                 // log odds of the base rate
  std::array<float, kEventStates> persistence{};  // log odds, by EventState
  Scaler scaler;                                  // [P] of the logistic regression's columns
  std::vector<float> logistic;                    // [P + 1], or none
  Trees trees;
  std::optional<SequenceModel> network;
  EventWeights weights{};  // sum 1
  PlattScaling platt;
  std::vector<ReliabilityBin> bins;  // of held-out rows
  float threshold = 0.5F;            // from which yes is called: the best F1 on held-out rows
  int n = 0, yes = 0;                // rows learnt from

  bool has(EventMember member) const;
  /// prior: log odds of what it stands on, 0 where there is nothing
  double log_odds(EventMember member, const EventLook& look, double prior) const;
  double probability(const EventLook& look, double prior) const;
  std::vector<float> scaled(std::span<const float> x) const;
};

struct EventModel {
  std::string name, definition;
  EventRule rule;
  Algorithm algorithm = Algorithm::automatic;
  EventStack stack;
  std::shared_ptr<const EventStack> prior;  // of a person: the population's; null: none

  double prior_log_odds(const EventLook& look) const { return prior ? log_odds(prior->probability(look, 0)) : 0.0; }
  double probability(const EventLook& look) const { return stack.probability(look, prior_log_odds(look)); }
  bool has_network() const { return stack.network || (prior && prior->network); }
  /// What serves where the model itself is no better: whether it is so now, with the rates learnt.
  EventModel as_persistence() const;
};

void wipe(EventModel& model);

/// What each thing that is looked at adds to the probability, by name: log odds of linear columns and of trees
/// (TreeSHAP), of a network what they change when they are not known, as much as the member weighs, and together as
/// much as the forecast differs from the baseline, which is the base rate.
struct EventPart {
  std::string_view name;
  float value, contribution;  // value: of the first of its columns
};
struct EventParts {
  float baseline;
  std::vector<EventPart> parts;
};
EventParts event_parts(const EventModel& model, const EventLook& look);

}  // namespace glucose
