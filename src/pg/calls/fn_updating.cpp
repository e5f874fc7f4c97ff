// SPDX-License-Identifier: PostgreSQL
// update_model: read what serves and what came since, learn what is the person's own anew, write the version.
#include <cmath>

#include "pg/boundary/about.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/request.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/tables/read.hpp"
#include "pg/work/updating.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

namespace {

void take_option(const char* key, const JsonbValue& value, void* state) {
  if (strcmp(key, "force") != 0) raise_unknown_option(key, "force");
  static_cast<UpdateRequest*>(state)->forced = bool_value(key, value);
}

Datum update_row(FunctionCallInfo fcinfo, const Update& u) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const char* texts[] = {u.status, u.version, u.reason, u.current_version};
  const double numbers[] = {u.mae_current, u.mae_candidate, u.ci_low, u.ci_high};
  constexpr int kPlaces[] = {1, 2, 3, 4};
  Datum values[10] = {BoolGetDatum(strcmp(u.status, "updated") == 0)};
  bool nulls[10] = {};
  for (int i = 0; i < 4; ++i) {
    values[kPlaces[i]] = CStringGetTextDatum(texts[i]);
    nulls[kPlaces[i]] = texts[i][0] == '\0';
  }
  values[5] = Int32GetDatum(u.n);
  nulls[5] = u.n < 0;
  for (int i = 0; i < 4; ++i) {
    values[6 + i] = Float8GetDatum(numbers[i]);
    nulls[6 + i] = std::isnan(numbers[i]);
  }
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

}  // namespace

COUNTED_FUNCTION(update_model, expensive) {
  PreventCommandIfReadOnly("update_model()");
  MemoryContext caller = CurrentMemoryContext;
  UpdateRequest request{};
  request.person_id = *uuid_argument(fcinfo, 0, "person_id");
  request.model_type = text_argument(fcinfo, 1, "model_type");
  request.task = &require_task(request.model_type);
  for_each_key(jsonb_argument(fcinfo, 2, "options"), "options", take_option, &request);
  About about;
  begin_about(about, "update of person", &request.person_id);
  begin(Volatility::is_volatile);
  read_person(&request.person_id);
  require_manager(&request.person_id);
  const Update update = update_model(request);
  MemoryContextSwitchTo(caller);
  const Datum result = update_row(fcinfo, update);
  end(Volatility::is_volatile);
  end_about(about);
  PG_RETURN_DATUM(result);
}
