// SPDX-License-Identifier: PostgreSQL
// cgm_forecast: read the model and the last hours' readings, compute, write the rows.
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/model_store.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/cgm_request.hpp"

using namespace glucose::pg;

namespace {

constexpr Size kMostReadingBytes = 4 * 1024 * 1024;  // of half a day: even one a second is below

// The person's own active model, else the population's.
ModelRow read_cgm_row(const pg_uuid_t* person_id, const char* version) {
  if (version[0] != '\0') {
    const ModelRow named = require_model(person_id, kCgmType, version);
    if (strcmp(named.status, "rejected") == 0)
      ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                      errmsg("model version \"%s\" was rejected when it was trained", version),
                      errhint("Choose a version whose status is ready.")));
    return named;
  }
  const ModelRow own = read_model(person_id, kCgmType, nullptr);
  if (own.found) return own;
  RunningExperiment unused;
  const ModelRow row = read_serving_population_model(kCgmType, &unused);
  if (!row.found)
    ereport(ERROR,
            (errcode(kNoModel), errmsg("no model of type \"cgm\" for this person"),
             errhint("Run SELECT glucose.train_model(person_id, 'cgm'); it needs 7 days of readings. There is no "
                     "population model either: a steward makes one by glucose.train_population_model('cgm').")));
  return row;
}

void put_points(ReturnSetInfo* result, TimestampTz at, const glucose::CgmForecast& forecast, const char* version) {
  const Datum confidence = CStringGetTextDatum(glucose::kConfidenceNames[static_cast<size_t>(forecast.confidence)]);
  const Datum version_text = CStringGetTextDatum(version);
  for (size_t i = 0; i < static_cast<size_t>(forecast.n); ++i) {
    const glucose::CgmForecastPoint& p = forecast.points[i];
    Datum values[8] = {Int32GetDatum(p.minutes_ahead), TimestampTzGetDatum(at + p.minutes_ahead * glucose::kMinute),
                       Float4GetDatum(p.mg_dl),        Float4GetDatum(p.lower),
                       Float4GetDatum(p.upper),        confidence,
                       Float4GetDatum(p.score),        version_text};
    bool nulls[8] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
}

}  // namespace

SQL_FUNCTION(cgm_forecast) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const TimestampTz at = time_argument(fcinfo, 1, "at");
  CgmRequest request = read_cgm_request(at, jsonb_argument(fcinfo, 2, "options"));
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  request.question.utc_offset_min = utc_offset_min(at, read_person(person_id).time_zone);
  const ModelRow row = read_cgm_row(person_id, request.version);
  const Readings readings =
      read_readings(person_id, at - glucose::kCgmReach, at, kMostReadingBytes, CurrentMemoryContext);
  const glucose::CgmModel* model = load_cgm_model(row, person_id);
  glucose::CgmForecast forecast;
  guarded([&] {
    forecast = glucose::cgm_forecast(*model, {readings.rows, static_cast<size_t>(readings.n)}, request.question);
  });
  put_points(result, at, forecast, row.version);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
