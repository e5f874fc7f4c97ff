// SPDX-License-Identifier: PostgreSQL
#include "core/pages/picture.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <sstream>

#include "core/base/error.hpp"
#include "core/pages/marks.hpp"

namespace glucose {
namespace {

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

Picture day(std::vector<double> x, std::vector<double> levels) {
  Picture p;
  p.words = "a day";
  p.unit = "mg/dL";
  p.x_from = 0, p.x_to = 1440;
  p.target_low = 70, p.target_high = 180;
  p.gap = 23;
  Layer line;
  line.tone = "level";
  line.x = std::move(x), line.low = std::move(levels);
  p.layers.push_back(std::move(line));
  return p;
}

// Where a path goes: every point in absolute places.
std::vector<std::pair<double, double>> points_of(const std::string& svg, std::string_view name) {
  const std::size_t begin = svg.find(" d=\"", svg.find("class=\"" + std::string(name) + "\"")) + 4;
  const std::string d = svg.substr(begin, svg.find('"', begin) - begin);
  std::string spaced;
  for (const char c : d) {
    if (std::isalpha(static_cast<unsigned char>(c)) != 0)
      spaced += std::string(" ") + c + ' ';
    else if (c == '-')
      spaced += " -";
    else
      spaced += c;
  }
  std::istringstream in(spaced);
  std::vector<std::pair<double, double>> points;
  double x = 0, y = 0;
  for (char command; in >> command;) {
    if (command == 'z') continue;
    double a, b;
    in >> a >> b;
    x = command == 'M' ? a : x + a, y = command == 'M' ? b : y + b;
    points.emplace_back(x, y);
  }
  return points;
}

TEST(Picture, ADocumentBecomesWhatItSays) {
  const Picture p =
      picture_of(R"({"words": "w", "unit": "mmol/L", "comma": true, "x": [0, 60], "target": [3.9, 10], "gap": 23,
    "now": 5, "now_label": "meal", "ticks": [0, "a", 60, "b"], "height": 100, "layers": [
    {"kind": "band", "tone": "wide", "name": "90 %", "x": [0, 1], "low": [4, null], "high": [6, 7]},
    {"kind": "mark", "tone": "s1", "x": [3], "low": [5]}]})");
  EXPECT_EQ(p.words, "w");
  EXPECT_EQ(p.x_to, 60);
  EXPECT_EQ(p.ticks.size(), 2U);
  EXPECT_EQ(p.ticks[1].label, "b");
  ASSERT_EQ(p.layers.size(), 2U);
  EXPECT_EQ(p.layers[0].kind, Layer::Kind::band);
  EXPECT_TRUE(std::isnan(p.layers[0].low[1]));
  EXPECT_EQ(p.layers[1].kind, Layer::Kind::mark);
  EXPECT_EQ(axis_number(p, 3.9), "3,9");
}

TEST(Picture, WhatIsNoneIsRefused) {
  for (const char* json :
       {"[]", "{", R"({"layers": 1})", R"({"layers": [1]})", R"({"layers": [{"kind": "pie"}]})", R"({"x": [1]})",
        R"({"x": [2, 1]})", R"({"target": ["a", "b"]})", R"({"ticks": [1]})", R"({"ticks": [1, 2]})", R"({"words": 1})",
        R"({"layers": [{"kind": "line", "x": [1], "low": []}]})",
        R"({"layers": [{"kind": "line", "x": [1], "low": [1], "high": [1]}]})",
        R"({"layers": [{"kind": "bar", "x": [1], "low": [1]}]})"})
    EXPECT_THROW((void)picture_of(json), Error) << json;
}

TEST(Picture, StepsThatAreTooSmallForTheNumbersEnd) {
  const Picture p = picture_of(R"({"words": "w", "unit": "x", "x": [0, 1], "y": [1e16, 10000000000000002]})");
  EXPECT_LT(count(svg_of(p, ""), "class=\"grid\""), 20U);
}

TEST(Picture, ABarWithoutAnEndIsNotDrawn) {
  const Picture p = picture_of(R"({"words": "w", "unit": "x", "x": [0, 2],
    "layers": [{"kind": "bar", "tone": "s1", "x": [1, 2], "low": [4, 4], "high": [6, null]}]})");
  const std::string svg = svg_of(p, "");
  EXPECT_EQ(count(svg, "class=\"bar s1\""), 1U);
  EXPECT_EQ(svg.find("nan"), std::string::npos);
  EXPECT_FALSE(text_of(p, 40).empty());
}

