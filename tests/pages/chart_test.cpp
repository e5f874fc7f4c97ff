// SPDX-License-Identifier: PostgreSQL
#include "core/pages/chart.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "core/base/error.hpp"
#include "core/pages/marks.hpp"

namespace glucose {
namespace {

constexpr double kGap = std::numeric_limits<double>::quiet_NaN();

Chart some(std::span<const double> values, std::vector<std::string_view> labels) {
  Chart c;
  c.title = "error";
  c.unit = "mg/dL";
  c.labels = std::move(labels);
  c.names = {"personal"};
  c.values = values;
  return c;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

TEST(Chart, ALineIsBrokenWhereNothingIsKnown) {
  const std::vector<double> values{10, 12, kGap, 14, 15, kGap, 20};
  const std::string svg = svg_of(some(values, {"a", "b", "c", "d", "e", "f", "g"}));
  EXPECT_EQ(count(svg, "M"), 3U);        // three stretches
  EXPECT_EQ(count(svg, "<circle"), 1U);  // of which one is a point
  EXPECT_NE(svg.find("aria-label=\"error, a to g; personal last 20 mg/dL\""), std::string::npos) << svg;
  EXPECT_EQ(svg.find("nan"), std::string::npos);
}

TEST(Chart, LowestAndHighestAreWithinThePicture) {
  for (const auto& values : {std::vector<double>{1e-9, 2e-9}, {-5, 1e7}, {3, 3}, {0, 0}, {-2, -2}, {1e300, 1e299}}) {
    for (const bool from_zero : {true, false}) {
      Chart c = some(values, {"a", "b"});
      c.from_zero = from_zero;
      const std::string svg = svg_of(c);
      EXPECT_EQ(svg.find("nan"), std::string::npos) << values[0];
      EXPECT_EQ(svg.find("inf"), std::string::npos) << values[0];
      EXPECT_EQ(svg.find("y=\"-"), std::string::npos) << svg;
      EXPECT_LT(count(svg, "class=\"grid\""), 10U);
    }
  }
}

// Where a step is less than a double can tell, there are as many lines as elsewhere.
TEST(Chart, StepsThatAreTooSmallForTheNumbersEnd) {
  for (const double much : {1e16, 1e17, 3e200}) {
    const std::vector<double> values{much, std::nextafter(much, HUGE_VAL)};
    EXPECT_LT(count(svg_of(some(values, {"a", "b"})), "class=\"grid\""), 10U) << much;
  }
}

TEST(Chart, WhatIsSaidIsNoMarkup) {
  EXPECT_EQ(escaped("<a href=\"x\">&'\x01</a>"), "&lt;a href=&quot;x&quot;&gt;&amp;&#39;&lt;/a&gt;");
  Chart c = some({}, {});
  const std::vector<double> values{1};
  c = some(values, {"<script>"});
  c.names = {"\"><script>"};
  c.title = "<script>";
  EXPECT_EQ(svg_of(c).find("<script"), std::string::npos);
}

TEST(Chart, NothingIsSaidWithWordsAndWrongSizesRefused) {
  const std::vector<double> gaps{kGap, kGap};
  EXPECT_NE(svg_of(some(gaps, {"a", "b"})).find("nothing is known yet"), std::string::npos);
  EXPECT_NE(svg_of(some({}, {})).find("nothing is known yet"), std::string::npos);
  EXPECT_THROW((void)svg_of(some(gaps, {"a"})), Error);
  Chart many = some({}, {});
  many.names.assign(7, "x");
  EXPECT_THROW((void)svg_of(many), Error);
}

}  // namespace
}  // namespace glucose
