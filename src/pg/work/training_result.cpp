// SPDX-License-Identifier: PostgreSQL
#include "pg/work/training_result.hpp"

#include <cmath>

namespace glucose::pg {

Datum result_row(FunctionCallInfo fcinfo, const pg_uuid_t* person_id, const char* model_type,
                 const TrainedModel& trained, const StoredModel& stored, double training_ms) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  Datum values[14] = {UUIDPGetDatum(person_id),
                      CStringGetTextDatum(model_type),
                      CStringGetTextDatum(stored.version),
                      CStringGetTextDatum(trained.algorithm),
                      BoolGetDatum(stored.is_active),
                      Int32GetDatum(trained.n_train),
                      Int32GetDatum(trained.n_validation),
                      Int32GetDatum(trained.n_test),
                      Float4GetDatum(trained.mae),
                      Float4GetDatum(trained.rmse),
                      Float4GetDatum(trained.r2),
                      Float4GetDatum(static_cast<float4>(training_ms)),
                      BoolGetDatum(trained.production_ready),
                      PointerGetDatum(trained.quality_issues)};
  bool nulls[14] = {};
  nulls[0] = person_id == nullptr;
  nulls[8] = std::isnan(trained.mae);
  nulls[9] = std::isnan(trained.rmse);
  nulls[10] = std::isnan(trained.r2);
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

}  // namespace glucose::pg
