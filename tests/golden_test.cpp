// SPDX-License-Identifier: PostgreSQL
// What every algorithm makes of fixed rows and seeds, to the bit: golden.txt. Code that is moved or rewritten without a
// wish to change a forecast leaves these as they are. Where the bits are not pinned (golden_file.hpp) forecasts are
// compared within 1e-6. To pin anew: PGG_REPIN=1 ./dev unit -R Golden; the tests then say "skipped".
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/learn/lstm.hpp"
#include "core/tasks/cgm/codec.hpp"
#include "core/tasks/cgm/training.hpp"
#include "core/tasks/cgm/workings.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/meal/models/forecast.hpp"
#include "core/tasks/meal/training/population_training.hpp"
#include "core/tasks/meal/training/training.hpp"
#include "support/cgm_rows.hpp"
#include "support/golden_file.hpp"
#include "support/simulated_samples.hpp"
#ifdef PGG_HAS_BOOSTING
#include <xgboost/version_config.h>

#include "boosting/boosting.hpp"
#endif

// Nothing in core says which CPU level a training's networks are computed at: the best there is. The linker puts this
// function in its place in this program (CMakeLists.txt).
namespace glucose {

SimdLevel best_level_of_cpu() __asm__("__real__ZN7glucose15best_simd_levelEv");
SimdLevel chosen_level() __asm__("__wrap__ZN7glucose15best_simd_levelEv");

namespace {
std::optional<SimdLevel> level_under_test;
}
SimdLevel chosen_level() {
  return level_under_test ? *level_under_test : best_level_of_cpu();
}

namespace {

// --- everything that trains, stores and asks -------------------------------------------------------------------------

constexpr std::size_t kPlenty = std::size_t{1} << 30;
constexpr double kLevel = 0.9;

const BoostingApi* boosting() {
#ifdef PGG_HAS_BOOSTING
  return pg_glucose_boosting();
#else
  return nullptr;
#endif
}

/// Trees are pinned as Debian 12's XGBoost grows them; another version may split elsewhere.
bool trees_are_pinned() {
#ifdef PGG_HAS_BOOSTING
  return XGBOOST_VER_MAJOR == 1 && XGBOOST_VER_MINOR == 7;
#else
  return false;
#endif
}

template <class Stepped>
auto taken(Stepped training) {
  while (!training.done()) training.step();
  return training.take();
}

TrainOptions small_options(int layers = 1) {
  TrainOptions options;
  options.seed = 11;
  options.epochs = 40;
  options.layers = layers;
  options.hidden = {8, 6};
  options.learning_rate = 0.01;
  options.rounds = 20;
  return options;
}

using Persons = std::vector<std::vector<Sample>>;

/// Of a person of any profile, whose glucose answers to a product of two features, too: no linear model knows it, so
/// that networks and trees serve where they are tried.
std::vector<Sample> bent_samples(std::uint64_t seed, std::size_t n) {
  std::vector<Sample> rows = n_simulated_samples(seed, n, static_cast<Profile>(seed % kProfiles));
  for (Sample& row : rows)
    for (float& target : row.targets)
      target += (row.rich[0] > 130 ? -2.0F : 2.0F) * row.features[1];  // carbohydrate, g
  return rows;
}
Persons crowd(std::size_t persons, std::size_t meals_each) {
  Persons all;
  for (std::size_t p = 0; p < persons; ++p) all.push_back(bent_samples(200 + p, meals_each));
  return all;
}

Model person_model(Algorithm algorithm, std::vector<Sample> rows, const TrainOptions& options, const Model* population,
                   const BoostingApi* api) {
  return taken(Training(std::move(rows), algorithm, options, kPlenty, population, api)).model;
}
Model population_model(Algorithm algorithm, Persons persons, const BoostingApi* api) {
  return taken(PopulationTraining(std::move(persons), algorithm, small_options(), kPlenty, api)).model;
}
CgmModel cgm_model(CgmRows rows, std::optional<CgmModel> prior, const BoostingApi* api) {
  CgmBoostingOptions options;
  options.boosting = api;
  options.memory_cap = kPlenty;
  options.least_rows = 1000;
  return taken(CgmTraining(std::move(rows), std::move(prior), options)).model;
}

/// What is stored, and what that says of the meals from `first` on; those before are known to it.
GoldenRun asked(const Model& model, Samples rows, std::size_t first) {
  GoldenRun run{encode(model), {}};
  const Model stored = decode(run.artifact);
  Follower follower(stored);
  for (const Sample& row : rows.first(first)) follower.follow(row);
  for (const Sample& row : rows.subspan(first)) {
    std::array<HorizonForecast, kMaxHorizons> said{};
    follower.answer(row, kLevel, said.data());
    follower.follow(row);
    for (std::size_t k = 0; k < stored.horizons_min.size(); ++k)
      for (const float value : {said[k].mg_dl, said[k].lower, said[k].upper, said[k].mean_mg_dl, said[k].below_70,
                                said[k].above_180, said[k].near})
        run.forecasts.push_back(value);
  }
  return run;
}

/// What is stored, and what that says at four times of the readings' last day.
GoldenRun asked(const CgmModel& model, std::span<const Reading> readings, int days) {
  GoldenRun run{encode_cgm(model), {}};
  const CgmModel stored = decode_cgm(run.artifact);
  for (const int hour : {2, 8, 13, 20}) {
    CgmQuestion question;
    question.at = (days - 1) * kDay + hour * 60 * kMinute + 3 * kMinute;
    question.n_minutes = 6;
    question.minutes = {10, 30, 60, 120, 360, 1440};
    question.level = kLevel;
    const CgmForecast said = cgm_forecast(stored, readings, question);
    for (std::size_t i = 0; i < static_cast<std::size_t>(said.n); ++i)
      for (const float value : {said.points[i].mg_dl, said.points[i].lower, said.points[i].upper, said.points[i].score,
                                said.points[i].mean_mg_dl})
        run.forecasts.push_back(value);
  }
  return run;
}

// --- the rows and the cases ------------------------------------------------------------------------------------------

/// 105 meals to learn from and three to be asked about.
const std::vector<Sample>& person() {
  static const std::vector<Sample> rows = n_simulated_samples(42, 108);
  return rows;
}
/// Meals enough for 'auto' to try trees.
const std::vector<Sample>& long_known() {
  static const std::vector<Sample> rows = bent_samples(42, 233);
  return rows;
}

GoldenRun of_person(Algorithm algorithm, const Model* population = nullptr, const BoostingApi* api = nullptr,
                    const std::vector<Sample>& rows = person(), int layers = 1) {
  const std::size_t learnt = rows.size() - 3;
  const auto end = rows.begin() + static_cast<std::ptrdiff_t>(learnt);
  return asked(person_model(algorithm, {rows.begin(), end}, small_options(layers), population, api), rows, learnt);
}
GoldenRun of_person_on(Algorithm of_all, Algorithm algorithm) {
  const Model population = population_model(of_all, crowd(8, 80), nullptr);
  return of_person(algorithm, &population);
}
GoldenRun of_population(Algorithm algorithm, const BoostingApi* api = nullptr) {
  return asked(population_model(algorithm, crowd(8, 80), api), Samples(person()).first(23), 20);
}

constexpr int kCgmDays = 6;
/// Readings of twelve persons. One in three windows each, for speed.
CgmRows cgm_crowd() {
  CgmRows rows;
  for (std::uint64_t p = 0; p < 12; ++p)
    add_rows(rows, simulated_readings(300 + p, kCgmDays, static_cast<Profile>(p % kProfiles)), 0, kForever, 500);
  return rows;
}
GoldenRun of_cgm_person(const std::optional<CgmModel>& prior) {
  const std::vector<Reading> readings = simulated_readings(45, kCgmDays + 1, Profile::t1d);
  CgmRows rows;
  add_rows(rows, readings, 0, kCgmDays * kDay);
  return asked(cgm_model(std::move(rows), prior, nullptr), readings, kCgmDays + 1);
}
GoldenRun of_cgm_population(const BoostingApi* api) {
  return asked(cgm_model(cgm_crowd(), {}, api), simulated_readings(44, 3, Profile::t2d), 3);
}

/// What all the others rest on: differs when simulation or features do. There is no artifact.
GoldenRun of_rows() {
  GoldenRun run;
  for (const Sample& row : {person().front(), person()[50], person().back()}) {
    run.forecasts.insert(run.forecasts.end(), row.features.begin(), row.features.end());
    run.forecasts.insert(run.forecasts.end(), row.rich.begin(), row.rich.end());
    run.forecasts.insert(run.forecasts.end(), row.targets.begin(), row.targets.begin() + 2);
    run.forecasts.insert(run.forecasts.end(), row.curve.begin(), row.curve.end());
  }
  return run;
}

struct Case {
  const char* name;
  GoldenRun (*run)();
  bool has_network = false;  // pinned at each CPU level
  bool grows_trees = false;  // needs the boosting module
};
using enum Algorithm;
const std::vector<Case> kCases{
    {"rows", of_rows},
    {"meal_person_persistence", [] { return of_person(persistence); }},
    {"meal_person_mean", [] { return of_person(mean); }},
    {"meal_person_ridge", [] { return of_person(ridge); }},
    {"meal_person_lad", [] { return of_person(lad); }},
    {"meal_person_trees", [] { return of_person(trees, nullptr, boosting()); }, false, true},
    {"meal_person_lstm", [] { return of_person(lstm); }, true},
    {"meal_person_lstm_of_two_layers", [] { return of_person(lstm, nullptr, nullptr, person(), 2); }, true},
    {"meal_person_personal", [] { return of_person(personal); }},
    {"meal_person_auto", [] { return of_person(automatic); }, true},
    {"meal_person_auto_with_trees", [] { return of_person(automatic, nullptr, boosting(), long_known()); }, true, true},
    {"meal_person_on_population_personal", [] { return of_person_on(ridge, personal); }},
    {"meal_person_on_population_auto", [] { return of_person_on(ridge, automatic); }, true},
    {"meal_person_on_network_lstm", [] { return of_person_on(lstm, lstm); }, true},
    {"meal_person_on_network_auto", [] { return of_person_on(automatic, automatic); }, true},
    {"meal_population_ridge", [] { return of_population(ridge); }},
    {"meal_population_trees", [] { return of_population(trees, boosting()); }, false, true},
    {"meal_population_lstm", [] { return of_population(lstm); }, true},
    {"meal_population_auto", [] { return of_population(automatic); }, true},
    {"meal_population_auto_with_trees", [] { return of_population(automatic, boosting()); }, true, true},
    {"cgm_person", [] { return of_cgm_person({}); }},
    {"cgm_person_on_population", [] { return of_cgm_person(cgm_model(cgm_crowd(), {}, nullptr)); }},
    {"cgm_person_on_trees", [] { return of_cgm_person(cgm_model(cgm_crowd(), {}, boosting())); }, false, true},
    {"cgm_population", [] { return of_cgm_population(nullptr); }},
    {"cgm_population_trees", [] { return of_cgm_population(boosting()); }, false, true},
};

// --- the tests -------------------------------------------------------------------------------------------------------

struct CaseAtLevel {
  Case what;
  std::optional<SimdLevel> level;
  std::string level_name() const { return level ? to_string(*level) : "any"; }
  std::string key() const { return what.name + (' ' + level_name()); }
};
void PrintTo(const CaseAtLevel& c, std::ostream* out) {
  *out << c.key();
}

std::vector<CaseAtLevel> cases_at_levels() {
  std::vector<CaseAtLevel> all;
  for (const Case& one : kCases) {
    if (one.has_network) {
      for (const SimdLevel level : {SimdLevel::baseline, SimdLevel::avx2, SimdLevel::avx512})
        all.push_back({one, level});
    } else {
      all.push_back({one, {}});
    }
  }
  return all;
}

bool wants_repin() {
  const char* wish = std::getenv("PGG_REPIN");
  return wish != nullptr && std::string(wish) == "1";
}

class Golden : public testing::TestWithParam<CaseAtLevel> {
 protected:
  void TearDown() override { level_under_test.reset(); }
};

TEST_P(Golden, IsAsPinned) {
  const auto& [what, level] = GetParam();
  if (what.grows_trees && boosting() == nullptr) GTEST_SKIP() << "built without XGBoost";
  if (what.grows_trees && !trees_are_pinned()) GTEST_SKIP() << "pinned with XGBoost 1.7, built with another";
  if (level && !has_simd_level(*level)) GTEST_SKIP() << "this CPU has no " << to_string(*level);
  level_under_test = level;
  if (level) {
    ASSERT_EQ(Lstm({.steps = 1, .n_static = 0, .outputs = 1, .layers = 1, .hidden = {1}}).level(), *level);
  }
  const GoldenPin now = pin_of(what.run());
  const std::string key = GetParam().key();
  if (wants_repin()) {
    ASSERT_TRUE(bits_are_pinned()) << "golden.txt is written by a release build of Debian 12's g++ only";
    repin(key, now);
    GTEST_SKIP() << "re-pinned, not tested";
  }
  const GoldenPins pins = read_golden();
  ASSERT_TRUE(pins.contains(key)) << "golden.txt has no line " << key;
  const GoldenPin& pinned = pins.at(key);
  expect_near_pin(now, pinned);
  if (!bits_are_pinned()) return;
  EXPECT_EQ(now.forecasts, pinned.forecasts) << "other bits in the forecasts";
  EXPECT_EQ(now.artifact, pinned.artifact) << "other bytes in the artifact";
}

INSTANTIATE_TEST_SUITE_P(Cases, Golden, testing::ValuesIn(cases_at_levels()),
                         [](const auto& one) { return one.param.what.name + ('_' + one.param.level_name()); });

TEST(GoldenFile, HoldsTheCasesAndNothingElse) {
  if (wants_repin()) GTEST_SKIP() << "re-pinned, not tested";
  std::set<std::string> wanted, found;
  for (const CaseAtLevel& one : cases_at_levels()) wanted.insert(one.key());
  for (const auto& [key, pin] : read_golden()) found.insert(key);
  EXPECT_EQ(found, wanted);
}

// With one small layer the two levels with FMA do the same operations; of two layers they sum up differently.
TEST(GoldenFile, LevelsRoundDifferently) {
  if (wants_repin()) GTEST_SKIP() << "re-pinned, not tested";
  const GoldenPins pins = read_golden();
  std::set<std::string> artifacts;
  for (const char* level : {"baseline", "avx2", "avx512"})
    artifacts.insert(pins.at(std::string("meal_person_lstm_of_two_layers ") + level).artifact);
  EXPECT_EQ(artifacts.size(), 3U);
}

TEST(Sha256, OfTheStandardsExamples) {
  const auto of = [](const std::string& text) {
    return sha256({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  };
  EXPECT_EQ(of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(of(std::string(1'000'000, 'a')), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

}  // namespace
}  // namespace glucose
