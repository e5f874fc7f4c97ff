// SPDX-License-Identifier: PostgreSQL
#include "core/training/options.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "core/learn/lstm_trainer.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

void set(TrainOptions& options, std::string_view key, std::vector<double> values) {
  set_option(options, key, values.data(), static_cast<int>(values.size()));
}

/// One numeric option: its range, whether only whole numbers are allowed, and how to read it back.
struct Numeric {
  const char* key;
  double low, high, inside;
  bool whole;
  double (*read)(const TrainOptions&);
};
constexpr double kTwo53 = 9007199254740992.0;

const std::vector<Numeric> kNumeric{
    {"seed", 0, kTwo53, 42, true, [](const TrainOptions& o) { return static_cast<double>(o.seed); }},
    {"epochs", 1, 10000, 250, true, [](const TrainOptions& o) { return static_cast<double>(o.epochs); }},
    {"batch_size", 1, 1024, 64, true, [](const TrainOptions& o) { return static_cast<double>(o.batch_size); }},
    {"learning_rate", 1e-6, 1, 0.01, false, [](const TrainOptions& o) { return o.learning_rate; }},
    {"dropout", 0, 0.9, 0.25, false, [](const TrainOptions& o) { return o.dropout; }},
    {"patience", 0, 10000, 5, true, [](const TrainOptions& o) { return static_cast<double>(o.patience); }},
    {"l2", 0, 1e6, 12.5, false, [](const TrainOptions& o) { return o.l2; }},
    {"min_days", 1, 3650, 14, true, [](const TrainOptions& o) { return static_cast<double>(o.min_days); }},
    {"min_meals", 10, 100000, 40, true, [](const TrainOptions& o) { return static_cast<double>(o.min_meals); }},
};

void expect_refused(std::string_view key, const std::vector<double>& values) {
  TrainOptions options;
  const Error error = error_of([&] { set(options, key, values); });
  EXPECT_EQ(error.code(), ErrorCode::bad_argument) << key;
  EXPECT_EQ(error.what(), "invalid value for option \"" + std::string(key) + "\"");
  EXPECT_EQ(error.hint().substr(0, 11), "It must be ") << key;
}

TEST(Options, DefaultsAreTheContracts) {
  const TrainOptions o;
  EXPECT_EQ(o.n_horizons, 2);
  EXPECT_EQ(o.horizons_min[0], 60);
  EXPECT_EQ(o.horizons_min[1], 120);
  EXPECT_EQ(o.epochs, 100);
  EXPECT_EQ(o.batch_size, 32);
  EXPECT_EQ(o.learning_rate, 0.001);
  EXPECT_EQ(o.layers, 2);
  EXPECT_EQ(o.hidden[0], 64);
  EXPECT_EQ(o.hidden[1], 64);
  EXPECT_EQ(o.min_days, 7);
  EXPECT_EQ(o.min_meals, 21);
}

TEST(Options, EveryNumberIsTakenWithinItsRange) {
  for (const Numeric& n : kNumeric)
    for (const double value : {n.low, n.inside, n.high}) {
      TrainOptions options;
      set(options, n.key, {value});
      EXPECT_EQ(n.read(options), value) << n.key;
    }
}

TEST(Options, EveryNumberIsRefusedOutsideItsRange) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  for (const Numeric& n : kNumeric) {
    const double below = n.whole ? n.low - 1 : std::nextafter(n.low, -kInfinity);
    const double above = n.whole ? n.high + 2 : std::nextafter(n.high, kInfinity);  // 2^53 + 1 is not a double
    for (const double wrong :
         {below, above, -1.0, 1e300, kInfinity, -kInfinity, std::numeric_limits<double>::quiet_NaN()})
      expect_refused(n.key, {wrong});
    if (n.whole) expect_refused(n.key, {n.low + 0.5});
    expect_refused(n.key, {});
    expect_refused(n.key, {n.inside, n.inside});
  }
}

TEST(Options, HintNamesTheRange) {
  TrainOptions options;
  EXPECT_EQ(error_of([&] { set(options, "epochs", {0}); }).hint(), "It must be a whole number from 1 to 10000.");
  EXPECT_EQ(error_of([&] { set(options, "learning_rate", {0}); }).hint(), "It must be a number from 0.000001 to 1.");
  EXPECT_EQ(error_of([&] { set(options, "seed", {-1}); }).hint(),
            "It must be a whole number from 0 to 9007199254740992.");
  EXPECT_EQ(error_of([&] { set(options, "dropout", {1}); }).hint(), "It must be a number from 0 to 0.9.");
}

TEST(Options, Horizons) {
  TrainOptions options;
  set(options, "horizons", {5, 90, 360});
  EXPECT_EQ(options.n_horizons, 3);
  EXPECT_EQ(options.horizons_min[0], 5);
  EXPECT_EQ(options.horizons_min[2], 360);
  set(options, "horizons", {30});
  EXPECT_EQ(options.n_horizons, 1);
  set(options, "horizons", {5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60});
  EXPECT_EQ(options.n_horizons, 12);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  for (const std::vector<double>& wrong :
       std::vector<std::vector<double>>{{},
                                        {4},
                                        {361},
                                        {60, 60},
                                        {120, 60},
                                        {60.5},
                                        {kNan},
                                        {60, kNan},
                                        {INFINITY},
                                        {-60},
                                        {5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65}})
    expect_refused("horizons", wrong);
}

