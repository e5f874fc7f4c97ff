// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/words.hpp"

#include <cmath>

namespace glucose {

namespace {

constexpr std::size_t kLongestWhat = 200;
constexpr float kOften = 0.5F;  // above it is likelier than not

// Whole characters of UTF-8.
std::string shortened(std::string_view text) {
  if (text.size() <= kLongestWhat) return std::string(text);
  std::size_t end = kLongestWhat;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return std::string(text.substr(0, end)) + "…";
}

std::string percent(float share) {
  return share > 0 && share < 0.005F ? "< 1 %" : std::to_string(std::lround(100 * static_cast<double>(share))) + " %";
}

enum class Side : std::uint8_t { unknown, within, above, below };

// As far as the range allows to say so.
Side side_of(const EventSaying& s) {
  if (std::isnan(s.usual)) return Side::unknown;
  return s.lower > s.usual ? Side::above : s.upper < s.usual ? Side::below : Side::within;
}

std::string beside_usual(const EventSaying& s, bool german) {
  const std::string usual = percent(s.usual);
  switch (side_of(s)) {
    case Side::above:
      return german ? ", mehr als die üblichen " + usual : ", more than the usual " + usual;
    case Side::below:
      return german ? ", weniger als die üblichen " + usual : ", less than the usual " + usual;
    case Side::within:
      return german ? "; üblich sind " + usual + ", der Bereich schließt das ein"
                    : "; usual is " + usual + ", which the range includes";
    case Side::unknown:
      break;
  }
  return german ? "; was üblich ist, ist noch nicht bekannt" : "; what is usual is not known yet";
}

}  // namespace

std::string event_interpretation(const EventSaying& s, bool german) {
  return shortened(s.what) + ": " + percent(s.probability) + " (" + percent(s.lower) + (german ? " bis " : " to ") +
         percent(s.upper) + ")" + beside_usual(s, german) + ".";
}

std::string event_recommendation(const EventSaying& s, bool german) {
  const Side side = side_of(s);
  if (s.confidence == Confidence::low || side == Side::unknown)
    return german ? "Mit mehr Aufzeichnungen wird die Vorhersage sicherer."
                  : "With more that is recorded, the forecast becomes surer.";
  if (side == Side::above)
    return german ? "Wahrscheinlicher als üblich. Was sich wiederholt, besprechen Sie mit Ihrem Behandlungsteam."
                  : "Likelier than usual. What keeps recurring, discuss with your care team.";
  const bool is_often = s.is_glucose && s.probability > kOften;
  if (side == Side::below && is_often)
    return german ? "Seltener als üblich, aber immer noch oft. Sprechen Sie mit Ihrem Behandlungsteam darüber."
                  : "Less often than usual, but still often. Talk it over with your care team.";
  if (side == Side::below) return german ? "Weniger wahrscheinlich als üblich." : "Less likely than usual.";
  if (is_often)
    return german ? "So oft wie üblich, und das ist oft. Sprechen Sie mit Ihrem Behandlungsteam darüber."
                  : "As often as usual, which is often. Talk it over with your care team.";
  return german ? "Etwa so wahrscheinlich wie üblich." : "About as likely as usual.";
}

}  // namespace glucose
