// SPDX-License-Identifier: PostgreSQL
// What the relations the functions read must be like, so that row-level security decides who sees what.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Raises 55000 when a relation the functions read is of a kind that row-level security cannot guard, or has lost its
/// flags: what setup() refuses or repairs. Looks at the relations themselves only after one of them has changed.
void require_guarded_relations();

/// Whether no row of a meal or reading can be there before its person: both relations are tables with a foreign key to
/// glucose.person. Whoever chooses a new person's id then gets nothing with it.
bool rows_need_a_person();

/// Whether nothing but who asks decides which rows a caller sees: both relations of the contract are tables, and no
/// policy of an application's own goes by anything that may change while a transaction goes on, as a setting does.
bool rows_go_by_identity_alone();

/// Whether the caller reads ('r') or adds ('a') persons by more than everybody's policies: a policy of its own, as the
/// steward and the owner of the tables have, or past row-level security altogether.
bool has_policy_of_its_own(char command);

/// Whether it is the policies that setup() makes, and no others, that say which rows the caller may add to a relation.
bool is_entered_by_our_policies(const char* relation);

/// Whether a relation of the contract is a table, and no view.
bool is_table(const char* relation);

}  // namespace glucose::pg
