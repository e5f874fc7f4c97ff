// SPDX-License-Identifier: PostgreSQL
// The grammar of rules, and what they say where something is not known.
#include "core/tasks/event/rule.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.hpp"
#include "tasks/event/some_rules.hpp"

namespace glucose {
namespace {

TEST(EventRule, ReadsWhatTheGrammarAllows) {
  const EventRule rule = read_event_rule(kStrain);
  EXPECT_EQ(rule.horizon_days(), 3);
  EXPECT_EQ(rule.window_days(), 7);
  EXPECT_EQ(rule.nodes.size(), 5U);
  EXPECT_EQ(rule.metrics().size(), 3U);
  EXPECT_EQ(read_event_rule(kHigh).at, EventMoment::meal);
}

TEST(EventRule, SaysWhichKeyIsWrong) {
  const std::pair<const char*, const char*> wrong[] = {
      {R"({})", "at"},
      {R"({"at":"noon"})", "at"},
      {R"({"at":"evening","horizon_minutes":90})", "horizon_minutes"},
      {R"({"at":"evening","horizon_minutes":1440})", "window_minutes"},
      {R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440})", "yes_if"},
      {R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440,"yes_if":{"all":[]}})", "all"},
      {R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440,"yes_if":{"metric":"STEPS"}})", "bound"},
      {R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440,"yes_if":{"metric":"X","above":1}})", "\"X\""},
      {R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440,"yes_if":{"metric":"STEPS","above":1,"below":2}})",
       "below"},
      {R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440,"yes_if":{"metric":"STEPS","sql":"1"}})", "sql"},
      {R"({"at":"meal","horizon_minutes":120,"window_minutes":60,"yes_if":{"metric":"STEPS","above":1}})", "metric"},
      {R"({"at":"meal","horizon_minutes":120,"window_minutes":60,"yes_if":{"metric":"GLUCOSE","unit":"sd","above":1}})",
       "unit"},
      {R"([])", "rule"}};
  for (const auto& [rule, key] : wrong) {
    try {
      (void)read_event_rule(rule);
      ADD_FAILURE() << rule;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), ErrorCode::bad_argument);
      EXPECT_NE(std::string(e.what()).find(key), std::string::npos) << e.what() << " of " << rule;
    }
  }
  std::string many = R"({"metric":"STEPS","above":1})";
  for (int i = 0; i < 70; ++i) many += R"(,{"metric":"STEPS","above":1})";
  EXPECT_THROW((void)read_event_rule(
                   R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440,"yes_if":{"any":[)" + many + "]}}"),
               Error);
}

TEST(EventRule, UnknownIsNeitherYesNorNo) {
  const auto truth = [](const char* condition, std::vector<EventTruth> leaves) {
    const EventRule rule = read_event_rule(
        std::string(R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440,"yes_if":)") + condition + "}");
    return event_truth(rule, [&](const EventComparison&, int leaf) { return leaves[static_cast<std::size_t>(leaf)]; });
  };
  constexpr auto kAll = R"({"all":[{"metric":"STEPS","above":1},{"metric":"STRAIN","above":1}]})";
  constexpr auto kAny = R"({"any":[{"metric":"STEPS","above":1},{"metric":"STRAIN","above":1}]})";
  constexpr auto kKnown = R"({"any_known":[{"metric":"STEPS","above":1},{"metric":"STRAIN","above":1}]})";
  constexpr auto kNot = R"({"not":{"metric":"STEPS","above":1}})";
  const EventTruth unknown;
  EXPECT_EQ(truth(kAll, {true, true}), EventTruth(true));
  EXPECT_EQ(truth(kAll, {false, unknown}), EventTruth(false));
  EXPECT_EQ(truth(kAll, {true, unknown}), unknown);
  EXPECT_EQ(truth(kAll, {unknown, false}), unknown);
  EXPECT_EQ(truth(kAny, {true, unknown}), EventTruth(true));
  EXPECT_EQ(truth(kAny, {false, unknown}), unknown);
  EXPECT_EQ(truth(kKnown, {unknown, false}), EventTruth(false));
  EXPECT_EQ(truth(kKnown, {unknown, true}), EventTruth(true));
  EXPECT_EQ(truth(kKnown, {unknown, unknown}), unknown);
  EXPECT_EQ(truth(kNot, {true}), EventTruth(false));
  EXPECT_EQ(truth(kNot, {unknown}), unknown);
}

TEST(EventRule, SaysWhetherItIsAboutGlucose) {
  EXPECT_TRUE(read_event_rule(kHigh).is_about_glucose());
  EXPECT_FALSE(read_event_rule(kStrain).is_about_glucose());
  EXPECT_TRUE(read_event_rule(R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440,
                                  "yes_if":{"metric":"GLUCOSE_TIME_IN_RANGE","below":70}})")
                  .is_about_glucose());
}

}  // namespace
}  // namespace glucose
