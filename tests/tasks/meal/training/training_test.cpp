// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/training.hpp"
#include "core/readings/low_glucose.hpp"
#include "core/tasks/meal/models/codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/tasks/meal/training/replay.hpp"
#include "support/evaluated.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;
constexpr std::array<Algorithm, 7> kAll{Algorithm::persistence, Algorithm::mean, Algorithm::ridge,
                                        Algorithm::lad,         Algorithm::lstm, Algorithm::personal,
                                        Algorithm::automatic};

TrainOptions quick() {
  TrainOptions options;
  options.epochs = 6;
  options.hidden = {8, 6};
  options.learning_rate = 0.01;
  return options;
}

TrainingOutcome trained(std::vector<Sample> samples, Algorithm algorithm, const TrainOptions& options = quick()) {
  Training training(std::move(samples), algorithm, options, kPlenty);
  while (!training.done()) training.step();
  return training.take();
}

const std::vector<Sample>& person() {
  static const std::vector<Sample> samples = n_simulated_samples(4, 105);
  return samples;
}

/// What the model would have said, had it been there from the first row on.
Forecasts replayed(const Predictor& predictor, Samples rows, std::vector<int> horizons_min = {60, 120}) {
  Replay replay(rows, predictor, std::move(horizons_min));
  while (!replay.done()) replay.step();
  return replay.answers(0, rows.size());
}
Metrics errors(const Predictor& predictor, Samples rows, std::size_t first, std::size_t n, std::size_t k) {
  std::vector<float> said, happened;
  for (std::size_t i = first; i < first + n; ++i) happened.push_back(rows[i].targets[k]);
  const std::vector<float> all = replayed(predictor, rows)[k];
  said.assign(all.begin() + static_cast<std::ptrdiff_t>(first), all.begin() + static_cast<std::ptrdiff_t>(first + n));
  return measure(said, happened);
}

bool finite(const std::vector<Metrics>& metrics) {
  return std::all_of(metrics.begin(), metrics.end(),
                     [](const Metrics& m) { return std::isfinite(m.rmse) && std::isfinite(m.mae); });
}

TEST(SimulatedSamples, AreUsableAndValid) {
  ASSERT_EQ(person().size(), 105U);
  for (const Sample& s : person()) {
    EXPECT_NO_THROW(validate(s.features));
    EXPECT_TRUE(std::isfinite(s.targets[0]) && std::isfinite(s.targets[1]));
  }
  EXPECT_EQ(person()[0].features[kClock + 2], std::sin(static_cast<float>(2 * 3.14159265 / 7)));  // a Monday
}

TEST(Training, EveryAlgorithmGivesAWholeOutcome) {
  for (const Algorithm algorithm : kAll) {
    const TrainingOutcome outcome = trained(person(), algorithm);
    EXPECT_EQ(outcome.sizes.train, 75);
    EXPECT_EQ(outcome.sizes.validation, 15);
    EXPECT_EQ(outcome.sizes.test, 15);
    EXPECT_EQ(outcome.model.horizons_min, (std::vector<int>{60, 120}));
    EXPECT_EQ(outcome.model.memory.meals.size(), 105U);
    EXPECT_EQ(outcome.model.intervals.scale[1].log_scale, prior_intervals(kSimulatedHorizons).scale[1].log_scale);
    for (std::size_t split = 0; split < 3; ++split) {
      ASSERT_EQ(outcome.metrics[split].size(), 2U);
      EXPECT_EQ(outcome.metrics[split][0].n, split == 0 ? 75 : 15);
      EXPECT_TRUE(finite(outcome.metrics[split])) << name_of(algorithm);
    }
    if (algorithm != Algorithm::automatic) {
      EXPECT_EQ(outcome.model.algorithm, algorithm);
    }
    EXPECT_EQ(outcome.candidates.front().algorithm, Algorithm::persistence);
    // What is said about the stored model is what the stored model does.
    const Model stored = decode(encode(outcome.model));
    Model before = stored;  // as it would have answered the test rows one after another
    before.memory.meals.resize(90);
    const auto served = evaluate(before, {}, Samples(person()).last(15));
    EXPECT_NEAR(served[1].errors.rmse, outcome.metrics[2][1].rmse, 1e-3) << name_of(algorithm);
    EXPECT_EQ(errors(stored.predictor, person(), 0, 75, 0).mae, outcome.metrics[0][0].mae);
    EXPECT_EQ(errors(Persistence{}, person(), 90, 15, 0).rmse, outcome.persistence_test[0].rmse);
  }
}

