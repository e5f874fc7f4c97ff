// SPDX-License-Identifier: PostgreSQL
#pragma once

namespace glucose::pg {

/// Bytes of a version number and of a name, with their end.
inline constexpr int kLongestVersion = 32;
inline constexpr int kLongestName = 64;

}  // namespace glucose::pg
