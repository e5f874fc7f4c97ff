// SPDX-License-Identifier: PostgreSQL
// Yes-or-no questions from the rule to the answer, on persons whose days and meals have habits.
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/tasks/event/codec.hpp"
#include "core/tasks/event/evenings.hpp"
#include "core/tasks/event/mealtimes.hpp"
#include "core/tasks/event/task.hpp"
#include "tasks/event/some_rules.hpp"
#ifdef PGG_HAS_BOOSTING
#include "boosting/boosting.hpp"
#endif

namespace glucose {
namespace {

constexpr std::int32_t kFirst = 9500;
/// Days with spells of a high heart rate and short sleep.
struct SomeDays {
  explicit SomeDays(int n, std::uint64_t seed) {
    Random random(seed);
    for (int d = 0; d <= n + 1; ++d) midnights.push_back(static_cast<Micros>(kFirst + d) * kDay);
    double spell = 0;
    for (int d = 0; d < n; ++d) {
      spell = random.uniform() < 0.06 ? 6 : 0.75 * spell;
      add(d, Input::resting_heart_rate, 55 + spell + random.normal());
      add(d, Input::sleep, 450 - 12 * spell + 15 * random.normal());
    }
  }
  void add(int d, Input input, double value) {
    rows.push_back({kFirst + d, static_cast<std::int16_t>(input), static_cast<float>(value),
                    midnights[static_cast<std::size_t>(d) + 1]});
  }
  float& value(int d, Input input) {
    for (DailyRow& row : rows)
      if (row.day == kFirst + d && row.input == static_cast<std::int16_t>(input)) return row.value;
    throw std::out_of_range("no such day");
  }
  DailyMaterial daily() const {
    DailyMaterial m;
    m.calendar = {kFirst, midnights};
    m.rows = rows;
    return m;
  }
  std::vector<Micros> midnights;
  std::vector<DailyRow> rows;
};

/// Three meals a day with a sensor: what is eaten, and how much of it is carbohydrate, decides how high it goes.
struct SomeMeals {
  SomeMeals(int days, std::uint64_t seed) {
    Random random(seed);
    for (int d = 0; d <= days + 1; ++d) midnights.push_back(static_cast<Micros>(kFirst + d) * kDay);
    std::vector<double> rise(static_cast<std::size_t>(days) * 288 + 288);
    for (int d = 0; d < days; ++d)
      for (const int hour : {8, 13, 19}) {
        Meal meal{};
        meal.eaten_at = static_cast<Micros>(kFirst + d) * kDay + hour * 60 * kMinute;
        meal.clock.minute_of_day = hour * 60;
        meal.nutrition.carbs_g = static_cast<float>(random.uniform(5, 100));
        meals.push_back(meal);
        for (std::size_t step = 0; step < 48; ++step)
          rise[static_cast<std::size_t>(d) * 288 + static_cast<std::size_t>(hour) * 12 + step] +=
              static_cast<double>(meal.nutrition.carbs_g) * 1.3 *
              std::exp(-std::pow((static_cast<double>(step) - 12) / 9, 2));
      }
    for (std::size_t i = 0; i < static_cast<std::size_t>(days) * 288; ++i) {
      const Micros at = static_cast<Micros>(kFirst) * kDay + static_cast<Micros>(i) * 5 * kMinute;
      readings.push_back({at, at, static_cast<float>(110 + rise[i] + 5 * random.normal())});
    }
  }
  DailyMaterial daily() const {
    DailyMaterial m;
    m.calendar = {kFirst, midnights};
    m.readings = readings;
    m.meals = meals;
    return m;
  }
  std::vector<Micros> midnights;
  std::vector<Reading> readings;
  std::vector<Meal> meals;
};

Material material_of(const DailyMaterial& daily, const char* rule) {
  Material m;
  m.readings = daily.readings;
  m.meals = daily.meals;
  m.start_at = std::numeric_limits<Micros>::min();
  m.end_at = std::numeric_limits<Micros>::max();
  m.daily = &daily;
  m.subject.name = "an_event";
  m.subject.definition = rule;
  return m;
}

template <class Person>
std::unique_ptr<Rows> rows_of(const std::vector<Person>& persons, const char* rule, bool of_population,
                              Algorithm algorithm) {
  const auto maker = kEventTask.training_rows(algorithm, kEventTask.defaults(of_population), std::size_t{1} << 28,
                                              of_population, static_cast<int>(persons.size()));
  for (const Person& person : persons) {
    const DailyMaterial daily = person.daily();
    maker->begin(material_of(daily, rule));
    while (!maker->done()) maker->step();
    maker->end();
  }
  return maker->take();
}

template <class Person>
Outcome trained(const std::vector<Person>& persons, const char* rule, Algorithm algorithm, bool of_population,
                const AnyModel* population = nullptr) {
  TrainingBasis basis;
  basis.algorithm = algorithm;
  basis.options = kEventTask.defaults(of_population);
  basis.options.hidden = {8};
  basis.options.epochs = 5;
  basis.population = population;
  const auto trainer = (of_population ? kEventTask.train_population : kEventTask.train)(
      rows_of(persons, rule, of_population, algorithm), basis);
  while (!trainer->done()) trainer->step();
  return trainer->take();
}

Known known_of(const DailyMaterial& daily, Micros at) {
  Known known;
  known.until = at;
  known.daily = &daily;
  known.readings = daily.readings;
  known.meals = daily.meals;
  return known;
}

template <class Person>
Answer asked(const AnyModel& model, const Person& person, Micros at) {
  const DailyMaterial daily = person.daily();
  Question q;
  q.at = at;
  return kEventTask.ask(model, known_of(daily, at), q);
}

Micros midnight(int day) {
  return static_cast<Micros>(kFirst + day) * kDay;
}

double value_of(const Outcome& o, Split split, const char* metric) {
  for (const MetricRow& row : o.metrics)
    if (row.split == split && row.metric == metric) return row.value;
  return std::nan("");
}

// The outcome of an evening, computed here once more from the definition.
TEST(EventOutcome, IsWhatTheRuleSaysOfTheDaysAfter) {
  SomeDays person(120, 1);
  std::erase_if(person.rows, [](const DailyRow& row) { return row.day % 11 == 0; });
  const DailyMaterial daily = person.daily();
  const DayTable table(daily, kAlways);
  const EventRule rule = read_event_rule(kStrain);
  const Evenings evenings(rule, daily);
  const auto z = [&](int day, Input input) {
    double n = 0, sum = 0, squares = 0;
    for (int d = day - 29; d <= day; ++d)
      if (const float v = table.at(kFirst + d, input); !std::isnan(v)) ++n, sum += v, squares += v * v;
    const double mean = sum / n, sd = std::sqrt((squares - sum * mean) / (n - 1));
    double ahead = 0, k = 0;
    for (int d = day + 1; d <= day + 3; ++d)
      if (const float v = table.at(kFirst + d, input); !std::isnan(v)) ++k, ahead += v;
    return n < 14 || k < 2 ? std::nan("") : (ahead / k - mean) / sd;
  };
  int yes = 0, no = 0;
  for (int day = 0; day < 117; ++day) {
    const EventTruth truth = evenings.outcome(kFirst + day);
    const double heart = z(day, Input::resting_heart_rate), sleep = z(day, Input::sleep);
    if (std::isnan(heart)) {
      EXPECT_EQ(truth, EventTruth()) << day;
      continue;
    }
    ASSERT_TRUE(truth.has_value()) << day;
    EXPECT_EQ(*truth, heart >= 1 && sleep <= -0.5) << day;
    ++(*truth ? yes : no);
  }
  EXPECT_GT(yes, 5);
  EXPECT_GT(no, 50);
}

TEST(EventTask, EveryAlgorithmTrainsAnswersAndSurvivesItsBytes) {
  const std::vector<SomeDays> days{SomeDays(220, 2)};
  const std::vector<SomeMeals> meals{SomeMeals(50, 2)};
  for (const AlgorithmInfo& info : kEventTask.algorithms(false)) {
    if (info.algorithm == Algorithm::trees) continue;
    const auto check = [&](const auto& persons, const char* rule, Micros at) {
      const Outcome o = trained(persons, rule, info.algorithm, false);
      const auto model = kEventTask.decode(o.artifact);
      EXPECT_EQ(encode_event(event_model(*model)), o.artifact) << info.description;
      const Answer a = asked(*model, persons[0], at);
      ASSERT_EQ(a.n, 1);
      EXPECT_GT(a.expected[0].value, 0) << info.description;
      EXPECT_LT(a.expected[0].value, 1) << info.description;
      EXPECT_LE(a.expected[0].lower, a.expected[0].value);
      EXPECT_GE(a.expected[0].upper, a.expected[0].value);
      EXPECT_EQ(kEventTask.facts(*model).subject, "an_event");
      EXPECT_EQ(trained(persons, rule, info.algorithm, false).artifact, o.artifact) << info.description;
    };
    check(days, kStrain, midnight(200));
    check(meals, kHigh, meals[0].meals[120].eaten_at);
  }
}

TEST(EventTask, NothingOfLaterIsSeen) {
  const SomeDays person(200, 3);
  const auto model = kEventTask.decode(trained(std::vector{person}, kStrain, Algorithm::logistic, false).artifact);
  const float before = asked(*model, person, midnight(150)).expected[0].value;
  SomeDays other = person;
  for (DailyRow& row : other.rows)
    if (row.day >= kFirst + 150) row.value += 20;
  EXPECT_EQ(asked(*model, other, midnight(150)).expected[0].value, before);
  // What was recorded late was not known then.
  SomeDays late = person, missing = person;
  for (DailyRow& row : late.rows)
    if (row.day == kFirst + 149) row.known_at += 10 * kDay;
  std::erase_if(missing.rows, [](const DailyRow& row) { return row.day == kFirst + 149; });
  EXPECT_NE(asked(*model, late, midnight(150)).expected[0].value, before);
  EXPECT_EQ(asked(*model, late, midnight(150)).expected[0].value,
            asked(*model, missing, midnight(150)).expected[0].value);

  const SomeMeals eater(40, 3);
  const auto of_meals = kEventTask.decode(trained(std::vector{eater}, kHigh, Algorithm::logistic, false).artifact);
  const Micros at = eater.meals[90].eaten_at;
  const float told = asked(*of_meals, eater, at).expected[0].value;
  SomeMeals changed = eater;
  for (Reading& r : changed.readings)
    if (r.measured_at > at) r.mg_dl = 300;
  for (Meal& meal : changed.meals)
    if (meal.eaten_at > at) meal.nutrition.carbs_g = 0;
  EXPECT_EQ(asked(*of_meals, changed, at).expected[0].value, told);
}

TEST(EventTask, APopulationKnowsMoreThanTheBaseRateAndIsCalibrated) {
  std::vector<SomeDays> persons;
  for (std::uint64_t p = 0; p < 14; ++p) persons.emplace_back(200, p + 10);
  const Outcome o = trained(persons, kStrain, Algorithm::logistic, true);
  EXPECT_GT(value_of(o, Split::test, "auc"), 0.7);
  EXPECT_GT(value_of(o, Split::test, "r2"), 0.1);  // of Brier scores
  EXPECT_LT(value_of(o, Split::test, "brier"), value_of(o, Split::test, "persistence_brier"));
  EXPECT_LT(value_of(o, Split::test, "calibration_error"), 0.06);
  const auto population = kEventTask.decode(o.artifact);
  const SomeDays stranger(120, 99);
  const Outcome own = trained(std::vector{stranger}, kStrain, Algorithm::automatic, false, population.get());
  EXPECT_TRUE(own.stands_on_population);
  const auto model = kEventTask.decode(own.artifact);
  EXPECT_EQ(encode_event(event_model(*model)), own.artifact);
  // A population's answer to another question is no help.
  constexpr auto kOther =
      R"({"at":"evening","horizon_minutes":1440,"window_minutes":10080,
          "yes_if":{"metric":"RESTING_HEART_RATE","unit":"sd","at_least":0.5}})";
  EXPECT_FALSE(
      trained(std::vector{stranger}, kOther, Algorithm::automatic, false, population.get()).stands_on_population);
}

