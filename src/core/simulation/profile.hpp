// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace glucose {

/// The glucose metabolism of a simulated person, named as person.diabetes_type is.
enum class Profile : std::uint8_t { none, prediabetes, t2d, t1d };
inline constexpr int kProfiles = 4;
inline constexpr std::array<std::string_view, kProfiles> kProfileNames{"none", "prediabetes", "t2d", "t1d"};

/// The profile of that exact name. Throws Error bad_argument for any other text.
Profile parse_profile(std::string_view name);

}  // namespace glucose
