// SPDX-License-Identifier: PostgreSQL
#include "core/training.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "rows.hpp"
#include "simulated_samples.hpp"

namespace glucose {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;
constexpr std::array<Algorithm, 6> kAll{Algorithm::persistence, Algorithm::mean, Algorithm::ridge,
                                        Algorithm::lad,         Algorithm::lstm, Algorithm::automatic};

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
    EXPECT_EQ(outcome.model.intervals.n, 15);
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
    const Samples all = person();
    const auto test = measure_rows(stored.predictor, all.last(15), 2);
    EXPECT_EQ(test[1].rmse, outcome.metrics[2][1].rmse);
    EXPECT_EQ(measure_rows(stored.predictor, all.first(75), 2)[0].mae, outcome.metrics[0][0].mae);
    EXPECT_EQ(measure_rows(Persistence{}, all.last(15), 2)[0].rmse, outcome.persistence_test[0].rmse);
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

TEST(Training, AutoLeavesRidgeOnlyForWhatDoesBetterOnValidation) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const TrainingOutcome outcome =
        trained(n_simulated_samples(seed, 105, static_cast<Profile>(seed - 1)), Algorithm::automatic);
    ASSERT_EQ(outcome.candidates.size(), 5U);
    double ridge = NAN, chosen = NAN;
    for (const Candidate& c : outcome.candidates) {
      EXPECT_DOUBLE_EQ(c.rmse, (c.validation[0].rmse + c.validation[1].rmse) / 2);
      if (c.algorithm == Algorithm::ridge) ridge = c.rmse;
      if (c.algorithm == outcome.model.algorithm) chosen = c.rmse;
    }
    if (outcome.model.algorithm != Algorithm::ridge) {
      EXPECT_LT(chosen, ridge);
    }
    EXPECT_FALSE(outcome.rejected);
  }
}

TEST(Training, TestRowsNeverInfluenceTheModel) {
  std::vector<Sample> changed = person();
  for (std::size_t i = 90; i < changed.size(); ++i) {
    changed[i].targets[0] = 599;
    changed[i].targets[1] = 21;
    changed[i].features[1] = 499;
    changed[i].features[kHistory + 11] = 40;
  }
  for (const Algorithm algorithm : kAll) {
    const TrainingOutcome a = trained(person(), algorithm), b = trained(changed, algorithm);
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
    float before[2], after[2];
    a.model.predict(person()[0].features, before);
    b.model.predict(person()[0].features, after);
    EXPECT_NE(before[0], after[0]) << name_of(algorithm);
    EXPECT_EQ(before[1], after[1]) << name_of(algorithm);
  }
}

TEST(Training, IntervalsComeFromTheValidationResiduals) {
  const TrainingOutcome outcome = trained(person(), Algorithm::persistence);
  const Samples validation = Samples(person()).subspan(75, 15);
  for (std::size_t k = 0; k < 2; ++k) {
    std::vector<float> residuals;
    for (const Sample& s : validation) residuals.push_back(s.targets[k] - last_glucose(s.features));
    EXPECT_EQ(outcome.model.intervals.below[k], interval_offsets(residuals).below);
    EXPECT_EQ(outcome.model.intervals.above[k], interval_offsets(residuals).above);
  }
}

/// Meals whose outcome is last glucose + `gain` · carbs.
std::vector<Sample> lawful(int n, float gain) {
  std::vector<Sample> samples = n_simulated_samples(6, static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < samples.size(); ++i) {
    Sample& s = samples[i];
    s.features[1] = static_cast<float>((i * 37) % 101);
    const float level = last_glucose(s.features);
    s.targets[0] = level + gain * s.features[1], s.targets[1] = level + gain / 2 * s.features[1];
  }
  return samples;
}

TEST(Training, PredictableGlucoseIsPredicted) {
  for (const Algorithm algorithm : {Algorithm::ridge, Algorithm::lad, Algorithm::automatic}) {
    const TrainingOutcome outcome = trained(lawful(200, 1.5F), algorithm);
    EXPECT_LT(outcome.metrics[2][0].rmse, 0.1 * outcome.persistence_test[0].rmse) << name_of(algorithm);
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
  EXPECT_EQ(trained(lawful(100, 0), Algorithm::automatic).model.algorithm, Algorithm::persistence);
}

TEST(Training, ConstantGlucoseDoesNotCrash) {
  std::vector<Sample> samples = person();
  for (Sample& s : samples) {
    s.features = plain_features(110);
    s.targets[0] = s.targets[1] = 110;
  }
  for (const Algorithm algorithm : kAll) {
    const TrainingOutcome outcome = trained(samples, algorithm);
    float out[2];
    outcome.model.predict(samples[0].features, out);
    EXPECT_NEAR(out[0], 110, 0.5) << name_of(algorithm);
    EXPECT_TRUE(finite(outcome.metrics[2]));
    EXPECT_NO_THROW((void)decode(encode(outcome.model)));
  }
}

TEST(Training, FewestMealsAndManyUnknowns) {
  for (const std::size_t n : {std::size_t{7}, std::size_t{10}, std::size_t{21}}) {
    std::vector<Sample> samples = n_simulated_samples(2, n);
    for (Sample& s : samples)
      for (std::size_t i = 0; i < kFeatures; ++i)
        if (kFeatureTable[i].nullable && (i * 7 + n) % 3 != 0) s.features[i] = kUnknown;
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
  EXPECT_NO_THROW(Training(person(), Algorithm::persistence, quick(), 25'000));
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