TEST(EventTask, MealsWithMoreCarbohydrateAreLikelierToGoHigh) {
  const SomeMeals eater(60, 4);
  const Outcome o = trained(std::vector{eater}, kHigh, Algorithm::automatic, false);
  EXPECT_GT(value_of(o, Split::test, "auc"), 0.9);
  const auto model = kEventTask.decode(o.artifact);
  SomeMeals light = eater, heavy = eater;
  const Micros at = eater.meals[150].eaten_at;
  light.meals[150].nutrition.carbs_g = 5;
  heavy.meals[150].nutrition.carbs_g = 100;
  EXPECT_LT(asked(*model, light, at).expected[0].value + 0.5F, asked(*model, heavy, at).expected[0].value);
  EXPECT_THROW((void)asked(*model, eater, at + 2 * 60 * kMinute), Error);  // nothing was eaten then
}

TEST(EventTask, AnExplanationAddsUp) {
  const std::vector<SomeDays> person{SomeDays(220, 5)};
  for (const Algorithm a : {Algorithm::automatic, Algorithm::logistic, Algorithm::lstm, Algorithm::persistence}) {
    const auto model = kEventTask.decode(trained(person, kStrain, a, false).artifact);
    const DailyMaterial daily = person[0].daily();
    Question q;
    q.at = midnight(190);
    const Known known = known_of(daily, q.at);
    const auto explainer = kEventTask.explain(*model, known, q, 4320);
    while (!explainer->done()) explainer->step();
    const Explanation e = explainer->take();
    float sum = e.baseline;
    for (const FeaturePart& part : e.parts) sum += part.contribution;
    EXPECT_NEAR(sum, kEventTask.ask(*model, known, q).expected[0].value, 1e-4) << name_of(a);
  }
}

