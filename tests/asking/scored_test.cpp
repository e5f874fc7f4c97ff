// SPDX-License-Identifier: PostgreSQL
#include "core/asking/scored.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace glucose {
namespace {

/// Rows given beforehand; every other step gives none, as when a row is only remembered.
class GivenRows final : public Scorer {
 public:
  explicit GivenRows(std::vector<ScoredRow> rows) : rows_(std::move(rows)) {}
  bool done() const override { return step_ == 2 * rows_.size(); }
  bool next(ScoredRow& row) override {
    if (step_++ % 2 == 0) return false;
    row = rows_[step_ / 2 - 1];
    return true;
  }

 private:
  std::vector<ScoredRow> rows_;
  std::size_t step_ = 0;
};

ScoredRow row(Micros at, std::int64_t unit, float value30, float outcome30, float value60, float outcome60) {
  ScoredRow r;
  r.at = at;
  r.unit = unit;
  r.n = 2;
  r.minutes = {30, 60};
  r.value = {value30, value60};
  r.lower = {value30 - 10, value60 - 10};
  r.upper = {value30 + 10, value60 + 10};
  r.outcome = {outcome30, outcome60};
  return r;
}

template <class Stepped>
auto taken(Stepped&& stepped) {
  while (!stepped.done()) stepped.step();
  return stepped.take();
}

TEST(Evaluator, SortsRowsIntoPartsAndLeavesOutWhatIsNotKnown) {
  const std::vector<ScoredRow> rows{row(5, 0, 100, 110, 100, kUnknown), row(10, 1, 100, 100, 120, 90),
                                    row(20, 2, 100, 200, 100, 104), row(99, 3, 0, 500, 0, 500)};
  const auto parts = taken(Evaluator(std::make_unique<GivenRows>(rows), {10, 20, 30}, 5, 99));
  ASSERT_EQ(parts.size(), 4U);
  ASSERT_EQ(parts[0].size(), 1U);  // its outcome at 60 minutes is not known
  EXPECT_EQ(parts[0][0].minutes_ahead, 30);
  EXPECT_DOUBLE_EQ(parts[0][0].errors.mae, 10);
  EXPECT_DOUBLE_EQ(parts[0][0].coverage, 1);  // the end of the interval belongs to it
  ASSERT_EQ(parts[1].size(), 2U);
  EXPECT_DOUBLE_EQ(parts[1][1].errors.bias, 30);
  EXPECT_DOUBLE_EQ(parts[1][1].coverage, 0);
  EXPECT_DOUBLE_EQ(parts[2][0].errors.mae, 100);
  EXPECT_TRUE(parts[3].empty());
}

TEST(UnitErrors, AreMeansOverTheUnitsRowsAndTheHorizonsAskedFor) {
  const std::vector<ScoredRow> rows{row(1, 7, 100, 110, 100, 130), row(2, 7, 100, 100, 100, 110),
                                    row(3, 8, 100, 100, 100, kUnknown), row(4, 9, 100, 90, 100, 100)};
  const auto both = taken(UnitErrors(std::make_unique<GivenRows>(rows), {30, 60}, 0, 100));
  ASSERT_EQ(both.size(), 2U);  // unit 8 has no row with both outcomes
  EXPECT_EQ(both[0].unit, 7);
  EXPECT_DOUBLE_EQ(both[0].error, ((10 + 30) / 2.0 + (0 + 10) / 2.0) / 2);
  EXPECT_DOUBLE_EQ(both[1].error, 5);
  const auto first = taken(UnitErrors(std::make_unique<GivenRows>(rows), {30}, 2, 4));
  ASSERT_EQ(first.size(), 2U);
  EXPECT_DOUBLE_EQ(first[0].error, 0);
}

TEST(CompareUnits, PairsWhatBothHave) {
  const PairedComparison c = compare_units({{1, 10}, {2, 20}, {4, 5}}, {{2, 17}, {3, 100}, {4, 4}});
  EXPECT_EQ(c.n, 2);
  EXPECT_DOUBLE_EQ(c.mean_a, 12.5);
  EXPECT_DOUBLE_EQ(c.difference, -2);
}

}  // namespace
}  // namespace glucose
