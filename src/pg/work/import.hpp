// SPDX-License-Identifier: PostgreSQL
// Many rows of one person at once, whatever they are: what is asked for, what became of each, and the order in which
// rows are looked for, added and corrected. Everything is an ordinary statement of the caller, under its privileges and
// the policies of the tables.
#pragma once
#include <type_traits>

#include "core/base/units.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

/// Why a row was not taken; kRefusalNames has their names in answers.
enum class Refusal : uint8 {
  missing,
  malformed,
  not_finite,
  looks_like_mmol_l,
  out_of_range,
  time_out_of_range,
  other_person,
  not_yours,
  not_written,
  unknown_metric,
  unknown_unit,
};
inline constexpr const char* kRefusalNames[] = {
    "missing",      "malformed", "not_finite",  "looks_like_mmol_l", "out_of_range", "time_out_of_range",
    "other_person", "not_yours", "not_written", "unknown_metric",    "unknown_unit"};
inline constexpr int kRefusals = sizeof kRefusalNames / sizeof *kRefusalNames;
inline constexpr int kFirstPlaces = 5;  // how many places of each kind are named

/// What is imported; options differ.
enum class Importing : uint8 { readings, meals, days };

struct ImportOptions {
  GlucoseUnit unit = GlucoseUnit::mg_dl;  // of readings
  bool keeps = false;                     // what is there already and differs stays
  bool is_strict = false;
  bool names_recorded_at = false;  // of readings and days; else NULL, or the default of a table of one's own
  bool is_recorded_when_measured = false;
  TimestampTz recorded_at = 0;
  const char* source = nullptr;  // of days, where a row names none
};

/// Raises 22023 for more rows than one call may bring: what it holds of them at once has a bound.
void require_few_rows(int64 n);

/// Reads the options; those of other kinds of rows are unknown. Raises 22023.
ImportOptions read_import_options(Jsonb* options, Importing what);

/// What became of the rows. `place` counts from 1, as SQL's arrays do.
struct Tally {
  int64 added = 0, same = 0, changed = 0, kept = 0, duplicates = 0;
  int64 refused[kRefusals] = {};
  int32 first[kRefusals][kFirstPlaces];

  void refuse(Refusal why, int32 place);
  int64 all_refused() const;
};

/// Whether a text may name a source of a day's values.
bool is_source(const char* name);

/// Whether a moment may be one at which something was measured or eaten: since kEarliest, and at most so far ahead of
/// the transaction's clock.
bool is_credible_time(TimestampTz at, int64 at_most_ahead);

/// Raises 42501 unless the caller may add rows of the person to this relation. Only where our policies alone decide:
/// what a view or a policy of somebody else's making lets through is seen when rows are written.
void require_recorder(const char* relation, const pg_uuid_t* person_id);

/// Sorts rows by `compare`; the server looks meanwhile whether it has been told to stop.
template <auto compare, class Row>
void sort_rows(Row* rows, int n) {
  static_assert(std::is_trivially_copyable_v<Row>);
  qsort_interruptible(
      rows, static_cast<size_t>(n), sizeof(Row),
      [](const void* a, const void* b, void*) {
        return compare(*static_cast<const Row*>(a), *static_cast<const Row*>(b));
      },
      nullptr);
}

/// What a look has found of a row.
enum class Found : uint8 { settled, nothing, the_same, another };

/// Rows of one person in the order of their key, each key once.
class Arrivals {
 public:
  int n = 0;
  Found* found = nullptr;   // [n]
  int32* places = nullptr;  // [n]

  /// Looks for every row that is not settled, and notes what is there.
  virtual void look(bool at_newest) = 0;
  /// Adds the rows of which there is nothing, and corrects those of which there is another; return how many it did.
  virtual uint64 add() = 0;
  virtual uint64 correct() = 0;

  int count(Found what) const;

  /// Nothing is known of any of the rows yet. rows: [n], each with its place in what was given
  template <class Row>
  void begin(const Row* rows, int size) {
    n = size;
    found = static_cast<Found*>(palloc(sizeof(Found) * static_cast<Size>(n + 1)));
    places = static_cast<int32*>(palloc(sizeof(int32) * static_cast<Size>(n + 1)));
    for (int i = 0; i < n; ++i) {
      found[i] = Found::nothing;
      places[i] = rows[i].place;
    }
  }

 protected:
  ~Arrivals() = default;

  /// An array parameter: a column of the rows of one kind, or for `settled` of all that are not. get(row, is_null)
  template <class Row, class Get>
  void add_column(Parameters& p, const Row* rows, Found what, Oid type, Get&& get) const {
    auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(n + 1)));
    auto* nulls = static_cast<bool*>(palloc0(static_cast<Size>(n + 1)));
    int k = 0;
    for (int i = 0; i < n; ++i)
      if (what == Found::settled ? found[i] != what : found[i] == what) {
        CHECK_FOR_INTERRUPTS();
        values[k] = get(rows[i], &nulls[k]);
        ++k;
      }
    p.add(array_of(values, nulls, k, type));
  }
};

/// Writes what has to be written. Raises when the options are strict and something is refused: 42501 when it is not the
/// caller's to correct, else 22023.
void settle(Arrivals& rows, const ImportOptions& options, Tally& tally);

/// The row of the answer.
Datum import_result(FunctionCallInfo fcinfo, const Tally& tally);

}  // namespace glucose::pg
