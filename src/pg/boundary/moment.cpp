// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/moment.hpp"

#include "pg/boundary/json.hpp"

namespace glucose::pg {

namespace {

constexpr int kFewestYearDigits = 4, kMostYearDigits = 6;  // of PostgreSQL's last year
constexpr int kMicrosDigits = 6;

[[noreturn]] void raise_no_moment(const char* key, int sqlstate) {
  ereport(ERROR, (errcode(sqlstate), errmsg("invalid value for option \"%s\"", key),
                  errhint("It must be a moment in ISO 8601, such as 2026-01-31T12:30:00+01:00; without an offset it is "
                          "the person's local time.")));
  pg_unreachable();
}

/// A text from left to right; what does not fit is 22007. The first failure is kept, and what follows is of no meaning.
class Reader {
 public:
  explicit Reader(const char* given) : at_(given) {}
  int failure() const { return failure_; }

  bool at_end() const { return *at_ == '\0'; }
  bool take(const char* any_of) {
    if (at_end() || strchr(any_of, *at_) == nullptr) return false;
    ++at_;
    return true;
  }
  void require(const char* any_of) {
    if (!take(any_of)) wrong();
  }
  char next() const { return *at_; }
  bool at_digit() const { return *at_ >= '0' && *at_ <= '9'; }
  int number(int fewest, int most) {
    int value = 0, n = 0;
    for (; n < most && at_digit(); ++n) value = 10 * value + (*at_++ - '0');
    if (n < fewest) wrong();
    return value;
  }
  // Digits beyond microseconds are left out, as PostgreSQL does for what it cannot keep.
  fsec_t fraction() {
    fsec_t micros = 0;
    int n = 0;
    for (; at_digit(); ++at_, ++n)
      if (n < kMicrosDigits) micros = 10 * micros + (*at_ - '0');
    if (n == 0) wrong();
    for (; n < kMicrosDigits; ++n) micros *= 10;
    return micros;
  }
  void wrong() { fail(ERRCODE_INVALID_DATETIME_FORMAT); }
  void impossible() { fail(ERRCODE_DATETIME_FIELD_OVERFLOW); }

 private:
  void fail(int sqlstate) {
    if (failure_ == 0) failure_ = sqlstate;
  }
  const char* at_;
  int failure_ = 0;
};

void read_date(Reader& in, pg_tm* tm) {
  tm->tm_year = in.number(kFewestYearDigits, kMostYearDigits);
  in.require("-");
  tm->tm_mon = in.number(2, 2);
  in.require("-");
  tm->tm_mday = in.number(2, 2);
  if (tm->tm_year < 1 || tm->tm_mon < 1 || tm->tm_mon > MONTHS_PER_YEAR || tm->tm_mday < 1 ||
      tm->tm_mday > day_tab[isleap(tm->tm_year)][tm->tm_mon - 1] ||
      !IS_VALID_JULIAN(tm->tm_year, tm->tm_mon, tm->tm_mday))
    in.impossible();
}

fsec_t read_time(Reader& in, pg_tm* tm) {
  fsec_t fraction = 0;
  tm->tm_hour = in.number(2, 2);
  in.require(":");
  tm->tm_min = in.number(2, 2);
  if (in.take(":")) {
    tm->tm_sec = in.number(2, 2);
    if (in.take(".,")) fraction = in.fraction();
  }
  const bool is_end_of_day = tm->tm_hour == 24 && tm->tm_min == 0 && tm->tm_sec == 0 && fraction == 0;
  if ((tm->tm_hour > 23 && !is_end_of_day) || tm->tm_min > 59 || tm->tm_sec > 59) in.impossible();
  return fraction;
}

// Seconds west of Greenwich, as tm2timestamp() counts.
int read_offset(Reader& in) {
  if (in.take("Zz")) return 0;
  const bool is_east = in.next() == '+';
  in.require("+-");
  const int hours = in.number(2, 2);
  int minutes = 0, seconds = 0;
  if (in.take(":") || in.at_digit()) {
    minutes = in.number(2, 2);
    if (in.take(":") || in.at_digit()) seconds = in.number(2, 2);
  }
  if (hours > MAX_TZDISP_HOUR || minutes > 59 || seconds > 59) in.impossible();
  const int offset = (hours * MINS_PER_HOUR + minutes) * SECS_PER_MINUTE + seconds;
  return is_east ? -offset : offset;
}

}  // namespace

int read_moment(const char* text, GivenTime* given) {
  Reader in(text);
  pg_tm tm = {};
  fsec_t fraction = 0;
  read_date(in, &tm);
  if (in.take("Tt ")) fraction = read_time(in, &tm);
  given->is_local = in.at_end();
  int offset = given->is_local ? 0 : read_offset(in);
  if (!in.at_end()) in.wrong();
  if (in.failure() == 0 && tm2timestamp(&tm, fraction, given->is_local ? nullptr : &offset, &given->at) != 0)
    in.impossible();
  return in.failure();
}

GivenTime time_value(const char* key, const JsonbValue& value) {
  const char* text = text_value(key, value);
  const char* word = text + (*text == '-' || *text == '+' ? 1 : 0);
  if (pg_strcasecmp(word, "infinity") == 0 || pg_strcasecmp(word, "inf") == 0)
    raise_bad_option(key, "a finite moment; leave the option out for no bound");
  GivenTime given;
  if (const int failure = read_moment(text, &given); failure != 0) raise_no_moment(key, failure);
  return given;
}

}  // namespace glucose::pg
