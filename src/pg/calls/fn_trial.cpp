// SPDX-License-Identifier: PostgreSQL
// A candidate for one person of an experiment's split.
#include "pg/boundary/arguments.hpp"
#include "pg/tables/experiments.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/worker.hpp"

extern "C" {
#include "tcop/utility.h"
}

using namespace glucose::pg;

COUNTED_FUNCTION(try_candidate, expensive) {
  PreventCommandIfReadOnly("prepare_experiment()");
  const char* experiment = text_argument(fcinfo, 0, "name");
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 1, "person_id");
  begin(Volatility::is_volatile);
  const bool queued = queue_candidate(experiment, person_id);
  if (queued) start_workers_at_commit();
  end(Volatility::is_volatile);
  PG_RETURN_BOOL(queued);
}
