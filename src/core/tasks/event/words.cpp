// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/words.hpp"

#include <cmath>

namespace glucose {

namespace {

constexpr std::size_t kLongestWhat = 200;

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
  if (s.confidence == Confidence::low || side_of(s) == Side::unknown)
    return german ? "Mit mehr Aufzeichnungen wird die Vorhersage sicherer."
                  : "With more that is recorded, the forecast becomes surer.";
  if (side_of(s) != Side::above)
    return german ? "Keine Veränderung zu erwarten: machen Sie weiter wie gewohnt."
                  : "No change is expected: carry on as usual.";
  return german ? "Eine Veränderung ist wahrscheinlicher als sonst. Was sich wiederholt, besprechen Sie mit Ihrem "
                  "Behandlungsteam."
                : "A change is likelier than usual. What keeps recurring, discuss with your care team.";
}

}  // namespace glucose
