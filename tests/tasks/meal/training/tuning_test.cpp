// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/training/tuning.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "core/tasks/meal/models/memory.hpp"
#include "support/rows.hpp"
#include "support/simulated_samples.hpp"
#ifdef PGG_HAS_BOOSTING
#include "boosting/boosting.hpp"
#endif

namespace glucose {
namespace {

constexpr std::size_t kPlenty = std::size_t{1} << 30;

const std::vector<Sample>& person() {
  static const std::vector<Sample> samples = n_simulated_samples(4, 80);
  return samples;
}

TrainOptions quick() {
  TrainOptions options;
  options.epochs = 3;
  options.hidden = {4, 0};
  options.layers = 1;
  options.learning_rate = 0.01;
  return options;
}

SearchGrid grid_of(Algorithm algorithm, std::vector<SearchAxis> axes, const TrainOptions& base = quick()) {
  return {algorithm, base, std::move(axes)};
}

std::vector<TriedCombination> tuned(std::vector<Sample> samples, Algorithm algorithm, const SearchGrid& grid) {
  Tuning tuning(std::move(samples), algorithm, grid, kPlenty);
  while (!tuning.done()) tuning.step();
  return tuning.ranked();
}

TEST(SearchGrid, HoldsEveryCombinationOnceTheLastOptionChangingFirst) {
  const SearchGrid grid = grid_of(Algorithm::lstm, {{"hidden", {{32}, {64, 16}}}, {"dropout", {{0}, {0.5}, {}}}});
  ASSERT_EQ(grid.size(), 6U);
  EXPECT_EQ(grid.options(0).hidden[0], 32);
  EXPECT_EQ(grid.options(1).dropout, 0.5);
  EXPECT_EQ(grid.options(2).dropout, quick().dropout);  // its default
  EXPECT_EQ(grid.options(3).layers, 2);
  EXPECT_EQ(grid.options(3).hidden[1], 16);
  EXPECT_EQ(grid.options(5).epochs, quick().epochs);
  EXPECT_EQ(grid.value(4, 0), (std::vector<double>{64, 16}));
  EXPECT_EQ(grid.value(4, 1), (std::vector<double>{0.5}));
}

TEST(SearchGrid, SearchesAUsualGridWhenNothingIsSaid) {
  for (const Algorithm algorithm :
       {Algorithm::ridge, Algorithm::lad, Algorithm::trees, Algorithm::lstm, Algorithm::linear}) {
    const SearchGrid grid(algorithm, {}, {});
    EXPECT_GT(grid.size(), 3U);
    EXPECT_LE(grid.size(), 30U);
  }
}

TEST(SearchGrid, RefusesWhatCannotBeSearchedNamingTheKey) {
  const auto message = [](Algorithm algorithm, std::vector<SearchAxis> axes) {
    const Error error = error_of([&] { grid_of(algorithm, axes); });
    EXPECT_EQ(error.code(), ErrorCode::bad_argument);
    EXPECT_FALSE(error.hint().empty());
    return std::string(error.what());
  };
  for (const std::string key : {"dropout", "horizons", "seed", "no such"})
    EXPECT_NE(message(Algorithm::ridge, {{key, {{60}}}}).find('"' + key + '"'), std::string::npos);
  EXPECT_NE(message(Algorithm::ridge, {{"l2", {{1}, {-1}}}}).find("\"l2\""), std::string::npos);
  EXPECT_NE(message(Algorithm::lad, {{"l2", {}}}).find("\"l2\""), std::string::npos);
  for (const Algorithm algorithm : {Algorithm::persistence, Algorithm::mean, Algorithm::personal, Algorithm::automatic})
    EXPECT_NE(message(algorithm, {}).find(name_of(algorithm)), std::string::npos);
  const std::vector<std::vector<double>> many(15, {0.5});
  EXPECT_NE(message(Algorithm::lstm, {{"dropout", many}, {"learning_rate", many}}).find("200"), std::string::npos);
}

TEST(RollingOrigins, ExpandAndCoverTheRowsBeforeTheTestOnce) {
  const auto origins = rolling_origins(person(), 120);
  ASSERT_EQ(origins.size(), static_cast<std::size_t>(kOrigins));
  const SplitSizes sizes = split_sizes(person());
  std::size_t next = origins.front().first;
  for (const Origin& origin : origins) {
    EXPECT_EQ(origin.first, next);
    next += origin.n;
    ASSERT_GT(origin.learnt, 0U);
    ASSERT_LE(origin.learnt, origin.first);
    // What is learnt from had happened when the first row asked about began; the next row's outcome had not.
    const Micros at = person()[origin.first].eaten_at;
    EXPECT_TRUE(outcome_known(person()[origin.learnt - 1].eaten_at, 120, at));
    if (origin.learnt < origin.first) {
      EXPECT_FALSE(outcome_known(person()[origin.learnt].eaten_at, 120, at));
    }
  }
  EXPECT_EQ(next, static_cast<std::size_t>(sizes.train + sizes.validation));
}

TEST(RollingOrigins, TooFewRowsAreRefused) {
  for (const std::size_t n : {1U, 10U, 13U})
    EXPECT_EQ(error_of([&] { rolling_origins(Samples(person()).first(n), 120); }).code(),
              ErrorCode::too_little_history);
  std::vector<Sample> one_moment(person().begin(), person().begin() + 40);
  for (Sample& sample : one_moment) sample.eaten_at = 0;
  EXPECT_EQ(error_of([&] { rolling_origins(one_moment, 120); }).code(), ErrorCode::too_little_history);
  EXPECT_EQ(rolling_origins(Samples(person()).first(21), 120).size(), 4U);
}

/// A grid of one combination.
struct TunedOnce {
  TriedCombination whole;
  std::array<double, kOrigins> origins_rmse;
};
TunedOnce tuned_once(std::vector<Sample> samples, Algorithm algorithm, const SearchGrid& grid) {
  Tuning tuning(std::move(samples), algorithm, grid, kPlenty);
  while (!tuning.done()) tuning.step();
  return {tuning.ranked().front(), tuning.last_origins_rmse()};
}

constexpr std::array<Algorithm, 3> kTuned{Algorithm::ridge, Algorithm::lad, Algorithm::lstm};

TEST(Tuning, LaterOutcomesChangeNoEarlierScore) {
  const auto origins = rolling_origins(person(), 120);
  for (const Algorithm algorithm : kTuned) {
    const SearchGrid grid = grid_of(algorithm, {{"l2", {{0.01}}}});
    const auto as_it_was = tuned_once(person(), algorithm, grid);
    for (std::size_t origin = 0; origin <= origins.size(); ++origin) {
      std::vector<Sample> changed = person();
      const std::size_t from =
          origin < origins.size() ? origins[origin].first : origins.back().first + origins.back().n;
      for (std::size_t i = from; i < changed.size(); ++i) changed[i].targets[0] = changed[i].targets[1] = 400;
      const auto now = tuned_once(changed, algorithm, grid);
      for (std::size_t o = 0; o < origins.size(); ++o)
        EXPECT_EQ(now.origins_rmse[o] == as_it_was.origins_rmse[o], o < origin) << name_of(algorithm) << o << origin;
      EXPECT_EQ(now.whole.n, as_it_was.whole.n);
    }
  }
}

TEST(Tuning, RanksWhatIsPooledOverOrigins) {
  const SearchGrid grid = grid_of(Algorithm::ridge, {{"l2", {{1}, {1e6}, {30}, {}}}});
  const auto ranked = tuned(person(), Algorithm::ridge, grid);
  ASSERT_EQ(ranked.size(), 4U);
  std::set<std::size_t> all;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    all.insert(ranked[i].combination);
    EXPECT_EQ(ranked[i].n, static_cast<int>(split_sizes(person()).train + split_sizes(person()).validation) -
                               static_cast<int>(rolling_origins(person(), 120).front().first));
    EXPECT_LE(ranked[i].mae, ranked[i].rmse);
    if (i > 0) {
      EXPECT_LE(ranked[i - 1].rmse, ranked[i].rmse);
    }
  }
  EXPECT_EQ(all.size(), 4U);
}

TEST(Tuning, TheSeedDecidesTheOrderAndNothingElseDoes) {
  const std::vector<SearchAxis> axes{{"l2", {{1}, {3}, {10}, {30}, {100}, {300}}}};
  const auto first_tried = [&](std::uint64_t seed, std::size_t n) {
    TrainOptions options = quick();
    options.seed = seed;
    Tuning tuning(person(), Algorithm::ridge, grid_of(Algorithm::ridge, axes, options), kPlenty);
    std::vector<std::size_t> order;
    while (!tuning.done() && order.size() < n) {
      tuning.step();
      const auto so_far = tuning.ranked();
      EXPECT_LE(so_far.size(), order.size() + 1);
      for (const TriedCombination& tried : so_far)
        if (std::find(order.begin(), order.end(), tried.combination) == order.end()) order.push_back(tried.combination);
    }
    return order;
  };
  std::set<std::vector<std::size_t>> orders;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    std::vector<std::size_t> all = first_tried(seed, 6);
    orders.insert(all);
    all.resize(3);
    EXPECT_EQ(first_tried(seed, 3), all);
  }
  EXPECT_GT(orders.size(), 5U);  // orders differ …
  TrainOptions another = quick();
  another.seed = 77;
  const auto a = tuned(person(), Algorithm::ridge, grid_of(Algorithm::ridge, axes));
  const auto b = tuned(person(), Algorithm::ridge, grid_of(Algorithm::ridge, axes, another));
  for (std::size_t i = 0; i < a.size(); ++i) {  // … but not what comes of it when there is time for all
    EXPECT_EQ(a[i].combination, b[i].combination);
    EXPECT_EQ(a[i].rmse, b[i].rmse);
  }
}

