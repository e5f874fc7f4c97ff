// SPDX-License-Identifier: PostgreSQL
#include "pg/work/measuring.hpp"

#include "pg/tables/material.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/recorded.hpp"
#include "pg/tables/subject.hpp"
#include "pg/work/rows.hpp"

namespace glucose::pg {

namespace {

glucose::pg::Query boundaries_of_version{
    "SELECT training_start, (metadata OPERATOR(pg_catalog.->>) 'validation_start')::pg_catalog.timestamptz, "
    "(metadata OPERATOR(pg_catalog.->>) 'test_start')::pg_catalog.timestamptz, "
    "(metadata OPERATOR(pg_catalog.->>) 'test_end')::pg_catalog.timestamptz FROM glucose.model_version "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND model_type OPERATOR(pg_catalog.=) $2 "
    "AND version OPERATOR(pg_catalog.=) $3",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};

TimestampTz moment_at(int col) {
  bool is_null;
  const Datum at = column(0, col, &is_null);
  return is_null ? DT_NOEND : DatumGetTimestampTz(at);
}

}  // namespace

const Rows* read_rows_for(const Task& task, const char* model_type, const AnyModel& model, const Person& person,
                          TimestampTz start_at, TimestampTz end_at, MemoryContext context) {
  Reach reach;
  TimestampTz lead = 0;
  guarded([&] {
    reach = task.scoring_reach(model);
    lead = task.scoring_lead(model);
  });
  reach.before -= lead;  // of the earlier rows' own beginning
  const Subject subject = read_subject(task, model_type, context);
  Material material = read_material(person, subject, reach, moved(start_at, -lead), end_at, context);
  if (task.outcome == nullptr)
    material.readings = with_recorded(material.readings, person, start_at, moved(end_at, reach.after), context);
  return rows_of(material, context, [&] { return task.scoring_rows(model); });
}

const std::vector<UnitErrors::Unit>* errors_of(const Task& task, const char* model_type, const AnyModel& model,
                                               const Person& person, const std::vector<int>& horizons_min,
                                               TimestampTz start_at, TimestampTz end_at, MemoryContext context) {
  const Rows* rows = read_rows_for(task, model_type, model, person, start_at, end_at, context);
  auto* errors = owned<UnitErrors>(
      context, [&] { return UnitErrors(task.score(model, *rows, start_at), horizons_min, start_at, end_at); });
  run_to_end(errors);
  return owned<std::vector<UnitErrors::Unit>>(context, [&] { return errors->take(); });
}

Boundaries read_boundaries(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  p.add(CStringGetTextDatum(row.version));
  run(boundaries_of_version, p, Mode::read);
  Boundaries b{moment_at(1), moment_at(2), moment_at(3), moment_at(4)};
  if (b.test_end < DT_NOEND) ++b.test_end;  // the last test row itself is not later
  return b;
}

}  // namespace glucose::pg
