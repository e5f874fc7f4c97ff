// SPDX-License-Identifier: PostgreSQL
#include "pg/work/watching.hpp"

#include <cmath>

#include "pg/boundary/request.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/person_lock.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/versions.hpp"

namespace glucose::pg {

namespace {

Query judge{
    "SELECT j.action, j.version, j.against, j.n, j.mae, j.mae_against, j.ci_low, j.ci_high, j.p_value "
    "FROM glucose.judge_live($1, $2) AS j",
    2,
    {UUIDOID, TEXTOID}};
Query withdraw{
    "UPDATE glucose.model_version SET withdrawn_at = pg_catalog.clock_timestamp() "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND model_type OPERATOR(pg_catalog.=) $2 "
    "AND version OPERATOR(pg_catalog.=) $3 AND is_active",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
Query insert_check{
    "INSERT INTO glucose.model_check (person_id, model_type, version, against, action, n, mae, mae_against, ci_low, "
    "ci_high, p_value) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    11,
    {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID, FLOAT8OID}};

Parameters of_type(const pg_uuid_t* person_id, const char* model_type) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  return p;
}

LiveCheck judgement_at_first_row() {
  LiveCheck c;
  copy_text(0, 1, c.action, sizeof c.action);
  copy_text(0, 2, c.version, sizeof c.version);
  copy_text(0, 3, c.against, sizeof c.against);
  bool is_null;
  const Datum n = column(0, 4, &is_null);
  if (!is_null) c.n = DatumGetInt32(n);
  c.mae = number_or_nan(0, 5);
  c.mae_against = number_or_nan(0, 6);
  c.ci_low = number_or_nan(0, 7);
  c.ci_high = number_or_nan(0, 8);
  c.p_value = number_or_nan(0, 9);
  return c;
}

void write_check(const pg_uuid_t* person_id, const char* model_type, const LiveCheck& c) {
  Parameters p = of_type(person_id, model_type);
  for (const char* text : {c.version, c.against, c.action}) p.add(CStringGetTextDatum(text));
  p.add(Int32GetDatum(c.n));
  for (const double number : {c.mae, c.mae_against, c.ci_low, c.ci_high, c.p_value})
    p.add_or_null(!std::isnan(number), Float8GetDatum(number));
  run(insert_check, p, Mode::as_owner);
}

}  // namespace

LiveCheck check_model(const pg_uuid_t* person_id, const char* model_type) {
  lock_person(person_id);
  run(judge, of_type(person_id, model_type), Mode::write);
  const LiveCheck c = judgement_at_first_row();
  if (strcmp(c.action, "kept") == 0) return c;
  if (strcmp(c.action, "rolled back") == 0) {
    TrainRequest of{};
    of.person_id = *person_id;
    strlcpy(of.model_type, model_type, sizeof of.model_type);
    (void)roll_back(of, c.against);
  } else {
    Parameters p = of_type(person_id, model_type);
    p.add(CStringGetTextDatum(c.version));
    run(withdraw, p, Mode::as_owner);
  }
  write_check(person_id, model_type, c);
  return c;
}

}  // namespace glucose::pg
