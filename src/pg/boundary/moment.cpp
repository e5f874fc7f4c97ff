// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/moment.hpp"

#include "core/base/moment_text.hpp"
#include "pg/boundary/json.hpp"

namespace glucose::pg {

namespace {

[[noreturn]] void raise_no_moment(const char* key, int sqlstate) {
  ereport(ERROR, (errcode(sqlstate), errmsg("invalid value for option \"%s\"", key),
                  errhint("It must be a moment in ISO 8601, such as 2026-01-31T12:30:00+01:00; without an offset it is "
                          "the person's local time.")));
  pg_unreachable();
}

}  // namespace

int read_moment(const char* text, GivenTime* given) {
  WrittenMoment written;
  switch (read_moment_text(text, written)) {
    case MomentFault::malformed:
      return ERRCODE_INVALID_DATETIME_FORMAT;
    case MomentFault::impossible:
      return ERRCODE_DATETIME_FIELD_OVERFLOW;
    default:
      break;
  }
  pg_tm tm = {};
  tm.tm_year = written.year, tm.tm_mon = written.month, tm.tm_mday = written.day;
  tm.tm_hour = written.hour, tm.tm_min = written.minute, tm.tm_sec = written.second;
  int west_s = -written.east_s;
  given->is_local = written.is_local;
  const bool fits = tm2timestamp(&tm, written.micros, written.is_local ? nullptr : &west_s, &given->at) == 0;
  return fits ? 0 : ERRCODE_DATETIME_FIELD_OVERFLOW;
}

GivenTime time_value(const char* key, const JsonbValue& value, const char* left_out) {
  const char* text = text_value(key, value);
  const char* word = text + (*text == '-' || *text == '+' ? 1 : 0);
  if (pg_strcasecmp(word, "infinity") == 0 || pg_strcasecmp(word, "inf") == 0)
    raise_bad_option(key, psprintf("a finite moment; leave it out for %s", left_out));
  GivenTime given;
  if (const int failure = read_moment(text, &given); failure != 0) raise_no_moment(key, failure);
  return given;
}

}  // namespace glucose::pg
