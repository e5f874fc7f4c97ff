// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/features.hpp"

#include <cmath>
#include <numbers>

namespace glucose {

namespace {

constexpr std::size_t kHalfHour = 6, kHour = 12, kTwoHours = 24, kThreeHours = 36, kSixHours = 72;  // values

std::span<const float> last_of(const CgmWindow& window, std::size_t n) {
  return std::span<const float>(window).last(n);
}

float mean_of(std::span<const float> values) {
  float sum = 0;
  for (const float v : values) sum += v;
  return sum / static_cast<float>(values.size());
}

float sd_of(std::span<const float> values) {
  const float mean = mean_of(values);
  float squares = 0;
  for (const float v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / static_cast<float>(values.size()));
}

float log_sd(const CgmWindow& window, std::size_t n) {
  return std::log1p(sd_of(last_of(window, n)));
}

/// Writes one column after the other.
class Columns {
 public:
  explicit Columns(CgmColumns& out) : next_(out.begin()) {}
  void add(float value) { *next_++ = value; }

 private:
  CgmColumns::iterator next_;
};

void add_lags(Columns& out, const CgmWindow& window, float level) {
  const auto lags = last_of(window, kCgmLags);
  for (std::size_t i = 0; i + 1 < kCgmLags; ++i) out.add((lags[i] - level) / kCgmDifferenceUnit);
  out.add((level - kCgmLevelCentre) / kCgmLevelUnit);
  out.add(1);
}

void add_longer_past(Columns& out, const CgmWindow& window, float level) {
  const auto difference = [&](float value) { out.add((value - level) / kCgmDifferenceUnit); };
  const auto three = last_of(window, kThreeHours), all = last_of(window, kCgmWindow);
  difference(mean_of(last_of(window, kSixHours)));
  difference(mean_of(all));
  for (const auto values : {three, all}) {
    difference(*std::min_element(values.begin(), values.end()));
    difference(*std::max_element(values.begin(), values.end()));
  }
}

void add_products(Columns& out, const CgmWindow& window, float level) {
  const auto slope = [&](std::size_t steps, float unit) {
    return std::tanh((level - window[kCgmWindow - 1 - steps]) / unit);
  };
  const float raw = (level - kCgmLevelCentre) / kCgmLevelUnit, g = std::tanh(raw);
  const float s1 = slope(1, 5), s3 = slope(3, 15), s6 = slope(6, 30), s12 = slope(12, 30);
  const float sd = log_sd(window, kHour), low = std::min(raw, 0.0F);
  for (const float value : {g * s3,       g * g,     s3 * s3,   s3 * s3 * s3, s1 * s1,         s1 * s1 * s1, s6 * s6,
                            s6 * s6 * s6, g * s6,    s3 * s12,  s1 * s6,      sd * s3,         sd * s1,      sd * g,
                            sd * s6,      s12 * s12, low * low, g * g * g,    s12 * s12 * s12, g * s12})
    out.add(value);
}

void add_varying_lags(Columns& out, const CgmWindow& window, float level) {
  const auto lags = last_of(window, kHour);
  const float variation = log_sd(window, kTwoHours) - 2, g = std::tanh((level - kCgmLevelCentre) / kCgmLevelUnit);
  for (const float factor : {variation, g})
    for (std::size_t i = 0; i + 1 < kHour; ++i) out.add((lags[i] - level) / kCgmDifferenceUnit * factor);
  out.add(variation);
}

void add_clock(Columns& out, int minute_of_day) {
  const float angle = 2 * std::numbers::pi_v<float> * static_cast<float>(minute_of_day) / 1440;
  for (const float harmonic : {1.0F, 2.0F}) {
    out.add(std::sin(harmonic * angle));
    out.add(std::cos(harmonic * angle));
  }
}

constexpr std::size_t kLevelColumn = kCgmLags - 1, kOneColumn = kCgmLags, kSixHourColumn = kCgmLags + 1;
// The column of the value `steps` before the last one; minus it, in another unit, is the slope.
constexpr CgmOwnColumn slope_column(std::size_t steps, float unit) {
  return {kCgmLags - 1 - steps, -kCgmDifferenceUnit / unit};
}

}  // namespace

const std::array<CgmOwnColumn, kCgmOwnColumns> kCgmOwn{{{kOneColumn, 1},
                                                        {kLevelColumn, 1},
                                                        {kSixHourColumn, 1},
                                                        slope_column(1, 5),
                                                        slope_column(3, 15),
                                                        slope_column(6, 30)}};

const std::array<std::size_t, 24> kCgmTreeSees{22, 21, 20, 19, 17, 14, 11, 5,  0,  23, 25, 26,
                                               27, 28, 29, 30, 74, 75, 76, 77, 78, 79, 80, 81};

CgmColumns cgm_columns(const CgmWindow& window, int minute_of_day) {
  CgmColumns x;
  Columns out(x);
  const float level = window.back();
  add_lags(out, window, level);
  add_longer_past(out, window, level);
  add_products(out, window, level);
  add_varying_lags(out, window, level);
  for (const std::size_t n : {kHalfHour, kHour, kTwoHours, kCgmWindow}) out.add(log_sd(window, n));
  add_clock(out, minute_of_day);
  return x;
}

CgmSpreadColumns cgm_spread_columns(const CgmWindow& window, std::size_t known) {
  constexpr std::size_t kQuarter = 3;
  if (known < kCgmLeastKnown) {
    CgmWindow cut = window;
    std::fill_n(cut.begin(), kCgmWindow - known, window[kCgmWindow - known]);
    return cgm_spread_columns(cut);
  }
  const float level = window.back(), change = level - window[kCgmWindow - 1 - kQuarter];
  return {1,
          std::log1p(std::abs(change)),
          log_sd(window, kHour + 1),
          log_sd(window, kTwoHours),
          std::log(level),
          std::abs(level - 120) / 100};
}

}  // namespace glucose
