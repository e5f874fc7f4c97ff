// SPDX-License-Identifier: PostgreSQL
#include "core/base/decimal.hpp"

#include <gtest/gtest.h>

namespace glucose {
namespace {

TEST(Decimal, HasAPointOrAComma) {
  EXPECT_EQ(decimal(3.85, 0, false), "4");
  EXPECT_EQ(decimal(-1234.56, 1, false), "-1234.6");
  EXPECT_EQ(decimal(-1234.56, 1, true), "-1234,6");
  EXPECT_EQ(decimal(0, 2, true), "0,00");
  EXPECT_EQ(with_comma("1.5e+07", true), "1,5e+07");
  EXPECT_EQ(with_comma("1.5e+07", false), "1.5e+07");
}

}  // namespace
}  // namespace glucose