TEST(Training, SameSeedSameBytes) {
  for (const Algorithm algorithm : kAll) {
    TrainOptions options = quick();
    options.seed = 9;
    const auto bytes = encode(trained(person(), algorithm, options).model);
    EXPECT_EQ(encode(trained(person(), algorithm, options).model), bytes) << name_of(algorithm);
    options.seed = 10;
    if (algorithm == Algorithm::lstm) {
      EXPECT_NE(encode(trained(person(), algorithm, options).model), bytes);
    }
  }
}

TEST(Training, AutoWeighsItsMembersByTheirErrorsOnValidation) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const TrainingOutcome outcome =
        trained(n_simulated_samples(seed, 105, static_cast<Profile>(seed - 1)), Algorithm::automatic);
    ASSERT_GE(outcome.candidates.size(), 6U);
    double trusted = 0, chosen = NAN;  // as weighted beforehand: the error of a blend is at most that
    for (const Candidate& c : outcome.candidates) {
      EXPECT_DOUBLE_EQ(c.rmse, (c.validation[0].rmse + c.validation[1].rmse) / 2);
      if (c.algorithm == Algorithm::personal) trusted += 0.5 * c.rmse;
      if (c.algorithm == Algorithm::ridge) trusted += 0.3 * c.rmse;
      if (c.algorithm == Algorithm::lad) trusted += 0.2 * c.rmse;
      if (c.algorithm == outcome.model.algorithm) chosen = c.rmse;
    }
    EXPECT_LT(chosen, 1.005 * trusted);  // members below 2 % are left out
    EXPECT_FALSE(outcome.rejected);
    const auto* ensemble = std::get_if<Ensemble>(&outcome.model.predictor);
    if (ensemble == nullptr) continue;
    EXPECT_EQ(outcome.model.algorithm, Algorithm::ensemble);
    for (std::size_t k = 0; k < 2; ++k) {
      float sum = 0;
      for (std::size_t m = 0; m < ensemble->members.size(); ++m) sum += ensemble->weights[m * 2 + k];
      EXPECT_NEAR(sum, 1, 1e-5);
    }
  }
}

TEST(Training, TestRowsNeverInfluenceTheModel) {
  std::vector<Sample> changed = person();
  for (std::size_t i = 90; i < changed.size(); ++i) {
    changed[i].targets[0] = 599;
    changed[i].targets[1] = 21;
    changed[i].features[1] = 499;
    changed[i].features[kHistory + 11] = 40;
    changed[i].rich.fill(70);
  }
  for (const Algorithm algorithm : kAll) {
    TrainingOutcome a = trained(person(), algorithm), b = trained(changed, algorithm);
    a.model.memory.meals.resize(90), b.model.memory.meals.resize(90);  // only remembered
    EXPECT_EQ(encode(a.model), encode(b.model)) << name_of(algorithm);
    EXPECT_NE(a.metrics[2][0].rmse, b.metrics[2][0].rmse);
  }
}

TEST(Training, ValidationRowsDoNotInfluenceWhatIsComparedOnThem) {
  // The candidate's errors on validation must be those of a fit of the train rows alone: shift all validation outcomes
  // by 50, and each candidate's bias there shifts by exactly that (the LSTM's stopping may look at them).
  std::vector<Sample> changed = person();
  for (std::size_t i = 75; i < 90; ++i) changed[i].targets[0] += 50;
  for (const Algorithm algorithm : {Algorithm::mean, Algorithm::ridge, Algorithm::lad}) {
    const auto a = trained(person(), algorithm).candidates[1], b = trained(changed, algorithm).candidates[1];
    EXPECT_NEAR(b.validation[0].bias, a.validation[0].bias - 50, 1e-4) << name_of(algorithm);
    EXPECT_EQ(b.validation[1].rmse, a.validation[1].rmse);
  }
}

TEST(Training, LinearModelsLearnFromValidationRowsInTheEnd) {
  std::vector<Sample> changed = person();
  for (std::size_t i = 75; i < 90; ++i) changed[i].targets[0] += 50;
  for (const Algorithm algorithm : {Algorithm::mean, Algorithm::ridge, Algorithm::lad}) {
    const auto a = trained(person(), algorithm), b = trained(changed, algorithm);
    const Forecasts before = replayed(a.model.predictor, person()), after = replayed(b.model.predictor, person());
    EXPECT_NE(before[0][0], after[0][0]) << name_of(algorithm);
    EXPECT_EQ(before[1][0], after[1][0]) << name_of(algorithm);
  }
}