TEST(Picture, EachReadingIsWhereItBelongs) {
  const Picture p = day({0, 20, 40}, {100, 250, 40});
  const ValueAxis axis = value_axis_of(p, 4);
  const std::string svg = svg_of(p, "");
  const auto points = points_of(svg, "line level");
  ASSERT_EQ(points.size(), 3U);
  const double height = 240 - 8 - 4;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(points[i].first, 1000 * p.layers[0].x[i] / 1440, 0.1);
    EXPECT_NEAR(points[i].second, 8 + height * (axis.high - p.layers[0].low[i]) / (axis.high - axis.low), 0.15);
  }
}

TEST(Picture, ALineIsBrokenAtGapsAndWhereTheClockGoesBack) {
  EXPECT_EQ(count(svg_of(day({0, 5, 40, 45}, {100, 101, 102, 103}), ""), "M"), 2U);
  EXPECT_EQ(count(svg_of(day({0, 15, 30, 45}, {100, 101, 102, 103}), ""), "M"), 1U);
  EXPECT_EQ(count(svg_of(day({170, 175, 120, 125}, {100, 101, 102, 103}), ""), "M"), 2U);
  EXPECT_EQ(count(svg_of(day({0, 5, 10}, {100, NAN, 102}), ""), "M"), 2U);
}

// Beyond a limit the area between line and limit is filled, from crossing to crossing.
TEST(Picture, WhatIsBeyondTheLimitsIsFilled) {
  const std::string svg = svg_of(day({0, 10, 20, 30}, {170, 190, 190, 170}), "");
  const auto over = points_of(svg, "area over");
  ASSERT_EQ(over.size(), 4U);
  EXPECT_NEAR(over[0].first, 1000 * 5.0 / 1440, 0.1);
  EXPECT_NEAR(over[3].first, 1000 * 25.0 / 1440, 0.2);
  EXPECT_NEAR(over[0].second, over[3].second, 0.2);
  EXPECT_EQ(svg.find("area under"), std::string::npos);
  EXPECT_NE(svg_of(day({0, 10}, {60, 60}), "").find("area under"), std::string::npos);
  EXPECT_EQ(svg_of(day({0, 10}, {70, 180}), "").find("area"), std::string::npos);
}

// A sensor of every few seconds makes no larger picture, and its extremes are there.
TEST(Picture, ManyReadingsAreThinnedWithoutLosingTheExtremes) {
  std::vector<double> x, levels;
  for (int i = 0; i < 20000; ++i) x.push_back(i * 1440.0 / 20000), levels.push_back(120 + 20 * std::sin(i / 3.0));
  levels[7777] = 300, levels[12345] = 45;
  for (const int height : {92, 240}) {
    Picture p = day(x, levels);
    p.height = height;
    const std::string svg = svg_of(p, "");
    EXPECT_LT(svg.size(), height == 92 ? 12000U : 40000U);
    const auto points = points_of(svg, "line level");
    double top = 1e9, bottom = 0;
    for (const auto& [a, b] : points) top = std::min(top, b), bottom = std::max(bottom, b);
    const ValueAxis axis = value_axis_of(p, 4);
    const double range = (height - 12) / (axis.high - axis.low);
    EXPECT_NEAR(top, 8 + range * (axis.high - 300), 1);
    EXPECT_NEAR(bottom, 8 + range * (axis.high - 45), 1);
  }
}

