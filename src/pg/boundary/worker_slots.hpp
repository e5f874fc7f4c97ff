// SPDX-License-Identifier: PostgreSQL
// How many background trainings there may be: slots in shared memory, counted over the whole server. A slot is taken
// before its process is asked for, so that however many sessions queue at once, no more processes are ever started.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Finds the slots, or makes them; raises 53200. To be called once before the others, where an error does no harm.
void find_worker_slots();

/// Starts a worker for a database if a slot is free; else the database waits, and whoever gives a slot back starts one
/// for it. May be called when a transaction has just committed, and raises nothing.
void start_worker(Oid database);

/// In a worker: the database it was started for, and its slot is held until it ends. InvalidOid: it came too late, its
/// slot has been given away.
Oid take_worker_slot();

/// The database waits for a worker, or, since a worker is looking for its jobs right now, no longer does.
void wait_for_worker(Oid database);
void end_waiting(Oid database);

/// Whether databases other than this one wait for a worker; whether all slots are taken.
bool other_databases_wait();
bool all_slots_taken();

}  // namespace glucose::pg
