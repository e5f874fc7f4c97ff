// SPDX-License-Identifier: PostgreSQL
// What is learnt from several persons: better than nothing for one more, and never from who it is asked about.
#include "core/tasks/meal/training/population_training.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "core/learn/boosting_api.hpp"
#include "core/tasks/meal/features/first_day.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/meal/models/forecast.hpp"
#include "core/tasks/meal/models/recollection.hpp"
#include "core/tasks/meal/training/population_fit.hpp"
#include "core/tasks/meal/training/quality.hpp"
#include "support/evaluated.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"
#ifdef PGG_HAS_BOOSTING
#include "boosting/boosting.hpp"
#endif

namespace glucose {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;
using Persons = std::vector<std::vector<Sample>>;

const BoostingApi* boosting() {
#ifdef PGG_HAS_BOOSTING
  return pg_glucose_boosting();
#else
  return nullptr;
#endif
}

/// Persons of one kind of diabetes; made once.
const std::vector<Sample>& person(std::uint64_t seed, std::size_t n = 60) {
  static std::map<std::pair<std::uint64_t, std::size_t>, std::vector<Sample>> made;
  auto& samples = made[{seed, n}];
  if (samples.empty()) samples = n_simulated_samples(seed, n);
  return samples;
}
Persons persons(std::uint64_t first, std::uint64_t n, std::size_t meals = 60) {
  Persons all;
  for (std::uint64_t seed = first; seed < first + n; ++seed) all.push_back(person(seed, meals));
  return all;
}

TrainingOutcome trained(Persons all, Algorithm algorithm = Algorithm::ridge, const BoostingApi* api = nullptr,
                        double l2 = -1) {
  TrainOptions options;
  options.l2 = l2;
  PopulationTraining training(std::move(all), algorithm, options, kPlenty, api);
  while (!training.done()) training.step();
  return training.take();
}
const PopulationModel& population_in(const TrainingOutcome& outcome) {
  return std::get<PopulationModel>(outcome.model.predictor);
}

TEST(PopulationTraining, GivesAWholeOutcomeWithoutAnyMemory) {
  const TrainingOutcome outcome = trained(persons(1, 6));
  EXPECT_EQ(outcome.model.algorithm, Algorithm::population);
  EXPECT_TRUE(outcome.model.memory.meals.empty());  // weights only: it serves persons who gave no data
  EXPECT_EQ(outcome.sizes.total(), 360);
  EXPECT_EQ(outcome.metrics[0][0].n + outcome.metrics[1][0].n + outcome.metrics[2][0].n, 360);
  EXPECT_GT(outcome.model.intervals.n, 200);
  EXPECT_EQ(outcome.candidates.front().algorithm, Algorithm::persistence);
  EXPECT_FALSE(outcome.rejected);
  EXPECT_EQ(encode(decode(encode(outcome.model))), encode(outcome.model));
}

TEST(PopulationTraining, SameRowsSameBytes) {
  EXPECT_EQ(encode(trained(persons(1, 4)).model), encode(trained(persons(1, 4)).model));
}

TEST(PopulationTraining, HelpsAPersonItHasNeverSeen) {
  const Model population = trained(persons(1, 10, 120)).model;
  double served = 0, alone = 0, persistence = 0;
  for (std::uint64_t seed = 31; seed < 37; ++seed) {
    const Samples rows = person(seed, 60);
    const Samples weeks = rows.first(30), later = rows.last(30);
    Training lone({weeks.begin(), weeks.end()}, Algorithm::automatic, {}, kPlenty);
    while (!lone.done()) lone.step();
    Model nothing;
    nothing.horizons_min = {60, 120};
    nothing.intervals = prior_intervals(nothing.horizons_min);
    for (std::size_t k = 0; k < 2; ++k) {
      served += evaluate(population, weeks, later)[k].errors.rmse;
      persistence += evaluate(nothing, weeks, later)[k].errors.rmse;
    }
    const Model alone_model = lone.take().model;
    for (std::size_t k = 0; k < 2; ++k) alone += evaluate(alone_model, {}, later)[k].errors.rmse;
  }
  EXPECT_LT(served, 0.8 * persistence);
  EXPECT_LT(served, alone);
}

// Who is only asked about after weeks would not teach what a first day is like: there, the level is all there is.
TEST(PopulationTraining, LearnsOfAFirstDayFromLaterOnes) {
  std::vector<Sample> rows;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    const auto profile = seed % 2 == 0 ? Profile::none : Profile::t2d;
    for (const Sample& s : n_simulated_samples(seed, 90, profile))
      if (s.rich[meal2::kDoubt] < 0.2F) rows.push_back(s);
  }
  const auto fitted = [&](LearntFrom from) {
    PopulationFit fit(refs_of(rows), from, {}, nullptr);
    while (!fit.done()) fit.step();
    return fit.take();
  };
  const PopulationModel with = fitted(LearntFrom::many), without = fitted(LearntFrom::one_person);
  double first_with = 0, first_without = 0, later_with = 0, later_without = 0;
  for (std::uint64_t seed = 51; seed < 57; ++seed)
    for (const Sample& s : n_simulated_samples(seed, 60, seed % 2 == 0 ? Profile::none : Profile::t2d)) {
      const auto missed = [&](const PopulationModel& model, const RichVector& seen) {
        std::array<float, 2> said;
        model.predict(seen, 2, said.data());
        return std::pow(static_cast<double>(s.targets[1] - said[1]), 2);
      };
      const RichVector first = as_on_first_day(s.rich);
      first_with += missed(with, first), first_without += missed(without, first);
      later_with += missed(with, s.rich), later_without += missed(without, s.rich);
    }
  EXPECT_LT(first_with, 0.95 * first_without);
  EXPECT_LT(later_with, 1.05 * later_without);
}

