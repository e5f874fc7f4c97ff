// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/zones.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "pg/boundary/guard.hpp"

namespace glucose::pg {

namespace {

[[noreturn]] void raise_out_of_range() {
  failing_plainly();
  ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  pg_unreachable();
}

// pg_tzset() finds a file by its name or reads a POSIX string; only of a string is what it calls the zone all upper
// case. These names of files are, too.
constexpr std::array<std::string_view, 23> kUpperCaseNames{
    "CET", "CST6CDT", "EET", "EST", "EST5EDT", "GB",  "GMT", "GMT+0", "GMT-0", "GMT0", "HST", "MET",
    "MST", "MST7MDT", "NZ",  "PRC", "PST8PDT", "ROC", "ROK", "UCT",   "UTC",   "WET",  "W-SU"};
// Files that stand for no place: what the machine is set to, a default for POSIX strings, and other forms of the same.
constexpr std::array<std::string_view, 3> kNoPlaces{"localtime", "posixrules", "factory"};
constexpr std::array<std::string_view, 2> kOtherForms{"posix/", "right/"};

bool is_place(const char* name) {
  for (const std::string_view other : kNoPlaces)
    if (pg_strcasecmp(name, other.data()) == 0) return false;
  for (const std::string_view form : kOtherForms)
    if (pg_strncasecmp(name, form.data(), form.size()) == 0) return false;
  return true;
}

void warn_once(PersonClock* clock, const Stay& stay) {
  if (stay.is_known || clock->warned) return;
  clock->warned = true;
  ereport(WARNING, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("time zone \"%s\" is not known to this server and is read as UTC", clipped(stay.name)),
                    errhint("Set the person's time_zone to an IANA name that pg_timezone_names lists.")));
}

Stay stay_since(TimestampTz since, const char* name) {
  pg_tz* zone = find_zone(name);
  return {since, zone != nullptr ? zone : pg_tzset("GMT"), name, zone != nullptr};
}

}  // namespace

pg_tz* find_zone(const char* name) {
  if (strlen(name) > TZ_STRLEN_MAX || !is_place(name)) return nullptr;
  pg_tz* zone = pg_tzset(name);
  if (zone == nullptr || !pg_tz_acceptable(zone)) return nullptr;
  const std::string_view called = pg_get_timezone_name(zone);
  const bool has_lower = std::any_of(called.begin(), called.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (has_lower) return zone;
  return std::find(kUpperCaseNames.begin(), kUpperCaseNames.end(), called) != kUpperCaseNames.end() ? zone : nullptr;
}

const Stay& PersonClock::at(TimestampTz moment) const {
  int i = n - 1;
  while (i > 0 && stays[i].since > moment) --i;
  return stays[i];
}

PersonClock* make_clock(const char* home, int most_stays) {
  auto* clock = static_cast<PersonClock*>(
      palloc(offsetof(PersonClock, stays) + sizeof(Stay) * static_cast<Size>(most_stays + 1)));
  clock->n = 1;
  clock->warned = false;
  clock->stays[0] = stay_since(DT_NOBEGIN, home);
  return clock;
}

void add_stay(PersonClock* clock, TimestampTz since, const char* name) {
  if (since == DT_NOBEGIN) clock->n = 0;  // in the place of home
  clock->stays[clock->n++] = stay_since(since, name);
}

PersonClock* copy_clock(const PersonClock* clock, MemoryContext context) {
  const Size size = offsetof(PersonClock, stays) + sizeof(Stay) * static_cast<Size>(clock->n);
  auto* copy = static_cast<PersonClock*>(MemoryContextAlloc(context, size));
  memcpy(copy, clock, size);
  copy->warned = false;
  for (int i = 0; i < copy->n; ++i) copy->stays[i].name = MemoryContextStrdup(context, clock->stays[i].name);
  return copy;
}

LocalClock local_clock(TimestampTz at, PersonClock* clock) {
  const Stay& stay = clock->at(at);
  warn_once(clock, stay);
  pg_tm local;
  fsec_t fraction;
  int offset;
  if (timestamp2tm(at, &offset, &local, &fraction, nullptr, stay.zone) != 0)
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  return {local.tm_hour * 60 + local.tm_min, j2day(date2j(local.tm_year, local.tm_mon, local.tm_mday))};
}

Timestamp local_time(TimestampTz at, PersonClock* clock) {
  const Stay& stay = clock->at(at);
  warn_once(clock, stay);
  pg_tm tm;
  fsec_t fraction;
  int offset;
  Timestamp local = 0;
  bool failed = timestamp2tm(at, &offset, &tm, &fraction, nullptr, stay.zone) != 0;
  failed = failed || tm2timestamp(&tm, fraction, nullptr, &local) != 0;
  if (failed) raise_out_of_range();
  return local;
}

TimestampTz moment_of(Timestamp local, PersonClock* clock) {
  pg_tm tm;
  fsec_t fraction;
  TimestampTz at = local;
  // Which stay counts depends on the moment, and the moment on the stay: twice is enough but on the day of a journey.
  for (int i = 0; i < 2; ++i) {
    const Stay& stay = clock->at(at);
    warn_once(clock, stay);
    int offset = 0;
    bool failed = timestamp2tm(local, nullptr, &tm, &fraction, nullptr, nullptr) != 0;
    if (!failed) offset = DetermineTimeZoneOffset(&tm, stay.zone);
    failed = failed || tm2timestamp(&tm, fraction, &offset, &at) != 0;
    if (failed) raise_out_of_range();
  }
  return at;
}

}  // namespace glucose::pg

using namespace glucose::pg;

SQL_FUNCTION(is_time_zone) {
  PG_RETURN_BOOL(find_zone(text_to_cstring(PG_GETARG_TEXT_PP(0))) != nullptr);
}
