// SPDX-License-Identifier: PostgreSQL
// check_model: look at what a model's forecasts came to, and take it from service when something else is better.
// note_performance, note_person_alerts, acknowledge_person_alert: what the steward writes down of persons.
#include <cmath>

#include "pg/boundary/arguments.hpp"
#include "pg/boundary/request.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/performance.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/read.hpp"
#include "pg/work/watching.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

namespace {

Datum check_row(FunctionCallInfo fcinfo, const LiveCheck& c) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const char* texts[] = {c.action, c.version, c.against};
  const double numbers[] = {c.mae, c.mae_against, c.ci_low, c.ci_high, c.p_value};
  Datum values[9];
  bool nulls[9] = {};
  for (int i = 0; i < 3; ++i) {
    values[i] = CStringGetTextDatum(texts[i]);
    nulls[i] = texts[i][0] == '\0';
  }
  values[3] = Int32GetDatum(c.n);
  nulls[3] = c.n < 0;
  for (int i = 0; i < 5; ++i) {
    values[4 + i] = Float8GetDatum(numbers[i]);
    nulls[4 + i] = std::isnan(numbers[i]);
  }
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

}  // namespace

SQL_FUNCTION(check_model) {
  PreventCommandIfReadOnly("check_model()");
  MemoryContext caller = CurrentMemoryContext;
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* model_type = text_argument(fcinfo, 1, "model_type");
  (void)require_task(model_type);
  begin(Volatility::is_volatile);
  read_person(person_id);
  require_manager(person_id);
  const LiveCheck check = check_model(person_id, model_type);
  MemoryContextSwitchTo(caller);
  const Datum result = check_row(fcinfo, check);
  end(Volatility::is_volatile);
  PG_RETURN_DATUM(result);
}

SQL_FUNCTION(note_performance) {
  PreventCommandIfReadOnly("note_performance()");
  const DateADT since = PG_ARGISNULL(0) ? 0 : PG_GETARG_DATEADT(0);
  begin(Volatility::is_volatile);
  require_steward("sums of forecasts");
  const int64 written = write_performance(PG_ARGISNULL(0) ? nullptr : &since);
  end(Volatility::is_volatile);
  PG_RETURN_INT64(written);
}

SQL_FUNCTION(note_person_alerts) {
  PreventCommandIfReadOnly("health_check()");
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_INT64(0);
  begin(Volatility::is_volatile);
  require_steward("alerts");
  const int64 found = write_person_alerts(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1));
  end(Volatility::is_volatile);
  PG_RETURN_INT64(found);
}

SQL_FUNCTION(acknowledge_person_alert) {
  PreventCommandIfReadOnly("acknowledge_alert()");
  const pg_uuid_t* alert_id = uuid_argument(fcinfo, 0, "alert_id");
  begin(Volatility::is_volatile);
  require_steward("alerts");
  const bool done = acknowledge_person_alert(alert_id, current_identity());
  end(Volatility::is_volatile);
  PG_RETURN_BOOL(done);
}
