// SPDX-License-Identifier: PostgreSQL
// Small JSON documents, read strictly: RFC 8259 and nothing beyond it, and no key twice.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace glucose {

struct JsonValue {
  enum class Kind : std::uint8_t { null, truth, number, text, array, object };
  Kind kind = Kind::null;
  bool truth = false;
  double number = 0;
  std::string text;               // UTF-8 as it was given
  std::vector<JsonValue> items;   // of an array or an object
  std::vector<std::string> keys;  // of an object, as many

  /// Null when there is no such key.
  const JsonValue* find(std::string_view key) const;
};

inline constexpr int kMostJsonDepth = 16;
inline constexpr std::size_t kMostJsonBytes = 16384;

/// Throws Error bad_argument for anything that is no JSON, larger or deeper than that, or a number beyond double's.
JsonValue parse_json(std::string_view text, std::size_t most_bytes = kMostJsonBytes);

}  // namespace glucose
