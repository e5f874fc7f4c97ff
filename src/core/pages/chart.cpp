// SPDX-License-Identifier: PostgreSQL
#include "core/pages/chart.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/pages/marks.hpp"

namespace glucose {

namespace {

// About the pixels a phone has for it, so that what is written is as large there as it is meant.
constexpr double kWidth = 400, kHeight = 170, kLeft = 50, kRight = 10, kTop = 12, kBottom = 30;
constexpr int kTicks = 4;

/// Where values are drawn.
struct Frame {
  double low, high, step;
  std::size_t n;
  double x(std::size_t i) const {
    const double across = kWidth - kLeft - kRight;
    return n < 2 ? kLeft + across / 2 : kLeft + across * static_cast<double>(i) / static_cast<double>(n - 1);
  }
  double y(double value) const { return kTop + (kHeight - kTop - kBottom) * (high - value) / (high - low); }
};

Frame frame_of(const Chart& chart, double low, double high) {
  if (chart.from_zero) low = std::min(low, 0.0), high = std::max(high, 0.0);
  if (!(high > low)) low -= low == 0 ? 0 : std::abs(low) / 10, high += high == 0 ? 1 : std::abs(high) / 10;
  const double step = nice_step(high - low, kTicks);
  return {std::floor(low / step) * step, std::ceil(high / step) * step, step, chart.labels.size()};
}

void add_axes(std::string& svg, const Chart& chart, const Frame& f) {
  each_step(f.low, f.high, f.step, [&](double value) {
    const std::string y = place(f.y(value));
    svg += "<line class=\"grid\" x1=\"" + place(kLeft) + "\" x2=\"" + place(kWidth - kRight) + "\" y1=\"" + y +
           "\" y2=\"" + y + "\"/><text class=\"tick\" text-anchor=\"end\" x=\"" + place(kLeft - 6) + "\" y=\"" +
           place(f.y(value) + 4) + "\">" + number(value) + "</text>";
  });
  const std::size_t last = chart.labels.size() - 1;
  const auto label = [&](std::size_t i, const char* anchor) {
    svg += "<text class=\"tick\" text-anchor=\"" + std::string(anchor) + "\" x=\"" + place(f.x(i)) + "\" y=\"" +
           place(kHeight - 8) + "\">" + escaped(chart.labels[i]) + "</text>";
  };
  label(0, last == 0 ? "middle" : "start");
  if (last > 1) label(last / 2, "middle");
  if (last > 0) label(last, "end");
}

void add_series(std::string& svg, const Chart& chart, const Frame& f, std::size_t series) {
  std::string name("s");
  name += std::to_string(series + 1);
  std::string path;
  std::string dots;
  bool goes_on = false;
  for (std::size_t i = 0; i < f.n; ++i) {
    const double value = chart.values[series * f.n + i];
    if (!std::isfinite(value)) {
      goes_on = false;
      continue;
    }
    const std::string x = place(f.x(i)), y = place(f.y(value));
    const bool next = i + 1 < f.n && std::isfinite(chart.values[series * f.n + i + 1]);
    if (!goes_on && !next)
      dots.append("<circle class=\"" + name).append("\" r=\"2.5\" cx=\"" + x).append("\" cy=\"" + y).append("\"/>");
    path.append(goes_on ? "L" : "M").append(x).append(" ").append(y);
    goes_on = true;
  }
  if (!path.empty()) svg += "<path class=\"line " + name + "\" d=\"" + path + "\"/>";
  svg += dots;
}

// The last known value of each series.
std::string in_words(const Chart& chart) {
  std::string words =
      std::string(chart.title) + ", " + std::string(chart.labels.front()) + " to " + std::string(chart.labels.back());
  const std::size_t n = chart.labels.size();
  for (std::size_t s = 0; s < chart.names.size(); ++s)
    for (std::size_t i = n; i-- > 0;)
      if (const double value = chart.values[s * n + i]; std::isfinite(value)) {
        words += "; " + std::string(chart.names[s]) + " last " + number(value) + " " + std::string(chart.unit);
        break;
      }
  return words;
}

}  // namespace

std::string svg_of(const Chart& chart) {
  const std::size_t n = chart.labels.size();
  if (chart.names.empty() || chart.names.size() > kMostSeries || n > kMostPoints ||
      chart.values.size() != n * chart.names.size())
    throw Error(ErrorCode::bad_argument, "names, labels and values of a chart do not fit together",
                "One to six series of at most 2000 points, as many values for each as there are labels.");
  double low = INFINITY, high = -INFINITY;
  for (const double v : chart.values)
    if (std::isfinite(v)) low = std::min(low, v), high = std::max(high, v);
  if (!(low <= high)) return "<p class=\"none\">" + escaped(chart.title) + ": nothing is known yet.</p>";
  const Frame f = frame_of(chart, low, high);
  std::string svg = "<svg class=\"chart\" role=\"img\" viewBox=\"0 0 " + number(kWidth) + " " + number(kHeight) +
                    "\" aria-label=\"" + escaped(in_words(chart)) + "\">";
  add_axes(svg, chart, f);
  for (std::size_t s = 0; s < chart.names.size(); ++s) add_series(svg, chart, f, s);
  svg += "</svg><p class=\"legend\">";
  for (std::size_t s = 0; s < chart.names.size(); ++s)
    svg += "<span class=\"key s" + std::to_string(s + 1) + "\">" + escaped(chart.names[s]) + "</span> ";
  return svg + "<span>" + escaped(chart.unit) + "</span></p>";
}

}  // namespace glucose
