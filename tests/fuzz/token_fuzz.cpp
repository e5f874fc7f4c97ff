// SPDX-License-Identifier: PostgreSQL
// libFuzzer: JSON Web Tokens, as a text or as two documents (a header, a line's end, claims) that are put into one. Who
// is let in has said all that a token must say.
#include "core/base/json_text.hpp"
#include "core/base/web_token.hpp"
#include "fuzz.hpp"

namespace glucose {

namespace {

constexpr double kNow = 1'800'000'000;
constexpr std::string_view kAudience = "pg";

std::string encoded(std::string_view bytes) {
  static constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string out;
  unsigned held = 0, n = 0;
  for (const char c : bytes) {
    held = (held << 8U | static_cast<unsigned char>(c)) & 0xffffU;
    for (n += 8; n >= 6; n -= 6) out += kDigits[held >> (n - 6) & 63U];
  }
  if (n > 0) out += kDigits[held << (6 - n) & 63U];
  return out;
}

bool is_for_us(const JsonValue& audience) {
  if (audience.kind == JsonValue::Kind::text) return audience.text == kAudience;
  return audience.kind == JsonValue::Kind::array &&
         std::any_of(audience.items.begin(), audience.items.end(), is_for_us);
}

void check(const std::string& token, std::string_view header_text, std::string_view claims_text) {
  std::string subject;
  if (!passes({ErrorCode::bad_argument}, [&] { subject = token_subject(token, {kAudience, kNow}); })) return;
  must(!subject.empty() && subject.size() <= 255, "a subject has 1 to 255 bytes");
  for (const char c : subject) must(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "no control characters");
  if (claims_text.empty()) return;
  const JsonValue header = parse_json(header_text), claims = parse_json(claims_text);
  must(header.find("alg")->text == "HS256" && header.find("crit") == nullptr, "the header says HS256 and nothing else");
  must(claims.find("sub")->text == subject, "the subject is what was claimed");
  must(claims.find("exp")->number > kNow, "it has not expired");
  const JsonValue* begins = claims.find("nbf");
  must(begins == nullptr || begins->number <= kNow + kMostTokenSkewS, "its time has come");
  must(is_for_us(*claims.find("aud")), "it is for us");
}

}  // namespace

}  // namespace glucose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glucose;
  const std::string_view text = text_of(data, size);
  TokenSignature signature{};
  if (passes({ErrorCode::bad_argument}, [&] { signature = token_signature(text); })) {
    const auto mac = text_of(signature.mac.data(), signature.mac.size());
    must(encoded(mac) == text.substr(signature.signed_bytes + 1), "a signature has one spelling");
  }
  check(std::string(text), {}, {});
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return 0;
  const std::string_view header = text.substr(0, end), claims = text.substr(end + 1);
  const std::string token = encoded(header) + "." + encoded(claims) + "." + std::string(43, 'A');
  const bool has_one = passes({ErrorCode::bad_argument}, [&] { signature = token_signature(token); });
  must(has_one == (token.size() <= kMostTokenBytes && !header.empty() && !claims.empty()), "a signature is found");
  check(token, header, claims);
  return 0;
}
