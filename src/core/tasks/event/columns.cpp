// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/columns.hpp"

#include <array>

#include "core/days/daily_schema.hpp"

namespace glucose {

namespace {

constexpr std::array<std::string_view, kEventOwnColumns> kOwnNames{"now", "now", "own_rate", "own_rate"};
constexpr std::array<std::string_view, kEventMealColumns> kMealNames{
    "last_reading", "last_reading", "trend",      "trend",      "trend",      "last_hour",   "last_hour",
    "last_hours",   "last_hours",   "last_hours", "last_hours", "last_day",   "last_day",    "calories",
    "carbs",        "protein",      "fat",        "fiber",      "carbs",      "time_of_day", "time_of_day",
    "time_of_day",  "time_of_day",  "meal_type",  "meal_type",  "meal_type",  "meal_type",   "earlier_meal",
    "earlier_meal", "last_month",   "last_month", "last_month", "last_month", "own_rate",    "own_rate"};
constexpr std::array<std::string_view, kEventMealStep> kMealStepNames{
    "last_hours", "earlier_meal", "calories", "carbs", "protein", "fat", "fiber", "time_of_day", "time_of_day"};

}  // namespace

EventColumns::EventColumns(const EventRule& rule) {
  if (rule.at == EventMoment::meal) {
    steps = rule.window_min / kEventStepMin;
    names.assign(kMealNames.begin(), kMealNames.end());
    names.insert(names.end(), static_cast<std::size_t>(steps), "last_hours");
    step_names.assign(kMealStepNames.begin(), kMealStepNames.end());
    return;
  }
  steps = rule.window_days();
  const std::vector<int> metrics = rule.metrics();
  for (const int metric : metrics) names.insert(names.end(), kEventMetricColumns, event_metric_name(metric));
  for (int twice = 0; twice < 2; ++twice)
    for (const DailyFeatureInfo& feature : kDailyTable) names.push_back(feature.name);
  names.insert(names.end(), kOwnNames.begin(), kOwnNames.end());
  for (const DailyFeatureInfo& feature : kDailyTable) step_names.push_back(feature.name);
  for (const int metric : metrics) step_names.push_back(event_metric_name(metric));
}

}  // namespace glucose
