// SPDX-License-Identifier: PostgreSQL
// What an event is: a question to be answered yes or no, of the days after an evening or of the readings after a meal.
// The grammar is closed; docs/why/events.md shows it with examples.
//
//   rule       { "at": "evening" | "meal", "horizon_minutes": n, "window_minutes": n, "yes_if": condition,
//                "baseline": { "days": 30, "least_days": 14 }, "least_days": n }
//   condition  { "all": [condition …] } | { "any": [condition …] } | { "any_known": [condition …] }
//              | { "not": condition } | comparison
//   comparison { "metric": NAME, "statistic": "mean" | "min" | "max" | "days", "days": n, "unit": "value" | "sd",
//                one of "above", "below", "at_least", "at_most": number }
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/base/types.hpp"
#include "core/days/glucose_day.hpp"
#include "core/days/inputs.hpp"

namespace glucose {

/// What an answer is about: the evening of a day, or what is eaten then.
enum class EventMoment : std::uint8_t { evening, meal };
enum class EventStatistic : std::uint8_t { mean, min, max, days };
enum class EventSense : std::uint8_t { above, below, at_least, at_most };

/// A metric of days: an Input, or one that readings make after them; or the readings themselves, after a meal.
inline constexpr int kEventMetrics = kInputs + kGlucoseMetrics, kEventReadings = kEventMetrics;
std::string_view event_metric_name(int metric);

struct EventComparison {
  int metric = 0;  // 0 … kEventReadings
  EventStatistic statistic = EventStatistic::mean;
  int days = 1;           // of EventStatistic::days: on so many of them
  bool relative = false;  // the bound is in SDs of the person's own baseline, about its mean
  EventSense sense = EventSense::above;
  float bound = 0;

  bool holds(float value) const {
    switch (sense) {
      case EventSense::above:
        return value > bound;
      case EventSense::below:
        return value < bound;
      case EventSense::at_least:
        return value >= bound;
      default:
        return value <= bound;
    }
  }
  /// Whether larger values are what it asks for.
  bool upwards() const { return sense == EventSense::above || sense == EventSense::at_least; }
};

/// Conditions in pre-order: what a node joins follows it.
struct EventNode {
  enum class Kind : std::uint8_t { all, any, any_known, negation, comparison };
  Kind kind = Kind::comparison;
  int children = 0;
  EventComparison comparison{};
};

struct EventRule {
  EventMoment at = EventMoment::evening;
  int horizon_min = 0, window_min = 0;
  int baseline_days = 30, baseline_least = 14;
  int least_days = 1;  // of the horizon's days, known ones
  std::vector<EventNode> nodes;

  int horizon_days() const { return horizon_min / (24 * 60); }
  int window_days() const { return window_min / (24 * 60); }
  /// The metrics it names, each once, in its order.
  std::vector<int> metrics() const;
  /// Whether it names glucose, of days or after a meal.
  bool is_about_glucose() const;
};

inline constexpr int kMostEventNodes = 64, kMostEventMetrics = 8;
inline constexpr int kMostEventHorizonDays = 14, kMostEventWindowDays = 30, kMostBaselineDays = 60;
inline constexpr int kMostMealHorizonMin = 6 * 60, kMostMealWindowMin = 6 * 60;

/// Throws Error bad_argument naming the key that is wrong.
EventRule read_event_rule(std::string_view json);

/// Yes, no, or not known.
using EventTruth = std::optional<bool>;

/// The truth of the conditions from that of the comparisons. in: each(comparison, its place among the comparisons)
/// all, any: from left to right; the first that is no (yes) decides, and so does the first that is not known: what a
/// rule turns on comes first. any_known: whether one of those that are known is yes. not: unknown stays so.
template <class Each>
EventTruth event_truth(const EventRule& rule, Each&& each);

namespace event_detail {

template <class Each>
EventTruth truth_from(const EventRule& rule, std::size_t& at, int& leaf, Each& each) {
  const EventNode& node = rule.nodes[at++];
  if (node.kind == EventNode::Kind::comparison) return each(node.comparison, leaf++);
  EventTruth first_to_decide = node.kind != EventNode::Kind::any;  // of all: yes unless one decides
  bool decided = false, any_yes = false, any_no = false;
  for (int i = 0; i < node.children; ++i) {
    const EventTruth part = truth_from(rule, at, leaf, each);
    any_yes = any_yes || part == EventTruth(true);
    any_no = any_no || part == EventTruth(false);
    if (decided || part == EventTruth(node.kind != EventNode::Kind::any)) continue;
    first_to_decide = part;
    decided = true;
  }
  switch (node.kind) {
    case EventNode::Kind::any_known:
      return any_yes ? EventTruth(true) : any_no ? EventTruth(false) : std::nullopt;
    case EventNode::Kind::negation:
      return any_yes ? EventTruth(false) : any_no ? EventTruth(true) : std::nullopt;
    default:
      return first_to_decide;
  }
}

}  // namespace event_detail

template <class Each>
EventTruth event_truth(const EventRule& rule, Each&& each) {
  std::size_t at = 0;
  int leaf = 0;
  return event_detail::truth_from(rule, at, leaf, each);
}

}  // namespace glucose
