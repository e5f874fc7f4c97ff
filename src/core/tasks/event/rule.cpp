// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/rule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "core/base/error.hpp"
#include "core/base/json_text.hpp"

namespace glucose {

namespace {

constexpr int kDayMin = 24 * 60, kStepMin = 15;
constexpr float kLargestBound = 1e6F;
constexpr std::string_view kReadingsName = "GLUCOSE";
constexpr std::array<std::string_view, 2> kMoments{"evening", "meal"};
constexpr std::array<std::string_view, 4> kStatistics{"mean", "min", "max", "days"};
constexpr std::array<std::string_view, 4> kSenses{"above", "below", "at_least", "at_most"};
constexpr std::array<std::string_view, 2> kUnits{"value", "sd"};
constexpr std::array<std::string_view, 4> kJoins{"all", "any", "any_known", "not"};

[[noreturn]] void wrong(std::string_view key, const std::string& wanted) {
  throw Error(ErrorCode::bad_argument, "invalid value for \"" + std::string(key) + "\" of an event's rule",
              "It must be " + wanted + ".");
}

template <std::size_t N>
std::string listed(const std::array<std::string_view, N>& names) {
  std::string text;
  for (std::size_t i = 0; i < N; ++i) text += (i == 0 ? "" : i + 1 == N ? " or " : ", ") + std::string(names[i]);
  return text;
}

void require_object(const JsonValue& value, std::string_view key) {
  if (value.kind != JsonValue::Kind::object) wrong(key, "an object");
}

template <std::size_t N>
void require_keys(const JsonValue& object, const std::array<std::string_view, N>& known) {
  for (const std::string& key : object.keys)
    if (std::find(known.begin(), known.end(), key) == known.end())
      throw Error(ErrorCode::bad_argument, "unrecognized key \"" + key.substr(0, 63) + "\" in an event's rule",
                  "Keys there are " + listed(known) + ".");
}

/// Which of the names a text is; `usual` when the key is not there, and wrong when that is below 0.
template <std::size_t N>
std::size_t named(const JsonValue& object, std::string_view key, const std::array<std::string_view, N>& names,
                  int usual = -1) {
  const JsonValue* value = object.find(key);
  if (value == nullptr && usual >= 0) return static_cast<std::size_t>(usual);
  const auto found = value == nullptr || value->kind != JsonValue::Kind::text
                         ? names.end()
                         : std::find(names.begin(), names.end(), value->text);
  if (found == names.end()) wrong(key, listed(names));
  return static_cast<std::size_t>(found - names.begin());
}

int whole(const JsonValue& object, std::string_view key, int low, int high, int step = 1, int usual = -1) {
  const JsonValue* value = object.find(key);
  if (value == nullptr && usual >= 0) return usual;
  const double number = value == nullptr || value->kind != JsonValue::Kind::number ? -1 : value->number;
  if (!(number >= low && number <= high) || std::floor(number / step) * step != number)
    wrong(key, "a whole number from " + std::to_string(low) + " to " + std::to_string(high) +
                   (step == 1 ? "" : ", in steps of " + std::to_string(step)));
  return static_cast<int>(number);
}

class Conditions {
 public:
  explicit Conditions(EventRule& rule) : rule_(rule) {}

  void read(const JsonValue& value, std::string_view key) {
    require_object(value, key);
    if (static_cast<int>(rule_.nodes.size()) >= kMostEventNodes)
      throw Error(ErrorCode::bad_argument, "an event's rule has too many conditions",
                  "It may have " + std::to_string(kMostEventNodes) + ".");
    for (std::size_t join = 0; join < kJoins.size(); ++join)
      if (const JsonValue* parts = value.find(kJoins[join])) return read_join(value, join, *parts);
    read_comparison(value);
  }

 private:
  void read_join(const JsonValue& value, std::size_t join, const JsonValue& parts) {
    if (value.keys.size() != 1) wrong(kJoins[join], "the only key of its condition");
    const auto kind = static_cast<EventNode::Kind>(join);
    const bool is_not = kind == EventNode::Kind::negation;
    if (!is_not && (parts.kind != JsonValue::Kind::array || parts.items.empty()))
      wrong(kJoins[join], "an array of conditions");
    rule_.nodes.push_back({kind, is_not ? 1 : static_cast<int>(parts.items.size()), {}});
    if (is_not) return read(parts, kJoins[join]);
    for (const JsonValue& part : parts.items) read(part, kJoins[join]);
  }

  void read_comparison(const JsonValue& value) {
    static constexpr std::array<std::string_view, 8> kKeys{"metric", "statistic", "days",     "unit",
                                                           "above",  "below",     "at_least", "at_most"};
    require_keys(value, kKeys);
    EventComparison c;
    c.metric = metric_of(value);
    c.statistic = static_cast<EventStatistic>(named(value, "statistic", kStatistics, 0));
    c.relative = named(value, "unit", kUnits, 0) == 1;
    const bool counts = c.statistic == EventStatistic::days;
    if (rule_.at == EventMoment::meal && counts) wrong("statistic", "mean, min or max after a meal");
    if (rule_.at == EventMoment::meal && c.relative) wrong("unit", "value after a meal");
    if (!counts && value.find("days") != nullptr) wrong("days", "given with the statistic \"days\" only");
    if (counts) c.days = whole(value, "days", 1, std::max(rule_.horizon_days(), 1));
    read_bound(value, c);
    rule_.nodes.push_back({EventNode::Kind::comparison, 0, c});
  }

