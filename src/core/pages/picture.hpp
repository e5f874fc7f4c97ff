// SPDX-License-Identifier: PostgreSQL
// Glucose over time, drawn: as SVG that is as wide as where it stands while its words keep their size, and as text for
// a terminal. It takes its colours from the CSS of the page (classes plot, s1 … s3, soft; sql/63-pages.sql).
#pragma once
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace glucose {

/// One thing that is drawn; what comes later lies on top.
struct Layer {
  enum class Kind : std::uint8_t {
    band,  // between low and high, along x
    line,  // through low; broken where x goes back or further than the picture's gap
    dot,   // at (x, low): what was known
    ring,  // what came afterwards
    mark,  // what was forecast
    bar    // from low to high at each x
  };
  Kind kind = Kind::line;
  std::string tone;  // class of its colour
  std::string name;  // in the legend; empty: not there
  std::vector<double> x, low, high;
};

struct Tick {
  double x;
  std::string label;
};

struct Picture {
  std::string words;                           // what it shows, for those who do not see it
  std::string unit;                            // empty: the axis of values has no numbers
  bool comma = false;                          // numbers have one where others have a point
  std::string foot;                            // stands below a picture that stands alone
  double x_from = 0, x_to = 1;                 // what it is wide
  double y_from = NAN, y_to = NAN;             // NaN: what the layers and limits need
  double target_low = NAN, target_high = NAN;  // the range that is marked
  double gap = INFINITY;
  double now = NAN;  // a line upwards, and what it is called
  std::string now_label;
  std::vector<Tick> ticks;  // along x, ascending
  std::vector<Layer> layers;
  int height = 240;  // of the SVG, px
  int width = 0;     // px; 0: of what it stands in
};

inline constexpr std::size_t kMostPictureBytes = 8 << 20, kMostLayers = 24;

/// in: a document with the keys words, unit, comma, foot, x, y, target (two numbers each), gap, now, now_label, ticks
/// (x and label by turns), height, width, layers (kind, tone, name, x, low, high) · out: the picture Throws Error
/// bad_argument when it is no such document, or numbers of a layer are not as many of each.
Picture picture_of(std::string_view json);

/// One element. With a style it can be a file: it has the namespace, the style, a legend and the foot in it.
std::string svg_of(const Picture& picture, std::string_view style);

/// The legend as a paragraph of HTML; empty when no layer has a name.
std::string legend_of(const Picture& picture);

/// At most `columns` wide; lines end with a newline but for the last.
std::string text_of(const Picture& picture, int columns = 100);

/// A value as the axis says it.
std::string axis_number(const Picture& picture, double value);

/// Where values are drawn: what the picture says, else from a multiple of the step to another.
struct ValueAxis {
  double low, high, step;
};
ValueAxis value_axis_of(const Picture& picture, int ticks);

}  // namespace glucose
