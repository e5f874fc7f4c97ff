// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/claims.hpp"

#include "pg/boundary/server.hpp"

namespace glucose::pg {

namespace {

constexpr size_t kLongestClaims = 16 * 1024;
constexpr int kDeepestClaims = 32;

// The server's parser recurses and raises an error where the stack ends, and a policy must not raise one.
bool too_deep(const char* json) {
  int depth = 0;
  bool in_string = false;
  for (const char* c = json; *c != '\0'; ++c) {
    if (in_string && *c == '\\' && c[1] != '\0')
      ++c;
    else if (*c == '"')
      in_string = !in_string;
    else if (!in_string && (*c == '{' || *c == '[') && ++depth > kDeepestClaims)
      return true;
    else if (!in_string && (*c == '}' || *c == ']'))
      --depth;
  }
  return false;
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

}  // namespace

char* subject_of_claims(const char* json) {
  const size_t length = strlen(json);
  if (length == 0 || length > kLongestClaims || too_deep(json)) return nullptr;
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
  return walk.subject != nullptr && walk.subject[0] != '\0' ? walk.subject : nullptr;
}

}  // namespace glucose::pg
