// SPDX-License-Identifier: PostgreSQL
#include "core/math/scaler.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "core/base/random.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

TEST(Scaler, ByHandWithUnknowns) {
  // Columns: 2, 4, 6 → mean 4, population SD sqrt(8/3); 10, ?, 20 → 15, 5; all unknown; constant.
  const std::vector<float> rows{2, 10, kUnknown, 7, 4, kUnknown, kUnknown, 7, 6, 20, kUnknown, 7};
  const Scaler s = Scaler::fit(rows, 4);
  EXPECT_FLOAT_EQ(s.mean[0], 4);
  EXPECT_FLOAT_EQ(s.inverse_sd[0], 0.61237246F);
  EXPECT_FLOAT_EQ(s.mean[1], 15);
  EXPECT_FLOAT_EQ(s.inverse_sd[1], 0.2F);
  EXPECT_EQ(s.inverse_sd[2], 0);
  EXPECT_EQ(s.mean[3], 7);
  EXPECT_EQ(s.inverse_sd[3], 0);
  std::array<float, 4> out;
  s.transform(std::array<float, 4>{6, 10, 55, 99}, out.data());
  EXPECT_FLOAT_EQ(out[0], 1.2247449F);
  EXPECT_FLOAT_EQ(out[1], -1);
  EXPECT_EQ(out[2], 0);  // never seen in training
  EXPECT_EQ(out[3], 0);  // never varied in training
  s.transform(std::array<float, 4>{kUnknown, kUnknown, kUnknown, kUnknown}, out.data());
  for (const float value : out) EXPECT_EQ(value, 0);
}

TEST(Scaler, WorksInPlaceAndStandardises) {
  Random rng(5);
  std::vector<float> rows;
  for (int i = 0; i < 500; ++i) {
    rows.push_back(static_cast<float>(120 + 30 * rng.normal()));
    rows.push_back(static_cast<float>(-3 + 0.01 * rng.normal()));
  }
  const Scaler s = Scaler::fit(rows, 2);
  for (std::size_t i = 0; i < rows.size(); i += 2) s.transform(std::span<const float>(rows).subspan(i, 2), &rows[i]);
  for (std::size_t c = 0; c < 2; ++c) {
    double sum = 0, squares = 0;
    for (std::size_t i = c; i < rows.size(); i += 2) sum += rows[i], squares += rows[i] * rows[i];
    EXPECT_NEAR(sum / 500, 0, 1e-3);
    EXPECT_NEAR(squares / 500, 1, 1e-3);
  }
}

TEST(Scaler, NoRowsMakesEverythingZero) {
  const Scaler s = Scaler::fit({}, 2);
  std::array<float, 2> out{1, 1};
  s.transform(std::array<float, 2>{5, 6}, out.data());
  EXPECT_EQ(out[0], 0);
  EXPECT_EQ(out[1], 0);
}

}  // namespace
}  // namespace glucose
