// SPDX-License-Identifier: PostgreSQL
// A picture as text: a cell for a part of the time and of the values, and in it what was drawn last. Bands and lines
// are what cannot be drawn so; dots, bars and what is forecast can.
#include <algorithm>

#include "core/pages/marks.hpp"
#include "core/pages/picture.hpp"

namespace glucose {

namespace {

constexpr int kRows = 18, kLeft = 8, kEvery = 3;
using Line = std::vector<std::string_view>;

struct Grid {
  const Picture& picture;
  ValueAxis axis;
  std::vector<Line> lines;  // from the lowest row
  int columns;

  int row(double value) const { return static_cast<int>(std::lround((value - axis.low) / axis.step)); }
  int column(double x) const {
    return static_cast<int>(std::lround((x - picture.x_from) / (picture.x_to - picture.x_from) * (columns - 1)));
  }
  void put(int column, int row, std::string_view sign) {
    if (column >= 0 && column < columns && row >= 0 && row < static_cast<int>(lines.size()))
      lines[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)] = sign;
  }
};

// Rows are multiples of 5 mg/dL or a quarter of a mmol/L and of what more is needed for at most kRows of them.
ValueAxis rows_of(const Picture& picture) {
  const ValueAxis rough = value_axis_of(picture, kRows);
  const double least = picture.unit == "mmol/L" ? 0.25 : 5;
  double low = INFINITY, high = -INFINITY;
  for (const Layer& layer : picture.layers) {
    if (layer.kind == Layer::Kind::band || layer.kind == Layer::Kind::line) continue;
    for (const auto* values : {&layer.low, &layer.high})
      for (const double value : *values)
        if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  }
  if (!(low <= high)) low = rough.low, high = rough.high;
  const double step = std::max(least, std::ceil((high - low) / kRows / least) * least);
  return {std::floor(low / step) * step, std::ceil(high / step) * step, step};
}

void draw(Grid& grid, const Layer& layer) {
  for (std::size_t i = 0; i < layer.x.size(); ++i) {
    if (!std::isfinite(layer.low[i])) continue;
    const int x = grid.column(layer.x[i]), y = grid.row(layer.low[i]);
    switch (layer.kind) {
      case Layer::Kind::dot:
        grid.put(x, y, "●");
        break;
      case Layer::Kind::ring:
        grid.put(x, y, "○");
        break;
      case Layer::Kind::mark:
        grid.put(x, y, "◆");
        break;
      case Layer::Kind::bar: {
        if (!std::isfinite(layer.high[i])) break;
        const int end = grid.row(layer.high[i]);
        for (int k = y; k <= end; ++k) grid.put(x, k, k == y ? "┴" : k == end ? "┬" : "│");
        break;
      }
      case Layer::Kind::band:
      case Layer::Kind::line:
        break;
    }
  }
}

std::string sign_of(Layer::Kind kind) {
  switch (kind) {
    case Layer::Kind::dot:
      return "● ";
    case Layer::Kind::ring:
      return "○ ";
    case Layer::Kind::mark:
      return "◆ ";
    case Layer::Kind::bar:
      return "┬┴ ";
    case Layer::Kind::band:
    case Layer::Kind::line:
      return {};
  }
  return {};
}

void add_right(std::string& text, const std::string& what, std::size_t width) {
  text += std::string(width > what.size() ? width - what.size() : 0, ' ') + what;
}

// The time axis and its labels, each about its tick and none over another.
std::string below(const Grid& grid) {
  std::string axis;
  for (int x = 0; x < grid.columns; ++x)
    axis += std::any_of(grid.picture.ticks.begin(), grid.picture.ticks.end(),
                        [&](const Tick& t) { return grid.column(t.x) == x; })
                ? "┴"
                : "─";
  std::string line;
  std::size_t used = 0;
  for (const Tick& tick : grid.picture.ticks) {
    const std::size_t length = length_of(tick.label), at = static_cast<std::size_t>(kLeft + grid.column(tick.x));
    const std::size_t half = length / 2;
    std::size_t begin = at > half ? at - half : 0;
    begin = std::min(begin, static_cast<std::size_t>(kLeft + grid.columns) - std::min<std::size_t>(length, kLeft));
    if (length == 0 || (used > 0 && begin < used + 1)) continue;
    line += std::string(begin - used, ' ') + tick.label;
    used = begin + length;
  }
  return std::string(kLeft - 1, ' ') + "└" + axis + '\n' + line;
}

}  // namespace

std::string text_of(const Picture& picture, int columns) {
  Grid grid{picture, rows_of(picture), {}, columns - kLeft};
  const auto n = static_cast<std::size_t>(std::lround((grid.axis.high - grid.axis.low) / grid.axis.step)) + 1;
  grid.lines.assign(n, Line(static_cast<std::size_t>(grid.columns), " "));
  for (const double limit : {picture.target_low, picture.target_high})
    if (std::isfinite(limit))
      for (int x = 0; x < grid.columns; ++x) grid.put(x, grid.row(limit), "┄");
  if (std::isfinite(picture.now))
    for (std::size_t y = 0; y < n; ++y) grid.put(grid.column(picture.now), static_cast<int>(y), "┊");
  for (const Layer& layer : picture.layers) draw(grid, layer);

  std::string text = picture.words + "\n" + picture.unit;
  for (const Layer& layer : picture.layers)
    if (!layer.name.empty() && !sign_of(layer.kind).empty()) text += "   " + sign_of(layer.kind) + layer.name;
  text += '\n';
  for (std::size_t y = n; y-- > 0;) {
    std::string line;
    if (y % kEvery == 0) {
      add_right(line, axis_number(picture, grid.axis.low + static_cast<double>(y) * grid.axis.step), kLeft - 2);
      line += " ┤";
    } else
      line = std::string(kLeft - 1, ' ') + "│";
    for (const std::string_view sign : grid.lines[y]) line += sign;
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  text += below(grid);
  for (const std::string& line : wrapped(picture.foot, static_cast<std::size_t>(columns))) text += '\n' + line;
  return text;
}

}  // namespace glucose
