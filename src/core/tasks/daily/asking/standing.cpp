// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/asking/standing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/decimal.hpp"
#include "core/days/glucose_day.hpp"

namespace glucose {

namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();
constexpr int kFewDays = 7;  // of fewer an average says little
constexpr double kPoorQuality = 0.5;
constexpr float kLikePercent = 1;  // closer to the average than this it is the same

enum class Side { below, within, above };

// Where the interval lies: only what is outside of it altogether is sure.
Side side_of(const Standing& o, const Saying& s) {
  if (s.lower > o.average) return Side::above;
  return s.upper < o.average ? Side::below : Side::within;
}

std::string number(float value, bool german) {
  return decimal(static_cast<double>(value), std::abs(value) < 100 ? 1 : 0, german);
}

std::string with_unit(float value, std::string_view unit, bool german) {
  if (german && unit == "points") unit = "Punkte";
  std::string text = number(value, german);
  if (!unit.empty() && unit != "1") text.append(" ").append(unit);
  return text;
}

// "26.6 percentage points": the difference of two shares is none.
std::string difference(const Standing& o, const Saying& s, bool german) {
  const std::string_view unit = s.unit != "%" ? s.unit : german ? "Prozentpunkte" : "percentage points";
  return with_unit(std::abs(o.deviation), unit, german);
}

// "3.8 % above", "about at".
std::string distance(const Standing& o, const Saying& s, bool german) {
  const bool above = o.deviation > 0;
  const float percent = 100 * std::abs(o.deviation) / std::abs(o.average);
  if (s.is_share || !std::isfinite(percent))
    return difference(o, s, german) + (german ? (above ? " über" : " unter") : (above ? " above" : " below"));
  if (percent < kLikePercent) return german ? "etwa bei" : "about at";
  return number(percent, german) + " %" + (german ? (above ? " über" : " unter") : (above ? " above" : " below"));
}

std::string average_of(const Standing& o, bool german) {
  return german ? "Ihrem Durchschnitt der letzten 30 Tage (" + number(o.average, true) + ")"
                : "your 30-day average (" + number(o.average, false) + ")";
}

bool is_worse(const Standing& o, const Saying& s) {
  const Side side = side_of(o, s);
  return (s.better > 0 && side == Side::below) || (s.better < 0 && side == Side::above);
}

std::string beside_usual(Side side, bool german) {
  switch (side) {
    case Side::below:
      return german ? "Niedriger als bei Ihnen üblich" : "Lower than usual for you";
    case Side::above:
      return german ? "Höher als bei Ihnen üblich" : "Higher than usual for you";
    default:
      return german ? "Nicht deutlich anders als bei Ihnen üblich" : "Not clearly different from usual for you";
  }
}

bool is_glucose(const Saying& s) {
  return glucose_metric_of(s.metric) >= 0 || s.unit == "mg/dL" || s.unit == "mmol/L";
}

// Of the consensus of 2019 for most people, see glucose_goals(); a mean out of range is so, too.
bool misses_goal(const Saying& s) {
  if (s.metric == "GLUCOSE_TIME_IN_RANGE") return s.value < 70;
  if (s.metric == "GLUCOSE_BELOW_70") return s.value >= 4;
  return s.metric == "GLUCOSE_MEAN" && (s.value < 70 || s.value > 180);
}

// What is usual need not be well: only what is compared, and whom to talk to.
std::string of_glucose(const Standing& o, const Saying& s, bool german) {
  const std::string compared = beside_usual(side_of(o, s), german);
  if (misses_goal(s))
    return compared + (german ? ", und außerhalb des Ziels für die meisten Menschen. Sprechen Sie mit Ihrem "
                                "Behandlungsteam darüber."
                              : ", and outside the goal for most people. Talk it over with your care team.");
  if (!is_worse(o, s)) return compared + ".";
  return compared + (german ? ". Was sich wiederholt, besprechen Sie mit Ihrem Behandlungsteam."
                            : ". What keeps recurring, discuss with your care team.");
}

}  // namespace

Standing standing_of(std::span<const float> last, float value) {
  Standing o{0, kNone, kNone, kNone, kNone, kNone};
  double sum = 0;
  int at_most = 0;
  for (const float v : last) {
    if (std::isnan(v)) continue;
    ++o.days;
    sum += static_cast<double>(v);
    at_most += v <= value ? 1 : 0;
    o.lowest = std::fmin(o.lowest, v);
    o.highest = std::fmax(o.highest, v);
  }
  if (o.days == 0) return o;
  o.average = static_cast<float>(sum / o.days);
  o.deviation = static_cast<float>(static_cast<double>(value) - sum / o.days);
  o.percentile = 100 * static_cast<float>(at_most) / static_cast<float>(o.days);
  return o;
}

float standing_score(const Standing& o, float value, double r2, double quality) {
  const double explained = std::isfinite(r2) ? std::clamp(r2, 0.0, 1.0) : 0;
  const bool is_usual = o.days > 0 && value >= o.lowest && value <= o.highest;
  return static_cast<float>(0.5 * explained + 0.3 * std::clamp(quality, 0.0, 1.0) + (is_usual ? 0.2 : 0));
}

std::string interpretation(const Standing& o, const Saying& s, bool german) {
  const std::string expected = with_unit(s.value, s.unit, german) + (german ? " erwartet (" : " expected (") +
                               number(s.lower, german) + (german ? " bis " : " to ") + number(s.upper, german) + ")";
  if (o.days == 0)
    return expected +
           (german ? "; von den letzten 30 Tagen ist nichts bekannt." : "; nothing is known of the last 30 days.");
  const std::string where = expected + ", " + distance(o, s, german) + " " + average_of(o, german);
  if (o.days < kFewDays)
    return where + (german ? "; bekannt sind davon nur " + std::to_string(o.days) + " Tage."
                           : "; only " + std::to_string(o.days) + " of these days are known.");
  if (side_of(o, s) == Side::within)
    return where + (german ? "; der Durchschnitt liegt im Bereich, es kann ebenso anders kommen."
                           : "; the average lies within the range, so it may as well turn out otherwise.");
  return where + (german ? "; der ganze Bereich liegt auf dieser Seite." : "; the whole range lies on this side.");
}

std::string recommendation(const Standing& o, const Saying& s, bool german) {
  if (s.quality < kPoorQuality || o.days < kFewDays)
    return german ? "Mit mehr Tagen, an denen etwas aufgezeichnet ist, wird die Vorhersage sicherer."
                  : "With more days of which something is recorded, the forecast becomes surer.";
  if (is_glucose(s)) return of_glucose(o, s, german);
  if (is_worse(o, s))
    return german ? "Ungünstiger als gewohnt. Wenn Sie mögen, schauen Sie, was Ihnen bisher gutgetan hat."
                  : "Less good than usual. If you like, look at what has done you good before.";
  if (side_of(o, s) == Side::within) return beside_usual(Side::within, german) + ".";
  if (s.better == 0)
    return german ? "Ungewöhnlich für Sie: vielleicht mögen Sie notieren, was anders war."
                  : "Unusual for you: you may like to note what was different.";
  return german ? "Besser als gewohnt: vielleicht mögen Sie notieren, was dazu beigetragen haben könnte."
                : "Better than usual: you may like to note what may have gone with it.";
}

}  // namespace glucose
