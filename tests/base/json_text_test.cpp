// SPDX-License-Identifier: PostgreSQL
#include "core/base/json_text.hpp"

#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace glucose {
namespace {

TEST(JsonText, ReadsEveryKindOfValue) {
  const JsonValue v =
      parse_json(R"( {"a": [1, -2.5e2, true, false, null], "b": {"c": "x\n\u00e4\ud83d\ude00\"\\/"}} )");
  ASSERT_EQ(v.kind, JsonValue::Kind::object);
  const JsonValue* a = v.find("a");
  ASSERT_NE(a, nullptr);
  ASSERT_EQ(a->items.size(), 5U);
  EXPECT_EQ(a->items[0].number, 1);
  EXPECT_EQ(a->items[1].number, -250);
  EXPECT_TRUE(a->items[2].truth);
  EXPECT_EQ(a->items[4].kind, JsonValue::Kind::null);
  EXPECT_EQ(v.find("b")->find("c")->text, "x\nä😀\"\\/");
  EXPECT_EQ(v.find("z"), nullptr);
}

TEST(JsonText, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "[1,]",
                           "{\"a\":1,}",
                           "{\"a\" 1}",
                           "{a:1}",
                           "01",
                           "1.",
                           ".5",
                           "+1",
                           "1e",
                           "nul",
                           "truE",
                           "\"",
                           "\"\n\"",
                           "\"\\x\"",
                           "\"\\u12\"",
                           "\"\\ud83d\"",
                           "1 2",
                           "1e999",
                           "{\"a\":1,\"a\":2}",
                           "NaN",
                           "Infinity"})
    EXPECT_THROW((void)parse_json(text), Error) << text;
  EXPECT_THROW((void)parse_json(std::string(100, '[') + std::string(100, ']')), Error);
  EXPECT_THROW((void)parse_json("\"" + std::string(kMostJsonBytes, 'x') + "\""), Error);
}

TEST(JsonText, NothingCutShortIsRead) {
  const std::string whole = R"({"all":[{"metric":"STEPS","above":1e3},{"not":{"x":[true,null]}}]})";
  for (std::size_t n = 0; n < whole.size(); ++n)
    EXPECT_THROW((void)parse_json(std::string_view(whole).substr(0, n)), Error) << n;
  EXPECT_NO_THROW((void)parse_json(whole));
}

}  // namespace
}  // namespace glucose
