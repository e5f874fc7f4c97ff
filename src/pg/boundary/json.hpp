// SPDX-License-Identifier: PostgreSQL
// Options in, documents out.
#pragma once
#include "core/base/note.hpp"
#include "pg/boundary/guard.hpp"

namespace glucose::pg {

/// Calls `each` for every key of a JSON object; raises 22023 when it is no object. `what` names the argument.
void for_each_key(Jsonb* object, const char* what, void (*each)(const char* key, const JsonbValue& value, void* state),
                  void* state);

/// A value as text, number or truth; raise 22023 naming the key when it is of another type.
char* text_value(const char* key, const JsonbValue& value);
double number_value(const char* key, const JsonbValue& value);
bool bool_value(const char* key, const JsonbValue& value);
/// A number, or an array of numbers; returns how many, at most `most` (more raise 22023).
int numbers_value(const char* key, const JsonbValue& value, double* out, int most);

[[noreturn]] void raise_unknown_option(const char* key, const char* known);
[[noreturn]] void raise_bad_option(const char* key, const char* wanted);

/// Appends "key": before a value, with a comma when the object has something already.
void json_key(StringInfo out, const char* key);
void json_text(StringInfo out, const char* key, const char* value);  // nullptr: null
/// What core says in words, palloc'ed: `words` returns a std::string of at most 511 bytes; more is cut.
template <class Words>
char* in_server_memory(Words&& words) {
  char text[512];
  guarded([&] { strlcpy(text, words().c_str(), sizeof text); });
  return pstrdup(text);
}
template <class Words>
void json_words(StringInfo out, const char* key, Words&& words) {
  json_text(out, key, in_server_memory(words));
}
void json_time(StringInfo out, const char* key, TimestampTz value);  // ISO 8601, UTC
void json_number(StringInfo out, const char* key, double value);     // shortest form; not finite: null
void json_bool(StringInfo out, const char* key, bool value);

/// Appends each note under its name.
void json_notes(StringInfo out, const Notes& notes);

/// The text as jsonb.
Jsonb* to_jsonb(const char* text);
/// A copy in `context`: of what statements have been run for, which leave another context behind.
Jsonb* copied(const Jsonb* document, MemoryContext context);
/// The object with one more member, which is not parsed again.
Jsonb* with_member(Jsonb* object, const char* key, Jsonb* value);

}  // namespace glucose::pg
