// SPDX-License-Identifier: PostgreSQL
#include "core/base/byte_io.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "support/rows.hpp"

namespace glucose {
namespace {

TEST(ByteIo, WhatIsWrittenIsReadBackToTheLastByte) {
  ByteWriter out;
  out.number(7);
  out.moment(-5);
  out.text("abc");
  out.reals(std::array<float, 2>{1.5F, -2});
  out.real_or_unknown(kUnknown);
  out.reals({});
  const auto bytes = out.take();
  ByteReader in(bytes);
  EXPECT_EQ(in.number(0, 10), 7);
  EXPECT_EQ(in.moment(), -5);
  EXPECT_EQ(in.text(3), "abc");
  EXPECT_EQ(in.reals(2), (std::vector<float>{1.5F, -2}));
  EXPECT_TRUE(std::isnan(in.real_or_unknown()));
  EXPECT_TRUE(in.reals_or_none(4).empty());
  EXPECT_TRUE(in.empty());
}

TEST(ByteIo, NumbersStandLowestByteFirst) {
  ByteWriter out;
  out.u32(0x01020304U);
  EXPECT_EQ(out.take(), (std::vector<std::uint8_t>{4, 3, 2, 1}));
}

TEST(ByteIo, TheChecksumIsCrc32) {
  const std::string check = "123456789";
  EXPECT_EQ(crc32({reinterpret_cast<const std::uint8_t*>(check.data()), check.size()}), 0xcbf43926U);
}

TEST(ByteIo, RefusesWhatIsTooShortTooLargeOrNotFinite) {
  const auto refused = [](auto&& write, auto&& read) {
    ByteWriter out;
    write(out);
    const auto bytes = out.take();
    ByteReader in(bytes);
    EXPECT_EQ(error_of([&] { (void)read(in); }).code(), ErrorCode::model_mismatch);
  };
  refused([](ByteWriter&) {}, [](ByteReader& in) { return in.u32(); });
  refused([](ByteWriter& out) { out.number(11); }, [](ByteReader& in) { return in.number(0, 10); });
  refused([](ByteWriter& out) { out.text("abcd"); }, [](ByteReader& in) { return in.text(3); });
  refused([](ByteWriter& out) { out.u32(5); }, [](ByteReader& in) { return in.reals(5); });
  refused([](ByteWriter& out) { out.u32(1); }, [](ByteReader& in) { return in.bytes(); });
  refused([](ByteWriter& out) { out.real(std::numeric_limits<float>::infinity()); },
          [](ByteReader& in) { return in.real_or_unknown(); });
}

}  // namespace
}  // namespace glucose
