// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/claims.hpp"

#include "core/base/json_escapes.hpp"
#include "pg/boundary/server.hpp"
#include "pg/boundary/setting_records.hpp"
#include "pg/boundary/settings.hpp"

namespace glucose::pg {

namespace {

constexpr size_t kLongestClaims = 16 * 1024;
constexpr int kDeepestClaims = 32;  // the server's parser recurses and raises an error where the stack ends

// A character in the server's encoding, as much as it takes of `out`; false when it has none there.
bool add_character(uint32 character, StringInfo out) {
  unsigned char utf8[8] = {};
  unicode_to_utf8(character, utf8);
  const int length = pg_utf_mblen(utf8);
  const int encoding = GetDatabaseEncoding();
  if (encoding == PG_SQL_ASCII) {  // as a client would send it
    appendBinaryStringInfo(out, reinterpret_cast<char*>(utf8), length);
    return true;
  }
  const Oid conversion = FindDefaultConversionProc(PG_UTF8, encoding);
  unsigned char converted[MAX_CONVERSION_GROWTH * 8 + 1];
  if (!OidIsValid(conversion) || pg_do_encoding_conversion_buf(conversion, PG_UTF8, encoding, utf8, length, converted,
                                                               sizeof converted, true) != length)
    return false;
  appendStringInfoString(out, reinterpret_cast<char*>(converted));
  return true;
}

// Stands for a character that the server's encoding does not have: no identity holds one.
constexpr char kNoCharacter = '\x7f';

// The server's parser raises an error for \u escapes that the server's encoding cannot hold. So they are resolved
// here; nullptr where they are none.
char* without_escapes(const char* json) {
  StringInfoData out;
  initStringInfo(&out);
  const bool are_escapes = resolve_escapes(
      json, [&](char c) { appendStringInfoCharMacro(&out, c); },
      [&](uint32 character) {
        if (!add_character(character, &out)) appendStringInfoChar(&out, kNoCharacter);
      });
  return are_escapes ? out.data : nullptr;
}

/// Where the parser stands and what it has found.
struct Walk {
  int depth = 0;
  bool at_subject = false;
  char* subject = nullptr;
};

// PostgreSQL 16 made the parser's actions return a result.
#if PG_VERSION_NUM >= 160000
using ActionResult = JsonParseErrorType;
#define ACTION_DONE return JSON_SUCCESS
#else
using ActionResult = void;
#define ACTION_DONE return
#endif

ActionResult enter(void* state) {
  ++static_cast<Walk*>(state)->depth;
  ACTION_DONE;
}

ActionResult leave(void* state) {
  --static_cast<Walk*>(state)->depth;
  ACTION_DONE;
}

ActionResult field(void* state, char* name, bool /*is_null*/) {
  auto* walk = static_cast<Walk*>(state);
  walk->at_subject = walk->depth == 1 && strcmp(name, "sub") == 0;
  ACTION_DONE;
}

ActionResult scalar(void* state, char* token, JsonTokenType type) {
  auto* walk = static_cast<Walk*>(state);
  if (walk->at_subject && walk->depth == 1) walk->subject = type == JSON_TOKEN_STRING ? token : nullptr;
  walk->at_subject = false;
  ACTION_DONE;
}

char* parsed_subject(const char* json) {
  if (strlen(json) > kLongestClaims || !nests_within(json, kDeepestClaims)) return nullptr;
  // Settings come from other databases' encodings, too (ALTER ROLE ... SET), and with a connection unchecked.
  if (!pg_verify_mbstr(GetDatabaseEncoding(), json, static_cast<int>(strlen(json)), true)) return nullptr;
  if (GetDatabaseEncoding() != PG_UTF8) json = without_escapes(json);
  if (json == nullptr || *json == '\0') return nullptr;
  const size_t length = strlen(json);
  Walk walk;
  JsonSemAction actions = {};
  actions.semstate = &walk;
  actions.object_start = enter;
  actions.object_end = leave;
  actions.array_start = enter;
  actions.array_end = leave;
  actions.object_field_start = field;
  actions.scalar = scalar;
#if PG_VERSION_NUM >= 170000
  JsonLexContext* lexer = makeJsonLexContextCstringLen(nullptr, json, length, GetDatabaseEncoding(), true);
#else
  JsonLexContext* lexer =
      makeJsonLexContextCstringLen(const_cast<char*>(json), static_cast<int>(length), GetDatabaseEncoding(), true);
#endif
  if (pg_parse_json(lexer, &actions) != JSON_SUCCESS) return nullptr;
  if (walk.subject == nullptr || walk.subject[0] == '\0' || strchr(walk.subject, kNoCharacter) != nullptr)
    return nullptr;
  return walk.subject;
}

/// The answer for the claims that were asked about last: a forecast asks a dozen times about the same ones. In UTF-8
/// alone, where nothing but the text decides.
struct {
  bool is_known = false;
  bool is_nobody;
  char json[2048];
  char subject[256];
} last;

}  // namespace

char* subject_of_claims(const char* json) {
  if (last.is_known && strcmp(json, last.json) == 0) return last.is_nobody ? nullptr : pstrdup(last.subject);
  char* subject = parsed_subject(json);
  last.is_known = false;
  if (GetDatabaseEncoding() != PG_UTF8) return subject;
  if (strlcpy(last.json, json, sizeof last.json) >= sizeof last.json) return subject;
  last.is_nobody = subject == nullptr;
  if (subject != nullptr && strlcpy(last.subject, subject, sizeof last.subject) >= sizeof last.subject) return subject;
  last.is_known = true;
  return subject;
}

void warn_of_session_claims() {
  static LocalTransactionId looked_in = InvalidLocalTransactionId;
  // A parallel worker has its leader's settings as if they were its session's.
  if (!settings::warn_session_claims || looked_in == PGG_LOCAL_XID || PGG_IS_WORKER) return;
  looked_in = PGG_LOCAL_XID;
  if (!outlasts_transaction("request.jwt.claims")) return;
  ereport(WARNING,
          (errmsg("request.jwt.claims outlast their transaction"),
           errhint("Through a pooler the next client of this session would be who they name: the gateway sets them by "
                   "SET LOCAL, or callers log in by a token. A session of its own for each caller: "
                   "glucose.warn_session_claims = off."),
           errhidestmt(true), errhidecontext(true)));
}

}  // namespace glucose::pg