TEST(PopulationTraining, IntervalsOfAFirstDayHold) {
  const auto of_two_kinds = [](std::uint64_t seed) {
    return n_simulated_samples(seed, 90, seed % 2 == 0 ? Profile::none : Profile::t2d);
  };
  Persons all;
  for (std::uint64_t seed = 1; seed <= 12; ++seed) all.push_back(of_two_kinds(seed));
  Model model = trained(all).model;
  const auto held = [&] {
    int n = 0, inside = 0;
    const Recollection nobody(&std::get<PopulationModel>(model.predictor), model.horizons_min);
    for (std::uint64_t seed = 41; seed < 51; ++seed)
      for (const Sample& s : of_two_kinds(seed)) {
        Moment moment = s;
        moment.rich = as_on_first_day(s.rich);
        std::array<HorizonForecast, 2> served;
        forecast_horizons(model, moment, nobody, model.predict(moment, nobody), 0.9, served.data());
        inside += s.targets[1] >= served[1].lower && s.targets[1] <= served[1].upper ? 1 : 0;
        ++n;
      }
    return static_cast<double>(inside) / n;
  };
  EXPECT_GT(held(), 0.88);
  EXPECT_LT(held(), 0.97);  // more than 0.9: these are no strangers
  EXPECT_GT(model.intervals.scale[1].first_day, 0.15F);
}

/// Mean error of what the linear parts of the folds say of the validation rows.
double linear_bias(const Persons& all) {
  const TrainingOutcome outcome = trained(all);
  for (const Candidate& candidate : outcome.candidates)
    if (candidate.algorithm == Algorithm::ridge) return candidate.validation[0].bias;
  return NAN;
}

