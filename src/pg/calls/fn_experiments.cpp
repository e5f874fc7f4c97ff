// SPDX-License-Identifier: PostgreSQL
// What experiments are made of: the split of persons, the tests, and whether a recipe can be trained.
#include <cmath>

#include "core/math/statistics.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/request.hpp"
#include "pg/work/experiment.hpp"

using namespace glucose::pg;
using glucose::Comparison;

namespace {

struct Numbers {
  double* values;
  size_t n;
};

Numbers numbers_argument(FunctionCallInfo fcinfo, int i) {
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(i);
  Datum* datums;
  bool* nulls;
  int n;
  deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &datums, &nulls, &n);
  Numbers numbers{static_cast<double*>(palloc(sizeof(double) * static_cast<Size>(n + 1))), static_cast<size_t>(n)};
  for (int k = 0; k < n; ++k) {
    if (nulls[k]) ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a sample must not contain nulls")));
    numbers.values[k] = DatumGetFloat8(datums[k]);
    if (!std::isfinite(numbers.values[k]))
      ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE), errmsg("a sample must contain finite numbers")));
  }
  return numbers;
}

using Test = Comparison (*)(std::span<const double>, std::span<const double>, double);

Datum compare(FunctionCallInfo fcinfo, Test test) {
  const Numbers a = numbers_argument(fcinfo, 0), b = numbers_argument(fcinfo, 1);
  const double level = PG_GETARG_FLOAT8(2);
  Comparison c;
  guarded([&] { c = test({a.values, a.n}, {b.values, b.n}, level); });
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const double numbers[5] = {c.difference, c.ci_low, c.ci_high, c.p_value, c.df};
  Datum values[5];
  bool nulls[5];
  for (int i = 0; i < 5; ++i) {
    values[i] = Float8GetDatum(numbers[i]);
    nulls[i] = std::isnan(numbers[i]);
  }
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

}  // namespace

SQL_FUNCTION(ab_bucket) {
  PG_RETURN_INT32(bucket_of(PG_GETARG_UUID_P(0), text_to_cstring(PG_GETARG_TEXT_PP(1))));
}

SQL_FUNCTION(student_quantile) {
  double quantile = 0;
  guarded([&] { quantile = glucose::student_quantile(PG_GETARG_FLOAT8(0), PG_GETARG_FLOAT8(1)); });
  if (std::isnan(quantile)) PG_RETURN_NULL();
  PG_RETURN_FLOAT8(quantile);
}

SQL_FUNCTION(welch_t) {
  return compare(fcinfo, glucose::welch_t);
}

SQL_FUNCTION(paired_t) {
  return compare(fcinfo, glucose::paired_t);
}

SQL_FUNCTION(check_recipe) {
  const pg_uuid_t nobody = {};
  make_train_request(&nobody, text_argument(fcinfo, 2, "model_type"), text_argument(fcinfo, 0, "algorithm"),
                     jsonb_argument(fcinfo, 1, "options"));
  PG_RETURN_VOID();
}
