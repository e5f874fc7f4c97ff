// SPDX-License-Identifier: PostgreSQL
// predict_async, cancel_job: forecasts of many, queued and taken back.
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/request.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/batches.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/tables/subject.hpp"
#include "pg/work/question.hpp"
#include "pg/work/worker.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

SQL_FUNCTION(check_question) {
  const char* model_type = text_argument(fcinfo, 0, "model_type");
  const glucose::Task& task = require_task(model_type);
  const Asking asking = read_asking(task, jsonb_argument(fcinfo, 1, "options"));
  require_disclaimer(asking.lang);
  begin(Volatility::stable);
  (void)read_subject(task, model_type, CurrentMemoryContext);
  end(Volatility::stable);
  PG_RETURN_VOID();
}

COUNTED_FUNCTION(queue_batch, expensive) {
  PreventCommandIfReadOnly("predict_async()");
  const char* model_type = text_argument(fcinfo, 0, "model_type");
  const glucose::Task& task = require_task(model_type);
  require_argument(fcinfo, 1, "ids");
  ArrayType* ids = PG_GETARG_ARRAYTYPE_P(1);
  Jsonb* options = jsonb_argument(fcinfo, 2, "options");
  begin(Volatility::is_volatile);
  const pg_uuid_t* job_id = queue_batch(task, model_type, ids, options);
  start_workers_at_commit();
  end(Volatility::is_volatile);
  PG_RETURN_UUID_P(job_id);
}

SQL_FUNCTION(cancel_job) {
  PreventCommandIfReadOnly("cancel_job()");
  const pg_uuid_t* job_id = uuid_argument(fcinfo, 0, "job_id");
  begin(Volatility::is_volatile);
  bool is_batch;
  bool cancelled = cancel_batch(job_id, &is_batch);
  if (!is_batch) cancelled = cancel_job(job_id, "job");
  end(Volatility::is_volatile);
  PG_RETURN_BOOL(cancelled);
}
