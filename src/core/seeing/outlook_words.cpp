// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/outlook_words.hpp"

#include "core/seeing/speech.hpp"

namespace glucose {

namespace {

std::string when(int days_ahead, bool german) {
  if (days_ahead == 1) return german ? "In den nächsten 24 Stunden" : "Over the coming 24 hours";
  const std::string from = std::to_string(24 * (days_ahead - 1)), to = std::to_string(24 * days_ahead);
  return german ? "In " + from + " bis " + to + " Stunden" : from + " to " + to + " hours from now";
}

const char* what(Measure measure, bool german) {
  switch (measure) {
    case Measure::in_range_pct:
      return german ? "im Bereich von 70 bis 180 mg/dL (3,9 bis 10 mmol/L)" : "from 70 to 180 mg/dL (3.9 to 10 mmol/L)";
    case Measure::below_70_pct:
      return german ? "unter 70 mg/dL (3,9 mmol/L)" : "below 70 mg/dL (3.9 mmol/L)";
    default:
      return german ? "im Mittel" : "on average";
  }
}

}  // namespace

std::string in_words(const ExpectedDay& o, Measure measure, int days_ahead, GlucoseUnit unit, bool german) {
  const auto figures = [&](double value) {
    const Speech speech{unit, german};
    return is_share(measure) ? speech.number(value, value > 0 && value < 9.95 ? 1 : 0) : speech.number_of(value);
  };
  const std::string name = !is_share(measure) ? kGlucoseUnitNames[static_cast<std::size_t>(unit)]
                           : german           ? "% der Zeit"
                                              : "% of the time",
                    range = figures(o.lower) + (german ? " bis " : " to ") + figures(o.upper), n = std::to_string(o.n);
  const std::string said = figures(o.expected) + " " + name + " " + what(measure, german);
  return german ? when(days_ahead, true) + " sind " + said + " zu erwarten, in 9 von 10 Fällen " + range +
                      ", wenn es wie an den letzten Tagen ist (" + n + " Tage)."
                : when(days_ahead, false) + ", " + said + " is to be expected, in 9 of 10 cases from " + range +
                      ", if it is as on the last days (" + n + " days).";
}

}  // namespace glucose