TEST(Tuning, ANetworkIsTheSameForTheSameSeed) {
  const std::vector<SearchAxis> axes{{"dropout", {{0}, {0.4}}}};
  TrainOptions another = quick();
  another.seed = 5;
  const auto a = tuned(person(), Algorithm::lstm, grid_of(Algorithm::lstm, axes));
  const auto b = tuned(person(), Algorithm::lstm, grid_of(Algorithm::lstm, axes));
  const auto c = tuned(person(), Algorithm::lstm, grid_of(Algorithm::lstm, axes, another));
  EXPECT_EQ(a.front().rmse, b.front().rmse);
  EXPECT_NE(a.front().rmse, c.front().rmse);
}

#ifdef PGG_HAS_BOOSTING
TEST(Tuning, TreesTakeTheirOptions) {
  const SearchGrid grid(Algorithm::trees, {}, {{"rounds", {{5}, {40}}}, {"depth", {{1}, {3}}}, {"eta", {{0.2}}}});
  Tuning tuning(n_simulated_samples(4, 250), Algorithm::trees, grid, kPlenty, pg_glucose_boosting());
  while (!tuning.done()) tuning.step();
  std::set<double> errors;
  for (const TriedCombination& tried : tuning.ranked()) errors.insert(tried.rmse);
  EXPECT_EQ(errors.size(), 4U);
  EXPECT_TRUE(std::isfinite(*errors.begin()));
}
#endif

TEST(Tuning, RefusesWhatItCannotDo) {
  EXPECT_EQ(error_of([] { Tuning(person(), Algorithm::trees, SearchGrid(Algorithm::trees, {}, {}), kPlenty); }).code(),
            ErrorCode::not_available);
  EXPECT_EQ(error_of([] { Tuning(person(), Algorithm::lstm, grid_of(Algorithm::lstm, {}), 1 << 20); }).code(),
            ErrorCode::out_of_memory);
}

}  // namespace
}  // namespace glucose
