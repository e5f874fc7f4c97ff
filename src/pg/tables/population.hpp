// SPDX-License-Identifier: PostgreSQL
// Whom population models learn from: enough persons that the model tells of none of them, and never so few more or less
// than another version's that the difference of two would. Called between begin() and end(), by a steward.
#pragma once
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// Persons by their ids, palloc'ed.
struct Members {
  Datum* ids;
  int n = 0;
};

/// The persons to read for a training: those who share data and whom the caller sees. Newcomers wait, with a NOTICE,
/// until they are as many as glucose.min_population_persons, unless somebody has left.
Persons choose_persons(const char* model_type);

/// Raises MG002 when the persons with enough rows are fewer than glucose.min_population_persons, and 55000 when they
/// differ from those of another version by some, but by fewer.
void require_enough_persons(const char* model_type, const Members& members);

/// Before the version is stored, and so before the lock of everybody's models, as erasing a person takes the two: keeps
/// whom it has learnt from until the transaction ends. Raises 40001 when one of them has been erased meanwhile.
void hold_members(const Members& members);
/// Notes whom the version just stored has learnt from.
void store_members(const char* model_type, const char* version, const Members& members);

}  // namespace glucose::pg
