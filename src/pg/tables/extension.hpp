// SPDX-License-Identifier: PostgreSQL
// The extension as the database knows it, beside the library that is loaded.
#pragma once

namespace glucose::pg {

/// Raises 55000 when the extension's version in this database is not the library's: after the library has been replaced
/// and before ALTER EXTENSION UPDATE, or in a session that still has the library of before. Asks the catalog once and
/// again after a function has changed, which any update brings about. What policies call goes on: rows can be read and
/// entered meanwhile.
void require_extension_of_library();

}  // namespace glucose::pg
