// SPDX-License-Identifier: PostgreSQL
#include <cmath>

#include "core/seeing/happened.hpp"
#include "core/seeing/speech.hpp"

namespace glucose {

namespace {

std::string episode(const Speech& say, const Happening& h, double limit, bool below, const char* when_en,
                    const char* when_de) {
  const std::string took = say.minutes(h.end - h.begin), at = say.level(limit), far = say.level(h.extreme);
  return say.either(took + (below ? " below " : " above ") + at + when_en +
                        (below ? "; lowest reading " : "; highest reading ") + far + ".",
                    took + (below ? " unter " : " über ") + at + when_de +
                        (below ? "; tiefster Wert " : "; höchster Wert ") + far + ".");
}

std::string way(const Speech& say, const Happening& h, const char* en, const char* de) {
  const std::string from = say.level(h.from), to = say.level(h.extreme);
  std::string rate;  // not known right behind a gap
  if (!std::isnan(h.rate))
    rate = say.either(", at most " + say.rate(h.rate) + " a minute", ", höchstens " + say.rate(h.rate) + " je Minute");
  return say.either(std::string(en) + " from " + from + " to " + to + rate + ".",
                    std::string(de) + " von " + from + " auf " + to + rate + ".");
}

std::string spike(const Speech& say, const Happening& h, const HappenedRules& rules) {
  const std::string height = say.level(h.extreme - h.from), peak = say.level(h.extreme),
                    took = say.minutes(h.extreme_at - h.begin), above = say.minutes(h.above_high),
                    high = say.level(rules.targets.high);
  return say.either(
      "Up by " + height + " to " + peak + " within " + took + " after the meal; " + above + " above " + high + ".",
      "Um " + height + " auf " + peak + " gestiegen, " + took + " nach der Mahlzeit; " + above + " über " + high + ".");
}

std::string jump(const Speech& say, const Happening& h) {
  const std::string from = say.level(h.from), to = say.level(h.extreme);
  const std::string en = "A change from " + from + " to " + to + " faster than glucose changes; ";
  const std::string de = "Ein Sprung von " + from + " auf " + to + ", schneller als Glukose sich ändert; ";
  return say.either(en + (h.is_believed ? "later readings agree with it." : "later readings do not agree with it."),
                    de + (h.is_believed ? "spätere Werte passen dazu." : "spätere Werte passen nicht dazu."));
}

std::string sensor(const Speech& say, const Happening& h) {
  const std::string took = say.minutes(h.end - h.begin);
  switch (h.kind) {
    case Happened::gap:
      return say.either("No readings for " + took + ".", took + " ohne Werte.");
    case Happened::warm_up:
      return say.either("No readings for " + took + ", then another rhythm: perhaps a new sensor.",
                        took + " ohne Werte, danach ein anderer Takt: vielleicht ein neuer Sensor.");
    case Happened::stuck:
      return say.either("The same reading, " + say.level(h.extreme) + ", for " + took + ".",
                        took + " lang derselbe Wert, " + say.level(h.extreme) + ".");
    case Happened::jump:
      return jump(say, h);
    case Happened::two_sensors:
      return say.either("Readings contradict each other for " + took + ": perhaps two sensors.",
                        "Werte widersprechen sich " + took + " lang: vielleicht zwei Sensoren.");
    default:
      return say.either(
          "A sudden fall to " + say.level(h.extreme) + " after a steady hour: perhaps pressure on the sensor.",
          "Plötzlicher Abfall auf " + say.level(h.extreme) +
              " nach einer ruhigen Stunde: vielleicht Druck auf den Sensor.");
  }
}

}  // namespace

std::string in_words(const Happening& h, const HappenedRules& rules, GlucoseUnit unit, bool german) {
  const Speech say{unit, german};
  const Targets& t = rules.targets;
  switch (h.kind) {
    case Happened::low:
      return episode(say, h, t.low, true, "", "");
    case Happened::very_low:
      return episode(say, h, t.very_low, true, "", "");
    case Happened::nocturnal_low:
      return episode(say, h, t.low, true, " at night", " in der Nacht");
    case Happened::high:
      return episode(say, h, t.high, false, "", "");
    case Happened::very_high:
      return episode(say, h, t.very_high, false, "", "");
    case Happened::rapid_rise:
      return way(say, h, "A rise", "Anstieg");
    case Happened::rapid_fall:
      return way(say, h, "A fall", "Abfall");
    case Happened::unlogged_meal:
      return way(say, h, "A rise as after a meal, without a logged one,",
                 "Ein Anstieg wie nach einer Mahlzeit, ohne eine eingetragene,");
    case Happened::spike:
      return spike(say, h, rules);
    default:
      return sensor(say, h);
  }
}

}  // namespace glucose
