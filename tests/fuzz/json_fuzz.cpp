// SPDX-License-Identifier: PostgreSQL
// libFuzzer: JSON texts. What is read can be written and read again, and what stands before the server's parser agrees
// with ours: it nests no deeper, its \u escapes are resolved to the same document.
#include <charconv>
#include <cmath>

#include "core/base/json_escapes.hpp"
#include "core/base/json_text.hpp"
#include "fuzz.hpp"

namespace glucose {

namespace {

void write_text(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
      continue;
    }
    static constexpr std::string_view kDigits = "0123456789abcdef";
    (out += "\\u00") += {kDigits[static_cast<unsigned char>(c) >> 4U], kDigits[static_cast<unsigned char>(c) & 15U]};
  }
  out += '"';
}

void write(const JsonValue& value, std::string& out) {
  char number[32];
  switch (value.kind) {
    case JsonValue::Kind::null:
      out += "null";
      return;
    case JsonValue::Kind::truth:
      out += value.truth ? "true" : "false";
      return;
    case JsonValue::Kind::number:
      must(std::isfinite(value.number), "a number is finite");
      out.append(number, std::to_chars(number, number + sizeof number, value.number).ptr);
      return;
    case JsonValue::Kind::text:
      return write_text(value.text, out);
    default:
      break;
  }
  const bool is_object = value.kind == JsonValue::Kind::object;
  must(value.keys.size() == (is_object ? value.items.size() : 0), "an object has as many keys as values");
  out += is_object ? '{' : '[';
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i > 0) out += ',';
    if (is_object) {
      must(value.find(value.keys[i]) == &value.items[i], "a key is found");
      write_text(value.keys[i], out);
      out += ':';
    }
    write(value.items[i], out);
  }
  out += is_object ? '}' : ']';
}

std::string written(const JsonValue& value) {
  std::string out;
  write(value, out);
  return out;
}

}  // namespace

}  // namespace glucose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glucose;
  const std::string_view text = text_of(data, size);
  std::string resolved;
  const bool are_escapes = resolve_escapes(
      text, [&](char c) { resolved.push_back(c); }, [&](std::uint32_t c) { append_utf8(resolved, c); });
  const bool is_shallow = nests_within(text, 32);
  JsonValue value;
  if (!passes({ErrorCode::bad_argument}, [&] { value = parse_json(text); })) return 0;
  const std::string first = written(value);
  must(written(parse_json(first, 8 * kMostJsonBytes)) == first, "what was written is read as it was");
  must(is_shallow && nests_within(text, kMostJsonDepth + 1), "what is read does not nest deeply");
  must(are_escapes && written(parse_json(resolved)) == first, "escapes are resolved to the same document");
  return 0;
}
