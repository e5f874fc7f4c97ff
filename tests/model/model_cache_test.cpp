// SPDX-License-Identifier: PostgreSQL
#include "core/model/model_cache.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "support/models.hpp"

namespace glucose {
namespace {

Digest digest(std::uint8_t name) {
  Digest d{};
  d[31] = name;
  return d;
}
CachedModel cached(Model model) {
  return {nullptr, held(std::move(model))};
}
CachedModel model(int minutes) {
  Model m = small_model(Algorithm::mean);
  m.horizons_min = {minutes};
  return cached(std::move(m));
}
int minutes_of(const CachedModel* model) {
  return static_cast<const HeldModel<Model>&>(*model->model).get().horizons_min[0];
}

TEST(ModelCache, FindsWhatWasPutInByContent) {
  ModelCache cache;
  EXPECT_EQ(cache.find(digest(1)), nullptr);
  const CachedModel* in = cache.insert(digest(1), model(11), 100, 1000);
  cache.insert(digest(2), model(22), 100, 1000);
  EXPECT_EQ(cache.find(digest(1)), in);
  EXPECT_EQ(minutes_of(in), 11);
  EXPECT_EQ(minutes_of(cache.find(digest(2))), 22);
  Digest other = digest(1);
  other[0] = 1;
  EXPECT_EQ(cache.find(other), nullptr);
  EXPECT_EQ(cache.stats().entries, 2);
  EXPECT_EQ(cache.stats().bytes, 200);
  EXPECT_EQ(cache.stats().hits, 2);
  EXPECT_EQ(cache.stats().misses, 2);
  EXPECT_EQ(cache.stats().evictions, 0);
}

TEST(ModelCache, LeastRecentlyUsedGoesFirst) {
  ModelCache cache;
  for (std::uint8_t i = 1; i <= 3; ++i) cache.insert(digest(i), model(i), 100, 300);
  EXPECT_NE(cache.find(digest(1)), nullptr);  // 2 is now the oldest
  cache.insert(digest(4), model(4), 100, 300);
  EXPECT_EQ(cache.find(digest(2)), nullptr);
  for (const std::uint8_t i : std::initializer_list<std::uint8_t>{1, 3, 4})
    EXPECT_NE(cache.find(digest(i)), nullptr) << int{i};
  EXPECT_EQ(cache.stats().evictions, 1);
  EXPECT_EQ(cache.stats().bytes, 300);
}

TEST(ModelCache, ExactlyFullIsNotTooMuch) {
  ModelCache cache;
  cache.insert(digest(1), model(1), 150, 300);
  cache.insert(digest(2), model(2), 150, 300);
  EXPECT_EQ(cache.stats().evictions, 0);
  cache.insert(digest(3), model(3), 1, 300);
  EXPECT_EQ(cache.stats().evictions, 1);
  EXPECT_EQ(cache.stats().bytes, 151);
}

TEST(ModelCache, ALargeGuestStaysUntilTheNext) {
  ModelCache cache;
  cache.insert(digest(1), model(1), 100, 300);
  cache.insert(digest(2), model(2), 100, 300);
  const CachedModel* guest = cache.insert(digest(3), model(33), 5000, 300);
  EXPECT_EQ(minutes_of(guest), 33);
  EXPECT_EQ(cache.stats().entries, 1);
  EXPECT_EQ(cache.stats().evictions, 2);
  EXPECT_EQ(cache.find(digest(3)), guest);
  cache.insert(digest(4), model(4), 100, 300);
  EXPECT_EQ(cache.find(digest(3)), nullptr);
  EXPECT_EQ(cache.stats().entries, 1);
  EXPECT_EQ(cache.stats().bytes, 100);
}

TEST(ModelCache, OneDigestIsOneEntry) {
  ModelCache cache;
  const CachedModel* first = cache.insert(digest(1), model(1), 100, 300);
  EXPECT_EQ(cache.insert(digest(1), model(1), 100, 300), first);
  EXPECT_EQ(cache.stats().entries, 1);
  EXPECT_EQ(cache.stats().bytes, 100);
}

TEST(ModelCache, InsertingAgainCountsAsUse) {
  ModelCache cache;
  cache.insert(digest(1), model(1), 100, 200);
  cache.insert(digest(2), model(2), 100, 200);
  cache.insert(digest(1), model(1), 100, 200);
  cache.insert(digest(3), model(3), 100, 200);
  EXPECT_NE(cache.find(digest(1)), nullptr);
  EXPECT_EQ(cache.find(digest(2)), nullptr);
}

TEST(ModelCache, ASmallerBoundTakesEffectAtTheNextInsert) {
  ModelCache cache;
  for (std::uint8_t i = 1; i <= 5; ++i) cache.insert(digest(i), model(i), 100, 1000);
  cache.insert(digest(6), model(6), 100, 250);
  EXPECT_EQ(cache.stats().entries, 2);
  EXPECT_NE(cache.find(digest(5)), nullptr);
  cache.insert(digest(7), model(7), 100, 0);
  EXPECT_EQ(cache.stats().entries, 1);
}

TEST(ModelCache, ClearDropsEverythingAndSaysHowMany) {
  ModelCache cache;
  EXPECT_EQ(cache.clear(), 0);
  for (const Algorithm kind : kKinds)
    cache.insert(digest(static_cast<std::uint8_t>(kind)), cached(small_model(kind)), 100, 1000);
  EXPECT_EQ(cache.clear(), static_cast<int>(kKinds.size()));
  EXPECT_EQ(cache.stats().entries, 0);
  EXPECT_EQ(cache.stats().bytes, 0);
  EXPECT_EQ(cache.stats().evictions, 0);
  EXPECT_EQ(cache.find(digest(0)), nullptr);
  EXPECT_NE(cache.insert(digest(0), model(9), 100, 1000), nullptr);
}

/// Says when it is wiped.
class Noticing final : public AnyModel {
 public:
  explicit Noticing(int& wiped) : wiped_(wiped) {}
  void wipe() override { ++wiped_; }

 private:
  int& wiped_;
};

TEST(ModelCache, WhatGoesIsWiped) {
  int wiped = 0;
  ModelCache cache;
  for (std::uint8_t i = 1; i <= 3; ++i) cache.insert(digest(i), {nullptr, std::make_unique<Noticing>(wiped)}, 100, 200);
  EXPECT_EQ(wiped, 1);
  cache.clear();
  EXPECT_EQ(wiped, 3);
}

}  // namespace
}  // namespace glucose
