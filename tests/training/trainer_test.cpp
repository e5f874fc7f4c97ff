// SPDX-License-Identifier: PostgreSQL
#include "core/training/trainer.hpp"

#include <gtest/gtest.h>

#include "support/rows.hpp"

namespace glucose {
namespace {

TEST(Material, ItsDaysAreThoseBetweenReadingsOfThePeriod) {
  const std::vector<Reading> readings{reading(-1440, 100), reading(0, 100), reading(720, 100), reading(2160, 100),
                                      reading(2880, 100)};
  EXPECT_DOUBLE_EQ((Material{readings, {}, {}, 0, 2 * kDay}.days()), 1.5);  // the end does not belong to it
  EXPECT_DOUBLE_EQ((Material{readings, {}, {}, 1, minutes(721)}.days()), 0);
  EXPECT_DOUBLE_EQ((Material{readings, {}, {}, 3 * kDay, 4 * kDay}.days()), 0);
}

TEST(MetricRows, AreTheFiveNumbersUnderTheirNames) {
  std::vector<MetricRow> rows;
  add_metrics(rows, Split::test, 60, "persistence_", {9, 1, 2, 3, 4, 5});
  ASSERT_EQ(rows.size(), 5U);
  const std::array<const char*, 5> names{"persistence_mae", "persistence_rmse", "persistence_r2", "persistence_mape",
                                         "persistence_bias"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].metric, names[i]);
    EXPECT_EQ(rows[i].value, static_cast<double>(i + 1));
    EXPECT_EQ(rows[i].n, 9);
    EXPECT_EQ(rows[i].minutes_ahead, 60);
    EXPECT_EQ(rows[i].split, Split::test);
  }
}

}  // namespace
}  // namespace glucose
