// SPDX-License-Identifier: PostgreSQL
#include "pg/work/import.hpp"

#include <algorithm>

#include "pg/boundary/json.hpp"
#include "pg/boundary/moment.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/relations.hpp"

namespace glucose::pg {

namespace {

// Clocks that have lost the time say 1970 or 2000-odd years ago; nobody has measured at home before this.
constexpr TimestampTz kEarliest = static_cast<TimestampTz>(-20 * 365 - 5) * USECS_PER_DAY;  // 1980-01-01

void take_recorded_at(const char* key, const JsonbValue& value, ImportOptions* options) {
  constexpr const char* kWanted = "now, measured, or a moment in ISO 8601 with its offset, not in the future";
  const char* text = text_value(key, value);
  const TimestampTz now = GetCurrentTransactionStartTimestamp();
  options->names_recorded_at = true;
  options->recorded_at = now;
  options->is_recorded_when_measured = strcmp(text, "measured") == 0;
  if (options->is_recorded_when_measured || strcmp(text, "now") == 0) return;
  GivenTime given;
  if (const int failure = read_moment(text, &given); failure != 0)
    ereport(ERROR,
            (errcode(failure), errmsg("invalid value for option \"%s\"", key), errhint("It must be %s.", kWanted)));
  if (given.is_local || given.at > now) raise_bad_option(key, kWanted);
  options->recorded_at = given.at;
}

void take_on_change(const char* key, const JsonbValue& value, ImportOptions* options) {
  const char* name = text_value(key, value);
  options->keeps = strcmp(name, "keep") == 0;
  if (!options->keeps && strcmp(name, "update") != 0) raise_bad_option(key, "update or keep");
}

void take_source(const char* key, const JsonbValue& value, ImportOptions* options) {
  options->source = text_value(key, value);
  if (!is_source(options->source)) raise_bad_option(key, "a name of 1 to 63 characters");
}

/// Options of each kind of rows, in the order of Importing.
constexpr struct {
  const char* names;
  bool unit, recorded_at, source;
} kOptions[] = {{"unit, on_change, recorded_at and strict", true, true, false},
                {"on_change and strict", false, false, false},
                {"source, on_change, recorded_at and strict", false, true, true}};

bool is_option(const char* key, Importing what) {
  const auto& of = kOptions[static_cast<int>(what)];
  if (strcmp(key, "unit") == 0) return of.unit;
  if (strcmp(key, "recorded_at") == 0) return of.recorded_at;
  if (strcmp(key, "source") == 0) return of.source;
  return strcmp(key, "on_change") == 0 || strcmp(key, "strict") == 0;
}

/// What is being read, and for what.
struct Reading {
  ImportOptions options;
  Importing what;
};

void take_option(const char* key, const JsonbValue& value, void* state) {
  auto* reading = static_cast<Reading*>(state);
  if (!is_option(key, reading->what)) raise_unknown_option(key, kOptions[static_cast<int>(reading->what)].names);
  if (value.type == jbvNull) return;  // null asks for the default
  if (strcmp(key, "unit") == 0)
    reading->options.unit = require_unit(text_value(key, value));
  else if (strcmp(key, "recorded_at") == 0)
    take_recorded_at(key, value, &reading->options);
  else if (strcmp(key, "on_change") == 0)
    take_on_change(key, value, &reading->options);
  else if (strcmp(key, "source") == 0)
    take_source(key, value, &reading->options);
  else
    reading->options.is_strict = bool_value(key, value);
}

// Kinds and places, and no value.
char* refusals_as_json(const Tally& tally) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  for (int kind = 0; kind < kRefusals; ++kind) {
    if (tally.refused[kind] == 0) continue;
    json_key(&out, kRefusalNames[kind]);
    appendStringInfo(&out, "{\"count\": " INT64_FORMAT ", \"first\": [", tally.refused[kind]);
    for (int i = 0; i < kFirstPlaces && i < tally.refused[kind]; ++i)
      appendStringInfo(&out, "%s%d", i > 0 ? ", " : "", tally.first[kind][i]);
    appendStringInfoString(&out, "]}");
  }
  appendStringInfoChar(&out, '}');
  return out.data;
}

void raise_when_strict(const ImportOptions& options, const Tally& tally) {
  if (!options.is_strict || tally.all_refused() == 0) return;
  const bool is_others = tally.refused[static_cast<int>(Refusal::not_yours)] > 0;
  ereport(ERROR, (errcode(is_others ? ERRCODE_INSUFFICIENT_PRIVILEGE : ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg(INT64_FORMAT " of the rows cannot be taken", tally.all_refused()),
                  errdetail("Kinds, and the first places of each: %s.", refusals_as_json(tally)),
                  errhint("Nothing has been written. Without the option strict all other rows are.")));
}

// Of what was tried, what is still to be explained: somebody else was faster, or the table did not take it.
void refuse_all(const Arrivals& rows, Found what, Refusal why, Tally& tally) {
  for (int i = 0; i < rows.n; ++i)
    if (rows.found[i] == what) {
      tally.refuse(why, rows.places[i]);
      rows.found[i] = Found::settled;
    }
}

void add_new(Arrivals& rows, Tally& tally) {
  const int missing = rows.count(Found::nothing);
  if (missing == 0) return;
  tally.added = static_cast<int64>(rows.add());
  if (tally.added == missing) return;
  // Another session was first with some. What is there now is seen by a snapshot of its own.
  rows.look(true);
  tally.same += std::max<int64>(rows.count(Found::the_same) - tally.added, 0);
  refuse_all(rows, Found::nothing, Refusal::not_written, tally);
}

void correct_others(Arrivals& rows, const ImportOptions& options, Tally& tally) {
  const int different = rows.count(Found::another);
  if (different == 0) return;
  if (options.keeps) {
    tally.kept = different;
    return;
  }
  tally.changed = static_cast<int64>(rows.correct());
  if (tally.changed == different) return;
  // Corrected by somebody else meanwhile, or a row that the caller sees but may not correct.
  rows.look(true);
  const int left = rows.count(Found::another) + rows.count(Found::nothing);
  tally.same += different - tally.changed - left;
  refuse_all(rows, Found::another, Refusal::not_yours, tally);
  refuse_all(rows, Found::nothing, Refusal::not_written, tally);
}

}  // namespace

ImportOptions read_import_options(Jsonb* options, Importing what) {
  Reading reading{{}, what};
  for_each_key(options, "options", take_option, &reading);
  return reading.options;
}

void require_few_rows(int64 n) {
  constexpr int64 kMostRows = 1000000;
  if (n <= kMostRows) return;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("at most " INT64_FORMAT " rows can be imported in one call", kMostRows),
                  errdetail("There are " INT64_FORMAT ".", n), errhint("Import them in parts.")));
}

