// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/tasks/cgm/model.hpp"
#include "core/tasks/meal/models/model.hpp"
#include "pg/tables/read.hpp"

namespace glucose::pg {

/// The model type of forecasts from readings alone.
inline constexpr const char* kCgmType = "cgm";

/// The person's active model of a type (MG001 when there is none), or the named version of it (P0002).
ModelRow require_model(const pg_uuid_t* person_id, const char* model_type, const char* version);

/// The decoded model of a row that row-level security has just shown to the caller: from this backend's cache, else
/// read, checked and decoded. Valid until the next call. Raises MG003 when the bytes are damaged.
const Model* load_model(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type);
/// The same for a row of model_type kCgmType.
const CgmModel* load_cgm_model(const ModelRow& row, const pg_uuid_t* person_id);

}  // namespace glucose::pg
