// SPDX-License-Identifier: PostgreSQL
// Whom login() has let in, for glucose.identity = token.
#pragma once

namespace glucose::pg {

/// Longest identity of a token, in bytes of the server's encoding.
inline constexpr int kLongestTokenIdentity = 255;

/// nullptr when nobody has logged in in this transaction, or what that did has been rolled back. The server's memory.
const char* token_identity();

/// A login holds for its transaction; a background worker works for one identity until it is told another.
enum class TokenScope { transaction, session };
void assume_token_identity(const char* identity, TokenScope scope);

/// From settings::define().
void define_token_identity();

}  // namespace glucose::pg
