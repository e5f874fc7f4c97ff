// SPDX-License-Identifier: PostgreSQL
// WRITE: what watching finds of persons: sums of errors by day, and alerts. Read as the steward who calls, written as
// the owner of the tables, so that nobody writes such rows by hand. Called between begin() and end().
#pragma once
#include "pg/boundary/server.hpp"

extern "C" {
#include "utils/date.h"
}

namespace glucose::pg {

/// From `since` on (nullptr: the last days again), and whole weeks of what is old; the rows of days written.
int64 write_performance(const DateADT* since);

/// Of some persons (uuid[]) whole weeks of what is old.
void make_weeks_of_old(Datum persons);

/// What is found now is open, what is not any more is resolved; how much is found. `limits` as health_check() has them.
int64 write_person_alerts(Datum limits, Datum cooldown);

/// False when there is no open alert of that id.
bool acknowledge_person_alert(const pg_uuid_t* alert_id, const char* by);

}  // namespace glucose::pg