TEST(Options, Hidden) {
  TrainOptions options;
  set(options, "hidden", {256, 1, 32});
  EXPECT_EQ(options.layers, 3);
  EXPECT_EQ(options.hidden[2], 32);
  set(options, "hidden", {16});
  EXPECT_EQ(options.layers, 1);
  EXPECT_EQ(options.hidden[0], 16);
  EXPECT_EQ(options.hidden[1], 0);
  for (const std::vector<double>& wrong :
       std::vector<std::vector<double>>{{}, {0}, {257}, {64, 0}, {64, 1.5}, {NAN}, {INFINITY}, {8, 8, 8, 8}})
    expect_refused("hidden", wrong);
}

TEST(Options, ARefusedValueChangesNothing) {
  TrainOptions options;
  EXPECT_ANY_THROW(set(options, "horizons", {30, 20}));
  EXPECT_ANY_THROW(set(options, "hidden", {8, 999}));
  EXPECT_EQ(options.n_horizons, 2);
  EXPECT_EQ(options.horizons_min[0], 60);
  EXPECT_EQ(options.hidden[0], 64);
}

const std::vector<AlgorithmInfo> kAll{{Algorithm::ridge, "", {"horizons", "l2"}},
                                      {Algorithm::trees, "", {"horizons", "seed"}},
                                      {Algorithm::automatic, "", {"horizons"}}};

TEST(Options, AreReadBackAsTheyWereSet) {
  TrainOptions options;
  EXPECT_EQ(option_value(options, "l2").n, 0);  // the default is not a number
  for (const Numeric& n : kNumeric) {
    set(options, n.key, {n.inside});
    const OptionValue value = option_value(options, n.key);
    EXPECT_FALSE(value.is_list);
    ASSERT_EQ(value.n, 1) << n.key;
    EXPECT_EQ(value.numbers[0], n.inside) << n.key;
  }
  set(options, "horizons", {30, 90, 180});
  const OptionValue horizons = option_value(options, "horizons");
  EXPECT_TRUE(horizons.is_list);
  ASSERT_EQ(horizons.n, 3);
  EXPECT_EQ(horizons.numbers[2], 180);
}

TEST(Options, UnknownKeyIsNamed) {
  TrainOptions options;
  for (const char* key : {"", "epoch", "Epochs", "epochs ", "trees"}) {
    const Error error = error_of([&] { set(options, key, {1}); });
    EXPECT_EQ(error.code(), ErrorCode::bad_argument);
    EXPECT_EQ(error.what(), "unrecognized option \"" + std::string(key) + "\"");
    EXPECT_EQ(error_of([&] { require_option(kAll, key); }).what(), std::string(error.what()));
  }
  for (const char* key : {"horizons", "l2", "seed"}) EXPECT_NO_THROW(require_option(kAll, key)) << key;
  EXPECT_THROW(require_option(kAll, "epochs"), Error);  // none of them listens to it
}

TEST(Algorithms, ParseTheirNamesAndNoOther) {
  for (const AlgorithmInfo& info : kAll) EXPECT_EQ(parse_algorithm(kAll, name_of(info.algorithm)), info.algorithm);
  EXPECT_EQ(name_of(Algorithm::lstm), "lstm");
  EXPECT_EQ(name_of(Algorithm::ensemble), "ensemble");
  EXPECT_EQ(name_of(Algorithm::population), "population");
  for (const char* wrong : {"", "Ridge", "ridge ", "automatic", "xgboost", "ensemble", "population"}) {
    const Error error = error_of([&] { parse_algorithm(kAll, wrong); });
    EXPECT_EQ(error.code(), ErrorCode::bad_argument);
    EXPECT_EQ(error.what(), "unrecognized algorithm \"" + std::string(wrong) + "\"");
    EXPECT_EQ(error.hint(), "Algorithms are ridge, trees, auto.");
  }
}

// Whatever the options allow, the LSTM's trainer takes: else the message would name no option.
TEST(Options, ReachNoFurtherThanTheLstmTrainer) {
  const LstmShape shape{.steps = 2, .n_static = 0, .outputs = 1, .layers = 1, .hidden = {2}};
  const LstmData one{{0, 0}, {}, {0}};
  for (const Numeric& n : kNumeric)
    for (const double end : {n.low, n.high}) {
      TrainOptions o;
      set(o, n.key, {end});
      EXPECT_NO_THROW(LstmTrainer(shape, one, {},
                                  {.epochs = o.epochs,
                                   .batch_size = o.batch_size,
                                   .learning_rate = static_cast<float>(o.learning_rate),
                                   .dropout = static_cast<float>(o.dropout),
                                   .patience = o.patience,
                                   .seed = o.seed}))
          << n.key;
    }
}

}  // namespace
}  // namespace glucose
