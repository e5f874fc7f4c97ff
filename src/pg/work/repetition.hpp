// SPDX-License-Identifier: PostgreSQL
// Whether the log has an answer to the same question already. docs/why/audit.md says what makes two questions the same.
#pragma once
#include "core/training/rows.hpp"
#include "pg/tables/log_row.hpp"

namespace glucose::pg {

struct Served;

/// What the log has of a question.
struct Repetition {
  bool has_key = false;  // whether this answer may be given to the same question again
  pg_uuid_t key;         // of the caller, the question, the model and all rows that it may look at
  bool found = false;    // within glucose.cache_ttl; then:
  pg_uuid_t whole;       // the row that has the answer,
  Jsonb* predictions;    // what was forecast, in mg/dL where it is glucose,
  const bytea* said;     // and what else the document tells of it
};

/// Sets served.repeated, and served.known where it had to be read for it.
void look_for_repetition(Served& served, const Reach& reach, MemoryContext context);

/// When the artifact last answered the person, by the log; -infinity: never.
TimestampTz last_use(const Served& served);

/// What stands beside the forecast in a document, as bytes of a row, and back.
template <class Said>
Datum bytes_of_said(const Said& said) {
  static_assert(std::is_trivially_copyable_v<Said>);
  return bytes_datum(&said, sizeof said);
}
template <class Said>
Said said_of(const Repetition& repeated) {
  if (VARSIZE_ANY_EXHDR(repeated.said) != sizeof(Said)) elog(ERROR, "a row of the log says something of another kind");
  Said said;
  memcpy(&said, VARDATA_ANY(repeated.said), sizeof said);
  return said;
}

}  // namespace glucose::pg
