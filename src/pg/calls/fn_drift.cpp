// SPDX-License-Identifier: PostgreSQL
// detect_drift: read what a version was trained on and what comes now, compare, write the rows.
#include <cmath>

#include "pg/boundary/arguments.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/drift.hpp"

using namespace glucose::pg;
using glucose::Drift;

namespace {

void put_row(ReturnSetInfo* result, const Drift& d) {
  Datum values[8] = {CStringGetTextDatum(glucose::kDriftKindNames[static_cast<size_t>(d.kind)]),
                     CStringGetTextDatum(d.name.c_str()),
                     Float4GetDatum(static_cast<float4>(d.statistic)),
                     Int32GetDatum(d.reference_n),
                     Int32GetDatum(d.current_n),
                     Float4GetDatum(static_cast<float4>(d.effect)),
                     Float8GetDatum(d.p),
                     BoolGetDatum(d.drifted)};
  bool nulls[8] = {};
  nulls[2] = std::isnan(d.statistic);
  nulls[5] = std::isnan(d.effect);
  nulls[6] = std::isnan(d.p);
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

TimestampTz time_or(FunctionCallInfo fcinfo, int i, TimestampTz otherwise) {
  return PG_ARGISNULL(i) ? otherwise : PG_GETARG_TIMESTAMPTZ(i);
}

}  // namespace

COUNTED_FUNCTION(detect_drift, expensive) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  DriftRequest request;
  request.person_id = optional_uuid_argument(fcinfo, 0);
  request.model_type = text_argument(fcinfo, 1, "model_type");
  request.task = &require_task(request.model_type);
  request.since = time_or(fcinfo, 2, DT_NOBEGIN);
  request.until = time_or(fcinfo, 3, DT_NOEND);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  for (const Drift& drift : *find_drifts(request, CurrentMemoryContext)) put_row(result, drift);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