TEST(PopulationTraining, APersonsOwnRowsAreNotInTheModelOfItsFold) {
  // Two persons, two folds: each is answered by a model of the other alone. Train outcomes of one that are 100 mg/dL
  // higher move what is said to the other, and nothing of what is said to itself. Two thirds of the rows are the
  // first's.
  const Persons all{person(1, 120), person(2, 60)};
  const auto moved_by = [&](std::size_t changed) {
    Persons other = all;
    const auto n_train = static_cast<std::size_t>(split_sizes(all[changed]).train);
    for (std::size_t i = 0; i < n_train; ++i) other[changed][i].targets[0] += 100;
    return std::abs(linear_bias(other) - linear_bias(all));
  };
  const double of_learnt = 84.0 / 102;  // train rows of train and validation
  EXPECT_NEAR(moved_by(0), 100 * of_learnt / 3, 10);
  EXPECT_NEAR(moved_by(1), 100 * of_learnt * 2 / 3, 10);
}

TEST(PopulationTraining, TestRowsAreNeverLearntFrom) {
  Persons changed = persons(1, 4);
  for (auto& rows : changed)
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (split_sizes(rows).of(static_cast<int>(i)) == Split::test) {
        rows[i].targets[0] = 590, rows[i].targets[1] = 25;
        rows[i].rich[29] = 400;
      }
  const TrainingOutcome a = trained(persons(1, 4)), b = trained(changed);
  EXPECT_EQ(encode(a.model), encode(b.model));
  EXPECT_EQ(a.metrics[0][0].rmse, b.metrics[0][0].rmse);
  EXPECT_EQ(a.metrics[1][1].rmse, b.metrics[1][1].rmse);
  EXPECT_NE(a.metrics[2][0].rmse, b.metrics[2][0].rmse);
}

TEST(PopulationTraining, IntervalsHoldWhatHappensToAPersonLeftOut) {
  const Model population = trained(persons(1, 10, 120)).model;
  double held = 0;
  for (std::uint64_t seed = 31; seed < 43; ++seed)
    for (const Evaluation& e : evaluate(population, {}, person(seed, 60))) held += e.coverage / 24;
  EXPECT_GT(held, 0.85);
  EXPECT_LT(held, 0.95);
}

TEST(PopulationTraining, TooFewPersonsIsTooLittleHistory) {
  for (const std::uint64_t n : {0U, 1U})
    EXPECT_EQ(error_of([&] { trained(persons(1, n)); }).code(), ErrorCode::too_little_history);
  EXPECT_FALSE(trained(persons(1, 2)).metrics[2].empty());
}

