// SPDX-License-Identifier: PostgreSQL
#include "core/base/json_escapes.hpp"

#include <gtest/gtest.h>

#include <string>

namespace glucose {
namespace {

// Characters beyond ASCII in angle brackets; "!" when an escape is none.
std::string resolved(std::string_view json) {
  std::string out;
  const bool are_escapes = resolve_escapes(
      json, [&](char c) { out += c; }, [&](std::uint32_t c) { (out += '<') += std::to_string(c) + ">"; });
  return are_escapes ? out : "!";
}

TEST(JsonEscapes, ResolvesWhatIsBeyondAscii) {
  EXPECT_EQ(resolved(R"({"a":"x"})"), R"({"a":"x"})");
  EXPECT_EQ(resolved(R"("\u00e9\u20AC")"), R"("<233><8364>")");
  EXPECT_EQ(resolved(R"("\ud83d\ude00")"), R"("<128512>")");
  EXPECT_EQ(resolved(R"("\u0022\u007f\n\\u00e9")"), R"("\u0022\u007f\n\\u00e9")");
  EXPECT_EQ(resolved("\\"), "\\");
}

TEST(JsonEscapes, RefusesEscapesThatAreNone) {
  for (const char* text : {R"(\u)", R"(\u12)", R"(\u12g4)", R"(\ud83d)", R"(\ud83dx)", R"(\ud83d\n)", R"(\ud83d\u)",
                           R"(\ud83d\u0041)", R"(\ud83d\ud83d)", R"(\ude00)", R"(\ud83d\ude0)"})
    EXPECT_EQ(resolved(text), "!") << text;
}

TEST(JsonEscapes, CountsBracketsOutsideOfTexts) {
  EXPECT_TRUE(nests_within("[[]]", 2));
  EXPECT_FALSE(nests_within("[[]]", 1));
  EXPECT_TRUE(nests_within("[][][]{}{}", 1));
  EXPECT_TRUE(nests_within(R"(["[[[[\"[["])", 1));
  EXPECT_FALSE(nests_within(R"(["\\"[[)", 2));
  EXPECT_TRUE(nests_within("", 0));
  EXPECT_TRUE(nests_within("\"\\", 0));
  EXPECT_FALSE(nests_within(std::string(100'000, '{'), 32));
}

}  // namespace
}  // namespace glucose
