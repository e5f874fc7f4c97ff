// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/explanation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "core/base/random.hpp"
#include "core/tasks/cgm/features.hpp"
#include "core/tasks/cgm/workings.hpp"
#include "support/cgm_rows.hpp"

namespace glucose {
namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons;

const CgmModel& linear_model() {
  static const CgmModel model = train_cgm(rows_of(simulated_readings(1, 8))).model;
  return model;
}

/// Two columns asked one after the other, and the linear forecast.
Trees tree_of(std::int32_t column, std::int32_t other, float size) {
  const auto leaf = [&](float value, float cover) { return TreeNode{TreeNode::kLeaf, 0, value * size, cover}; };
  const std::vector<TreeNode> nodes{{column, 0, 0.1F, 0}, leaf(-3, 5),
                                    {other, 0, 0.2F, 0},  leaf(2, 3),
                                    leaf(11, 2),          {static_cast<std::int32_t>(kCgmTreeSees.size()), 0, 1, 0},
                                    leaf(4, 6),           leaf(-1, 4)};
  return {static_cast<int>(kCgmTreeColumns), nodes};
}

CgmModel with_trees(CgmModel model) {
  model.median_trees = {cgm_linear_of(model.median), {tree_of(0, 9, 1), Trees(), tree_of(20, 16, 2)}, {1, 0, 0.5F}};
  model.mean_trees = {cgm_linear_of(model.mean), {Trees(), tree_of(9, 12, 3), tree_of(3, 22, 1)}, {0, 0.75F, 1}};
  return model;
}

CgmQuestion ask(Micros at, int minutes, Head head = Head::usual) {
  CgmQuestion q;
  q.at = at;
  q.utc_offset_min = 90;
  q.n_minutes = 1;
  q.minutes[0] = minutes;
  q.head = head;
  return q;
}

CgmKnown known_then(CgmWorkings& workings, const CgmModel& model, std::span<const Reading> readings,
                    const CgmQuestion& question) {
  Known known;
  known.readings = readings;
  workings.take(known);
  return workings.known(model, 0, question);
}

CgmSeen seen_of(const CgmModel& model, std::span<const Reading> readings, const CgmQuestion& question) {
  CgmWorkings workings;
  return cgm_seen(known_then(workings, model, readings, question), question.at, question.utc_offset_min);
}

Explanation explained(const CgmModel& model, std::span<const Reading> readings, const CgmQuestion& question) {
  CgmWorkings workings;
  CgmExplainer explainer(model, known_then(workings, model, readings, question), question);
  while (!explainer.done()) explainer.step();
  explainer.step();  // one too many changes nothing
  return explainer.take();
}

/// Too short for a past of one's own: the model alone answers.
std::vector<Reading> few_readings() {
  const auto readings = simulated_readings(2, 2);
  return {readings.end() - kCgmLeastKnown - 4, readings.end()};
}

double sum_of(const Explanation& e) {
  double sum = static_cast<double>(e.baseline);
  for (const FeaturePart& part : e.parts) sum += static_cast<double>(part.contribution);
  return sum;
}

std::map<std::string, FeaturePart> by_name(const Explanation& e) {
  std::map<std::string, FeaturePart> parts;
  for (const FeaturePart& part : e.parts) EXPECT_TRUE(parts.emplace(part.feature, part).second) << part.feature;
  return parts;
}

/// At moments of a few days, fresh readings and old ones, at and between the model's horizons and beyond the last.
void expect_sums(const CgmModel& model, const std::vector<Reading>& readings = simulated_readings(2, 4)) {
  int different = 0;
  for (std::size_t last = 300; last < readings.size(); last += 97)
    for (const int old_min : {0, 2, 33})
      for (const int minutes : {1, 5, 17, 30, 60, 61, 88, 120, 149, 150, 600, 1440})
        for (const Head head : {Head::usual, Head::median, Head::mean}) {
          const std::span<const Reading> known(readings.data(), last + 1);
          const CgmQuestion question = ask(readings[last].measured_at + old_min * kMinute, minutes, head);
          const CgmForecastPoint served = cgm_forecast(model, known, question).points[0];
          const Explanation e = explained(model, known, question);
          EXPECT_NEAR(e.baseline, seen_of(model, known, question).window.back(), 1e-6);
          EXPECT_NEAR(sum_of(e), head == Head::mean ? served.mean_mg_dl : served.mg_dl, 2e-3) << minutes << old_min;
          EXPECT_TRUE(std::is_sorted(e.parts.begin(), e.parts.end(), [](const auto& a, const auto& b) {
            return std::abs(a.contribution) > std::abs(b.contribution);
          }));
          different += std::abs(served.mg_dl - e.baseline) > 1 ? 1 : 0;
        }
  EXPECT_GT(different, 100);
}

TEST(CgmExplainer, SumsToWhatIsServed) {
  expect_sums(linear_model());
}

TEST(CgmExplainer, SumsToWhatIsServedWithTreesToo) {
  expect_sums(with_trees(linear_model()));
  CgmModel only_median = with_trees(linear_model());
  only_median.mean_trees = {};
  expect_sums(only_median);
}

TEST(CgmExplainer, SumsToWhatIsServedWhereASensorEnds) {
  CgmModel model = linear_model();
  const auto readings = few_readings();
  for (const float much : {2000.0F, -2000.0F}) {
    for (std::size_t k = 0; k < K; ++k) model.median[kCgmLags * K + k] = much;
    const Explanation e = explained(model, readings, ask(readings.back().measured_at, 60));
    EXPECT_NEAR(sum_of(e), much > 0 ? kGlucoseHigh : kGlucoseLow, 2e-3);
    EXPECT_TRUE(by_name(e).contains("limit"));
  }
  for (std::size_t k = 0; k < K; ++k) model.median[kCgmLags * K + k] = std::numeric_limits<float>::infinity();
  EXPECT_THROW(explained(model, readings, ask(readings.back().measured_at, 60)), Error);
}

TEST(CgmExplainer, GivesAColumnsPartToItsGroup) {
  CgmModel model = linear_model();
  std::fill(model.median.begin(), model.median.end(), 0.0F);
  const auto readings = few_readings();
  const Micros at = readings.back().measured_at;
  const CgmSeen seen = seen_of(model, readings, ask(at, 30));
  const CgmColumns x = cgm_columns(seen.window, seen.minute_of_day);
  for (std::size_t p = 0; p < P; ++p) {
    model.median[p * K + 5] = 8;
    model.median[p * K + 6] = 4;
    for (const auto& [name, part] : by_name(explained(model, readings, ask(at, 32))))
      EXPECT_NEAR(part.contribution, name == name_of(cgm_group_of(p)) ? 6.4F * x[p] : 0, 1e-4) << p << name;
    model.median[p * K + 5] = model.median[p * K + 6] = 0;
  }
}

TEST(CgmExplainer, GivesTreesPartsToWhatTheyAskFor) {
  const auto readings = few_readings();
  const CgmQuestion question = ask(readings.back().measured_at, 120);
  CgmModel model = linear_model();
  model.day = {};  // only the last hours count
  const auto linear = by_name(explained(model, readings, question));
  EXPECT_FALSE(linear.contains("linear_forecast"));
  const float said = cgm_forecast(model, readings, question).points[0].mg_dl;
  model.median_trees = {cgm_linear_of(model.median), {Trees(), Trees(), tree_of(20, 9, 2)}, {0, 0, 1}};
  const auto both = by_name(explained(model, readings, question));
  EXPECT_NEAR(both.at("linear_forecast").value, said, 1e-3);
  EXPECT_NE(both.at("linear_forecast").contribution, 0);
  for (const auto& [name, part] : linear)
    EXPECT_EQ(both.at(name).contribution != part.contribution,
              name == "time_of_day" || name == "last_reading" || name == "constant")
        << name;
}

TEST(CgmExplainer, SaysWhatTheLastDayAdds) {
  std::vector<Reading> noisy = simulated_readings(2, 4);
  Random rng(1);
  for (Reading& r : noisy) r.mg_dl += static_cast<float>(8 * rng.normal());
  const Micros at = noisy.back().measured_at;
  for (const Head head : {Head::median, Head::mean}) {
    const CgmForecast said = cgm_forecast(linear_model(), noisy, ask(at, 30, head));
    const float share = head == Head::mean ? said.own.mean_calm : said.own.median_calm;
    ASSERT_GT(share, 0.2F);
    const FeaturePart part = by_name(explained(linear_model(), noisy, ask(at, 30, head))).at("last_day");
    EXPECT_EQ(part.value, said.own.mean);
    EXPECT_NEAR(part.contribution, share * said.own.calm_change(5, noisy.back().mg_dl), 1e-3);
  }
  expect_sums(with_trees(linear_model()), noisy);
  EXPECT_FALSE(by_name(explained(linear_model(), few_readings(), ask(few_readings().back().measured_at, 30)))
                   .contains("last_day"));
}

TEST(CgmExplainer, NeedsAReadingOfTheLastHour) {
  const auto readings = simulated_readings(2, 2);
  EXPECT_THROW(explained(linear_model(), readings, ask(readings.back().measured_at + 61 * kMinute, 60)), Error);
  EXPECT_THROW(explained(linear_model(), {}, ask(0, 60)), Error);
}

}  // namespace
}  // namespace glucose
