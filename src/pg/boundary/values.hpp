// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cmath>

#include "core/base/units.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// UUIDv5 of a name in pg_glucose's namespace (RFC 4122, section 4.3), palloc'ed.
pg_uuid_t* name_key(const char* name, size_t length);

/// To so many decimals.
inline double rounded(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  return std::round(value * scale) / scale;
}

/// The unit of that name, in upper or lower case. Raises 22023 for any other.
GlucoseUnit require_unit(const char* name);

/// Raises 22023 when there is no disclaimer in that language.
void require_disclaimer(const char* lang);

}  // namespace glucose::pg
