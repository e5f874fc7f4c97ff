// SPDX-License-Identifier: PostgreSQL
// Kept SPI plans: every statement the extension runs over the tables is one of these, beside the code that runs it.
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

inline constexpr int kMaxParameters = 32;

/// A statement with its plan, prepared on first use and kept for the life of the backend. The server plans it again
/// whenever a table, a policy or the role changes.
struct Query {
  const char* sql;
  int n_parameters;
  Oid types[kMaxParameters];
  SPIPlanPtr plan = nullptr;
  /// One plan for any parameters: where there is one good way, and planning anew would cost more than the statement.
  bool is_planned_once = false;
};

/// Parameter values of one call, in order.
struct Parameters {
  Datum values[kMaxParameters];
  char nulls[kMaxParameters];
  int n = 0;
  void add(Datum value) {
    values[n] = value;
    nulls[n++] = ' ';
  }
  void add_null() {
    values[n] = 0;
    nulls[n++] = 'n';
  }
  void add_or_null(bool known, Datum value) { known ? add(value) : add_null(); }
};

/// As whom a statement runs, and whether it sees the caller's snapshot or takes one of its own.
/// as_owner and read_as_owner are the only places where the extension is anybody but its caller: one fixed, planned
/// statement runs as the owner of the tables, past row-level security, as the server's own foreign-key checks do.
/// Before it, the function has found the person as the caller (read_person, require_manager, require_steward), and it
/// makes every value of the row itself: no function that a role may call hands a row through to one of these.
enum class Mode { read, write, as_owner, read_as_owner };

/// What every function that runs statements does first and last. Reads see one snapshot: a stable function its
/// caller's, a volatile one a new snapshot, so that it sees what was written earlier in the same statement.
/// begin() raises 55000 unless setup() has made the tables this library works with, and row-level security guards them.
enum class Volatility { stable, is_volatile };
void begin(Volatility volatility);
/// As begin(), but does not look whether all relations are guarded: a policy is part of the guard.
void begin_for_policy(Volatility volatility);
void end(Volatility volatility);

/// Who owns the tables; raises 55000 when they are not there.
Oid owner_of_tables();

/// Runs a statement between begin() and end(); rows are in SPI_tuptable. What writes takes a snapshot of its own.
void run(Query& query, const Parameters& parameters, Mode mode);

/// As run, but hands every row to `receiver` instead of collecting them.
void stream(Query& query, const Parameters& parameters, DestReceiver* receiver);

/// After a statement that must have written: raises 55000 when it has not, so that nobody is told of what is not there.
void require_written();

/// Column `column` (1 …) of row `row` of SPI_tuptable. Every value of a result is read by one of these two: they raise
/// 55000 for a row that is not there (a statement may change no row that another session has changed meanwhile, or that
/// a trigger keeps as it is), and value() also for NULL.
Datum column(uint64 row, int column, bool* is_null);
Datum value(uint64 row, int column);
/// The same of rows that outlive the statements run for each of them.
Datum value(const SPITupleTable* rows, uint64 row, int column);
Datum column(const SPITupleTable* rows, uint64 row, int column, bool* is_null);

/// A text into out [size], empty for null.
void copy_text(uint64 row, int column, char* out, int size);
/// A double precision, NaN for null.
double number_or_nan(uint64 row, int column);

}  // namespace glucose::pg
