// SPDX-License-Identifier: PostgreSQL
// Features of a meal, a moment or a whole history.
#include <cmath>

#include "core/days/daily_schema.hpp"
#include "core/days/meal_lines.hpp"
#include "core/readings/time_grid.hpp"
#include "core/tasks/meal/features/features.hpp"
#include "core/tasks/meal/task.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/material.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/meal_rows.hpp"

using namespace glucose::pg;
using glucose::FeatureVector;
using glucose::kFeatures;
using glucose::kMinute;

namespace {

constexpr std::array kHorizons{60, 120};

FeatureVector vector_from(ArrayType* array) {
  if (ARR_NDIM(array) != 1 || ArrayGetNItems(1, ARR_DIMS(array)) != kFeatures)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("features must have %d elements", kFeatures),
                    errhint("They are listed by glucose.feature_schema().")));
  Datum* values;
  bool* nulls;
  int n;
  deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values, &nulls, &n);
  FeatureVector x;
  for (int i = 0; i < n; ++i) {
    const auto at = static_cast<size_t>(i);
    // In SQL a NaN is a value, and a wrong one; in core it stands for NULL.
    if (!nulls[i] && std::isnan(DatumGetFloat8(values[i])))
      ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                      errmsg("feature \"%s\" is outside its range", glucose::kFeatureTable[at].name.data()),
                      errhint("What is not known is NULL.")));
    x[at] = nulls[i] ? glucose::kUnknown : static_cast<float>(DatumGetFloat8(values[i]));
  }
  return x;
}

// Raises 22023 for a schema that does not exist.
bool is_rich_schema(const char* name) {
  if (glucose::kRichSchema == name) return true;
  if (glucose::kFeatureSchema != name)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized feature schema \"%s\"", clipped(name)),
             errhint("Feature schemas of meals are meal28/1 and meal/2; daily51/1 is that of days.")));
  return false;
}

}  // namespace

SQL_FUNCTION(feature_schema) {
  const char* name_of_schema = text_argument(fcinfo, 0, "schema");
  const bool daily = glucose::kDailySchema == name_of_schema;
  const bool rich = !daily && is_rich_schema(name_of_schema);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  int index = 0;
  const auto put = [&](std::string_view name, std::string_view unit, float low, float high, bool nullable,
                       std::string_view source) {
    Datum values[7] = {Int32GetDatum(++index),
                       CStringGetTextDatum(name.data()),
                       CStringGetTextDatum(unit.data()),
                       Float4GetDatum(low),
                       Float4GetDatum(high),
                       BoolGetDatum(nullable),
                       CStringGetTextDatum(source.data())};
    bool nulls[7] = {false, false, false, std::isnan(low), std::isnan(high), false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  };
  if (daily)
    for (const auto& f : glucose::kDailyTable)
      put(f.name, f.unit, glucose::kUnknown, glucose::kUnknown, true, f.source);
  else if (rich)
    for (const auto& f : glucose::kRichTable) put(f.name, f.unit, glucose::kUnknown, glucose::kUnknown, true, f.source);
  else
    for (const auto& f : glucose::kFeatureTable) put(f.name, f.unit, f.low, f.high, f.nullable, f.source);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(feature_names) {
  Datum names[kFeatures];
  for (size_t i = 0; i < kFeatures; ++i) names[i] = CStringGetTextDatum(glucose::kFeatureTable[i].name.data());
  PG_RETURN_ARRAYTYPE_P(construct_array(names, kFeatures, TEXTOID, -1, false, TYPALIGN_INT));
}

SQL_FUNCTION(validate_features_float8) {
  require_argument(fcinfo, 0, "features");
  const FeatureVector x = vector_from(PG_GETARG_ARRAYTYPE_P(0));
  guarded([&] { glucose::validate(x); });
  PG_RETURN_VOID();
}

SQL_FUNCTION(extract_meal_features_of) {
  const pg_uuid_t* meal_id = uuid_argument(fcinfo, 0, "meal_id");
  begin(Volatility::stable);
  const PersonMeal what = read_meal(meal_id, optional_uuid_argument(fcinfo, 1));
  end(Volatility::stable);
  std::array<float, glucose::kHistory> features;
  guarded([&] { glucose::meal_features(what.meal, features); });
  return real_array(features.data(), glucose::kHistory);
}

SQL_FUNCTION(extract_glucose_history_float8) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const TimestampTz before = time_argument(fcinfo, 1, "before");
  require_finite_time(before, "before");
  require_argument(fcinfo, 2, "window_hours");
  const double hours = PG_GETARG_FLOAT8(2);
  if (!(hours >= 0.25 && hours <= 168.0))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"window_hours\" must be from 0.25 to 168")));
  const int n = static_cast<int>(hours * 4);
  float* out = static_cast<float*>(palloc(sizeof(float) * static_cast<Size>(n)));
  begin(Volatility::stable);
  read_person(person_id);
  const Readings readings = read_readings(person_id, before - (n + 1) * glucose::kHistoryStepMin * kMinute, before,
                                          settings::max_train_bytes(), CurrentMemoryContext);
  guarded([&] {
    glucose::glucose_window({readings.rows, static_cast<size_t>(readings.n)}, before,
                            glucose::kHistoryStepMin * kMinute, {out, static_cast<size_t>(n)});
  });
  end(Volatility::stable);
  return real_array(out, n);
}

