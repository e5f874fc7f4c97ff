// SPDX-License-Identifier: PostgreSQL
// JSON Web Tokens (RFC 7519) in the one form that is taken: header.claims.signature, each in base64url without padding
// (RFC 7515), signed by HS256. Whoever calls checks the signature before anything else of a token is read.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace glucose {

inline constexpr std::size_t kMostTokenBytes = 8192;
/// How far the clock of who issues tokens may be ahead of ours ("nbf"); none is given to what has expired.
inline constexpr double kMostTokenSkewS = 30;

struct TokenSignature {
  std::size_t signed_bytes;  // of the token, from its beginning: header and claims
  std::array<std::uint8_t, 32> mac;
};

/// Throws Error bad_argument when the token has no signature of HS256's length in the only spelling it has.
TokenSignature token_signature(std::string_view token);

/// What a token must say, besides being signed.
struct TokenTerms {
  std::string_view audience;  // "aud" is it, or an array with it
  double now_s;               // since 1970
};

/// "sub" of a token whose signature has been checked, in UTF-8 as it stands there. Throws Error bad_argument unless
/// "alg" is HS256, nothing is "crit"ical, the token has "exp" and has not expired, "nbf" has come if it has one, "aud"
/// is the audience, and "sub" a text of 1 to 255 bytes without control characters.
std::string token_subject(std::string_view token, const TokenTerms& terms);

}  // namespace glucose
