// SPDX-License-Identifier: PostgreSQL
#include "core/watching/sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "core/base/random.hpp"

namespace glucose {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

/// Values in stretches of equal size: each has a level of its own of that SD, values around it have SD 1.
struct Clustered {
  std::vector<float> value;
  std::vector<std::int32_t> stretch;
  Observed observed() const { return {value, stretch, {}, {}, false}; }
};
Clustered clustered(std::uint64_t seed, int stretches, int size, double sd, double after = 0) {
  Random random(seed);
  Clustered c;
  double level = sd * random.normal();
  for (int b = 0; b < stretches; ++b) {
    for (int i = 0; i < size; ++i) {
      c.value.push_back(static_cast<float>(level + random.normal()));
      c.stretch.push_back(b);
    }
    level = after * level + std::sqrt(1 - after * after) * sd * random.normal();
  }
  return c;
}

/// What share of the values is up to each cut, by counting.
void expect_counted(const Sketch& sketch, const std::vector<float>& values) {
  for (std::size_t c = 0; c < sketch.cuts.size(); ++c)
    EXPECT_EQ(sketch.parts[0].up_to[c], std::count_if(values.begin(), values.end(),
                                                      [&](float v) { return std::isnan(v) || v <= sketch.cuts[c]; }));
}

TEST(Sketch, CountsAreThoseOfItsCuts) {
  Clustered c = clustered(1, 10, 40, 0);
  for (std::size_t i = 0; i < c.value.size(); i += 7) c.value[i] = kNone;
  const auto sketch = sketch_of(c.observed());
  ASSERT_TRUE(sketch);
  EXPECT_EQ(sketch->cuts.size(), kSketchShares - 1);
  EXPECT_TRUE(std::is_sorted(sketch->cuts.begin(), sketch->cuts.end()));
  EXPECT_EQ(sketch->n(), 400);
  EXPECT_EQ(sketch->parts[0].missing, 58);
  expect_counted(*sketch, c.value);
}

// No value of a row is kept: a cut lies between two of them.
TEST(Sketch, KeepsNoValue) {
  const Clustered c = clustered(2, 8, 50, 0);
  const auto sketch = sketch_of(c.observed());
  for (const float cut : sketch->cuts) EXPECT_EQ(std::count(c.value.begin(), c.value.end(), cut), 0);
}

TEST(Sketch, WhatManyHaveStandsBetweenTwoCuts) {
  for (const float v : {0.0F, 1.0F, -3.0F, 250.0F}) {
    Clustered c = clustered(3, 8, 10, 0);
    std::fill(c.value.begin(), c.value.end(), v);
    const auto sketch = sketch_of(c.observed());
    ASSERT_EQ(sketch->cuts.size(), 2U) << v;
    EXPECT_LT(sketch->cuts[0], v);
    EXPECT_GT(sketch->cuts[1], v);
    expect_counted(*sketch, c.value);
  }
  Clustered c = clustered(3, 8, 10, 0);
  for (std::size_t i = 0; i < c.value.size(); ++i) c.value[i] = i % 3 == 0 ? 1 : 0;
  EXPECT_EQ(sketch_of(c.observed())->cuts.size(), 3U);  // below 0, between, above 1
}

TEST(Sketch, OfNothingKnownThereIsNone) {
  Clustered c = clustered(4, 8, 10, 0);
  std::fill(c.value.begin(), c.value.end(), kNone);
  EXPECT_FALSE(sketch_of(c.observed()));
  EXPECT_FALSE(sketch_of({}));
}

// Of being up to a cut, not of values: where two normal values correlate by ρ = sd² / (sd² + 1), whether they are below
// the middle does by 2 / π asin(ρ) (W. F. Sheppard 1899).
TEST(Sketch, LikenessIsTheIntraclassCorrelation) {
  EXPECT_LT(sketch_of(clustered(5, 400, 20, 0).observed())->likeness, 0.01);
  EXPECT_NEAR(sketch_of(clustered(6, 400, 20, 0.5).observed())->likeness, std::asin(0.2) * 2 / std::numbers::pi, 0.02);
  EXPECT_NEAR(sketch_of(clustered(7, 400, 20, 1).observed())->likeness, 1 / 3.0, 0.02);
  EXPECT_EQ(crowd_of(clustered(7, 400, 20, 1).stretch), 20);
  EXPECT_TRUE(std::isnan(sketch_of(clustered(8, kFewestStretches - 1, 20, 1).observed())->likeness));
}

TEST(Sketch, MemoryIsThatOfFollowingStretches) {
  const auto memory = [](double after) {
    Clustered c = clustered(9, 600, 20, 2, after);
    Observed o = c.observed();
    o.in_order = true;
    return sketch_of(o)->memory;
  };
  EXPECT_NEAR(memory(0), 1, 0.2);
  EXPECT_NEAR(memory(0.3), 1.3 / 0.7, 0.45);
  EXPECT_EQ(memory(0.95), 3);                                                 // at most
  EXPECT_EQ(sketch_of(clustered(9, 600, 20, 2, 0.9).observed())->memory, 1);  // persons do not follow on each other
}

// The variance of a mean over clusters: σ² (1 + (m - 1) ρ) / n.
TEST(Sketch, WorthIsKishs) {
  Sketch sketch;
  sketch.likeness = 0.1;
  EXPECT_NEAR(sketch.worth(200, 21), 200 / 3.0, 1e-12);
  sketch.memory = 2;
  EXPECT_NEAR(sketch.worth(200, 21), 200 / 6.0, 1e-12);
  EXPECT_NEAR(sketch.worth(200, 1), 100, 1e-12);
  sketch.likeness = std::nan("");
  EXPECT_TRUE(std::isnan(sketch.worth(200, 1)));
}

SketchFields fields_of(const Notes& notes) {
  SketchFields f{};
  const auto list = [&](std::size_t i) { return std::get<std::vector<double>>(notes[i].value); };
  f.cuts = list(0), f.n = list(1), f.missing = list(2), f.up_to = list(3);
  f.crowd = std::get<double>(notes[4].value), f.likeness = std::get<double>(notes[5].value);
  f.memory = std::get<double>(notes[6].value);
  return f;
}

TEST(Sketch, NotesGiveItBack) {
  Clustered c = clustered(10, 12, 30, 1);
  std::vector<std::uint8_t> part;
  for (std::size_t i = 0; i < c.value.size(); ++i) part.push_back(static_cast<std::uint8_t>(i % kDayParts));
  Observed o = c.observed();
  o.part = part;
  const auto sketch = sketch_of(o);
  const auto back = sketch_from(fields_of(notes_of(*sketch)));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->cuts, sketch->cuts);
  ASSERT_EQ(back->parts.size(), kDayParts);
  for (std::size_t p = 0; p < kDayParts; ++p) EXPECT_EQ(back->parts[p].up_to, sketch->parts[p].up_to);
  EXPECT_EQ(back->n(), 360);
  EXPECT_EQ(back->likeness, sketch->likeness);
}

