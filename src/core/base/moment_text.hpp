// SPDX-License-Identifier: PostgreSQL
// Moments in ISO 8601, in its extended form, whatever DateStyle is.
#pragma once
#include <cstdint>
#include <string_view>

namespace glucose {

/// What a text says, field by field: 2026-01-31T12:30:00.5+01:00. Without an offset it is somebody's local time.
struct WrittenMoment {
  int year = 0, month = 0, day = 0;
  int hour = 0, minute = 0, second = 0, micros = 0;
  bool is_local = true;
  int east_s = 0;  // of Greenwich
};

/// malformed: no such text; impossible: fields that no calendar or clock has.
enum class MomentFault : std::uint8_t { none, malformed, impossible };

/// The first fault from left to right; `moment` means something only where there is none.
MomentFault read_moment_text(std::string_view text, WrittenMoment& moment) noexcept;

}  // namespace glucose
