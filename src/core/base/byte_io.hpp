// SPDX-License-Identifier: PostgreSQL
// Numbers ↔ bytes, little-endian: what artifacts are written and read with. The reader trusts nothing: every size is
// checked against a cap and against what is left, and every float must be finite.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"

namespace glucose {

/// Throws Error model_mismatch: the bytes are not a model of ours.
[[noreturn]] inline void damaged(const char* what) {
  throw Error(ErrorCode::model_mismatch, std::string("model artifact is not usable: ") + what,
              "Import or train the model again.");
}

inline constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? 0xedb88320U ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}();

inline std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t c = 0xffffffffU;
  for (const std::uint8_t byte : bytes) c = kCrcTable[(c ^ byte) & 0xffU] ^ (c >> 8);
  return c ^ 0xffffffffU;
}

inline constexpr std::uint32_t kUnknownBits = 0x7fc00000U;  // a quiet NaN

class ByteWriter {
 public:
  void u32(std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  void number(int value) { u32(static_cast<std::uint32_t>(value)); }
  void real(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    u32(bits);
  }
  void real_or_unknown(float value) { std::isnan(value) ? u32(kUnknownBits) : real(value); }
  void moment(std::int64_t value) {
    u32(static_cast<std::uint32_t>(value));
    u32(static_cast<std::uint32_t>(static_cast<std::uint64_t>(value) >> 32));
  }
  void text(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    for (const char c : value) bytes_.push_back(static_cast<std::uint8_t>(c));
  }
  void reals(std::span<const float> values) {
    u32(static_cast<std::uint32_t>(values.size()));
    for (const float value : values) real(value);
  }
  void bytes(std::span<const std::uint8_t> value) {
    u32(static_cast<std::uint32_t>(value.size()));
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  /// What was written, without a checksum.
  std::vector<std::uint8_t> take() { return std::move(bytes_); }
  std::vector<std::uint8_t> finish() {
    u32(crc32(bytes_));
    return std::move(bytes_);
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  std::uint32_t u32() {
    if (rest_.size() < 4) damaged("it ends early");
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(rest_[i]) << (8 * i);
    rest_ = rest_.subspan(4);
    return value;
  }
  int number(int low, int high) {
    const std::uint32_t value = u32();
    if (value > static_cast<std::uint32_t>(high) || static_cast<int>(value) < low) damaged("a size is out of range");
    return static_cast<int>(value);
  }
  float real() {
    const std::uint32_t bits = u32();
    float value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) damaged("a weight is not finite");
    return value;
  }
  /// NaN where the writer wrote one; any other that is not finite is damage.
  float real_or_unknown() {
    if (rest_.size() < 4) damaged("it ends early");
    ByteReader ahead(rest_.first(4));
    if (ahead.u32() != kUnknownBits) return real();
    rest_ = rest_.subspan(4);
    return std::numeric_limits<float>::quiet_NaN();
  }
  std::int64_t moment() {
    const std::uint64_t low = u32(), high = u32();
    return static_cast<std::int64_t>(low | high << 32);
  }
  std::string_view text(std::size_t longest) {
    const std::size_t n = u32();
    if (n > longest || n > rest_.size()) damaged("a text is too long");
    const std::string_view value(reinterpret_cast<const char*>(rest_.data()), n);
    rest_ = rest_.subspan(n);
    return value;
  }
  /// Exactly `n` floats; nothing is allocated before the bytes are known to be there.
  std::vector<float> reals(std::size_t n) {
    if (u32() != n || rest_.size() / 4 < n) damaged("an array has a wrong length");
    std::vector<float> values(n);
    for (float& value : values) value = real();
    return values;
  }
  /// The same, or none at all.
  std::vector<float> reals_or_none(std::size_t n) {
    ByteReader ahead(rest_);
    if (ahead.u32() != 0) return reals(n);
    rest_ = ahead.rest_;
    return {};
  }
  std::span<const std::uint8_t> bytes() {
    const std::size_t n = u32();
    if (n > rest_.size()) damaged("its payload is too long");
    const auto value = rest_.first(n);
    rest_ = rest_.subspan(n);
    return value;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::span<const std::uint8_t> rest_;
};

}  // namespace glucose