TEST(Picture, WordsAreNoMarkupAndAloneItHasAllItNeeds) {
  Picture p = day({0, 5}, {100, 110});
  p.words = "<b>",
  p.foot = "A foot with many words that goes on & on over lines as long as it has to, and a bit more than that.";
  p.layers[0].name = "\"><script>", p.layers[0].tone = "\"x", p.now = 3, p.now_label = "<i>", p.ticks = {{0, "<u>"}};
  for (const char* style : {"", ".plot{}"}) {
    const std::string svg = svg_of(p, style) + legend_of(p);
    for (const char* markup : {"<b>", "<script", "<i>", "<u>", "\"\"x"}) EXPECT_EQ(svg.find(markup), std::string::npos);
  }
  EXPECT_EQ(svg_of(p, "").find("xmlns"), std::string::npos);
  EXPECT_NE(svg_of(p, ".plot{}").find("xmlns=\"http://www.w3.org/2000/svg\""), std::string::npos);
  p.width = 320;
  EXPECT_EQ(count(svg_of(p, ".plot{}"), "class=\"foot\""), 2U);
}

TEST(Picture, NothingKnownIsAPictureToo) {
  Picture p = day({}, {});
  for (const std::string& drawn : {svg_of(p, ""), svg_of(p, "x{}"), text_of(p)}) {
    EXPECT_EQ(drawn.find("nan"), std::string::npos);
    EXPECT_EQ(drawn.find("inf"), std::string::npos);
  }
  EXPECT_EQ(legend_of(p), "");
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

TEST(PictureText, EveryMarkIsInTheCellOfItsTimeAndLevel) {
  Picture p;
  p.words = "forecast", p.unit = "mg/dL";
  p.x_from = -180, p.x_to = 180;
  p.now = 0;
  p.ticks = {{0, "meal"}};
  const auto add = [&](Layer::Kind kind, std::vector<double> x, std::vector<double> low, std::vector<double> high) {
    Layer layer;
    layer.kind = kind, layer.name = "n", layer.x = std::move(x), layer.low = std::move(low),
    layer.high = std::move(high);
    p.layers.push_back(layer);
  };
  add(Layer::Kind::bar, {60}, {100}, {140});
  add(Layer::Kind::dot, {-180, 0}, {100, 110}, {});
  add(Layer::Kind::ring, {180}, {140}, {});
  add(Layer::Kind::mark, {60}, {120}, {});
  const std::vector<std::string> lines = lines_of(text_of(p, 100));
  // 100 to 140 in steps of 5: nine rows between what it says and the axis.
  ASSERT_EQ(lines.size(), 2 + 9 + 2U);
  const auto at = [&](std::size_t row, std::string_view sign) {
    const std::string& line = lines[2 + 8 - row];
    const std::size_t found = line.find(sign);
    return found == std::string::npos ? -1 : static_cast<int>(length_of(line.substr(0, found))) - 8;
  };
  EXPECT_EQ(at(0, "●"), 0);
  EXPECT_EQ(at(2, "●"), 46);  // of 92 columns, over the line of the moment
  EXPECT_EQ(at(8, "○"), 91);
  EXPECT_EQ(at(4, "◆"), 61);
  EXPECT_EQ(at(0, "┴"), 61);
  EXPECT_EQ(at(8, "┬"), 61);
  EXPECT_EQ(lines[2].substr(0, 6), "      ");
  EXPECT_NE(lines[10].find("100 ┤"), std::string::npos);
}

TEST(PictureText, LabelsDoNotLieOverEachOtherAndNothingIsWiderThanAsked) {
  Picture p = day({}, {});
  p.layers.clear();
  for (int hour = 0; hour <= 24; ++hour) p.ticks.push_back({60.0 * hour, "hour " + std::to_string(hour)});
  p.foot = "Words that are longer than a line is wide go on in the next one, and none is cut in two while it fits.";
  for (const int columns : {40, 60, 100}) {
    for (const std::string& line : lines_of(text_of(p, columns)))
      EXPECT_LE(length_of(line), static_cast<std::size_t>(columns)) << line;
    EXPECT_NE(text_of(p, columns).find("hour 0"), std::string::npos);
  }
}

TEST(Marks, WordsAreWrapped) {
  EXPECT_EQ(wrapped("a bb ccc", 4), (std::vector<std::string>{"a bb", "ccc"}));
  EXPECT_EQ(wrapped("ääää b", 6), (std::vector<std::string>{"ääää b"}));
  EXPECT_EQ(wrapped("longer than", 3), (std::vector<std::string>{"longer", "than"}));
  EXPECT_TRUE(wrapped("", 5).empty());
}

}  // namespace
}  // namespace glucose