TEST(EventTask, AStoredModelIsMeasuredAsItWasTrained) {
  const std::vector<SomeDays> person{SomeDays(220, 6)};
  const Outcome o = trained(person, kStrain, Algorithm::logistic, false);
  const auto model = kEventTask.decode(o.artifact);
  const auto maker = kEventTask.scoring_rows(*model);
  const DailyMaterial daily = person[0].daily();
  maker->begin(material_of(daily, kStrain));
  while (!maker->done()) maker->step();
  ASSERT_TRUE(maker->end());
  const auto rows = maker->take();
  const auto scorer = kEventTask.score(*model, *rows, o.splits.test_start);
  double sum = 0;
  int n = 0;
  ScoredRow row;
  while (!scorer->done())
    if (scorer->next(row)) sum += std::abs(static_cast<double>(row.value[0] - row.outcome[0])), ++n;
  EXPECT_EQ(n, o.rows[2]);
  EXPECT_NEAR(sum / n, o.mae, 1e-5);
}

// Rows whose outcome reaches over a boundary would be learnt from and asked about.
TEST(EventTask, NoOutcomeReachesIntoTheNextSplit) {
  const std::vector<SomeDays> person{SomeDays(220, 7)};
  const Outcome o = trained(person, kStrain, Algorithm::mean, false);
  EXPECT_LE(o.learnt_until + 3 * kDay, o.splits.test_start);
}

