// SPDX-License-Identifier: PostgreSQL
#include "core/seeing/pattern_words.hpp"

#include <cmath>

#include "core/seeing/speech.hpp"

namespace glucose {

namespace {

/// A thing that is compared: its name in rows, then as a sentence says when it was.
struct Thing {
  const char *name, *english, *german;
};

constexpr std::array<Thing, kDayParts> kParts{
    {{"night", "at night (00:00 to 06:00)", "nachts (0 bis 6 Uhr)"},
     {"morning", "in the morning (06:00 to 12:00)", "morgens (6 bis 12 Uhr)"},
     {"afternoon", "in the afternoon (12:00 to 18:00)", "nachmittags (12 bis 18 Uhr)"},
     {"evening", "in the evening (18:00 to 24:00)", "abends (18 bis 24 Uhr)"}}};
constexpr std::array<Thing, 10> kWeekdays{
    {{"sunday", "on Sundays", "sonntags"},
     {"monday", "on Mondays", "montags"},
     {"tuesday", "on Tuesdays", "dienstags"},
     {"wednesday", "on Wednesdays", "mittwochs"},
     {"thursday", "on Thursdays", "donnerstags"},
     {"friday", "on Fridays", "freitags"},
     {"saturday", "on Saturdays", "samstags"},
     {"weekend", "at weekends", "am Wochenende"},
     {"workdays", "on the workdays around them", "an den Werktagen davor und danach"},
     {"days around", "on the days around them", "an den Tagen davor und danach"}}};
constexpr std::array<Thing, kMealTypes> kMeals{{{"breakfast", "after breakfast", "nach dem Frühstück"},
                                                {"lunch", "after lunch", "nach dem Mittagessen"},
                                                {"dinner", "after dinner", "nach dem Abendessen"},
                                                {"snack", "after snacks", "nach Zwischenmahlzeiten"}}};
constexpr std::array<Thing, 2 * kAfterMetrics.size()> kAfter{
    {{"SLEEP_DURATION least", "after those with the least", "nach denen mit dem wenigsten"},
     {"SLEEP_DURATION most", "on days after the nights with the most sleep",
      "an Tagen nach den Nächten mit dem meisten Schlaf"},
     {"STEPS least", "after those with the fewest", "nach denen mit den wenigsten"},
     {"STEPS most", "on days after those with the most steps", "an Tagen nach denen mit den meisten Schritten"},
     {"WORKOUT_DURATION least", "after those with the least", "nach denen mit dem wenigsten"},
     {"WORKOUT_DURATION most", "on days after those with the most training",
      "an Tagen nach denen mit dem meisten Training"}}};

const Thing& thing_of(PatternKind kind, int which) {
  const auto i = static_cast<std::size_t>(which);
  switch (kind) {
    case PatternKind::time_of_day:
      return kParts[i];
    case PatternKind::weekday:
      return kWeekdays[i];
    case PatternKind::meal_type:
      return kMeals[i];
    case PatternKind::after_effect:
      break;
  }
  return kAfter[i];
}

// In how many of how many.
std::string counted(const Pattern& p, bool german) {
  const std::string of = std::to_string(n_alike(p)) + (german ? " von " : " of ") + std::to_string(p.shift.n);
  switch (p.kind) {
    case PatternKind::weekday:
      return german ? "in " + of + " Wochen" : "in " + of + " weeks";
    case PatternKind::after_effect:
      return german ? "in " + of + " Paaren von Tagen" : "in " + of + " pairs of days";
    default:
      return german ? "an " + of + " Tagen" : "on " + of + " days";
  }
}

std::string sentence(std::string text) {
  text[0] = static_cast<char>(text[0] >= 'a' && text[0] <= 'z' ? text[0] - 'a' + 'A' : text[0]);
  return text;
}

std::string not_found(const Pattern& p, const Thing& what, const Thing& than, bool german) {
  const std::string n = std::to_string(p.shift.n);
  return german ? sentence(what.german) + " lag die Glukose nicht so anders als " + than.german +
                      ", dass es kein Zufall sein könnte (" + n + " Vergleiche)."
                : sentence(what.english) + ", glucose did not differ from that " + than.english +
                      " by more than chance may bring (" + n + " comparisons).";
}

}  // namespace

std::string what_of(const Pattern& p) {
  return thing_of(p.kind, p.what).name;
}

std::string than_of(const Pattern& p) {
  return thing_of(p.kind, p.than).name;
}

std::string in_words(const Pattern& p, GlucoseUnit unit, bool german) {
  const Thing &what = thing_of(p.kind, p.what), &than = thing_of(p.kind, p.than);
  if (!p.is_found) return not_found(p, what, than, german);
  const bool lower = p.shift.difference < 0;
  const auto figures = [&](double mg_dl) { return Speech{unit, german}.number_of(std::abs(mg_dl)); };
  const std::string name = kGlucoseUnitNames[static_cast<std::size_t>(unit)],
                    amount = figures(p.shift.difference) + " " + name,
                    from = figures(lower ? p.shift.upper : p.shift.lower),
                    to = figures(lower ? p.shift.lower : p.shift.upper);
  const bool names_no_cause = p.kind == PatternKind::after_effect;
  if (german)
    return sentence(what.german) + " lag die Glukose meist um " + amount + (lower ? " niedriger" : " höher") + " als " +
           than.german + ": " + counted(p, true) + " (im Mittel " + from + " bis " + to + ")." +
           (names_no_cause ? " Das nennt keine Ursache." : "");
  return sentence(what.english) + ", glucose was usually " + amount + (lower ? " lower" : " higher") + " than " +
         than.english + ": " + counted(p, false) + " (" + from + " to " + to + " on average)." +
         (names_no_cause ? " This names no cause." : "");
}

}  // namespace glucose
