// SPDX-License-Identifier: PostgreSQL
// What a forecast of a metric means for the person, in numbers and in words that are about wellness and nothing else.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace glucose {

/// Days that a forecast is held against.
inline constexpr int kStandingDays = 30;

/// A forecast beside what was. NaN: not known.
struct Standing {
  int days = 0;  // of the last 30 of which the metric is known
  float average, lowest, highest;
  float deviation;   // value − average
  float percentile;  // 0 … 100: share of those days that were at most the value
};
/// last: values of the days before, NaN where not known
Standing standing_of(std::span<const float> last, float value);

/// How sure an answer is, 0 … 1: half of it what the model explains (R² on its test rows, NaN: nothing is known), three
/// tenths the quality of the data (0 … 1), two tenths whether the value is one that the person had in the last days.
float standing_score(const Standing& standing, float value, double r2, double quality);

/// What is said of it.
struct Saying {
  std::string_view metric;
  float value, lower, upper;
  std::string_view unit;
  int better;      // +1: higher is good, -1: lower is good, 0: neither
  bool is_share;   // percent of the average say nothing: of shares, scores and what may be negative
  double quality;  // of the data, 0 … 1
};

/// One or two sentences, 'en' or 'de'. Says 'above' or 'below' without reserve only where the whole interval is.
std::string interpretation(const Standing& standing, const Saying& saying, bool german);

/// One or two sentences that nobody has to follow; of no medicine, dose, diagnosis or urgency. Never that anything is
/// well or may go on as it is; of glucose only what is compared, and to talk to the care team.
std::string recommendation(const Standing& standing, const Saying& saying, bool german);

}  // namespace glucose
