// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/json.hpp"

#include <cmath>

#include "pg/boundary/guard.hpp"

namespace glucose::pg {

void for_each_key(Jsonb* object, const char* what, void (*each)(const char* key, const JsonbValue& value, void* state),
                  void* state) {
  if (!JB_ROOT_IS_OBJECT(object))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%s must be a JSON object", what),
                    errhint("For example '{}'.")));
  JsonbIterator* it = JsonbIteratorInit(&object->root);
  JsonbValue key, value;
  if (JsonbIteratorNext(&it, &key, true) != WJB_BEGIN_OBJECT) elog(ERROR, "unexpected jsonb");
  while (JsonbIteratorNext(&it, &key, true) == WJB_KEY) {
    CHECK_FOR_INTERRUPTS();
    char* name = pnstrdup(key.val.string.val, static_cast<Size>(key.val.string.len));
    JsonbIteratorNext(&it, &value, true);
    each(name, value, state);
    pfree(name);
  }
}

void raise_unknown_option(const char* key, const char* known) {
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized option \"%s\"", clipped(key)),
                  errhint("Known are %s.", known)));
  pg_unreachable();
}

void raise_bad_option(const char* key, const char* wanted) {
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid value for option \"%s\"", key),
                  errhint("It must be %s.", wanted)));
  pg_unreachable();
}

char* text_value(const char* key, const JsonbValue& value) {
  if (value.type != jbvString) raise_bad_option(key, "a text");
  return pnstrdup(value.val.string.val, static_cast<Size>(value.val.string.len));
}

double number_value(const char* key, const JsonbValue& value) {
  if (value.type != jbvNumeric) raise_bad_option(key, "a number");
  return DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value.val.numeric)));
}

bool bool_value(const char* key, const JsonbValue& value) {
  if (value.type != jbvBool) raise_bad_option(key, "true or false");
  return value.val.boolean;
}

int numbers_value(const char* key, const JsonbValue& value, double* out, int most) {
  if (value.type != jbvBinary) {
    out[0] = number_value(key, value);
    return 1;
  }
  JsonbIterator* it = JsonbIteratorInit(value.val.binary.data);
  JsonbValue element;
  if (JsonbIteratorNext(&it, &element, true) != WJB_BEGIN_ARRAY) raise_bad_option(key, "a number or a list of numbers");
  int n = 0;
  while (JsonbIteratorNext(&it, &element, true) == WJB_ELEM) {
    if (n == most) raise_bad_option(key, "a shorter list");
    out[n++] = number_value(key, element);
  }
  return n;
}

namespace {

void append_number(StringInfo out, double value) {
  if (std::isfinite(value))
    appendStringInfo(out, "%.*g", value == std::floor(value) ? 17 : 6, value);
  else
    appendStringInfoString(out, "null");
}

}  // namespace

void json_key(StringInfo out, const char* key) {
  const char last = out->len > 0 ? out->data[out->len - 1] : '{';
  if (last != '{' && last != '[') appendStringInfoString(out, ", ");
  appendStringInfo(out, "\"%s\": ", key);
}

void json_text(StringInfo out, const char* key, const char* value) {
  json_key(out, key);
  if (value != nullptr)
    escape_json(out, value);
  else
    appendStringInfoString(out, "null");
}

void json_time(StringInfo out, const char* key, TimestampTz value) {
  char text[MAXDATELEN + 1];
  constexpr int kGreenwich = 0;  // whatever TimeZone is
  JsonEncodeDateTime(text, TimestampTzGetDatum(value), TIMESTAMPTZOID, &kGreenwich);
  json_text(out, key, text);
}

void json_number(StringInfo out, const char* key, double value) {
  json_key(out, key);
  append_number(out, value);
}

void json_bool(StringInfo out, const char* key, bool value) {
  json_key(out, key);
  appendStringInfoString(out, value ? "true" : "false");
}

namespace {

/// Appends one note's value after its name.
struct NoteWriter {
  StringInfo out;
  const char* key;

  void operator()(std::monostate) const { json_text(out, key, nullptr); }
  void operator()(double value) const { json_number(out, key, value); }
  void operator()(bool value) const { json_bool(out, key, value); }
  void operator()(const std::string& value) const { json_text(out, key, value.c_str()); }
  void operator()(Instant value) const { json_time(out, key, value.at); }
  void operator()(const std::vector<double>& values) const {
    json_key(out, key);
    appendStringInfoChar(out, '[');
    for (size_t i = 0; i < values.size(); ++i) {
      if (i > 0) appendStringInfoString(out, ", ");
      append_number(out, values[i]);
    }
    appendStringInfoChar(out, ']');
  }
  void operator()(const Notes& notes) const {
    json_key(out, key);
    object(notes);
  }
  void operator()(const NoteList& list) const {
    json_key(out, key);
    appendStringInfoChar(out, '[');
    for (size_t i = 0; i < list.items.size(); ++i) {
      if (i > 0) appendStringInfoString(out, ", ");
      object(list.items[i]);
    }
    appendStringInfoChar(out, ']');
  }
  void object(const Notes& notes) const {
    appendStringInfoChar(out, '{');
    json_notes(out, notes);
    appendStringInfoChar(out, '}');
  }
};

}  // namespace

void json_notes(StringInfo out, const Notes& notes) {
  for (const Note& note : notes) std::visit(NoteWriter{out, note.name.c_str()}, note.value);
}

Jsonb* to_jsonb(const char* text) {
  return DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

Jsonb* copied(const Jsonb* document, MemoryContext context) {
  auto* copy = static_cast<Jsonb*>(MemoryContextAlloc(context, VARSIZE(document)));
  memcpy(copy, document, VARSIZE(document));
  return copy;
}

Jsonb* with_member(Jsonb* object, const char* key, Jsonb* value) {
  JsonbParseState* state = nullptr;
  JsonbIterator* members = JsonbIteratorInit(&object->root);
  JsonbValue v;
  pushJsonbValue(&state, JsonbIteratorNext(&members, &v, true), nullptr);  // an object begins
  for (JsonbIteratorToken token; (token = JsonbIteratorNext(&members, &v, true)) != WJB_END_OBJECT;)
    pushJsonbValue(&state, token, &v);
  JsonbValue name;
  name.type = jbvString;
  name.val.string.val = const_cast<char*>(key);
  name.val.string.len = static_cast<int>(strlen(key));
  pushJsonbValue(&state, WJB_KEY, &name);
  v.type = jbvBinary;
  v.val.binary.data = &value->root;
  v.val.binary.len = static_cast<int>(VARSIZE(value) - VARHDRSZ);
  pushJsonbValue(&state, WJB_VALUE, &v);
  return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, nullptr));
}

}  // namespace glucose::pg