TEST(Training, ScoresAreOfForecastsThatHadNotLearntFromTheRow) {
  const TrainingOutcome outcome = trained(person(), Algorithm::persistence);
  const Intervals& intervals = outcome.model.intervals;
  for (std::size_t i = 0; i < person().size(); ++i)
    for (std::size_t k = 0; k < 2; ++k) {
      const RememberedMeal& meal = outcome.model.memory.meals[i];
      ASSERT_EQ(meal.eaten_at, person()[i].eaten_at);
      ASSERT_EQ(std::isnan(meal.score[k]), i < 75);  // it had learnt from the train rows
      ASSERT_EQ(std::isnan(meal.rank[k]), i < 75);
      if (i < 75) continue;
      const float level = last_glucose(person()[i].features);
      const float scale =
          intervals.scale[k].at(scale_columns(person()[i].rich, level), 0, person()[i].rich[meal2::kDoubt]);
      const double missed = deviation(static_cast<double>(person()[i].targets[k]), static_cast<double>(level));
      ASSERT_NEAR(static_cast<double>(meal.score[k]), missed / static_cast<double>(scale), 1e-4);
    }
}

TEST(Training, ScoresOfValidationRowsAreNotOfTheFitThatLearntFromThem) {
  std::vector<Sample> changed = person();
  for (std::size_t i = 75; i < 90; ++i) changed[i].targets[0] += 50;
  const Model a = trained(person(), Algorithm::ridge).model, b = trained(changed, Algorithm::ridge).model;
  int compared = 0;
  for (std::size_t i = 75; i < 90; ++i) {
    if (a.memory.meals[i].score[0] < 0) continue;  // below a forecast the unit is not mg/dL
    ++compared;
    // Said is the same both times, so the scores are 50 mg/dL apart, in the unit they must have.
    const float score = a.memory.meals[i].score[0], scale = 50 / (b.memory.meals[i].score[0] - score);
    const float said = person()[i].targets[0] - score * scale;
    ASSERT_NEAR(
        scale, a.intervals.scale[0].at(scale_columns(person()[i].rich, said), 0, person()[i].rich[meal2::kDoubt]), 0.05)
        << i;
  }
  EXPECT_GE(compared, 4);
}

TEST(Training, AMemoryIsAskedBeforeItLearns) {
  const TrainingOutcome a = trained(person(), Algorithm::personal);
  for (const RememberedMeal& meal : a.model.memory.meals) ASSERT_FALSE(std::isnan(meal.score[0]));
  EXPECT_EQ(a.model.memory.meals.front().recalled[0], 0);
  EXPECT_NE(a.model.memory.meals.back().recalled[0], 0);
}

/// Meals whose outcome is last glucose + `gain` · carbs.
std::vector<Sample> lawful(int n, float gain) {
  std::vector<Sample> samples = n_simulated_samples(6, static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    Sample& s = samples[i];
    s.features[1] = s.rich[29] = static_cast<float>((i * 37) % 101);
    const float level = last_glucose(s.features);
    s.targets[0] = level + gain * s.features[1], s.targets[1] = level + gain / 2 * s.features[1];
  }
  return samples;
}

TEST(Training, PredictableGlucoseIsPredicted) {
  for (const Algorithm algorithm : {Algorithm::ridge, Algorithm::lad, Algorithm::automatic}) {
    const TrainingOutcome outcome = trained(lawful(200, 1.5F), algorithm);
    // 'auto' keeps some of what is known of other people, whom no such law binds.
    const double most = algorithm == Algorithm::automatic ? 0.15 : 0.1;
    EXPECT_LT(outcome.metrics[2][0].rmse, most * outcome.persistence_test[0].rmse) << name_of(algorithm);
    EXPECT_GT(outcome.metrics[2][0].r2, 0.9);
    EXPECT_TRUE(outcome.production_ready);
    EXPECT_TRUE(outcome.quality_issues.empty());
  }
}

TEST(Training, WorseThanPersistenceIsRejected) {
  const TrainingOutcome outcome = trained(lawful(100, 0), Algorithm::mean);  // glucose stays what it is
  EXPECT_TRUE(outcome.rejected);
  EXPECT_FALSE(outcome.production_ready);
  EXPECT_EQ(outcome.quality_issues.front(), "worse than persistence on validation");
  const TrainingOutcome same = trained(lawful(100, 0), Algorithm::automatic);
  EXPECT_FALSE(same.rejected);
  EXPECT_LT(same.metrics[2][0].rmse, 2.5);  // but for lows, which are taken to rise
}

