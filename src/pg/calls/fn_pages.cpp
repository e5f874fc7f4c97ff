// SPDX-License-Identifier: PostgreSQL
// svg_lines, html, pictures: what pages are made of; and the person's wall clock for them.
#include <limits>
#include <string>

#include "core/pages/chart.hpp"
#include "core/pages/marks.hpp"
#include "core/pages/picture.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/daily.hpp"
#include "pg/tables/query.hpp"

using namespace glucose::pg;

namespace {

struct Texts {
  char** all;
  size_t n;
};

Texts texts_argument(FunctionCallInfo fcinfo, int i) {
  Datum* datums;
  bool* nulls;
  int n;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(i), TEXTOID, -1, false, TYPALIGN_INT, &datums, &nulls, &n);
  Texts texts{static_cast<char**>(palloc(sizeof(char*) * static_cast<Size>(n + 1))), static_cast<size_t>(n)};
  for (int k = 0; k < n; ++k) texts.all[k] = nulls[k] ? pstrdup("") : TextDatumGetCString(datums[k]);
  return texts;
}

struct Values {
  double* all;
  size_t n;
};

// NULL: not known.
Values values_argument(FunctionCallInfo fcinfo, int i) {
  Datum* datums;
  bool* nulls;
  int n;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(i), FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &datums,
                    &nulls, &n);
  Values values{static_cast<double*>(palloc(sizeof(double) * static_cast<Size>(n + 1))), static_cast<size_t>(n)};
  for (int k = 0; k < n; ++k)
    values.all[k] = nulls[k] ? std::numeric_limits<double>::quiet_NaN() : DatumGetFloat8(datums[k]);
  return values;
}

Datum text_of(const std::string& made) {
  return PointerGetDatum(cstring_to_text_with_len(made.data(), static_cast<int>(made.size())));
}

// A picture's document as text.
const char* document_argument(FunctionCallInfo fcinfo, int i) {
  Jsonb* document = PG_GETARG_JSONB_P(i);
  return JsonbToCString(nullptr, &document->root, VARSIZE(document));
}

}  // namespace

SQL_FUNCTION(html) {
  const char* plain = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const auto* out = owned<std::string>(CurrentMemoryContext, [&] { return glucose::escaped(plain); });
  PG_RETURN_TEXT_P(cstring_to_text_with_len(out->data(), static_cast<int>(out->size())));
}

SQL_FUNCTION(svg_lines) {
  const char* title = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const char* unit = text_to_cstring(PG_GETARG_TEXT_PP(1));
  const Texts labels = texts_argument(fcinfo, 2), names = texts_argument(fcinfo, 3);
  const Values values = values_argument(fcinfo, 4);
  const bool from_zero = PG_GETARG_BOOL(5);
  const auto* out = owned<std::string>(CurrentMemoryContext, [&] {
    glucose::Chart chart;
    chart.title = title;
    chart.unit = unit;
    chart.labels.assign(labels.all, labels.all + labels.n);
    chart.names.assign(names.all, names.all + names.n);
    chart.values = {values.all, values.n};
    chart.from_zero = from_zero;
    return glucose::svg_of(chart);
  });
  PG_RETURN_TEXT_P(cstring_to_text_with_len(out->data(), static_cast<int>(out->size())));
}

SQL_FUNCTION(picture_svg) {
  const char* document = document_argument(fcinfo, 0);
  const char* style = text_to_cstring(PG_GETARG_TEXT_PP(1));
  return text_of(
      *owned<std::string>(CurrentMemoryContext, [&] { return glucose::svg_of(glucose::picture_of(document), style); }));
}

SQL_FUNCTION(picture_legend) {
  const char* document = document_argument(fcinfo, 0);
  return text_of(
      *owned<std::string>(CurrentMemoryContext, [&] { return glucose::legend_of(glucose::picture_of(document)); }));
}

SQL_FUNCTION(picture_text) {
  const char* document = document_argument(fcinfo, 0);
  return text_of(
      *owned<std::string>(CurrentMemoryContext, [&] { return glucose::text_of(glucose::picture_of(document)); }));
}

SQL_FUNCTION(wall_clock) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  require_argument(fcinfo, 1, "moments");
  Datum* moments;
  bool* nulls;
  int n;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
                    &moments, &nulls, &n);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  for (int i = 0; i < n; ++i)
    if (!nulls[i]) moments[i] = TimestampGetDatum(local_time(DatumGetTimestampTz(moments[i]), person.clock));
  end(Volatility::stable);
  return array_of(moments, nulls, n, TIMESTAMPOID);
}

SQL_FUNCTION(midnights) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const DateADT first = date_argument(fcinfo, 1, "first_day"), last = date_argument(fcinfo, 2, "last_day");
  const bool any = require_days(first, last);
  const MemoryContext context = CurrentMemoryContext;
  Datum* moments = nullptr;
  int n = 0;
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  if (any) {
    const std::span<const glucose::Micros> begins = calendar_of(person, first, last, context).midnights;
    n = static_cast<int>(begins.size());
    moments = static_cast<Datum*>(MemoryContextAlloc(context, sizeof(Datum) * begins.size()));
    for (size_t i = 0; i < begins.size(); ++i) moments[i] = TimestampTzGetDatum(begins[i]);
  }
  end(Volatility::stable);
  return PointerGetDatum(
      construct_array(moments, n, TIMESTAMPTZOID, sizeof(TimestampTz), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
