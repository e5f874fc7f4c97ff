// SPDX-License-Identifier: PostgreSQL
// A picture as SVG. Curves lie in a nested element that is stretched to the width there is; words, dots and bars stand
// at shares of the width, so that they are not.
#include <algorithm>
#include <array>

#include "core/pages/marks.hpp"
#include "core/pages/picture.hpp"

namespace glucose {

namespace {

constexpr double kAcross = 1000;  // what the nested element is wide, in its own units
constexpr int kStrip = 120;       // what is lower than that is not wide, either
constexpr int kTicks = 4, kBelow = 20, kAbove = 8, kTitle = 20, kLegend = 20, kFootGap = 6, kFootLine = 13,
              kFootLetter = 5;

struct Drawing {
  const Picture& picture;
  ValueAxis axis;
  double left, right;  // shares of the width that stay free, percent
  double top, bottom;  // px
  std::string svg;

  double share(double x) const { return (x - picture.x_from) / (picture.x_to - picture.x_from); }
  double x(double at) const { return kAcross * std::clamp(share(at), -0.01, 1.01); }
  std::string percent(double at) const { return place(left + (100 - left - right) * share(at)) + '%'; }
  double y(double value) const {
    return top + (bottom - top) * (axis.high - std::clamp(value, axis.low, axis.high)) / (axis.high - axis.low);
  }
};

// To a tenth, without what can be left out: "-.5", "12".
std::string tenths(long value) {
  std::string text = value < 0 ? "-" : "";
  const long size = std::labs(value);
  if (size >= 10 || size == 0) text += std::to_string(size / 10);
  if (size % 10 != 0) text += '.', text += static_cast<char>('0' + size % 10);
  return text;
}

/// Points of a path, each relative to the one before.
class Path {
 public:
  void begin(double x, double y) {
    x_ = std::lround(x * 10), y_ = std::lround(y * 10);
    text_ += 'M' + tenths(x_) + ' ' + tenths(y_);
  }
  void go(double x, double y) {
    const long to_x = std::lround(x * 10), to_y = std::lround(y * 10);
    if (to_x == x_ && to_y == y_) return;
    const std::string down = tenths(to_y - y_);
    text_ += 'l' + tenths(to_x - x_) + (down[0] == '-' ? "" : " ") + down;
    x_ = to_x, y_ = to_y;
  }
  void close() { text_ += 'z'; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
  long x_ = 0, y_ = 0;
};

/// A stretch of a line that is not broken: from, to (not included).
struct Run {
  std::size_t from, to;
};

std::vector<Run> runs_of(const Layer& layer, double gap) {
  std::vector<Run> runs;
  for (std::size_t i = 0; i < layer.x.size(); ++i) {
    if (!std::isfinite(layer.x[i]) || !std::isfinite(layer.low[i])) continue;
    const bool goes_on =
        !runs.empty() && runs.back().to == i && layer.x[i] >= layer.x[i - 1] && layer.x[i] - layer.x[i - 1] <= gap;
    if (goes_on)
      runs.back().to = i + 1;
    else
      runs.push_back({i, i + 1});
  }
  return runs;
}

// Of many points of one place along x (a pixel or two) no more than the first, the lowest, the highest and the last can
// be seen.
std::vector<std::size_t> seen(const Drawing& d, const Layer& layer, const Run& run) {
  std::vector<std::size_t> kept;
  const double wide = d.picture.height < kStrip ? 6 : 2;
  const auto column_of = [&](std::size_t i) { return std::lround(d.x(layer.x[i]) / wide); };
  for (std::size_t i = run.from; i < run.to;) {
    const long column = column_of(i);
    std::size_t end = i, low = i, high = i;
    for (; end < run.to && column_of(end) == column; ++end) {
      if (layer.low[end] < layer.low[low]) low = end;
      if (layer.low[end] > layer.low[high]) high = end;
    }
    std::array<std::size_t, 4> some{i, low, high, end - 1};
    std::sort(some.begin(), some.end());
    for (const std::size_t k : some)
      if (kept.empty() || kept.back() != k) kept.push_back(k);
    i = end;
  }
  return kept;
}

void add_line(Drawing& d, const Layer& layer) {
  Path path;
  for (const Run& run : runs_of(layer, d.picture.gap)) {
    const std::vector<std::size_t> points = seen(d, layer, run);
    path.begin(d.x(layer.x[points[0]]), d.y(layer.low[points[0]]));
    for (std::size_t i = 1; i < points.size(); ++i) path.go(d.x(layer.x[points[i]]), d.y(layer.low[points[i]]));
    if (points.size() == 1) path.go(d.x(layer.x[points[0]]) + 1, d.y(layer.low[points[0]]));
  }
  if (!path.text().empty()) d.svg += "<path class=\"line " + escaped(layer.tone) + "\" d=\"" + path.text() + "\"/>";
}

// What of a line is beyond a limit, as an area down or up to it.
void add_beyond(Drawing& d, const Layer& layer, double limit, bool above, const char* name) {
  if (!std::isfinite(limit)) return;
  Path path;
  const auto is_beyond = [&](double value) { return above ? value > limit : value < limit; };
  for (const Run& run : runs_of(layer, d.picture.gap)) {
    const std::vector<std::size_t> points = seen(d, layer, run);
    bool open = false;
    for (std::size_t k = 0; k < points.size(); ++k) {
      const double x = layer.x[points[k]], value = layer.low[points[k]];
      const bool here = is_beyond(value);
      if (k > 0 && here != open) {
        const double x_0 = layer.x[points[k - 1]], value_0 = layer.low[points[k - 1]];
        const double crossing = x_0 + (x - x_0) * (limit - value_0) / (value - value_0);
        if (here)
          path.begin(d.x(crossing), d.y(limit));
        else
          path.go(d.x(crossing), d.y(limit)), path.close();
      } else if (here && !open)
        path.begin(d.x(x), d.y(limit));
      if (here) path.go(d.x(x), d.y(value));
      open = here;
    }
    if (open) path.go(d.x(layer.x[points.back()]), d.y(limit)), path.close();
  }
  if (!path.text().empty()) d.svg += std::string("<path class=\"area ") + name + "\" d=\"" + path.text() + "\"/>";
}

void add_band(Drawing& d, const Layer& layer) {
  Path path;
  for (std::size_t i = 0; i < layer.x.size();) {
    const auto known = [&](std::size_t k) {
      return k < layer.x.size() && std::isfinite(layer.low[k]) && std::isfinite(layer.high[k]);
    };
    if (!known(i)) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (known(end)) ++end;
    path.begin(d.x(layer.x[i]), d.y(layer.high[i]));
    for (std::size_t k = i + 1; k < end; ++k) path.go(d.x(layer.x[k]), d.y(layer.high[k]));
    for (std::size_t k = end; k-- > i;) path.go(d.x(layer.x[k]), d.y(layer.low[k]));
    path.close();
    i = end;
  }
  if (!path.text().empty()) d.svg += "<path class=\"area " + escaped(layer.tone) + "\" d=\"" + path.text() + "\"/>";
}

void add_points(Drawing& d, const Layer& layer) {
  for (std::size_t i = 0; i < layer.x.size(); ++i) {
    if (!std::isfinite(layer.low[i])) continue;
    const std::string x = d.percent(layer.x[i]);
    if (layer.kind == Layer::Kind::bar) {
      if (!std::isfinite(layer.high[i])) continue;
      d.svg.append("<line class=\"bar " + escaped(layer.tone)).append("\" x1=\"" + x).append("\" x2=\"" + x);
      d.svg.append("\" y1=\"" + place(d.y(layer.low[i]))).append("\" y2=\"" + place(d.y(layer.high[i]))).append("\"/>");
      continue;
    }
    const char* name = layer.kind == Layer::Kind::ring ? "ring" : "point";
    d.svg += "<circle class=\"" + std::string(name) + ' ' + escaped(layer.tone) + "\" r=\"" +
             (layer.kind == Layer::Kind::mark   ? "4"
              : layer.kind == Layer::Kind::ring ? "3"
                                                : "2.2") +
             "\" cx=\"" + x + "\" cy=\"" + place(d.y(layer.low[i])) + "\"/>";
  }
}

void add_axes(Drawing& d) {
  const Picture& p = d.picture;
  if (std::isfinite(p.target_low))
    d.svg += "<rect class=\"target\" x=\"" + d.percent(p.x_from) + "\" width=\"" + place(100 - d.left - d.right) +
             "%\" y=\"" + place(d.y(p.target_high)) + "\" height=\"" + place(d.y(p.target_low) - d.y(p.target_high)) +
             "\"/>";
  const std::string from = d.percent(p.x_from), to = d.percent(p.x_to);
  const auto across = [&](double value, const char* name) {
    const std::string y = place(d.y(value));
    d.svg += std::string("<line class=\"") + name + "\" x1=\"" + from + "\" x2=\"" + to + "\" y1=\"" + y + "\" y2=\"" +
             y + "\"/>";
    if (!p.unit.empty())
      d.svg += "<text text-anchor=\"end\" x=\"" + place(d.left - 0.8) + "%\" y=\"" + place(d.y(value) + 4) + "\">" +
               axis_number(p, value) + "</text>";
  };
  if (!p.unit.empty())
    each_step(d.axis.low, d.axis.high, d.axis.step, [&](double value) {
      // A limit says its own number.
      const double apart = (d.bottom - d.top) / (d.axis.high - d.axis.low);
      if (std::abs(value - p.target_low) * apart < 12 || std::abs(value - p.target_high) * apart < 12) return;
      across(value, "grid");
    });
  if (std::isfinite(p.target_low)) across(p.target_low, "limit"), across(p.target_high, "limit");
  for (const Tick& tick : p.ticks) {
    const double share = d.share(tick.x);
    const std::string x = d.percent(tick.x);
    if (share > 0.001 && share < 0.999)
      d.svg.append("<line class=\"grid\" x1=\"" + x)
          .append("\" x2=\"" + x)
          .append("\" y1=\"" + place(d.top))
          .append("\" y2=\"" + place(d.bottom))
          .append("\"/>");
    if (!tick.label.empty())
      d.svg += std::string("<text text-anchor=\"") +
               (share < 0.02   ? "start"
                : share > 0.98 ? "end"
                               : "middle") +
               "\" x=\"" + x + "\" y=\"" + place(d.bottom + 15) + "\">" + escaped(tick.label) + "</text>";
  }
}

void add_now(Drawing& d) {
  if (!std::isfinite(d.picture.now)) return;
  const std::string x = d.percent(d.picture.now);
  d.svg += "<line class=\"now\" x1=\"" + x + "\" x2=\"" + x + "\" y1=\"" + place(d.top) + "\" y2=\"" + place(d.bottom) +
           "\"/>";
  if (!d.picture.now_label.empty())
    d.svg +=
        "<text x=\"" + x + "\" dx=\"5\" y=\"" + place(d.top + 11) + "\">" + escaped(d.picture.now_label) + "</text>";
}

void add_curves(Drawing& d) {
  for (const Layer& layer : d.picture.layers) {
    if (layer.kind == Layer::Kind::band) add_band(d, layer);
    if (layer.kind != Layer::Kind::line) continue;
    if (layer.tone == "level") {
      add_beyond(d, layer, d.picture.target_high, true, "over");
      add_beyond(d, layer, d.picture.target_low, false, "under");
    }
    add_line(d, layer);
  }
}

bool has_legend(const Picture& picture) {
  return std::any_of(picture.layers.begin(), picture.layers.end(), [](const Layer& l) { return !l.name.empty(); });
}

// What it shows, and the legend: words in their colours, which go on after one another whatever their width is.
std::string heading(const Picture& picture) {
  constexpr std::array<const char*, 6> signs{"▬", "━", "●", "○", "●", "┃"};
  std::string svg = "<text class=\"title\" x=\"0.8%\" y=\"16\">" + escaped(picture.words) + "</text>", legend;
  for (const Layer& layer : picture.layers)
    if (!layer.name.empty())
      legend += "<tspan class=\"word " + escaped(layer.tone) + "\">" + signs[static_cast<std::size_t>(layer.kind)] +
                "</tspan> " + escaped(layer.name) + "&#160;&#160; ";
  if (!legend.empty())
    svg += "<text x=\"0.8%\" y=\"" + std::to_string(kTitle + 15) + "\">" + legend + escaped(picture.unit) + "</text>";
  return svg;
}

}  // namespace

std::string svg_of(const Picture& picture, std::string_view style) {
  const bool alone = !style.empty();
  const std::vector<std::string> foot =
      alone ? wrapped(picture.foot, static_cast<std::size_t>(std::max(picture.width, 320) / kFootLetter))
            : std::vector<std::string>{};
  const int above = alone ? kTitle + (has_legend(picture) ? kLegend : 0) : 0;
  const double top = kAbove + above, bottom = picture.height + above - (picture.ticks.empty() ? 4 : kBelow);
  const int height = picture.height + above + (foot.empty() ? 0 : kFootGap) + kFootLine * static_cast<int>(foot.size());
  const bool named = !picture.unit.empty();
  Drawing d{picture, value_axis_of(picture, kTicks), named ? 8.0 : 0.0, named ? 1.0 : 0.0, top, bottom, {}};
  const std::string size = picture.width > 0 ? std::to_string(picture.width) : "100%";
  d.svg = "<svg class=\"plot\" role=\"img\" width=\"" + size + "\" height=\"" + std::to_string(height) +
          "\" aria-label=\"" + escaped(picture.words) + "\"";
  if (alone)
    d.svg += " xmlns=\"http://www.w3.org/2000/svg\"><style>" + std::string(style) +
             "</style><rect class=\"paper\" width=\"100%\" height=\"100%\"/>" + heading(picture);
  else
    d.svg += '>';
  add_axes(d);
  d.svg += "<svg x=\"" + place(d.left) + "%\" width=\"" + place(100 - d.left - d.right) + "%\" height=\"" +
           std::to_string(height) + "\" viewBox=\"0 0 " + number(kAcross) + ' ' + std::to_string(height) +
           "\" preserveAspectRatio=\"none\">";
  add_curves(d);
  d.svg += "</svg>";
  add_now(d);
  for (const Layer& layer : picture.layers)
    if (layer.kind != Layer::Kind::band && layer.kind != Layer::Kind::line) add_points(d, layer);
  for (std::size_t i = 0; i < foot.size(); ++i)
    d.svg += "<text class=\"foot\" x=\"0.8%\" y=\"" +
             std::to_string(height - 6 - kFootLine * static_cast<int>(foot.size() - 1 - i)) + "\">" + escaped(foot[i]) +
             "</text>";
  return d.svg + "</svg>";
}

}  // namespace glucose
