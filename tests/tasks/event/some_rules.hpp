// SPDX-License-Identifier: PostgreSQL
#pragma once

namespace glucose {

inline constexpr auto kStrain =
    R"({"at":"evening","horizon_minutes":4320,"window_minutes":10080,"least_days":2,"yes_if":{"all":[
        {"metric":"RESTING_HEART_RATE","unit":"sd","at_least":1},
        {"any_known":[{"metric":"SLEEP_DURATION","unit":"sd","at_most":-0.5},
                      {"metric":"RECOVERY_SCORE","unit":"sd","at_most":-0.5}]}]}})";
inline constexpr auto kHigh =
    R"({"at":"meal","horizon_minutes":120,"window_minutes":180,
        "yes_if":{"metric":"GLUCOSE","statistic":"max","above":180}})";

}  // namespace glucose