TEST(Sketch, WhatIsNoneIsNotTaken) {
  const SketchFields good = fields_of(notes_of(*sketch_of(clustered(11, 12, 30, 1).observed())));
  ASSERT_TRUE(sketch_from(good));
  const auto broken = [&](auto&& change) {
    SketchFields f = good;
    change(f);
    return !sketch_from(f);
  };
  EXPECT_TRUE(broken([](SketchFields& f) { f.cuts.clear(); }));
  EXPECT_TRUE(broken([](SketchFields& f) { f.cuts.pop_back(); }));
  EXPECT_TRUE(broken([](SketchFields& f) { std::swap(f.cuts.front(), f.cuts.back()); }));
  EXPECT_TRUE(broken([](SketchFields& f) { f.n = {10, 10}; }));
  EXPECT_TRUE(broken([](SketchFields& f) { f.n = {1}; }));
  EXPECT_TRUE(broken([](SketchFields& f) { f.missing = {1e6}; }));
  EXPECT_TRUE(broken([](SketchFields& f) { f.up_to[3] = -1; }));
  EXPECT_TRUE(broken([](SketchFields& f) { f.up_to[3] = 0.5; }));
  EXPECT_TRUE(broken([](SketchFields& f) { f.likeness = 2; }));
  EXPECT_TRUE(broken([](SketchFields& f) { f.memory = std::nan(""); }));
  EXPECT_TRUE(broken([](SketchFields& f) { f.crowd = -1; }));
}

}  // namespace
}  // namespace glucose
