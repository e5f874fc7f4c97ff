// SPDX-License-Identifier: PostgreSQL
// similar_meals: read the person's half year, compare, write the rows.
#include <cmath>

#include "core/days/meal_lines.hpp"
#include "core/tasks/meal/asking/similarity.hpp"
#include "core/tasks/meal/task.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/material.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/experiment.hpp"
#include "pg/work/meal_rows.hpp"

using namespace glucose::pg;
using glucose::Meal;
using glucose::SimilarMeal;

namespace {

constexpr int kComparedDays = 180;
constexpr int kMostSimilar = 100;

const Meal& meal_of(std::span<const Meal> meals, const SimilarMeal& similar) {
  for (const Meal& meal : meals)
    if (meal.id == similar.meal_id) return meal;
  elog(ERROR, "a similar meal is gone");
}

void put_meal(ReturnSetInfo* result, const Meal& meal, const SimilarMeal& s) {
  pg_uuid_t id;
  memcpy(id.data, s.meal_id.data(), UUID_LEN);
  const float numbers[] = {meal.nutrition.carbs_g, s.level,      s.similarity,
                           s.outcome[0],           s.outcome[1], s.outcome[0] - s.level,
                           s.outcome[1] - s.level};
  Datum values[10] = {UUIDPGetDatum(&id), TimestampTzGetDatum(s.eaten_at),
                      CStringGetTextDatum(glucose::kMealTypeNames[static_cast<size_t>(meal.type)])};
  bool nulls[10] = {};
  for (int i = 0; i < 7; ++i) {
    values[3 + i] = Float4GetDatum(numbers[i]);
    nulls[3 + i] = std::isnan(numbers[i]);
  }
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

COUNTED_FUNCTION(similar_meals, expensive) {
  const pg_uuid_t* meal_id = uuid_argument(fcinfo, 0, "meal_id");
  require_argument(fcinfo, 1, "k");
  const int k = PG_GETARG_INT32(1);
  if (k < 1 || k > kMostSimilar)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"k\" is out of range"),
                    errhint("It must be a number from 1 to %d.", kMostSimilar)));
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  begin(Volatility::stable);
  const PersonMeal what = read_meal(meal_id, optional_uuid_argument(fcinfo, 2));
  const TimestampTz at = what.meal.eaten_at;
  const char* model_type = glucose::kMealTask.name.data();
  const ModelRow row = choose_serving_model(&what.person.id, model_type).row;
  const glucose::Model* model =
      row.found ? &glucose::meal_model(*load_model(glucose::kMealTask, row, &what.person.id, model_type)) : nullptr;
  const glucose::Reach reach{glucose::kFeatureDays * glucose::kDay, glucose::kCurveMin * glucose::kMinute, true};
  const glucose::Material material =
      read_material(what.person, {}, reach, at - kComparedDays * glucose::kDay, at + 1, CurrentMemoryContext);
  const auto* earlier = meal_rows(material, CurrentMemoryContext, [&] {
    const auto& horizons = glucose::kSimilarHorizonsMin;
    return glucose::MealRowsWanted{{horizons.begin(), horizons.end()}, true, at};
  });
  const auto* whole =
      owned<glucose::WholeMeals>(CurrentMemoryContext, [&] { return glucose::WholeMeals(material.meals); });
  const auto* similar = owned<std::vector<SimilarMeal>>(CurrentMemoryContext, [&] {
    const auto others = glucose::WholeMeals::without(material.meals, what.meal);
    const glucose::Moment moment =
        glucose::Timeline(others.all(), material.readings).moment(glucose::WholeMeals::of(material.meals, what.meal));
    return glucose::similar_meals(model, moment, *earlier, static_cast<size_t>(k));
  });
  for (const SimilarMeal& s : *similar) put_meal(result, meal_of(whole->all(), s), s);
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
