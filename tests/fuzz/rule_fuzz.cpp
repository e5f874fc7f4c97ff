// SPDX-License-Identifier: PostgreSQL
// libFuzzer: rules of events. One that is taken is bounded in all it names, and its conditions can be judged.
#include <cmath>

#include "core/tasks/event/columns.hpp"
#include "core/tasks/event/rule.hpp"
#include "fuzz.hpp"

namespace glucose {

namespace {

void check(const EventRule& rule) {
  const bool is_meal = rule.at == EventMoment::meal;
  must(rule.horizon_min >= 15 && rule.horizon_min <= (is_meal ? kMostMealHorizonMin : kMostEventHorizonDays * 1440),
       "a horizon is bounded");
  must(rule.window_min >= 30 && rule.window_min <= (is_meal ? kMostMealWindowMin : kMostEventWindowDays * 1440),
       "a window is bounded");
  must(rule.baseline_days <= kMostBaselineDays && rule.baseline_least <= rule.baseline_days, "a baseline is bounded");
  must(is_meal || rule.least_days <= rule.horizon_days(), "least_days fits the horizon");
  must(!rule.nodes.empty() && static_cast<int>(rule.nodes.size()) <= kMostEventNodes, "conditions are counted");
  must(static_cast<int>(rule.metrics().size()) <= kMostEventMetrics, "metrics are counted");
  std::size_t comparisons = 0, children = 1;
  for (const EventNode& node : rule.nodes) {
    comparisons += node.kind == EventNode::Kind::comparison ? 1 : 0;
    children += static_cast<std::size_t>(node.children);
    must(node.comparison.metric >= 0 && node.comparison.metric <= kEventReadings, "a metric is one");
    must(std::isfinite(node.comparison.bound), "a bound is finite");
    must(!event_metric_name(node.comparison.metric).empty(), "a metric has a name");
  }
  must(children == rule.nodes.size(), "each condition is a part of one other");
  for (unsigned pattern = 0; pattern < 3; ++pattern) {
    std::size_t asked = 0;
    (void)event_truth(rule, [&](const EventComparison& c, int leaf) {
      must(leaf == static_cast<int>(asked++), "comparisons are asked in their order");
      return (pattern + static_cast<unsigned>(leaf)) % 3 == 0 ? EventTruth() : EventTruth(c.holds(c.bound));
    });
    must(asked == comparisons, "each comparison is asked once");
  }
  const EventColumns columns(rule);
  must(columns.columns() > 0 && columns.steps > 0 && !columns.step_names.empty(), "there is something to look at");
}

}  // namespace

}  // namespace glucose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glucose;
  EventRule rule;
  if (passes({ErrorCode::bad_argument}, [&] { rule = read_event_rule(text_of(data, size)); })) check(rule);
  return 0;
}
