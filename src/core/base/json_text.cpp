// SPDX-License-Identifier: PostgreSQL
#include "core/base/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "core/base/error.hpp"

namespace glucose {

namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  JsonValue document() {
    JsonValue value = read(0);
    space();
    if (at_ != text_.size()) fail("something follows it");
    return value;
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw Error(ErrorCode::bad_argument, std::string("invalid JSON: ") + what, {},
                "At byte " + std::to_string(at_ + 1) + ".");
  }
  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void space() {
    while (at_ < text_.size() && std::string_view(" \t\n\r").find(text_[at_]) != std::string_view::npos) ++at_;
  }
  bool word(std::string_view name) {
    if (text_.substr(at_, name.size()) != name) return false;
    at_ += name.size();
    return true;
  }

  JsonValue read(int depth) {
    if (depth > kMostJsonDepth) fail("it is nested too deeply");
    space();
    JsonValue value;
    if (peek() == '{' || peek() == '[') {
      container(value, depth);
    } else if (peek() == '"') {
      value.kind = JsonValue::Kind::text;
      value.text = text();
    } else if (word("true") || word("false")) {
      value.kind = JsonValue::Kind::truth;
      value.truth = text_[at_ - 2] == 'u';  // true, false
    } else if (!word("null")) {
      value.kind = JsonValue::Kind::number;
      value.number = number();
    }
    return value;
  }

  void container(JsonValue& value, int depth) {
    const bool is_object = peek() == '{';
    const char end = is_object ? '}' : ']';
    ++at_;
    value.kind = is_object ? JsonValue::Kind::object : JsonValue::Kind::array;
    space();
    if (take(end)) return;
    do {
      if (is_object) key(value);
      value.items.push_back(read(depth + 1));
      space();
    } while (take(','));
    if (!take(end)) fail(is_object ? "an object does not end" : "an array does not end");
  }

  void key(JsonValue& value) {
    space();
    if (peek() != '"') fail("a key is missing");
    std::string name = text();
    if (value.find(name) != nullptr) fail("a key is there twice");
    value.keys.push_back(std::move(name));
    space();
    if (!take(':')) fail("a colon is missing");
  }

  std::string text() {
    ++at_;
    std::string out;
    while (!take('"')) {
      if (at_ >= text_.size()) fail("a text does not end");
      const char c = text_[at_++];
      if (static_cast<unsigned char>(c) < 0x20) fail("a control character stands in a text");
      c == '\\' ? escaped(out) : out.push_back(c);
    }
    return out;
  }

  void escaped(std::string& out) {
    static constexpr std::string_view kNames = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
    const char c = peek();
    ++at_;
    if (const auto place = kNames.find(c); c != '\0' && place != std::string_view::npos)
      out.push_back(kMeant[place]);
    else if (c == 'u')
      unicode(out);
    else
      fail("a text has an unknown escape");
  }

  unsigned four_digits() {
    unsigned value = 0;
    const auto digits = text_.substr(at_, 4);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (digits.size() != 4 || error != std::errc() || end != digits.data() + 4) fail("a text has an unknown escape");
    at_ += 4;
    return value;
  }

  void unicode(std::string& out) {
    unsigned c = four_digits();
    if (c >= 0xd800 && c < 0xdc00) {
      if (!word("\\u")) fail("half of a surrogate pair is missing");
      const unsigned low = four_digits();
      if (low < 0xdc00 || low > 0xdfff) fail("half of a surrogate pair is missing");
      c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    } else if (c >= 0xdc00 && c < 0xe000) {
      fail("half of a surrogate pair is missing");
    }
    const auto byte = [&](unsigned bits) { out.push_back(static_cast<char>(bits)); };
    if (c < 0x80) return byte(c);
    const int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    byte((more == 1 ? 0xc0U : more == 2 ? 0xe0U : 0xf0U) | c >> (6 * more));
    for (int i = more - 1; i >= 0; --i) byte(0x80U | (c >> (6 * i) & 0x3fU));
  }

  void digits() {
    if (!is_digit(peek())) fail("a value is missing");
    while (is_digit(peek())) ++at_;
  }

  double number() {
    const std::size_t from = at_;
    take('-');
    if (!take('0')) digits();
    if (take('.')) digits();
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      digits();
    }
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + from, text_.data() + at_, value);
    if (error != std::errc() || end != text_.data() + at_ || !std::isfinite(value)) fail("a number is too large");
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

const JsonValue* JsonValue::find(std::string_view key) const {
  const auto found = std::find(keys.begin(), keys.end(), key);
  return found == keys.end() ? nullptr : &items[static_cast<std::size_t>(found - keys.begin())];
}

JsonValue parse_json(std::string_view text, std::size_t most_bytes) {
  if (text.size() > most_bytes)
    throw Error(ErrorCode::bad_argument, "JSON document is too large", {},
                "It may have " + std::to_string(most_bytes) + " bytes.");
  return Reader(text).document();
}

}  // namespace glucose
