// SPDX-License-Identifier: PostgreSQL
#include "core/base/web_token.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/json_text.hpp"

namespace glucose {

namespace {

constexpr double kLastSecond = 253402300799;  // of the year 9999
constexpr std::size_t kMostSubjectBytes = 255;

[[noreturn]] void refuse(const char* why) {
  throw Error(ErrorCode::bad_argument, why);
}

// Six bits, or -1.
int bits_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// The bytes of a text have one spelling: no padding, no other alphabet, and no bits set that stand for nothing.
std::string decoded(std::string_view part) {
  if (part.empty() || part.size() % 4 == 1) refuse("a part has a length that base64url does not have");
  std::string bytes;
  bytes.reserve(part.size() * 3 / 4);
  unsigned held = 0;
  int n_held = 0;
  for (const char c : part) {
    const int bits = bits_of(c);
    if (bits < 0) refuse("a character is none of base64url");
    held = (held << 6U | static_cast<unsigned>(bits)) & 0xfffU;
    n_held += 6;
    if (n_held < 8) continue;
    n_held -= 8;
    bytes.push_back(static_cast<char>(held >> static_cast<unsigned>(n_held) & 0xffU));
  }
  if ((held & ((1U << static_cast<unsigned>(n_held)) - 1U)) != 0) refuse("bits are set that stand for nothing");
  return bytes;
}

struct Parts {
  std::string_view header, claims, signature;
};

Parts parts_of(std::string_view token) {
  if (token.size() > kMostTokenBytes) refuse("it is too long");
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos)
    refuse("it has not three parts");
  return {token.substr(0, first), token.substr(first + 1, second - first - 1), token.substr(second + 1)};
}

JsonValue object_of(std::string_view part, const char* otherwise) {
  JsonValue value = parse_json(decoded(part));
  if (value.kind != JsonValue::Kind::object) refuse(otherwise);
  return value;
}

const JsonValue* text_in(const JsonValue& object, std::string_view key) {
  const JsonValue* value = object.find(key);
  return value != nullptr && value->kind == JsonValue::Kind::text ? value : nullptr;
}

void check_header(const JsonValue& header) {
  const JsonValue* algorithm = text_in(header, "alg");
  if (algorithm == nullptr || algorithm->text != "HS256") refuse("\"alg\" is not HS256");
  if (header.find("crit") != nullptr) refuse("\"crit\" names what is not known here");
}

// A second since 1970; `otherwise` when the claim is not there.
double second_in(const JsonValue& claims, std::string_view key, double otherwise) {
  const JsonValue* value = claims.find(key);
  if (value == nullptr) return otherwise;
  if (value->kind != JsonValue::Kind::number || !(value->number >= 0 && value->number <= kLastSecond))
    refuse("a moment is no number of seconds");
  return value->number;
}

void check_moment(const JsonValue& claims, double now_s) {
  (void)second_in(claims, "iat", 0);
  const double end = second_in(claims, "exp", -1);
  if (end < 0) refuse("\"exp\" is missing");
  if (now_s >= end) refuse("it has expired");
  if (now_s + kMostTokenSkewS < second_in(claims, "nbf", 0)) refuse("its time has not come");
}

void check_audience(const JsonValue& claims, std::string_view audience) {
  const JsonValue* named = claims.find("aud");
  if (named == nullptr || audience.empty()) refuse("\"aud\" is missing");
  const auto is_it = [&](const JsonValue& v) { return v.kind == JsonValue::Kind::text && v.text == audience; };
  if (named->kind == JsonValue::Kind::array ? !std::any_of(named->items.begin(), named->items.end(), is_it)
                                            : !is_it(*named))
    refuse("it is for another audience");
}

}  // namespace

TokenSignature token_signature(std::string_view token) {
  const Parts parts = parts_of(token);
  TokenSignature signature{token.size() - parts.signature.size() - 1, {}};
  if (parts.header.empty() || parts.claims.empty()) refuse("a part is empty");
  const std::string bytes = decoded(parts.signature);
  if (bytes.size() != signature.mac.size()) refuse("its signature has another length");
  std::copy(bytes.begin(), bytes.end(), signature.mac.begin());
  return signature;
}

std::string token_subject(std::string_view token, const TokenTerms& terms) {
  const Parts parts = parts_of(token);
  check_header(object_of(parts.header, "its header is no object"));
  const JsonValue claims = object_of(parts.claims, "its claims are no object");
  check_moment(claims, terms.now_s);
  check_audience(claims, terms.audience);
  const JsonValue* subject = text_in(claims, "sub");
  if (subject == nullptr || subject->text.empty() || subject->text.size() > kMostSubjectBytes)
    refuse("\"sub\" is no text of 1 to 255 bytes");
  for (const char c : subject->text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) refuse("\"sub\" has a control character");
  return subject->text;
}

}  // namespace glucose
