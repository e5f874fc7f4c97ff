// SPDX-License-Identifier: PostgreSQL
// svg_lines, html: what pages are made of.
#include <limits>
#include <string>

#include "core/pages/chart.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/values.hpp"

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
