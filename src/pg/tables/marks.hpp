// SPDX-License-Identifier: PostgreSQL
// Which of a person's rows are still those that a session has read before. docs/why/speed.md says why this is sound.
//
// glucose.serving_mark holds, for a person, up to when its meals and readings count as settled (rows_until), and a
// number that changes with every statement that changes one of them: triggers on both tables see to it. Whoever has
// read settled rows may use them again while the number is the same. Newer rows are read every time.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// What the marks of a person say under a snapshot.
struct Mark {
  bool found = false;
  uint64 token = 0;       // of all settled rows
  TimestampTz until = 0;  // rows up to then are settled
};

/// What the statement just run says of the person's marks: rows of token and rows_until.
void note_marks(const pg_uuid_t* person_id, int first_column);
/// As the caller, under row-level security: whoever does not see the marks has none.
Mark read_mark(const pg_uuid_t* person_id);

/// Whether rows may be kept at all: both relations are plain tables with the triggers of setup(), whose rows
/// are seen by whoever sees the person's marks, and the caller may read them. `changed` is set when they are not the
/// tables, or not with the triggers, of the last call.
bool rows_can_be_kept(bool* changed);

/// A bound for all transactions that may have begun to write before now.
uint64 writers_until_now();
/// Whether under this snapshot all those have ended.
bool writers_have_ended(uint64 bound, Snapshot snapshot);

/// Whether a mark should be moved on: the newest reading is far enough beyond it.
bool is_due(const Mark& mark, TimestampTz newest_reading);

/// Moves the mark of a person on, if it is still due. Writes as the owner of the tables;
/// does nothing where that cannot be: in recovery, in a read-only transaction.
void advance_mark(const pg_uuid_t* person_id, TimestampTz newest_reading);

/// To be called when rows have been read that are to be kept.
void rows_were_read();

/// Called when what this session has read may have been rolled back with its transaction. Again with the same: no
/// difference.
using RolledBack = void (*)();
void on_rollback(RolledBack forget);

}  // namespace glucose::pg
