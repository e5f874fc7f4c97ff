// SPDX-License-Identifier: PostgreSQL
// READ: what is known of a person, as read_known() says, of which as much as possible was read before.
#pragma once
#include "pg/tables/material.hpp"

namespace glucose::pg {

/// As read_known(), with more rows than it asks for. Settled ones (marks.hpp) are kept by this session, with what tasks
/// work out of them, within glucose.cache_size: answers are the same to the bit. What is stored of days is read anew.
/// Valid until the next call.
Known read_kept(const Person& person, const Subject& subject, const Reach& reach, TimestampTz at,
                MemoryContext context);

/// A person with its settled rows and what tasks have worked out of them.
struct KeptPerson;

/// A number that stands for all of a person's meals and readings up to a moment: another one when any of them is
/// another, in this session or in any.
struct SettledRows {
  bool found = false;
  bool are_kept = false;  // and this session has them
  uint64 token = 0;
  TimestampTz until = DT_NOBEGIN;
  KeptPerson* kept = nullptr;  // for read_kept() right after settled_rows(), before a statement runs or anybody is read
};
SettledRows settled_rows(const Person& person);

/// As read_kept() of a person that settled_rows() has just been asked about; what is kept of it is not sought again.
Known read_kept(const SettledRows& settled, const Person& person, const Subject& subject, const Reach& reach,
                TimestampTz at, MemoryContext context);

/// As read_meal(); taken from what is kept where the statement has asked about the person before.
PersonMeal read_kept_meal(const pg_uuid_t* meal_id, const pg_uuid_t* person_id);

/// Marks the person's rows as settled, if it is time to; read_kept() was asked about it last.
void settle(const pg_uuid_t* person_id, TimestampTz newest_reading);

/// Forgets all that is kept of persons; how many there were.
int forget_kept();

}  // namespace glucose::pg
