// SPDX-License-Identifier: PostgreSQL
// train_model_async: check the request, queue it, and let workers start when it is committed.
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/request.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/jobs.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/read.hpp"
#include "pg/work/worker.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

SQL_FUNCTION(train_model_async) {
  PreventCommandIfReadOnly("train_model_async()");
  const TrainRequest request = read_train_request(fcinfo);
  begin(Volatility::is_volatile);
  read_person(&request.person_id);
  require_manager(&request.person_id);
  pg_uuid_t* job_id = queue_job(request, PG_GETARG_JSONB_P(3));
  start_workers_at_commit();
  end(Volatility::is_volatile);
  PG_RETURN_UUID_P(job_id);
}

SQL_FUNCTION(start_training_workers) {
  PreventCommandIfReadOnly("start_training_workers()");
  begin(Volatility::is_volatile);
  start_workers_at_commit();
  end(Volatility::is_volatile);
  PG_RETURN_VOID();
}
