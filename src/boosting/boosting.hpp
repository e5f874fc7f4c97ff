// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "core/learn/boosting_api.hpp"

/// The module's one function. It cannot fail, and starts nothing.
extern "C" [[gnu::visibility("default")]] const glucose::BoostingApi* pg_glucose_boosting();
