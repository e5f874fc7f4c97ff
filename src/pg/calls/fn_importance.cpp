// SPDX-License-Identifier: PostgreSQL
// feature_importance: read the version and its test meals, shuffle, write the rows.
#include "core/tasks/meal/asking/importance.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/history.hpp"
#include "pg/tables/model_store.hpp"
#include "pg/tables/query.hpp"

using namespace glucose::pg;
using glucose::FeatureImportance;
using glucose::Importance;

namespace {

constexpr uint64 kSeed = 1;

glucose::pg::Query test_of_version{
    "SELECT (metadata OPERATOR(pg_catalog.->>) 'test_start')::pg_catalog.timestamptz, "
    "(metadata OPERATOR(pg_catalog.->>) 'test_end')::pg_catalog.timestamptz FROM glucose.model_version "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND model_type OPERATOR(pg_catalog.=) $2 "
    "AND version OPERATOR(pg_catalog.=) $3",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};

struct Period {
  bool known;
  TimestampTz start_at, end_at;  // start_at <= eaten_at < end_at
};

Period read_test(const pg_uuid_t* person_id, const char* model_type, const char* version) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  p.add(CStringGetTextDatum(version));
  run(test_of_version, p, Mode::read);
  bool no_start, no_end;
  const Datum start = column(0, 1, &no_start), end = column(0, 2, &no_end);
  if (no_start || no_end) return {false, 0, 0};
  return {true, DatumGetTimestampTz(start), DatumGetTimestampTz(end) + 1};
}

const std::vector<Importance>* measure(const glucose::Model* model, const std::vector<glucose::Sample>* samples,
                                       TimestampTz from) {
  auto* measuring = owned<FeatureImportance>(CurrentMemoryContext, [&] {
    size_t n = 0;
    while (n < samples->size() && (*samples)[n].eaten_at < from) ++n;
    const glucose::Samples all(*samples);
    return FeatureImportance(*model, all.first(n), all.subspan(n), kSeed);
  });
  run_to_end(measuring);
  return owned<std::vector<Importance>>(CurrentMemoryContext, [&] { return measuring->take(); });
}

}  // namespace

SQL_FUNCTION(feature_importance) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* model_type = text_argument(fcinfo, 1, "model_type");
  const char* version = PG_ARGISNULL(2) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(2));
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  read_person(person_id);
  const ModelRow row = require_model(person_id, model_type, version);
  const Period test = read_test(person_id, model_type, row.version);
  if (test.known) {
    const glucose::Model* model = load_model(row, person_id, model_type);
    const History history = read_history(person_id, remembering_from(test.start_at), test.end_at,
                                         model->horizons_min.back(), CurrentMemoryContext);
    const auto* samples =
        build_samples(history, model->horizons_min.data(), model->horizons(), CurrentMemoryContext, Outcomes::any);
    for (const Importance& i : *measure(model, samples, test.start_at)) {
      Datum values[4] = {CStringGetTextDatum(i.feature.data()), Int32GetDatum(i.minutes_ahead),
                         Float4GetDatum(i.increase), Int32GetDatum(i.n)};
      bool nulls[4] = {};
      tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
