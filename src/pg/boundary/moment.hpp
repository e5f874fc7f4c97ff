// SPDX-License-Identifier: PostgreSQL
// Moments in JSON: ISO 8601 and nothing else, whatever DateStyle and TimeZone are.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// A moment as it was given: with an offset, or a wall clock's time whose place is not known yet.
struct GivenTime {
  int64 at = 0;  // TimestampTz; is_local: Timestamp, to be settled by the person's clock
  bool is_local = false;
};

/// Reads YYYY-MM-DD, or that with T or a blank and hh:mm[:ss[.fraction]]; behind either Z or ±hh[[:]mm[[:]ss]].
/// Raises 22023 when it is no text or not finite, 22007 for any other form, 22008 for what no calendar has, naming the
/// key and never the value.
/// left_out: what holds without the option, for the hint
GivenTime time_value(const char* key, const JsonbValue& value, const char* left_out = "no bound");

/// The same of a text, and nothing is raised: returns 0, or the SQLSTATE of what is wrong with it.
int read_moment(const char* text, GivenTime* given);

}  // namespace glucose::pg
