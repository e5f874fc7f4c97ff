// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/query.hpp"

#include <limits>

#include "pg/boundary/guard.hpp"
#include "pg/tables/extension.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/marks.hpp"
#include "pg/tables/relations.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "utils/syscache.h"
}

namespace glucose::pg {

namespace {

constexpr int kSchemaVersion = PGG_SCHEMA_VERSION;

Query newest_step{"SELECT pg_catalog.max(version) FROM glucose.schema_version", 0, {}};

void prepare(Query& query) {
  if (query.plan != nullptr) return;
  SPIPlanPtr plan = SPI_prepare_cursor(query.sql, query.n_parameters, query.types,
                                       query.is_planned_once ? CURSOR_OPT_GENERIC_PLAN : 0);
  if (plan == nullptr) elog(ERROR, "could not prepare statement: %s", SPI_result_code_string(SPI_result));
  SPI_keepplan(plan);
  query.plan = plan;
}

[[noreturn]] void tables_do_not_fit(const char* message,
                                    const char* way_out = "Run SELECT glucose.setup() as the owner of the tables.") {
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("%s", message), errhint("%s", way_out)));
  pg_unreachable();
}

void require_tables() {
  // The tables' identity is asked on every call (a cache look-up), their version once per identity, and again when it
  // may have been rolled back.
  static Oid checked = InvalidOid;
  const Oid schema = get_namespace_oid("glucose", true);
  const Oid table = OidIsValid(schema) ? get_relname_relid("schema_version", schema) : InvalidOid;
  if (!OidIsValid(table)) tables_do_not_fit("the tables of pg_glucose are not there");
  if (table == checked) return;
  on_rollback([] { checked = InvalidOid; });
  prepare(newest_step);
  if (SPI_execute_plan(newest_step.plan, nullptr, nullptr, true, 1) != SPI_OK_SELECT)
    elog(ERROR, "could not read the schema version");
  bool is_null = true;
  const int version = SPI_processed == 1 ? DatumGetInt32(column(0, 1, &is_null)) : 0;
  if (is_null || version < kSchemaVersion) tables_do_not_fit("the tables of pg_glucose are older than the library");
  if (version > kSchemaVersion)
    tables_do_not_fit("the tables of pg_glucose are newer than the library",
                      "Connect again; if that is not it, install the library that they were made with.");
  checked = table;
}

void execute(Query& query, const Parameters& parameters, bool read_only) {
  prepare(query);
  as_statement([&] {
    const int code =
        SPI_execute_plan(query.plan, const_cast<Datum*>(parameters.values), parameters.nulls, read_only, 0);
    if (code < 0) elog(ERROR, "could not run statement: %s", SPI_result_code_string(code));
  });
}

// An error on the way is rolled back with its (sub)transaction, which puts the caller back as well; here for whoever
// catches it before.
void run_as_owner(Query& query, const Parameters& parameters, Mode mode) {
  Oid caller;
  int context;
  GetUserIdAndSecContext(&caller, &context);
  SetUserIdAndSecContext(owner_of_tables(), context | SECURITY_LOCAL_USERID_CHANGE | SECURITY_NOFORCE_RLS);
  PG_TRY();
  { execute(query, parameters, mode == Mode::read_as_owner); }
  PG_FINALLY();
  { SetUserIdAndSecContext(caller, context); }
  PG_END_TRY();
}

[[noreturn]] void raise_no_row() {
  ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("a statement over the tables gave no row"),
                  errhint("Another session has changed them meanwhile, or a trigger or rule on them keeps rows "
                          "from being written. Try again.")));
}

// The one place where a result is read.
Datum checked(const SPITupleTable* rows, uint64 row, int column, bool* is_null) {
  if (rows == nullptr || row >= rows->numvals) raise_no_row();
  return SPI_getbinval(rows->vals[row], rows->tupdesc, column, is_null);
}

}  // namespace

Oid owner_of_tables() {
  const Oid schema = get_namespace_oid("glucose", true);
  const Oid table = OidIsValid(schema) ? get_relname_relid("schema_version", schema) : InvalidOid;
  HeapTuple row = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
  if (!HeapTupleIsValid(row)) tables_do_not_fit("the tables of pg_glucose are not there");
  const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(row))->relowner;
  ReleaseSysCache(row);
  return owner;
}

void begin(Volatility volatility) {
  require_extension_of_library();
  begin_for_policy(volatility);
  require_guarded_relations();
}

void begin_for_policy(Volatility volatility) {
  if (volatility == Volatility::is_volatile) {
    CommandCounterIncrement();
    PushActiveSnapshot(GetTransactionSnapshot());
  }
  SPI_connect();
  require_tables();
}

void end(Volatility volatility) {
  end_focus();
  SPI_finish();
  if (volatility == Volatility::is_volatile) PopActiveSnapshot();
}

void run(Query& query, const Parameters& parameters, Mode mode) {
  if (mode == Mode::as_owner || mode == Mode::read_as_owner)
    run_as_owner(query, parameters, mode);
  else
    execute(query, parameters, mode == Mode::read);
}

void stream(Query& query, const Parameters& parameters, DestReceiver* receiver) {
  prepare(query);
  ParamListInfo list = makeParamList(query.n_parameters);
  for (int i = 0; i < query.n_parameters; ++i)
    list->params[i] = {parameters.values[i], parameters.nulls[i] == 'n', PARAM_FLAG_CONST, query.types[i]};
  SPIExecuteOptions options = {};
  options.params = list;
  options.read_only = true;
  options.dest = receiver;
  as_statement([&] {
    const int code = SPI_execute_plan_extended(query.plan, &options);
    if (code < 0) elog(ERROR, "could not run statement: %s", SPI_result_code_string(code));
  });
}

void require_written() {
  if (SPI_processed == 0) raise_no_row();
}

Datum column(uint64 row, int column, bool* is_null) {
  return checked(SPI_tuptable, row, column, is_null);
}

Datum column(const SPITupleTable* rows, uint64 row, int column, bool* is_null) {
  return checked(rows, row, column, is_null);
}

Datum value(uint64 row, int column) {
  return value(SPI_tuptable, row, column);
}

Datum value(const SPITupleTable* rows, uint64 row, int column) {
  bool is_null;
  const Datum datum = checked(rows, row, column, &is_null);
  if (is_null)
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE), errmsg("a row of the tables holds an unexpected null"),
             errhint("Run SELECT glucose.setup() as the owner of the tables.")));
  return datum;
}

void copy_text(uint64 row, int col, char* out, int size) {
  bool is_null;
  const Datum value = column(row, col, &is_null);
  strlcpy(out, is_null ? "" : TextDatumGetCString(value), static_cast<size_t>(size));
}

double number_or_nan(uint64 row, int col) {
  bool is_null;
  const Datum number = column(row, col, &is_null);
  return is_null ? std::numeric_limits<double>::quiet_NaN() : DatumGetFloat8(number);
}

}  // namespace glucose::pg
