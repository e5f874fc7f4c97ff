// SPDX-License-Identifier: PostgreSQL
#include "core/asking/finite.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace glucose {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

Answer answer() {
  Answer a;
  a.n = 2;
  for (auto& e : a.expected) e = {60, 120, 100, 140, 121, {0.1F, 0.2F}, 0.8F, false};
  return a;
}

TEST(RequireFinite, EveryNumberOfAnAnswer) {
  EXPECT_NO_THROW(require_finite(answer()));
  for (const float wrong : {kNan, kInf, -kInf}) {
    for (float Expected::*field :
         {&Expected::value, &Expected::lower, &Expected::upper, &Expected::mean, &Expected::score}) {
      Answer a = answer();
      a.expected[1].*field = wrong;
      EXPECT_THROW(require_finite(a), Error);
    }
    Answer a = answer();
    a.expected[0].probability[1] = wrong;
    EXPECT_THROW(require_finite(a), Error);
    a = answer();
    a.expected[2].value = wrong;  // not one of its two
    EXPECT_NO_THROW(require_finite(a));
  }
}

TEST(RequireFinite, WhatAnExplanationAddsUp) {
  Explanation e{100, {{"carbs_g", kNan, 3}}};
  EXPECT_NO_THROW(require_finite(e));  // a value may be unknown
  e.parts.front().contribution = kInf;
  EXPECT_THROW(require_finite(e), Error);
  EXPECT_THROW(require_finite(Explanation{kNan, {}}), Error);
}

TEST(RequireFinite, IsModelMismatch) {
  try {
    require_finite({1, kNan});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
  }
}

}  // namespace
}  // namespace glucose
