// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/feature_schema.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "support/rows.hpp"

namespace glucose {
namespace {

TEST(FeatureSchema, HasTheContractsNamesInOrder) {
  const std::array<const char*, kFeatures> names{
      "calories",          "carbs_g",           "protein_g",         "fat_g",
      "fiber_g",           "is_breakfast",      "is_lunch",          "is_dinner",
      "is_snack",          "hour_sin",          "hour_cos",          "weekday_sin",
      "weekday_cos",       "glucose_minus_165", "glucose_minus_150", "glucose_minus_135",
      "glucose_minus_120", "glucose_minus_105", "glucose_minus_90",  "glucose_minus_75",
      "glucose_minus_60",  "glucose_minus_45",  "glucose_minus_30",  "glucose_minus_15",
      "glucose_minus_0",   "baseline_mean",     "baseline_sd",       "baseline_carbs_g"};
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(kFeatureTable[i].name, names[i]) << i;
  EXPECT_EQ(kFeatureSchema, "meal28/1");
}

TEST(FeatureSchema, EveryRowIsWhole) {
  for (const FeatureInfo& info : kFeatureTable) {
    EXPECT_FALSE(info.unit.empty()) << info.name;
    EXPECT_FALSE(info.source.empty()) << info.name;
    EXPECT_LT(info.low, info.high) << info.name;
  }
}

TEST(Validate, AcceptsPlainFeaturesAndBothEndsOfEveryRange) {
  EXPECT_NO_THROW(validate(plain_features()));
  for (std::size_t i = 0; i < kFeatures; ++i)
    for (const float end : {kFeatureTable[i].low, kFeatureTable[i].high}) {
      FeatureVector x = plain_features();
      x[i] = end;
      EXPECT_NO_THROW(validate(x)) << kFeatureTable[i].name;
    }
}

TEST(Validate, RefusesWhatIsOutsideARangeOrInfinite) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (std::size_t i = 0; i < kFeatures; ++i) {
    const FeatureInfo& info = kFeatureTable[i];
    for (const float wrong : {std::nextafter(info.low, -kInfinity), std::nextafter(info.high, kInfinity), kInfinity,
                              -kInfinity, std::numeric_limits<float>::max()}) {
      FeatureVector x = plain_features();
      x[i] = wrong;
      const Error error = error_of([&] { validate(x); });
      EXPECT_EQ(error.code(), ErrorCode::out_of_range) << info.name;
      EXPECT_EQ(error.what(), "feature \"" + std::string(info.name) + "\" is outside its range");
    }
  }
}

TEST(Validate, UnknownIsAllowedExceptForTypeAndClock) {
  for (std::size_t i = 0; i < kFeatures; ++i) {
    FeatureVector x = plain_features();
    x[i] = kUnknown;
    if (i < kMealTypeOneHot || i >= kHistory) {
      EXPECT_NO_THROW(validate(x)) << kFeatureTable[i].name;
      continue;
    }
    const Error error = error_of([&] { validate(x); });
    EXPECT_EQ(error.code(), ErrorCode::bad_argument) << kFeatureTable[i].name;
    EXPECT_EQ(error.what(), "feature \"" + std::string(kFeatureTable[i].name) + "\" must not be null");
  }
}

TEST(Validate, MessageDoesNotRepeatTheValue) {
  FeatureVector x = plain_features();
  x[1] = 777;
  const Error error = error_of([&] { validate(x); });
  EXPECT_EQ((std::string(error.what()) + error.hint()).find("777"), std::string::npos);
}

}  // namespace
}  // namespace glucose
