// SPDX-License-Identifier: PostgreSQL
// What is done with a JSON text before the server's parser sees it, for that one raises errors where a policy must not.
// Nothing here allocates or throws, so that what takes the pieces may be the server's.
#pragma once
#include <cstdint>
#include <string_view>

namespace glucose {

/// Whether arrays and objects nest no deeper than that, of any text.
constexpr bool nests_within(std::string_view json, int deepest) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string && c == '\\')
      ++i;
    else if (c == '"')
      in_string = !in_string;
    else if (!in_string && (c == '{' || c == '['))
      ++depth;
    else if (!in_string && (c == '}' || c == ']'))
      --depth;
    if (depth > deepest) return false;
  }
  return true;
}

/// Four hexadecimal digits at the beginning of a text, or -1.
constexpr int four_hex_digits(std::string_view text) {
  if (text.size() < 4) return -1;
  int value = 0;
  for (const char digit : text.substr(0, 4)) {
    const char lower = static_cast<char>(digit | 0x20);
    if (digit >= '0' && digit <= '9')
      value = value * 16 + (digit - '0');
    else if (lower >= 'a' && lower <= 'f')
      value = value * 16 + (lower - 'a' + 10);
    else
      return -1;
  }
  return value;
}

/// Takes a text apart: `plain` gets each byte that stays as it is, `character` the code point of each \u escape beyond
/// ASCII; those of ASCII stay, quotes are among them. False where an escape is none, or half of a surrogate pair.
template <class Plain, class Character>
constexpr bool resolve_escapes(std::string_view json, Plain&& plain, Character&& character) {
  constexpr std::uint32_t kHigh = 0xd800, kLow = 0xdc00, kLast = 0xdfff;
  const auto hex_at = [&](std::size_t at) { return at < json.size() ? four_hex_digits(json.substr(at)) : -1; };
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '\\' || i + 1 == json.size() || json[i + 1] != 'u') {
      plain(json[i]);
      if (json[i] == '\\' && i + 1 < json.size()) plain(json[++i]);
      continue;
    }
    const int first = hex_at(i + 2);
    if (first < 0) return false;
    if (first < 0x80) {
      for (std::size_t k = 0; k < 6; ++k) plain(json[i + k]);
      i += 5;
      continue;
    }
    auto point = static_cast<std::uint32_t>(first);
    i += 5;
    if (point >= kHigh && point <= kLast) {
      const bool follows = json.substr(i + 1).starts_with("\\u");
      const int second = follows ? hex_at(i + 3) : -1;
      if (point >= kLow || second < static_cast<int>(kLow) || second > static_cast<int>(kLast)) return false;
      point = 0x10000 + ((point - kHigh) << 10) + (static_cast<std::uint32_t>(second) - kLow);
      i += 6;
    }
    character(point);
  }
  return true;
}

}  // namespace glucose