void Tally::refuse(Refusal why, int32 place) {
  const auto kind = static_cast<int>(why);
  if (refused[kind] < kFirstPlaces) first[kind][refused[kind]] = place;
  ++refused[kind];
}

int64 Tally::all_refused() const {
  int64 all = 0;
  for (const int64 n : refused) all += n;
  return all;
}

int Arrivals::count(Found what) const {
  int count = 0;
  for (int i = 0; i < n; ++i) count += found[i] == what;
  return count;
}

bool is_source(const char* name) {
  const int length = pg_mbstrlen(name);
  return length >= 1 && length <= 63;
}

bool is_credible_time(TimestampTz at, int64 at_most_ahead) {
  return at >= kEarliest && at <= GetCurrentTransactionStartTimestamp() + at_most_ahead;
}

void require_recorder(const char* relation, const pg_uuid_t* person_id) {
  if (!is_entered_by_our_policies(relation) || may_record(person_id)) return;
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("permission denied to record for person %s",
                         DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(person_id)))),
                  errhint("Its owner can share it at level \"record\": see glucose.person_access.")));
}

void settle(Arrivals& rows, const ImportOptions& options, Tally& tally) {
  raise_when_strict(options, tally);
  rows.look(false);
  end_focus();  // what triggers of the application's own read is their affair
  tally.same = rows.count(Found::the_same);
  for (int i = 0; i < rows.n; ++i)
    if (rows.found[i] == Found::the_same) rows.found[i] = Found::settled;
  add_new(rows, tally);
  for (int i = 0; i < rows.n; ++i)
    if (rows.found[i] != Found::another) rows.found[i] = Found::settled;
  correct_others(rows, options, tally);
  raise_when_strict(options, tally);
}

Datum import_result(FunctionCallInfo fcinfo, const Tally& tally) {
  TupleDesc columns;
  if (get_call_result_type(fcinfo, nullptr, &columns) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row");
  Datum values[] = {Int64GetDatum(tally.added),
                    Int64GetDatum(tally.same),
                    Int64GetDatum(tally.changed),
                    Int64GetDatum(tally.all_refused()),
                    Int64GetDatum(tally.kept),
                    Int64GetDatum(tally.duplicates),
                    JsonbPGetDatum(to_jsonb(refusals_as_json(tally)))};
  bool nulls[] = {false, false, false, false, false, false, false};
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls));
}

}  // namespace glucose::pg
