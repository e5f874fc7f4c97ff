// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Who asks, palloc'ed, or nullptr when nobody is known. Never raises: policies call it.
char* current_identity();

/// Raises 28000, with what to do in this mode.
[[noreturn]] void raise_no_identity();

/// Whether a person is among those that our policies show the caller.
bool sees(const pg_uuid_t* person_id);
/// Whether these are all that it sees: no policy of somebody else's making shows more.
bool sees_by_our_policies_alone();
/// False when no policy can show this person to the caller, decided without a look at the person: whether it is there
/// or not takes the same time. Call it before a row is looked for by an id that the caller has chosen.
bool may_see(const pg_uuid_t* person_id);
/// Whether a person is the caller's own.
bool owns(const pg_uuid_t* person_id);
/// Whether the caller may add meals and readings of a person, as the policies of the two tables ask.
bool may_record(const pg_uuid_t* person_id);
/// Whom the caller sees, palloc'ed; nullptr when that is more than `most` persons or not by our policies alone. Asked
/// in any case, so that what follows does not do it only when a row is there.
const ArrayType* few_visible_persons(int most);

/// From here until end_focus(), visible_persons() names only this person, if it is one of them: a call that works for
/// one person need not have its policies look through all that the caller may see. Holds no longer than the visible
/// persons that are kept: same transaction, subtransaction, snapshot, identity and role.
void focus_on(const pg_uuid_t* person_id);
void end_focus();

/// Raises 42501 unless the caller may train, deploy and delete models of a person it sees: its owner, whom it is shared
/// with at level "manage", and the steward.
void require_manager(const pg_uuid_t* person_id);

/// Whether the caller decides about everybody's models: a steward, the owner of the tables, a superuser. A look-up, no
/// statement.
bool caller_is_steward();

/// Raises 42501 unless the caller is one; `what` is like "population models".
void require_steward(const char* what);

/// Raises 28000 when nobody is known, else P0002: a person or meal that is not there and one that is somebody else's
/// give the same error, message and code path. `what` is like "meal"; the id is repeated in the message.
[[noreturn]] void raise_not_found(const char* what, const pg_uuid_t* id);

}  // namespace glucose::pg
