// SPDX-License-Identifier: PostgreSQL
#pragma once

namespace glucose::pg {

/// "sub" of a JSON object, palloc'ed; nullptr when the text is no JSON object or has no non-empty text there.
/// Does not raise on malformed text.
char* subject_of_claims(const char* json);

}  // namespace glucose::pg
