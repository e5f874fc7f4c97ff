// SPDX-License-Identifier: PostgreSQL
#include "core/base/moment_text.hpp"

#include <array>

namespace glucose {

namespace {

constexpr int kFewestYearDigits = 4, kMostYearDigits = 6;  // of PostgreSQL's last year
constexpr int kMicrosDigits = 6;
constexpr int kFarthestOffsetHours = 15;  // as PostgreSQL takes them
constexpr std::array<int, 12> kMonthDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

/// A text from left to right. The first fault is kept, and what follows is of no meaning.
class Reader {
 public:
  explicit Reader(std::string_view given) : rest_(given) {}
  MomentFault fault() const { return fault_; }

  bool at_end() const { return rest_.empty(); }
  bool take(std::string_view any_of) {
    if (at_end() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void require(std::string_view any_of) {
    if (!take(any_of)) malformed();
  }
  char next() const { return at_end() ? '\0' : rest_.front(); }
  bool at_digit() const { return next() >= '0' && next() <= '9'; }
  int number(int fewest, int most) {
    int value = 0, n = 0;
    for (; n < most && at_digit(); ++n) value = 10 * value + digit();
    if (n < fewest) malformed();
    return value;
  }
  // Digits beyond microseconds are left out, as PostgreSQL does for what it cannot keep.
  int fraction() {
    int micros = 0, n = 0;
    for (; at_digit(); ++n) {
      const int value = digit();
      if (n < kMicrosDigits) micros = 10 * micros + value;
    }
    if (n == 0) malformed();
    for (; n < kMicrosDigits; ++n) micros *= 10;
    return micros;
  }
  void malformed() { fail(MomentFault::malformed); }
  void impossible() { fail(MomentFault::impossible); }

 private:
  int digit() {
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }
  void fail(MomentFault fault) {
    if (fault_ == MomentFault::none) fault_ = fault;
  }
  std::string_view rest_;
  MomentFault fault_ = MomentFault::none;
};

int days_of(int year, int month) {
  const bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return kMonthDays[static_cast<std::size_t>(month - 1)] + (month == 2 && is_leap ? 1 : 0);
}

void read_date(Reader& in, WrittenMoment& m) {
  m.year = in.number(kFewestYearDigits, kMostYearDigits);
  in.require("-");
  m.month = in.number(2, 2);
  in.require("-");
  m.day = in.number(2, 2);
  if (m.year < 1 || m.month < 1 || m.month > 12 || m.day < 1 || m.day > days_of(m.year, m.month)) in.impossible();
}

void read_time(Reader& in, WrittenMoment& m) {
  m.hour = in.number(2, 2);
  in.require(":");
  m.minute = in.number(2, 2);
  if (in.take(":")) {
    m.second = in.number(2, 2);
    if (in.take(".,")) m.micros = in.fraction();
  }
  const bool is_end_of_day = m.hour == 24 && m.minute == 0 && m.second == 0 && m.micros == 0;
  if ((m.hour > 23 && !is_end_of_day) || m.minute > 59 || m.second > 59) in.impossible();
}

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
  if (hours > kFarthestOffsetHours || minutes > 59 || seconds > 59) in.impossible();
  const int offset = (hours * 60 + minutes) * 60 + seconds;
  return is_east ? offset : -offset;
}

}  // namespace

MomentFault read_moment_text(std::string_view text, WrittenMoment& moment) noexcept {
  Reader in(text);
  moment = {};
  read_date(in, moment);
  if (in.take("Tt ")) read_time(in, moment);
  moment.is_local = in.at_end();
  if (!moment.is_local) moment.east_s = read_offset(in);
  if (!in.at_end()) in.malformed();
  return in.fault();
}

}  // namespace glucose
