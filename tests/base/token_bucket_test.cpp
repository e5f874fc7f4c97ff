// SPDX-License-Identifier: PostgreSQL
#include "core/base/token_bucket.hpp"

#include <gtest/gtest.h>

#include <deque>

#include "core/base/random.hpp"

namespace glucose {
namespace {

constexpr Micros kStart = 800'000'000'000'000;

TEST(TokenBucket, LetsInAMinutesWorthAtOnceAndThenOneAtATime) {
  for (const int per_minute : {1, 2, 7, 60, 600, 7747, 100'000}) {
    TokenBucket bucket;
    EXPECT_EQ(bucket.available(per_minute, kStart), per_minute);
    for (int i = 0; i < per_minute; ++i) {
      ASSERT_EQ(bucket.take(per_minute, kStart), 0) << per_minute << ": " << i;
      ASSERT_EQ(bucket.available(per_minute, kStart), per_minute - i - 1);
    }
    const Micros wait = bucket.take(per_minute, kStart);
    EXPECT_EQ(wait, kMinute / per_minute);
    EXPECT_GT(bucket.take(per_minute, kStart + wait - 1), 0);
    EXPECT_EQ(bucket.take(per_minute, kStart + wait), 0);
    EXPECT_GT(bucket.take(per_minute, kStart + wait), 0);
  }
}

TEST(TokenBucket, IsFullAgainAfterAMinute) {
  TokenBucket bucket;
  EXPECT_TRUE(bucket.is_full(kStart));
  for (int i = 0; i < 30; ++i) (void)bucket.take(30, kStart);
  EXPECT_FALSE(bucket.is_full(kStart + kMinute - 1));
  EXPECT_TRUE(bucket.is_full(kStart + kMinute));
  EXPECT_EQ(bucket.available(30, kStart + kMinute / 2), 15);
  EXPECT_EQ(bucket.available(30, kStart + 10 * kMinute), 30);
}

TEST(TokenBucket, TakesNothingForACallThatIsNotLetIn) {
  TokenBucket bucket;
  (void)bucket.take(1, kStart);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bucket.take(1, kStart + kSecond), 59 * kSecond);
  EXPECT_EQ(bucket.take(1, kStart + kMinute), 0);
}

// However calls come, no minute has more than twice as many, and in the long run there are no more than the rate.
TEST(TokenBucket, HoldsItsRateUnderAnyTraffic) {
  Random random(7);
  for (const int per_minute : {3, 20, 90}) {
    TokenBucket bucket;
    std::deque<Micros> last_minute;
    Micros now = kStart;
    int taken = 0;
    for (int i = 0; i < 20'000; ++i) {
      now += static_cast<Micros>(random.uniform() * (random.uniform() < 0.01 ? 3 * 60 : 1) * kSecond);
      if (bucket.take(per_minute, now) != 0) continue;
      ++taken;
      last_minute.push_back(now);
      while (last_minute.front() <= now - kMinute) last_minute.pop_front();
      ASSERT_LE(last_minute.size(), 2 * static_cast<std::size_t>(per_minute));
    }
    EXPECT_LE(taken, per_minute * (static_cast<double>(now - kStart) / static_cast<double>(kMinute) + 1) + 1);
    EXPECT_GT(taken, per_minute);
  }
}

TEST(TokenBucket, OutlivesAClockThatIsSetBackAndALimitThatChanges) {
  TokenBucket bucket;
  for (int i = 0; i < 10; ++i) (void)bucket.take(10, kStart);
  EXPECT_LE(bucket.take(10, kStart - 24 * 60 * kMinute), kMinute);
  EXPECT_EQ(bucket.available(10, kStart - 24 * 60 * kMinute), 0);
  EXPECT_EQ(bucket.available(100, kStart), 0);
  EXPECT_EQ(bucket.take(100, kStart + kSecond), 0);
  TokenBucket never_asked;
  EXPECT_EQ(never_asked.take(10, std::numeric_limits<Micros>::min() + kMinute), 0);
}

TEST(KeptCalls, AreWaitedForUntilTheOldestIsAMinuteOld) {
  EXPECT_EQ(wait_until_forgotten(kStart, kStart), kMinute);
  EXPECT_EQ(wait_until_forgotten(kStart, kStart + 45 * kSecond), 15 * kSecond);
  EXPECT_EQ(wait_until_forgotten(kStart, kStart + kMinute), 0);
  EXPECT_EQ(wait_until_forgotten(kStart, kStart + 5 * kMinute), 0);
  EXPECT_EQ(wait_until_forgotten(kStart + 5 * kMinute, kStart), kMinute);
}

}  // namespace
}  // namespace glucose
