// SPDX-License-Identifier: PostgreSQL
#include "core/pages/picture.hpp"

#include <algorithm>
#include <array>

#include "core/base/decimal.hpp"
#include "core/base/error.hpp"
#include "core/base/json_text.hpp"
#include "core/pages/marks.hpp"

namespace glucose {

namespace {

constexpr std::array<std::string_view, 6> kKinds{"band", "line", "dot", "ring", "mark", "bar"};

[[noreturn]] void fail(std::string_view what) {
  throw Error(ErrorCode::bad_argument, "no picture can be made of this: " + std::string(what));
}

std::string text_at(const JsonValue& object, std::string_view key) {
  const JsonValue* found = object.find(key);
  if (found == nullptr || found->kind == JsonValue::Kind::null) return {};
  if (found->kind != JsonValue::Kind::text) fail(key);
  return found->text;
}

double number_of(const JsonValue& value, std::string_view key) {
  if (value.kind == JsonValue::Kind::null) return NAN;
  if (value.kind != JsonValue::Kind::number) fail(key);
  return value.number;
}

double number_at(const JsonValue& object, std::string_view key, double otherwise) {
  const JsonValue* found = object.find(key);
  return found == nullptr || found->kind == JsonValue::Kind::null ? otherwise : number_of(*found, key);
}

std::vector<double> numbers_at(const JsonValue& object, std::string_view key) {
  const JsonValue* found = object.find(key);
  if (found == nullptr || found->kind == JsonValue::Kind::null) return {};
  if (found->kind != JsonValue::Kind::array) fail(key);
  std::vector<double> numbers;
  numbers.reserve(found->items.size());
  for (const JsonValue& item : found->items) numbers.push_back(number_of(item, key));
  return numbers;
}

void read_two(const JsonValue& object, std::string_view key, double& from, double& to) {
  const std::vector<double> two = numbers_at(object, key);
  if (two.empty()) return;
  if (two.size() != 2 || !(two[0] < two[1])) fail(key);
  from = two[0], to = two[1];
}

Layer layer_of(const JsonValue& object) {
  if (object.kind != JsonValue::Kind::object) fail("layers");
  Layer layer;
  const auto* const kind = std::find(kKinds.begin(), kKinds.end(), text_at(object, "kind"));
  if (kind == kKinds.end()) fail("kind");
  layer.kind = static_cast<Layer::Kind>(kind - kKinds.begin());
  layer.tone = text_at(object, "tone");
  layer.name = text_at(object, "name");
  layer.x = numbers_at(object, "x");
  layer.low = numbers_at(object, "low");
  layer.high = numbers_at(object, "high");
  const bool has_high = layer.kind == Layer::Kind::band || layer.kind == Layer::Kind::bar;
  if (layer.low.size() != layer.x.size() || layer.high.size() != (has_high ? layer.x.size() : 0))
    fail("x, low and high are not as many");
  return layer;
}

std::vector<Tick> ticks_of(const JsonValue& object) {
  std::vector<Tick> ticks;
  const JsonValue* found = object.find("ticks");
  if (found == nullptr || found->kind == JsonValue::Kind::null) return ticks;
  if (found->kind != JsonValue::Kind::array || found->items.size() % 2 != 0) fail("ticks");
  for (std::size_t i = 0; i < found->items.size(); i += 2) {
    if (found->items[i + 1].kind != JsonValue::Kind::text) fail("ticks");
    ticks.push_back({number_of(found->items[i], "ticks"), found->items[i + 1].text});
  }
  return ticks;
}

}  // namespace

Picture picture_of(std::string_view json) {
  const JsonValue document = parse_json(json, kMostPictureBytes);
  if (document.kind != JsonValue::Kind::object) fail("it is no object");
  Picture picture;
  picture.words = text_at(document, "words");
  picture.unit = text_at(document, "unit");
  if (const JsonValue* comma = document.find("comma"); comma != nullptr) picture.comma = comma->truth;
  picture.foot = text_at(document, "foot");
  read_two(document, "x", picture.x_from, picture.x_to);
  read_two(document, "y", picture.y_from, picture.y_to);
  read_two(document, "target", picture.target_low, picture.target_high);
  picture.gap = number_at(document, "gap", picture.gap);
  picture.now = number_at(document, "now", picture.now);
  picture.now_label = text_at(document, "now_label");
  picture.ticks = ticks_of(document);
  picture.height = static_cast<int>(std::clamp(number_at(document, "height", picture.height), 40.0, 2000.0));
  picture.width = static_cast<int>(std::clamp(number_at(document, "width", 0), 0.0, 4000.0));
  if (const JsonValue* layers = document.find("layers"); layers != nullptr) {
    if (layers->kind != JsonValue::Kind::array || layers->items.size() > kMostLayers) fail("layers");
    for (const JsonValue& layer : layers->items) picture.layers.push_back(layer_of(layer));
  }
  return picture;
}

ValueAxis value_axis_of(const Picture& picture, int ticks) {
  if (std::isfinite(picture.y_from))
    return {picture.y_from, picture.y_to, nice_step(picture.y_to - picture.y_from, ticks)};
  double low = INFINITY, high = -INFINITY;
  const auto take = [&](double value) {
    if (std::isfinite(value)) low = std::min(low, value), high = std::max(high, value);
  };
  for (const Layer& layer : picture.layers) {
    for (const double value : layer.low) take(value);
    for (const double value : layer.high) take(value);
  }
  take(picture.target_low), take(picture.target_high);
  if (!(low <= high)) low = 0, high = 1;
  if (low == high) low -= 1, high += 1;
  const double step = nice_step(high - low, ticks);
  return {std::floor(low / step) * step, std::ceil(high / step) * step, step};
}

std::string axis_number(const Picture& picture, double value) {
  return with_comma(number(value), picture.comma);
}

std::string legend_of(const Picture& picture) {
  std::string html;
  for (const Layer& layer : picture.layers)
    if (!layer.name.empty())
      html += "<span class=\"key " + std::string(kKinds[static_cast<std::size_t>(layer.kind)]) + ' ' +
              escaped(layer.tone) + "\">" + escaped(layer.name) + "</span> ";
  if (!html.empty() && !picture.unit.empty()) html += "<span>" + escaped(picture.unit) + "</span>";
  return html.empty() ? html : "<p class=\"legend\">" + html + "</p>";
}

}  // namespace glucose
