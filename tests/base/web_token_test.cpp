// SPDX-License-Identifier: PostgreSQL
#include "core/base/web_token.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"
#include "core/base/random.hpp"

namespace glucose {
namespace {

constexpr double kNow = 1'800'000'000;
constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encoded(std::string_view bytes) {
  std::string out;
  unsigned held = 0, n = 0;
  for (const char c : bytes) {
    held = held << 8U | static_cast<unsigned char>(c);
    for (n += 8; n >= 6; n -= 6) out.push_back(kAlphabet[held >> (n - 6) & 63U]);
  }
  if (n > 0) out.push_back(kAlphabet[held << (6 - n) & 63U]);
  return out;
}

std::string token(std::string_view claims, std::string_view header = R"({"alg":"HS256"})") {
  return encoded(header) + "." + encoded(claims) + "." + encoded(std::string(32, 'm'));
}

std::string subject(const std::string& of, double now = kNow) {
  return token_subject(of, {"pg_glucose", now});
}

void refused(const std::string& what, const std::string& of, double now = kNow) {
  try {
    (void)token_signature(of);
    (void)subject(of, now);
    ADD_FAILURE() << "let in: " << what;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::bad_argument) << what;
    EXPECT_EQ(std::string(error.what()).find("anna"), std::string::npos)
        << "the message tells what stands in the token";
  }
}

constexpr auto kGood = R"({"sub":"anna","aud":"pg_glucose","exp":1800000001})";

TEST(WebToken, SignatureIsOfHeaderAndClaims) {
  const std::string all = token(kGood);
  const TokenSignature signature = token_signature(all);
  EXPECT_EQ(all.substr(0, signature.signed_bytes), encoded(R"({"alg":"HS256"})") + "." + encoded(kGood));
  for (const auto byte : signature.mac) EXPECT_EQ(byte, 'm');
}

TEST(WebToken, SaysWho) {
  EXPECT_EQ(subject(token(kGood)), "anna");
  EXPECT_EQ(subject(token(R"({"sub":"\u00e4\ud83c\udf4e","aud":["x","pg_glucose"],"exp":1.8000001e9,"nbf":0})")), "ä🍎");
  EXPECT_EQ(subject(token(R"({"sub":")" + std::string(255, 'x') + R"(","aud":"pg_glucose","exp":9e9})")).size(), 255);
}

// RFC 7515, A.1: the published header and claims, with white space as it stands there.
TEST(WebToken, ReadsThePublishedSpelling) {
  const std::string published =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9."
      "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvb"
      "S9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  EXPECT_EQ(token_signature(published).mac[0], 0x74);
  refused("no audience", published, 1'300'000'000);
}

TEST(WebToken, TimesAreKept) {
  EXPECT_EQ(subject(token(kGood), 1'800'000'000.9), "anna");
  refused("expired", token(kGood), 1'800'000'001);
  const std::string later = token(R"({"sub":"anna","aud":"pg_glucose","exp":9e9,"nbf":1800000000})");
  EXPECT_EQ(subject(later, kNow - 30), "anna");
  refused("its time has not come", later, kNow - 31);
}

TEST(WebToken, HasOneSpelling) {
  const std::string all = token(kGood);
  // The last character of a signature holds four bits: three others decode to the same bytes.
  for (const char c : kAlphabet) {
    std::string other = all;
    other.back() = c;
    if (other != all && (kAlphabet.find(c) & 3U) != 0) refused("bits that stand for nothing", other);
  }
  for (const char* more : {"=", " ", "\n", ".", ".x", "+"}) refused(more, all + more);
  refused("a dot before it", "." + all);
  for (std::size_t n = 0; n < all.size(); ++n) refused("a part of it", all.substr(0, n));
  refused("too long", token(R"({"sub":"anna","aud":"pg_glucose","exp":9e9,"x":")" + std::string(7000, 'x') + "\"}"));
}

TEST(WebToken, WhatItMustNotSay) {
  for (const char* header :
       {R"({"alg":"none"})", R"({"alg":"hs256"})", R"({"alg":"HS384"})", R"({"alg":"HS256","alg":"HS256"})", "{}",
        R"({"alg":"HS256","crit":[]})", R"(["HS256"])", "", R"({"alg":"HS256"} x)"})
    refused(header, token(kGood, header));
  for (const char* claims :
       {R"({"sub":"anna","aud":"pg_glucose"})", R"({"sub":"anna","exp":9e9})", R"({"aud":"pg_glucose","exp":9e9})",
        R"({"sub":"","aud":"pg_glucose","exp":9e9})", R"({"sub":"anna","aud":"pg_glucos","exp":9e9})",
        R"({"sub":"anna","aud":[["pg_glucose"]],"exp":9e9})", R"({"sub":"anna","aud":"pg_glucose","exp":"9e9"})",
        R"({"sub":"anna","aud":"pg_glucose","exp":9e11})", R"({"sub":"anna","aud":"pg_glucose","exp":9e9,"nbf":-1})",
        R"({"sub":"anna","aud":"pg_glucose","exp":9e9,"iat":true})",
        R"({"sub":"anna\u0000","aud":"pg_glucose","exp":9e9})", R"({"sub":"anna\u007f","aud":"pg_glucose","exp":9e9})",
        R"({"sub":"b","sub":"anna","aud":"pg_glucose","exp":9e9})",
        R"({"sub":{"sub":"anna"},"aud":"pg_glucose","exp":9e9})", R"([{"sub":"anna","aud":"pg_glucose","exp":9e9}])"})
    refused(claims, token(claims));
}

// Whatever stands there: let in or refused, and never anything else than an Error.
TEST(WebToken, TakesAnyBytes) {
  const std::string good = token(kGood);
  Random random(7);
  int read = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string spoilt = good;
    for (std::uint32_t change = 0, changes = 1 + random.below(3); change < changes; ++change) {
      const auto place = random.below(static_cast<std::uint32_t>(spoilt.size()));
      spoilt[place] = random.below(4) == 0 ? static_cast<char>(random.below(256)) : kAlphabet[random.below(64)];
    }
    try {
      (void)token_signature(spoilt);
      (void)subject(spoilt);
      ++read;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::bad_argument);
    }
  }
  EXPECT_GT(read, 1000) << "changed signatures are for the server to refuse";
}

}  // namespace
}  // namespace glucose
