// SPDX-License-Identifier: PostgreSQL
// A metric one day ahead from the rows to the answer, on persons with habits.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/tasks/daily/asking/metric_forecast.hpp"
#include "core/tasks/daily/models/codec.hpp"
#include "core/tasks/daily/task.hpp"
#include "core/tasks/daily/training/daily_training.hpp"

namespace glucose {
namespace {

constexpr std::int32_t kFirst = 9500;

/// A person's days of one metric: a level, a week, what is left of yesterday's deviation, and noise.
struct SomeDays {
  explicit SomeDays(int n, std::uint64_t seed, float level = 60, float carried = 0.6F) {
    Random random(seed);
    for (int d = 0; d <= n; ++d) midnights.push_back(static_cast<Micros>(kFirst + d) * kDay);
    float deviation = 0;
    for (int d = 0; d < n; ++d) {
      deviation = carried * deviation + static_cast<float>(random.normal());
      const float value = level + deviation + (weekday_of(kFirst + d) == 0 ? 3.0F : 0.0F);
      const Micros known = midnights[static_cast<std::size_t>(d) + 1];
      rows.push_back({kFirst + d, static_cast<std::int16_t>(kTarget), value, known});
      rows.push_back({kFirst + d, static_cast<std::int16_t>(Input::resting_heart_rate), value, known});
    }
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

const Subject kHeartRate{"RESTING_HEART_RATE", "bpm", 25, 150, {}};

std::unique_ptr<Rows> rows_of(const std::vector<SomeDays>& persons, bool of_population,
                              Algorithm algorithm = Algorithm::automatic) {
  const auto maker = kDailyTask.training_rows(algorithm, kDailyTask.defaults(of_population), std::size_t{1} << 28,
                                              of_population, static_cast<int>(persons.size()));
  for (const SomeDays& person : persons) {
    const DailyMaterial daily = person.daily();
    Material m;
    m.start_at = std::numeric_limits<Micros>::min();
    m.end_at = std::numeric_limits<Micros>::max();
    m.daily = &daily;
    m.subject = kHeartRate;
    maker->begin(m);
    while (!maker->done()) maker->step();
    maker->end();
  }
  return maker->take();
}

Outcome trained(const std::vector<SomeDays>& persons, Algorithm algorithm, bool of_population,
                const AnyModel* population = nullptr) {
  TrainingBasis basis;
  basis.algorithm = algorithm;
  basis.options = kDailyTask.defaults(of_population);
  basis.options.hidden = {8, 8};
  basis.options.epochs = 3;
  basis.options.sequence_length = 30;
  basis.population = population;
  auto trainer = (of_population ? kDailyTask.train_population : kDailyTask.train)(
      rows_of(persons, of_population, algorithm), basis);
  while (!trainer->done()) trainer->step();
  return trainer->take();
}

Known known_of(const DailyMaterial& daily, Micros at) {
  Known known;
  known.until = at;
  known.daily = &daily;
  return known;
}

Answer asked(const AnyModel& model, const SomeDays& person, int day) {
  const DailyMaterial daily = person.daily();
  Question q;
  q.at = static_cast<Micros>(kFirst + day) * kDay;
  return kDailyTask.ask(model, known_of(daily, q.at), q);
}

double value_of(const Outcome& o, Split split, const char* metric) {
  for (const MetricRow& row : o.metrics)
    if (row.split == split && row.metric == metric) return row.value;
  return std::nan("");
}

TEST(DailyTask, NaiveForecastsAreWhatTheirNamesSay) {
  const SomeDays person(100, 1);
  const auto at = [&](int day) { return person.rows[2 * static_cast<std::size_t>(day)].value; };
  const auto value = [&](Algorithm a) {
    return asked(*kDailyTask.decode(trained({person}, a, false).artifact), person, 90).expected[0].value;
  };
  EXPECT_FLOAT_EQ(value(Algorithm::persistence), at(89));
  float week = 0, all = 0;
  for (int d = 83; d < 90; ++d) week += at(d) / 7;
  for (int d = 0; d < 90; ++d) all += at(d) / 90;
  EXPECT_NEAR(value(Algorithm::moving_average), week, 1e-3);
  EXPECT_NEAR(value(Algorithm::mean), all, 1e-3);
}

TEST(DailyTask, EveryAlgorithmTrainsAnswersAndSurvivesItsBytes) {
  const SomeDays person(80, 2);
  for (const AlgorithmInfo& info : kDailyTask.algorithms(false)) {
    if (info.algorithm == Algorithm::trees) continue;
    const Outcome o = trained({person}, info.algorithm, false);
    const auto model = kDailyTask.decode(o.artifact);
    EXPECT_EQ(encode_daily(daily_model(*model)), o.artifact) << name_of(info.algorithm);
    const Answer a = asked(*model, person, 79);
    EXPECT_LT(a.expected[0].lower, a.expected[0].value) << name_of(info.algorithm);
    EXPECT_GT(a.expected[0].upper, a.expected[0].value) << name_of(info.algorithm);
    EXPECT_EQ(kDailyTask.facts(*model).subject, "RESTING_HEART_RATE");
    EXPECT_EQ(trained({person}, info.algorithm, false).artifact, o.artifact) << name_of(info.algorithm);
  }
}

TEST(DailyTask, NothingOfTheDayOrLaterIsSeen) {
  const SomeDays person(100, 3);
  const auto model = kDailyTask.decode(trained({person}, Algorithm::automatic, false).artifact);
  const float before = asked(*model, person, 90).expected[0].value;
  SomeDays other = person;
  for (DailyRow& row : other.rows)
    if (row.day >= kFirst + 90) row.value += 20;
  EXPECT_EQ(asked(*model, other, 90).expected[0].value, before);
  // What was recorded later was not known then.
  SomeDays late = person;
  for (DailyRow& row : late.rows)
    if (row.day == kFirst + 89) row.known_at += 10 * kDay;
  SomeDays missing = person;
  std::erase_if(missing.rows, [](const DailyRow& row) { return row.day == kFirst + 89; });
  EXPECT_NE(asked(*model, late, 90).expected[0].value, before);
  EXPECT_EQ(asked(*model, late, 90).expected[0].value, asked(*model, missing, 90).expected[0].value);
}

TEST(DailyTask, NetworksSeeWhatWasKnownThen) {
  std::vector<SomeDays> persons{SomeDays(60, 11), SomeDays(90, 12), SomeDays(70, 13)};
  for (DailyRow& row : persons[1].rows) row.known_at += 7 * 60 * kMinute;  // in the morning
  for (DailyRow& row : persons[2].rows)
    if (row.day % 5 == 0) row.known_at += 9 * kDay;
  const auto made = rows_of(persons, true, Algorithm::lstm);
  const DailyRows& rows = daily_rows(*made);
  ASSERT_EQ(rows.persons, 3);
  std::array<float, kSequenceColumns> day;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const DailyMaterial daily = persons[static_cast<std::size_t>(rows.person[i])].daily();
    KnownDays days(daily, false);
    days.know(rows.at[i], rows.day[i]);
    const std::vector<float> seen = rows.sequence_of(i);
    for (int t = 0; t < rows.sequence; ++t) {
      sequence_day(days, rows.day[i] - rows.sequence + t, rows.is_log, day.data());
      for (std::size_t c = 0; c < day.size(); ++c) {
        const float value = seen[static_cast<std::size_t>(t) * day.size() + c];
        ASSERT_TRUE(std::isnan(day[c]) ? std::isnan(value) : std::abs(day[c] - value) < 1e-4F)
            << "row " << i << ", day " << t << ", column " << c;
      }
    }
  }
  // Each state of a day is kept once: a day that becomes known in the morning has two, or some more by what lies
  // beside.
  EXPECT_LT(rows.days.size() / kSequenceColumns, 4 * rows.size());
}

TEST(DailyTask, APopulationBeatsTheLastValueAndItsIntervalsHold) {
  std::vector<SomeDays> persons;
  for (std::uint64_t p = 0; p < 12; ++p) persons.emplace_back(150, p + 10, 50 + 2 * static_cast<float>(p));
  const Outcome o = trained(persons, Algorithm::automatic, true);
  EXPECT_LT(value_of(o, Split::test, "mae"), 0.95 * value_of(o, Split::test, "persistence_mae"));
  EXPECT_NEAR(value_of(o, Split::test, "coverage"), 0.9, 0.05);
  EXPECT_GT(value_of(o, Split::test, "r2"), value_of(o, Split::test, "r2_within"));
  EXPECT_EQ(o.algorithm, "population");
  // A stranger is forecast by it, and a person's own model stands on it.
  const SomeDays stranger(60, 99, 80);
  const auto population = kDailyTask.decode(o.artifact);
  EXPECT_NEAR(asked(*population, stranger, 59).expected[0].value, 80, 8);
  EXPECT_TRUE(trained({stranger}, Algorithm::automatic, false, population.get()).stands_on_population);
}

TEST(DailyTask, AnExplanationAddsUp) {
  const SomeDays person(100, 4);
  for (const Algorithm a : {Algorithm::automatic, Algorithm::lstm}) {
    const auto model = kDailyTask.decode(trained({person}, a, false).artifact);
    const DailyMaterial daily = person.daily();
    Question q;
    q.at = static_cast<Micros>(kFirst + 95) * kDay;
    const Known known = known_of(daily, q.at);
    const auto explainer = kDailyTask.explain(*model, known, q, kDayAheadMin);
    while (!explainer->done()) explainer->step();
    const Explanation e = explainer->take();
    float sum = e.baseline;
    for (const FeaturePart& part : e.parts) sum += part.contribution;
    EXPECT_NEAR(sum, kDailyTask.ask(*model, known, q).expected[0].value, 1e-2) << name_of(a);
  }
}

TEST(DailyTask, AttentionSaysWhichDaysMattered) {
  const SomeDays person(100, 5);
  const auto model = kDailyTask.decode(trained({person}, Algorithm::attention, false).artifact);
  const DailyMaterial daily = person.daily();
  Question q;
  q.at = static_cast<Micros>(kFirst + 95) * kDay;
  const auto days = attention_of(daily_model(*model), known_of(daily, q.at), q);
  ASSERT_EQ(days.size(), 30U);
  EXPECT_EQ(days.back().day, kFirst + 94);
  EXPECT_NEAR(std::accumulate(days.begin(), days.end(), 0.0,
                              [](double s, const DayWeight& d) { return s + static_cast<double>(d.weight); }),
              1, 1e-4);
  const auto plain = kDailyTask.decode(trained({person}, Algorithm::ridge, false).artifact);
  EXPECT_THROW((void)attention_of(daily_model(*plain), known_of(daily, q.at), q), Error);
}

TEST(DailyTask, AStoredModelIsMeasuredAsItWasTrained) {
  const SomeDays person(120, 6);
  const Outcome o = trained({person}, Algorithm::ridge, false);
  const auto model = kDailyTask.decode(o.artifact);
  const auto rows = rows_of({person}, false);
  const auto scorer = kDailyTask.score(*model, *rows, o.splits.test_start);
  double sum = 0;
  int n = 0;
  ScoredRow row;
  while (!scorer->done())
    if (scorer->next(row)) sum += std::abs(static_cast<double>(row.value[0] - row.outcome[0])), ++n;
  EXPECT_EQ(n, o.rows[2]);
  EXPECT_NEAR(sum / n, o.mae, 1e-5);
}

TEST(DailyTask, ErrorsAreFollowedOnceTheyAreKnown) {
  SomeDays person(150, 30, 60, 0.95F);
  for (DailyRow& row : person.rows) row.known_at += (3 + row.day % 3) * kDay;
  DailyModel model = daily_model(*kDailyTask.decode(trained({person}, Algorithm::ridge, false).artifact));
  model.prior = {0.2F, 0.2F, 0.2F, 0.2F, 0.2F};
  model.eta = 0.8F;
  model.shrink = 15;
  const DailyMaterial daily = person.daily();
  const auto made = rows_of({person}, false);
  const DailyRows& rows = daily_rows(*made);
  const auto scorer = score_metric(model, rows, rows.at.front());
  double apart = 0;
  ScoredRow row;
  while (!scorer->done()) {
    if (!scorer->next(row)) continue;
    Question q;
    q.at = row.at;
    const Expected served = ask_metric(model, known_of(daily, q.at), q).expected[0];
    // Of days more than 60 before, which nobody asked looks at, hardly anything is left.
    apart = std::max(apart, static_cast<double>(std::abs(row.value[0] - served.value)));
  }
  EXPECT_LT(apart, 0.4);
}

TEST(DailyTask, IntervalsHoldOnValidationWhatTheyHoldLater) {
  std::vector<SomeDays> persons;
  for (std::uint64_t p = 0; p < 30; ++p) persons.emplace_back(150, p + 50);
  const Outcome all = trained(persons, Algorithm::ridge, true);
  EXPECT_NEAR(value_of(all, Split::validation, "coverage"), 0.9, 0.015);
  double alone = 0;
  for (const SomeDays& person : persons)
    alone += value_of(trained({person}, Algorithm::mean, false), Split::validation, "coverage") / 30;
  EXPECT_NEAR(alone, 0.9, 0.03);
}

TEST(DailyTask, APenaltyIsTheUsualOneUnlessAnotherIsBetterBeyondChance) {
  const auto penalty_of = [](int days, float carried, const RowList& validation) {
    const auto made = rows_of({SomeDays(days, 21, 60, carried)}, false);
    const DailyRows& rows = daily_rows(*made);
    RowList learn;
    for (std::uint32_t i = 0; i < rows.size(); ++i)
      if (rows.split[i] == Split::train) learn.push_back(i);
    PartPlan plan;
    DailyPart part;
    DayNetworkCourse course;
    const TrainOptions options = kDailyTask.defaults(false);
    Steps work = fit_part({&rows, &learn, &validation, &options, nullptr}, plan, part, course, [](double) {});
    while (!work.done()) work.step();
    return plan.penalty;
  };
  // Not even on days that it learns from, which the smallest would fit best.
  const RowList seen{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(penalty_of(120, 0, seen), 1);
  EXPECT_EQ(penalty_of(120, 0, seen), penalty_of(120, 0, {}));
  EXPECT_EQ(penalty_of(40, 0, {}), 3);
  EXPECT_LT(penalty_of(2000, 0.99F, {}), 0.1);  // of much that goes on for long
}

TEST(DailyTask, TooFewDaysAndDamagedBytesAreSaid) {
  try {
    (void)rows_of({SomeDays(15, 7)}, false);
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), ErrorCode::too_little_history);
    EXPECT_NE(std::string(e.what()).find("14 days"), std::string::npos) << e.what();
  }
  const std::vector<std::uint8_t> whole = trained({SomeDays(60, 8)}, Algorithm::automatic, false).artifact;
  for (std::size_t i = 0; i < whole.size(); i += 101) {
    std::vector<std::uint8_t> cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_THROW((void)kDailyTask.decode(cut), Error);
  }
}

}  // namespace
}  // namespace glucose