TEST(Training, ConstantGlucoseDoesNotCrash) {
  std::vector<Sample> samples = person();
  for (Sample& s : samples) {
    s.features = plain_features(110);
    s.rich = plain_moment(110).rich;
    s.targets[0] = s.targets[1] = 110;
  }
  for (const Algorithm algorithm : kAll) {
    const TrainingOutcome outcome = trained(samples, algorithm);
    EXPECT_NEAR(replayed(outcome.model.predictor, samples)[0].back(), 110, 1.5) << name_of(algorithm);
    EXPECT_TRUE(finite(outcome.metrics[2]));
    EXPECT_NO_THROW((void)decode(encode(outcome.model)));
  }
}

TEST(Training, FewestMealsAndManyUnknowns) {
  for (const std::size_t n : {std::size_t{7}, std::size_t{10}, std::size_t{21}}) {
    std::vector<Sample> samples = n_simulated_samples(2, n);
    for (Sample& s : samples)
      for (std::size_t i = 0; i < kFeatures; ++i)
        if (kFeatureTable[i].nullable && (i * 7 + n) % 3 != 0) s.features[i] = s.rich[i + 1] = kUnknown;
    for (const Algorithm algorithm : kAll) EXPECT_TRUE(finite(trained(samples, algorithm).metrics[2]));
  }
}

TEST(Training, TooFewToSplitIsTooLittleHistory) {
  for (const std::size_t n : {std::size_t{0}, std::size_t{1}, std::size_t{6}}) {
    const std::vector<Sample> few = n_simulated_samples(2, n);
    const Error error = error_of([&] { Training(few, Algorithm::ridge, quick(), kPlenty); });
    EXPECT_EQ(error.code(), ErrorCode::too_little_history);
  }
  std::vector<Sample> same = person();
  for (Sample& s : same) s.eaten_at = 0;
  EXPECT_EQ(error_of([&] { Training(same, Algorithm::mean, quick(), kPlenty); }).code(), ErrorCode::too_little_history);
}

TEST(Training, MemoryCapIsKeptBeforeAnythingIsTrained) {
  for (const Algorithm algorithm : kAll) {
    const Error error = error_of([&] { Training(person(), algorithm, quick(), 10'000); });
    EXPECT_EQ(error.code(), ErrorCode::out_of_memory) << name_of(algorithm);
    EXPECT_NE(std::string(error.what()).find("glucose.max_train_memory"), std::string::npos);
  }
  EXPECT_NO_THROW(Training(person(), Algorithm::persistence, quick(), 250'000));
  TrainOptions wide = quick();
  wide.hidden = {256, 256};
  EXPECT_THROW(Training(person(), Algorithm::automatic, wide, 2'000'000), Error);
}

TEST(Training, EveryOptionWithinItsRangeIsTaken) {
  TrainOptions options = quick();
  options.epochs = 1;
  options.l2 = 1e6;  // the linear models' scale; the LSTM takes at most 1
  options.batch_size = 1024;
  options.dropout = 0.9;
  EXPECT_TRUE(finite(trained(person(), Algorithm::automatic, options).metrics[2]));
  options.l2 = 0;
  options.batch_size = 1;
  EXPECT_TRUE(finite(trained(person(), Algorithm::automatic, options).metrics[2]));
}

TEST(Training, ProgressNeverFallsAndStepsAreBounded) {
  for (const Algorithm algorithm : kAll) {
    Training training(person(), algorithm, quick(), kPlenty);
    double before = training.progress();
    EXPECT_EQ(before, 0);
    int steps = 0;
    while (!training.done()) {
      training.step();
      ASSERT_GE(training.progress(), before) << name_of(algorithm) << steps;
      ASSERT_LE(training.progress(), 1);
      before = training.progress();
      ASSERT_LT(++steps, 6000);
    }
    EXPECT_EQ(training.progress(), 1);
    training.step();  // nothing more to do
    EXPECT_TRUE(training.done());
    (void)training.take();
  }
}

TEST(Training, OneHorizonAndTwelve) {
  TrainOptions options = quick();
  options.n_horizons = 1;
  options.horizons_min[0] = 60;
  EXPECT_EQ(trained(person(), Algorithm::automatic, options).model.horizons(), 1);
  std::vector<Sample> samples = person();
  options.n_horizons = kMaxHorizons;
  for (std::size_t k = 0; k < kMaxHorizons; ++k) {
    options.horizons_min[k] = 5 * (static_cast<int>(k) + 1);
    for (Sample& s : samples) s.targets[k] = s.targets[k % 2];
  }
  const TrainingOutcome outcome = trained(samples, Algorithm::automatic, options);
  EXPECT_EQ(decode(encode(outcome.model)).horizons_min.back(), 60);
  EXPECT_EQ(outcome.metrics[2].size(), 12U);
}

}  // namespace
}  // namespace glucose