  static void read_bound(const JsonValue& value, EventComparison& c) {
    const JsonValue* bound = nullptr;
    for (std::size_t sense = 0; sense < kSenses.size(); ++sense) {
      const JsonValue* given = value.find(kSenses[sense]);
      if (given == nullptr) continue;
      if (bound != nullptr) wrong(kSenses[sense], "the only one of " + listed(kSenses) + " in a comparison");
      if (given->kind != JsonValue::Kind::number || !(std::abs(given->number) <= static_cast<double>(kLargestBound)))
        wrong(kSenses[sense], "a number from -1000000 to 1000000");
      bound = given;
      c.sense = static_cast<EventSense>(sense);
      c.bound = static_cast<float>(given->number);
    }
    if (bound == nullptr)
      throw Error(ErrorCode::bad_argument, "a comparison of an event's rule has no bound",
                  "It needs one of " + listed(kSenses) + ".");
  }

  int metric_of(const JsonValue& value) const {
    const JsonValue* name = value.find("metric");
    if (name == nullptr || name->kind != JsonValue::Kind::text) wrong("metric", "the name of a metric");
    if (rule_.at == EventMoment::meal) {
      if (name->text != kReadingsName) wrong("metric", "GLUCOSE after a meal");
      return kEventReadings;
    }
    for (int metric = 0; metric < kEventMetrics; ++metric)
      if (event_metric_name(metric) == name->text) {
        // As the readings say where there are any, as the day's value else.
        return name->text == kGlucoseMetricNames[0] ? kInputs : metric;
      }
    throw Error(ErrorCode::bad_argument, "metric \"" + name->text.substr(0, 63) + "\" is not one an event can be of",
                "Metrics are those that the features of a day are made of, in glucose.metric, such as "
                "RESTING_HEART_RATE, and GLUCOSE_MEAN, GLUCOSE_SD, GLUCOSE_TIME_IN_RANGE and GLUCOSE_BELOW_70.");
  }

  EventRule& rule_;
};

void read_times(const JsonValue& json, EventRule& rule) {
  if (rule.at == EventMoment::evening) {
    rule.horizon_min = whole(json, "horizon_minutes", kDayMin, kMostEventHorizonDays * kDayMin, kDayMin);
    rule.window_min = whole(json, "window_minutes", kDayMin, kMostEventWindowDays * kDayMin, kDayMin);
    const int days = rule.horizon_days();
    rule.least_days = whole(json, "least_days", 1, days, 1, (2 * days + 2) / 3);
    if (const JsonValue* baseline = json.find("baseline")) {
      static constexpr std::array<std::string_view, 2> kKeys{"days", "least_days"};
      require_object(*baseline, "baseline");
      require_keys(*baseline, kKeys);
      rule.baseline_days = whole(*baseline, "days", 7, kMostBaselineDays, 1, rule.baseline_days);
      rule.baseline_least = whole(*baseline, "least_days", 2, rule.baseline_days, 1, rule.baseline_days * 14 / 30);
    }
    return;
  }
  for (const std::string_view key : {"baseline", "least_days"})
    if (json.find(key) != nullptr) wrong(key, "left out after a meal");
  rule.horizon_min = whole(json, "horizon_minutes", kStepMin, kMostMealHorizonMin, kStepMin);
  rule.window_min = whole(json, "window_minutes", 2 * kStepMin, kMostMealWindowMin, kStepMin);
}

}  // namespace

std::string_view event_metric_name(int metric) {
  if (metric == kEventReadings) return kReadingsName;
  return metric < kInputs ? kInputNames[static_cast<std::size_t>(metric)]
                          : kGlucoseMetricNames[static_cast<std::size_t>(metric - kInputs)];
}

std::vector<int> EventRule::metrics() const {
  std::vector<int> all;
  for (const EventNode& node : nodes)
    if (node.kind == EventNode::Kind::comparison &&
        std::find(all.begin(), all.end(), node.comparison.metric) == all.end())
      all.push_back(node.comparison.metric);
  return all;
}

bool EventRule::is_about_glucose() const {
  const std::vector<int> all = metrics();
  return std::any_of(all.begin(), all.end(), [](int metric) { return metric >= kInputs; });
}

EventRule read_event_rule(std::string_view json) {
  static constexpr std::array<std::string_view, 6> kKeys{"at",       "horizon_minutes", "window_minutes",
                                                         "baseline", "least_days",      "yes_if"};
  const JsonValue value = parse_json(json);
  require_object(value, "rule");
  require_keys(value, kKeys);
  EventRule rule;
  rule.at = static_cast<EventMoment>(named(value, "at", kMoments));
  read_times(value, rule);
  const JsonValue* yes_if = value.find("yes_if");
  if (yes_if == nullptr) wrong("yes_if", "a condition");
  Conditions(rule).read(*yes_if, "yes_if");
  if (static_cast<int>(rule.metrics().size()) > kMostEventMetrics)
    throw Error(ErrorCode::bad_argument, "an event's rule names too many metrics",
                "It may name " + std::to_string(kMostEventMetrics) + ".");
  return rule;
}

}  // namespace glucose
