// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/learn/boosting_api.hpp"

namespace glucose::pg {

/// The functions of the module that trains trees, loaded into this backend when first asked for; null when it is not
/// built, not installed, of another build, or cannot be loaded (log level debug1 says which). Only a training of trees
/// may ask: the module brings XGBoost, which no other backend needs. Call outside of guarded().
const BoostingApi* find_boosting();

}  // namespace glucose::pg
