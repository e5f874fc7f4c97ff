// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/training.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/tasks/cgm/codec.hpp"
#include "support/cgm_rows.hpp"

using namespace glucose;

namespace {

CgmRows crowd(std::uint64_t first, int persons, int days) {
  CgmRows rows;
  for (int i = 0; i < persons; ++i)
    add_rows(rows, simulated_readings(first + static_cast<std::uint64_t>(i), days,
                                      i % 2 == 0 ? Profile::t2d : Profile::prediabetes));
  return rows;
}

const CgmMeasured& test_of(const CgmOutcome& outcome) {
  return outcome.measured[static_cast<std::size_t>(Split::test)];
}

}  // namespace

TEST(CgmTraining, BeatsPersistenceAndItsIntervalsHoldWhatTheySay) {
  const CgmOutcome outcome = train_cgm(crowd(100, 8, 10));
  const CgmMeasured& test = test_of(outcome);
  EXPECT_LT(cgm_mean_of(test.median, &Metrics::mae), 0.9 * cgm_mean_of(test.persistence, &Metrics::mae));
  EXPECT_LT(cgm_mean_of(test.mean, &Metrics::rmse), cgm_mean_of(test.persistence, &Metrics::rmse));
  EXPECT_LE(cgm_mean_of(test.mean, &Metrics::rmse), 1.05 * cgm_mean_of(test.median, &Metrics::rmse));
  EXPECT_NEAR(cgm_coverage(test), 0.9, 0.04);
  EXPECT_FALSE(outcome.rejected);
  EXPECT_FALSE(outcome.has_prior);
}

TEST(CgmTraining, IntervalsOfAKnownProcessCover) {
  const CgmOutcome outcome = train_cgm(rows_of(ar2_readings(21, 12000)));
  for (const std::size_t k : kCgmReported) {
    const double n = test_of(outcome).median.at(k).n;
    EXPECT_NEAR(test_of(outcome).inside[k] / n, 0.9, 0.05) << k;
  }
}

TEST(CgmTraining, SameRowsGiveTheSameBytes) {
  EXPECT_EQ(encode_cgm(train_cgm(crowd(5, 2, 5)).model), encode_cgm(train_cgm(crowd(5, 2, 5)).model));
}

TEST(CgmTraining, APersonIsServedItsOwnOnlyWhereItIsBetter) {
  const CgmModel population = train_cgm(crowd(100, 6, 10)).model;
  const CgmOutcome outcome = train_cgm(rows_of(simulated_readings(777, 14, Profile::t1d)), population);
  EXPECT_TRUE(outcome.has_prior);
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    bool same = true;
    for (std::size_t p = 0; p < kCgmColumns; ++p)
      same = same && population.median[p * kCgmHorizons + k] == outcome.model.median[p * kCgmHorizons + k];
    EXPECT_EQ(same, outcome.own_share[k] == 0) << k;
    EXPECT_TRUE(outcome.own_share[k] >= 0 && outcome.own_share[k] <= 1);
  }
  EXPECT_GT(*std::max_element(outcome.own_share.begin(), outcome.own_share.end()), 0);
  EXPECT_NEAR(cgm_coverage(test_of(outcome)), 0.9, 0.08);
}

TEST(CgmTraining, ReadingsWithoutAnyMovementAreNeverBetterThanPersistence) {
  std::vector<Reading> flat;
  for (int i = 0; i < 2000; ++i) flat.push_back(reading_at(5 * i, 100));
  const CgmOutcome outcome = train_cgm(rows_of(flat));
  EXPECT_TRUE(outcome.rejected);
  EXPECT_FALSE(outcome.production_ready);
}

TEST(CgmErrors, AreThoseOfMeasure) {
  const std::vector<float> forecast{100, 120, 90, 200}, outcome{110, 100, 95, 190};
  CgmErrors errors;
  for (std::size_t i = 0; i < forecast.size(); ++i) errors.add(3, forecast[i], outcome[i]);
  const Metrics a = errors.at(3), b = measure(forecast, outcome);
  EXPECT_EQ(a.n, b.n);
  for (const auto field : {&Metrics::mae, &Metrics::rmse, &Metrics::r2, &Metrics::mape, &Metrics::bias})
    EXPECT_NEAR(a.*field, b.*field, 1e-6);
  EXPECT_EQ(errors.at(2).n, 0);
  EXPECT_TRUE(std::isnan(errors.at(2).mae));
}
