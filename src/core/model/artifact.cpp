// SPDX-License-Identifier: PostgreSQL
#include "core/model/artifact.hpp"

#include "core/base/byte_io.hpp"

namespace glucose {

namespace {
constexpr std::string_view kMagic = "PGGM";
constexpr std::uint32_t kFormat = 3;
constexpr std::size_t kLongestText = 64;
}  // namespace

std::vector<std::uint8_t> sealed(std::string_view task, std::string_view schema,
                                 std::span<const std::uint8_t> payload) {
  ByteWriter out;
  out.text(kMagic);
  out.u32(kFormat);
  out.text(task);
  out.text(schema);
  out.bytes(payload);
  return out.finish();
}

Artifact opened(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 4 || bytes.size() > kMaxArtifactBytes) damaged("its size is out of range");
  const auto body = bytes.first(bytes.size() - 4);
  ByteReader tail(bytes.last(4));
  if (tail.u32() != crc32(body)) damaged("its checksum does not match");
  ByteReader in(body);
  if (in.text(kMagic.size()) != kMagic) damaged("it is not a pg_glucose model");
  if (in.u32() != kFormat) damaged("its format is of another version");
  Artifact artifact;
  artifact.task = in.text(kLongestText);
  artifact.schema = in.text(kLongestText);
  artifact.payload = in.bytes();
  if (!in.empty()) damaged("bytes are left over");
  return artifact;
}

std::span<const std::uint8_t> payload_of(std::span<const std::uint8_t> bytes, std::string_view task,
                                         std::string_view schema) {
  const Artifact artifact = opened(bytes);
  if (artifact.task != task) damaged("it is a model of another type");
  if (artifact.schema != schema) damaged("it needs another feature schema");
  return artifact.payload;
}

}  // namespace glucose