TEST(EventTask, TooLittleIsSaid) {
  const auto code_of = [](auto&& work) {
    try {
      work();
    } catch (const Error& e) {
      return e.code();
    }
    return ErrorCode::internal;
  };
  EXPECT_EQ(code_of([] { (void)trained(std::vector{SomeDays(40, 8)}, kStrain, Algorithm::automatic, false); }),
            ErrorCode::too_little_history);
  // It never happens.
  constexpr auto kNever =
      R"({"at":"evening","horizon_minutes":1440,"window_minutes":10080,
          "yes_if":{"metric":"RESTING_HEART_RATE","above":400}})";
  EXPECT_EQ(code_of([] { (void)trained(std::vector{SomeDays(200, 9)}, kNever, Algorithm::automatic, false); }),
            ErrorCode::too_little_history);
}

TEST(EventTask, DamagedBytesAreSaid) {
  const std::vector<std::uint8_t> whole =
      trained(std::vector{SomeDays(150, 10)}, kStrain, Algorithm::automatic, false).artifact;
  for (std::size_t i = 0; i < whole.size(); i += 101) {
    std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THROW((void)kEventTask.decode(cut), Error);
  }
}

#ifdef PGG_HAS_BOOSTING
TEST(EventTask, TreesOfLogOddsAreCalibratedToo) {
  std::vector<SomeDays> persons;
  for (std::uint64_t p = 0; p < 12; ++p) persons.emplace_back(150, p + 30);
  TrainingBasis basis;
  basis.algorithm = Algorithm::trees;
  basis.options = kEventTask.defaults(true);
  basis.boosting = pg_glucose_boosting();
  const auto trainer = kEventTask.train_population(rows_of(persons, kStrain, true, Algorithm::trees), basis);
  while (!trainer->done()) trainer->step();
  const Outcome o = trainer->take();
  EXPECT_GT(value_of(o, Split::test, "auc"), 0.65);
  EXPECT_LT(value_of(o, Split::test, "calibration_error"), 0.08);
  const auto model = kEventTask.decode(o.artifact);
  EXPECT_EQ(encode_event(event_model(*model)), o.artifact);
}
#endif

}  // namespace
}  // namespace glucose
