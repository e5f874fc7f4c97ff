// SPDX-License-Identifier: PostgreSQL
// train_model_async, queue_retraining: check the request, queue it, and let workers start when it is committed.
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/request.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/jobs.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/tables/read.hpp"
#include "pg/tables/subject.hpp"
#include "pg/work/retraining.hpp"
#include "pg/work/worker.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

COUNTED_FUNCTION(train_model_async, expensive) {
  PreventCommandIfReadOnly("train_model_async()");
  const TrainRequest request = read_train_request(fcinfo);
  begin(Volatility::is_volatile);
  read_person(&request.person_id);
  require_manager(&request.person_id);
  (void)read_subject(*request.task, request.model_type, CurrentMemoryContext);  // or there is nothing to train
  const pg_uuid_t* job_id = queue_job(request, PG_GETARG_JSONB_P(3));
  start_workers_at_commit();
  end(Volatility::is_volatile);
  PG_RETURN_UUID_P(job_id);
}

COUNTED_FUNCTION(queue_retraining, expensive) {
  PreventCommandIfReadOnly("batch_retrain()");
  Retraining retraining;
  retraining.person_id = *uuid_argument(fcinfo, 0, "person_id");
  retraining.model_type = text_argument(fcinfo, 1, "model_type");
  if (!PG_ARGISNULL(2)) retraining.beside_policy = text_to_cstring(PG_GETARG_TEXT_PP(2));
  begin(Volatility::is_volatile);
  read_person(&retraining.person_id);
  require_manager(&retraining.person_id);
  const bool queued = queue_retraining(retraining);
  if (queued) start_workers_at_commit();
  end(Volatility::is_volatile);
  PG_RETURN_BOOL(queued);
}

SQL_FUNCTION(cancel_training) {
  PreventCommandIfReadOnly("cancel_training()");
  const pg_uuid_t* job_id = uuid_argument(fcinfo, 0, "job_id");
  begin(Volatility::is_volatile);
  const bool cancelled = cancel_job(job_id);
  end(Volatility::is_volatile);
  PG_RETURN_BOOL(cancelled);
}

SQL_FUNCTION(start_training_workers) {
  PreventCommandIfReadOnly("start_training_workers()");
  begin(Volatility::is_volatile);
  start_workers_at_commit();
  end(Volatility::is_volatile);
  PG_RETURN_VOID();
}

SQL_FUNCTION(cron_database) {
  const char* name = GetConfigOption("cron.database_name", true, false);
  if (name == nullptr) PG_RETURN_NULL();
  PG_RETURN_TEXT_P(cstring_to_text(name));
}
