// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/patches.hpp"

#include "pg/tables/query.hpp"
#include "pg/tables/versions.hpp"

namespace glucose::pg {

namespace {

#define OF_TYPE(alias)                                   \
  alias "person_id OPERATOR(pg_catalog.=) $1 AND " alias \
        "model_type "                                    \
        "OPERATOR(pg_catalog.=) $2 "
// Also of a deleted version that was once live.
Query newest_patch{
    "SELECT glucose.increment_version(n.version, 'patch') FROM (SELECT version FROM glucose.model_version WHERE " OF_TYPE(
        "") "UNION ALL SELECT version FROM glucose.deployment WHERE " OF_TYPE("") ") AS n "
    "WHERE (glucose.version_parts(n.version))[1:2] OPERATOR(pg_catalog.=) (glucose.version_parts($3))[1:2] "
    "ORDER BY glucose.version_parts(n.version) USING OPERATOR(pg_catalog.>) LIMIT 1",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
// take_artifact() keeps what serves and what is tried.
Query older_patches{
    "SELECT v.version FROM (SELECT m.version, glucose.version_parts(m.version) AS parts, m.artifact_taken_at, "
    "pg_catalog.max(glucose.version_parts(m.version)) OVER (PARTITION BY (glucose.version_parts(m.version))[1:2]) "
    "AS newest FROM glucose.model_version m WHERE " OF_TYPE("m.") ") AS v "
    "WHERE v.parts[3] OPERATOR(pg_catalog.>) 0 AND v.parts OPERATOR(pg_catalog.<) v.newest "
    "AND v.artifact_taken_at IS NULL "
    "AND (v.version OPERATOR(pg_catalog.=) glucose.way_back($1, $2)) IS NOT TRUE",
    2,
    {UUIDOID, TEXTOID}};

Parameters of_type(const TrainRequest& request) {
  Parameters p;
  p.add(UUIDPGetDatum(&request.person_id));
  p.add(CStringGetTextDatum(request.model_type));
  return p;
}

}  // namespace

void next_patch(const TrainRequest& request, char* out) {
  Parameters p = of_type(request);
  p.add(CStringGetTextDatum(request.patch_of));
  run(newest_patch, p, Mode::as_owner);
  strlcpy(out, TextDatumGetCString(value(0, 1)), kLongestVersion);
}

void take_older_patches(const TrainRequest& of, const char* stored) {
  if (of.of_population || strcmp(strrchr(stored, '.'), ".0") == 0) return;
  run(older_patches, of_type(of), Mode::as_owner);
  const SPITupleTable* rows = SPI_tuptable;
  const uint64 n = SPI_processed;
  for (uint64 i = 0; i < n; ++i) (void)take_artifact(of, TextDatumGetCString(value(rows, i, 1)));
}

}  // namespace glucose::pg
