// SPDX-License-Identifier: PostgreSQL
#pragma once

namespace glucose::pg {

/// "sub" of a JSON object, palloc'ed; nullptr when the text is no JSON object or has no non-empty text there.
/// Does not raise on malformed text.
char* subject_of_claims(const char* json);

/// Once in a transaction, if the claims are the session's: a WARNING. Whoever gets the session next is who they name.
void warn_of_session_claims();

}  // namespace glucose::pg