TEST(PopulationTraining, OtherAlgorithmsAndTooLittleMemoryAreRefused) {
  for (const Algorithm algorithm : {Algorithm::persistence, Algorithm::mean, Algorithm::lad, Algorithm::personal,
                                    Algorithm::ensemble, Algorithm::population})
    EXPECT_EQ(error_of([&] { trained(persons(1, 2), algorithm); }).code(), ErrorCode::bad_argument);
  EXPECT_EQ(error_of([&] { trained(persons(1, 2), Algorithm::trees, nullptr); }).code(), ErrorCode::not_available);
  EXPECT_EQ(error_of([&] { PopulationTraining(persons(1, 2), Algorithm::ridge, {}, 10'000, nullptr); }).code(),
            ErrorCode::out_of_memory);
}

TEST(PopulationTraining, AutoGoesOnWithoutBoosting) {
  const TrainingOutcome outcome = trained(persons(1, 8), Algorithm::automatic, nullptr);
  EXPECT_EQ(outcome.model.algorithm, Algorithm::population);
  EXPECT_TRUE(population_in(outcome).trees.empty());
}

TEST(PopulationTraining, ProgressNeverFallsAndStepsAreSmall) {
  PopulationTraining training(persons(1, 5), Algorithm::ridge, {}, kPlenty, nullptr);
  double before = 0;
  int steps = 0;
  while (!training.done()) {
    training.step();
    ASSERT_GE(training.progress(), before) << steps;
    ASSERT_LE(training.progress(), 1);
    before = training.progress();
    ++steps;
  }
  EXPECT_GT(steps, 300 / 4);  // a step answers four rows at most
  training.step();            // nothing more to do
  EXPECT_TRUE(training.done());
}

TEST(PopulationTraining, MemoryIsAskedForOnlyWhatIsTrained) {
  constexpr std::size_t kMany = 1'000'000;
  EXPECT_LT(5 * PopulationFit::bytes_needed(kMany, {}, false), PopulationFit::bytes_needed(kMany, {}, true));
}

// Of many persons' rows, nothing may go over all at once but the pointers to them.
TEST(PopulationFit, GoesOverItsRowsInSmallSteps) {
  const std::vector<Sample> rows(128 * 20, person(1).front());
  PopulationFit fit(refs_of(rows), LearntFrom::many, {}, nullptr);
  int steps = 0;
  for (; !fit.done(); fit.step()) ++steps;
  EXPECT_GE(steps, 3 * 20);  // their means, their spreads, their sums
}

TEST(PopulationTraining, UnknownColumnsDoNotMakeItUnknown) {
  Persons all = persons(1, 3);
  for (auto& rows : all)
    for (Sample& row : rows)
      for (std::size_t c = 1; c < 50; c += 2) row.rich[c] = kUnknown;
  const TrainingOutcome outcome = trained(all);
  EXPECT_TRUE(std::isfinite(mean_of(outcome.metrics[2], &Metrics::rmse)));
}

#ifdef PGG_HAS_BOOSTING

/// Outcomes follow from columns alone.
template <class Law>
Persons lawful(std::uint64_t n, Law&& law, std::uint64_t seed = 5) {
  Persons all = persons(1, n, 80);
  Random rng(seed);
  for (auto& rows : all)
    for (Sample& row : rows) {
      row.rich[29] = static_cast<float>(rng.uniform(0, 120));
      for (std::size_t k = 0; k < 2; ++k)
        row.targets[k] = row.rich[0] + law(row.rich) + static_cast<float>(8 * rng.normal());
    }
  return all;
}

TEST(PopulationTraining, AutoLeavesTreesOutWhereTheTruthIsLinear) {
  const auto linear = [](const RichVector& x) { return 0.5F * x[29] - 0.3F * (x[0] - 120); };
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    // With a small penalty: trees may well give back what a large one takes.
    const TrainingOutcome outcome = trained(lawful(8, linear, seed), Algorithm::automatic, boosting(), 5);
    EXPECT_EQ(outcome.model.algorithm, Algorithm::population);
    EXPECT_EQ(population_in(outcome).share_of_trees, 0);
    EXPECT_TRUE(population_in(outcome).trees.empty());
  }
}

TEST(PopulationTraining, AutoKeepsTreesWhereTheyKnowMore) {
  const auto bent = [](const RichVector& x) { return x[29] > 60 ? 80.0F : x[29] > 30 ? -20.0F : 20.0F; };
  const Persons all = lawful(8, bent);
  const TrainingOutcome outcome = trained(all, Algorithm::automatic, boosting());
  EXPECT_EQ(outcome.model.algorithm, Algorithm::trees);
  EXPECT_GT(population_in(outcome).share_of_trees, 0.5F);
  EXPECT_EQ(population_in(outcome).trees.size(), 2U);
  EXPECT_LT(outcome.metrics[2][0].rmse, 0.8 * trained(all).metrics[2][0].rmse);
  EXPECT_EQ(encode(trained(all, Algorithm::automatic, boosting()).model), encode(outcome.model));
}

TEST(PopulationTraining, TreesAskedForAreTrees) {
  const TrainingOutcome outcome = trained(persons(1, 4), Algorithm::trees, boosting());
  EXPECT_GE(population_in(outcome).share_of_trees, 0);
  EXPECT_LE(population_in(outcome).share_of_trees, 1);
  EXPECT_TRUE(std::isfinite(outcome.metrics[2][0].rmse));
}

#endif

}  // namespace
}  // namespace glucose
