// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// train_model() for model_type cgm: same arguments, same result.
Datum train_cgm_person(FunctionCallInfo fcinfo);

}  // namespace glucose::pg
