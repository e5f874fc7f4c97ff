// SPDX-License-Identifier: PostgreSQL
// What came of logged answers as applications have recorded it, where the tables do not say.
#pragma once
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// A logged answer: whose, of which type, and which minutes ahead it spoke of (by minutes; at: of what moment). One
/// that was given again is the one that it was first: prediction_id is of the row that holds the values.
struct LoggedAnswer {
  pg_uuid_t person_id, prediction_id;
  const char* model_type;
  int n = 0;
  struct Point {
    int minutes_ahead;
    TimestampTz at;
  };
  Point* points;
};

/// The person and the row that holds the values of a logged answer, as the caller; false: the caller sees none.
/// person_id: nullptr when it is not said.
bool find_whole_answer(const pg_uuid_t* prediction_id, const pg_uuid_t* person_id, pg_uuid_t* whose, pg_uuid_t* whole);

/// As the caller, palloc'ed. person_id: nullptr when it is not said. Raises 28000, P0002.
LoggedAnswer read_logged_answer(const pg_uuid_t* prediction_id, const pg_uuid_t* person_id);

/// Stores values, int4[] and float4[]; one that is there already is replaced. The caller may record for the person.
void write_outcomes(const pg_uuid_t* person_id, const pg_uuid_t* prediction_id, ArrayType* minutes, ArrayType* values,
                    const char* by);

/// The readings and, where there are none within 15 minutes on both sides, glucose that was recorded as the outcome of
/// answers of start_at <= at < end_at, as readings that no forecast has known; sorted by time, in `context`.
std::span<const Reading> with_recorded(std::span<const Reading> readings, const Person& person, TimestampTz start_at,
                                       TimestampTz end_at, MemoryContext context);

}  // namespace glucose::pg
