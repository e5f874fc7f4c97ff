// SPDX-License-Identifier: PostgreSQL
// The envelope: what is sealed is opened again, what is damaged or foreign is refused.
#include "core/model/artifact.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.hpp"

namespace glucose {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Bytes kPayload{1, 2, 3, 4, 5};

// CRC-32 (IEEE 802.3) bit by bit, independent of the writer's table.
std::uint32_t crc(std::span<const std::uint8_t> bytes) {
  std::uint32_t c = ~0U;
  for (const std::uint8_t byte : bytes) {
    c ^= byte;
    for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~c;
}

/// With another byte and a checksum that fits.
Bytes with(std::size_t at, std::uint8_t value) {
  Bytes bytes = sealed("task", "schema/1", kPayload);
  bytes[at] = value;
  const std::uint32_t c = crc(std::span(bytes).first(bytes.size() - 4));
  for (std::size_t i = 0; i < 4; ++i) bytes[bytes.size() - 4 + i] = static_cast<std::uint8_t>(c >> (8 * i));
  return bytes;
}

void expect_refused(const Bytes& bytes, const char* why) {
  try {
    (void)opened(bytes);
    ADD_FAILURE() << why;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::model_mismatch);
    EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
  }
}

TEST(Artifact, IsOpenedAsItWasSealed) {
  EXPECT_EQ(crc(Bytes{'1', '2', '3', '4', '5', '6', '7', '8', '9'}), 0xcbf43926U);
  const Bytes bytes = sealed("task", "schema/1", kPayload);
  const Artifact artifact = opened(bytes);
  EXPECT_EQ(artifact.task, "task");
  EXPECT_EQ(artifact.schema, "schema/1");
  EXPECT_EQ(Bytes(artifact.payload.begin(), artifact.payload.end()), kPayload);
  EXPECT_EQ(payload_of(bytes, "task", "schema/1").size(), kPayload.size());
  EXPECT_THROW((void)payload_of(bytes, "other", "schema/1"), Error);
  EXPECT_THROW((void)payload_of(bytes, "task", "schema/2"), Error);
}

TEST(Artifact, BeginsAsDocumented) {
  const Bytes bytes = sealed("task", "schema/1", kPayload);
  EXPECT_EQ(std::string(bytes.begin() + 4, bytes.begin() + 8), "PGGM");
  EXPECT_EQ(bytes[8], 3);  // format, little-endian
  EXPECT_EQ(std::string(bytes.begin() + 16, bytes.begin() + 20), "task");
  EXPECT_EQ(std::string(bytes.begin() + 24, bytes.begin() + 32), "schema/1");
}

TEST(Artifact, EveryFlippedBitAndEveryTruncationIsRefused) {
  const Bytes bytes = sealed("task", "schema/1", kPayload);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes damaged = bytes;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ (1U << bit));
      EXPECT_THROW((void)opened(damaged), Error);
    }
    EXPECT_THROW((void)opened(std::span(bytes).first(i)), Error);
  }
}

TEST(Artifact, ForeignOnesAreRefusedWithTheReason) {
  expect_refused(with(4, 'M'), "not a pg_glucose model");
  expect_refused(with(8, 2), "format is of another version");
  expect_refused(with(12, 255), "text is too long");
  expect_refused(with(32, 6), "payload is too long");
  expect_refused(with(32, 4), "left over");
  expect_refused({}, "size");
  expect_refused(Bytes(kMaxArtifactBytes + 1), "size");
}

}  // namespace
}  // namespace glucose