SQL_FUNCTION(calculate_user_baseline) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const TimestampTz before = time_argument(fcinfo, 1, "before");
  require_finite_time(before, "before");
  require_argument(fcinfo, 2, "window_days");
  const int window_days = PG_GETARG_INT32(2);
  if (window_days < 1 || window_days > 365)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"window_days\" must be from 1 to 365")));
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const TimestampTz since = before - window_days * glucose::kDay;
  begin(Volatility::stable);
  read_person(person_id);
  const Readings readings = read_readings(person_id, since, before, settings::max_train_bytes(), CurrentMemoryContext);
  glucose::Baseline level;
  guarded([&] { level = glucose::baseline({readings.rows, static_cast<size_t>(readings.n)}, {}, since, before); });
  level.avg_carbs_g = read_mean_carbs(person_id, since, before);
  end(Volatility::stable);
  Datum values[3] = {Float4GetDatum(level.avg_glucose_mg_dl), Float4GetDatum(level.std_glucose_mg_dl),
                     Float4GetDatum(level.avg_carbs_g)};
  bool nulls[3] = {std::isnan(level.avg_glucose_mg_dl), std::isnan(level.std_glucose_mg_dl),
                   std::isnan(level.avg_carbs_g)};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}

SQL_FUNCTION(extract_features_of) {
  const pg_uuid_t* meal_id = uuid_argument(fcinfo, 0, "meal_id");
  begin(Volatility::stable);
  const PersonMeal what = read_meal(meal_id, optional_uuid_argument(fcinfo, 1));
  const TimestampTz at = what.meal.eaten_at, since = at - glucose::kBaselineDays * glucose::kDay;
  const float avg_carbs_g = read_mean_carbs(&what.person.id, since, at);
  const Readings readings =
      read_readings(&what.person.id, since, at, settings::max_train_bytes(), CurrentMemoryContext);
  FeatureVector x;
  guarded([&] { x = glucose::extract(what.meal, {readings.rows, static_cast<size_t>(readings.n)}, avg_carbs_g); });
  end(Volatility::stable);
  return real_array(x.data(), kFeatures);
}

SQL_FUNCTION(feature_vector) {
  const pg_uuid_t* meal_id = uuid_argument(fcinfo, 0, "meal_id");
  const bool rich = is_rich_schema(text_argument(fcinfo, 1, "schema"));
  begin(Volatility::stable);
  const PersonMeal what = read_meal(meal_id, optional_uuid_argument(fcinfo, 2));
  const TimestampTz at = what.meal.eaten_at, since = at - glucose::kFeatureDays * glucose::kDay;
  const Readings readings =
      read_readings(&what.person.id, since, at, settings::max_train_bytes(), CurrentMemoryContext);
  const Meals meals = read_meals(what.person, since, at + 1, CurrentMemoryContext);
  glucose::Moment moment;
  guarded([&] {
    const std::span<const glucose::Meal> lines(meals.rows, static_cast<size_t>(meals.n));
    const auto earlier = glucose::WholeMeals::without(lines, what.meal);
    glucose::Timeline timeline(earlier.all(), {readings.rows, static_cast<size_t>(readings.n)});
    moment = timeline.moment(glucose::WholeMeals::of(lines, what.meal));
  });
  end(Volatility::stable);
  return rich ? real_array(moment.rich.data(), glucose::kRichFeatures) : real_array(moment.features.data(), kFeatures);
}

COUNTED_FUNCTION(training_dataset, expensive) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const TimestampTz start_at = time_argument(fcinfo, 1, "start_at"), end_at = time_argument(fcinfo, 2, "end_at");
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const glucose::TrainOptions defaults;
  const glucose::Material material =
      read_material(person, {}, glucose::kMealTask.reach(defaults), start_at, end_at, CurrentMemoryContext);
  const auto* samples = meal_rows(material, CurrentMemoryContext, [] {
    return glucose::MealRowsWanted{{kHorizons.begin(), kHorizons.end()}};
  });
  glucose::SplitSizes sizes;
  guarded([&] { sizes = glucose::split_sizes(*samples); });
  int row = 0;
  for (const glucose::Sample& sample : *samples) {
    pg_uuid_t meal_id;
    memcpy(meal_id.data, sample.meal_id.data(), UUID_LEN);
    Datum values[5] = {CStringGetTextDatum(glucose::kSplitNames[static_cast<size_t>(sizes.of(row++))]),
                       UUIDPGetDatum(&meal_id), TimestampTzGetDatum(sample.eaten_at),
                       real_array(sample.features.data(), kFeatures), real_array(sample.targets.data(), 2)};
    bool nulls[5] = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
