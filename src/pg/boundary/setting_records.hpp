// SPDX-License-Identifier: PostgreSQL
// How settings got their values, which no function of the server's tells.
#pragma once

namespace glucose::pg {

/// Whether a setting has its value from the session, and not for this transaction or function alone.
bool outlasts_transaction(const char* name);

/// Raises 42501 when the client's connection came with a value for a setting of ours that only superusers may set.
/// While the library is not loaded the server takes any, and then forgets what the configuration, the database or the
/// role said: the default would hold in its place. Call it before the settings are defined.
void refuse_settings_of_connection();

}  // namespace glucose::pg
