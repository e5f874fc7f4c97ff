// SPDX-License-Identifier: PostgreSQL
// meal_clusters, steady_meals, compare_meals: what a person's meals have left glucose like.
#include <cmath>

#include "core/tasks/meal/task.hpp"
#include "pg/boundary/answer_rows.hpp"
#include "pg/boundary/arguments.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/eaten_meals.hpp"
#include "pg/work/serving.hpp"

extern "C" {
#include "utils/date.h"
}

using namespace glucose::pg;
using glucose::Answer;
using glucose::EatenMeal;
using glucose::GlucoseUnit;
using glucose::Meal;
using glucose::MealChange;
using glucose::MealChanges;
using glucose::SteadyDish;

namespace {

constexpr int kMostSteady = 50, kMostCompared = 100;
constexpr double kSmallerRise = 0.5;  // mg/dL: less than that is none

/// One row, filled from the left.
template <int kColumns>
struct Row {
  Datum values[kColumns];
  bool nulls[kColumns];
  int n = 0;
  void put(Datum value, bool is_null = false) {
    nulls[n] = is_null;
    values[n++] = value;
  }
  void number(double value) { put(Float8GetDatum(value), std::isnan(value)); }
  void real(float value) { put(Float4GetDatum(value), std::isnan(value)); }
  void id(const std::array<uint8_t, 16>& bytes) {
    auto* copy = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    memcpy(copy->data, bytes.data(), UUID_LEN);
    put(UUIDPGetDatum(copy));
  }
  void null() { put(static_cast<Datum>(0), true); }
  void text(const char* value) { put(CStringGetTextDatum(value)); }
  void nutrition(const glucose::Nutrition& x) {
    for (const float amount : {x.calories, x.carbs_g, x.protein_g, x.fat_g, x.fiber_g}) real(amount);
  }
};

const char* type_name(const Meal& meal) {
  return glucose::kMealTypeNames[static_cast<size_t>(meal.type)];
}

const char* unit_name(GlucoseUnit unit) {
  return glucose::kGlucoseUnitNames[static_cast<size_t>(unit)];
}

/// meal_id, eaten_at, meal_type, dish, meals of the dish.
template <int kColumns>
void put_meal(Row<kColumns>& row, const EatenMeals& eaten, size_t i, const int* of_dish) {
  const EatenMeal& m = eaten.meals[i];
  const int dish = eaten.dishes[i];
  row.id(m.meal.id);
  row.put(TimestampTzGetDatum(m.meal.eaten_at));
  row.text(type_name(m.meal));
  if (dish == glucose::kNoDish)
    row.null(), row.null();
  else
    row.id(eaten.meals[eaten.firsts[static_cast<size_t>(dish)]].meal.id), row.put(Int32GetDatum(of_dish[dish]));
}

/// level, peak, peak_minutes, area, in_range_pct, is_followed.
template <int kColumns>
void put_response(Row<kColumns>& row, const EatenMeal& m, GlucoseUnit unit) {
  row.number(in_unit(unit, static_cast<double>(m.response.level)));
  row.number(m.response.is_known() ? in_unit(unit, static_cast<double>(m.response.peak)) : std::nan(""));
  row.put(Int32GetDatum(m.response.peak_min), !m.response.is_known());
  row.number(in_unit(unit, static_cast<double>(m.response.area)));
  row.number(static_cast<double>(m.response.in_range_pct));
  row.put(BoolGetDatum(m.is_followed));
}

int* count_by_dish(const EatenMeals& eaten) {
  auto* n = static_cast<int*>(palloc0(sizeof(int) * (static_cast<Size>(eaten.n_dishes) + 1)));
  for (const int dish : eaten.dishes)
    if (dish != glucose::kNoDish) ++n[dish];
  return n;
}

std::optional<glucose::MealType> type_argument(FunctionCallInfo fcinfo, int i) {
  if (PG_ARGISNULL(i)) return std::nullopt;
  const char* name = text_argument(fcinfo, i, "meal_type");
  for (size_t t = 0; t < glucose::kMealTypes; ++t)
    if (strcmp(name, glucose::kMealTypeNames[t]) == 0) return static_cast<glucose::MealType>(t);
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid value for \"meal_type\""),
                  errhint("It must be breakfast, lunch, dinner or snack, or NULL for all.")));
}

double mean_of(const Asking& asking, const Answer& answer) {
  double sum = 0;
  for (size_t k = 0; k < static_cast<size_t>(answer.n); ++k)
    sum += static_cast<double>(shown(asking.question, answer.expected[k]).value);
  return sum / answer.n;
}

/// The change with which the forecast after a stored meal is lowest, on average over its horizons, as what_if() says.
struct FoundChange {
  const MealChange* change = nullptr;
  double difference = 0;  // mg/dL
};

FoundChange smallest_rise(const Person& person, const Meal& line) {
  Asking asking = read_asking(glucose::kMealTask, to_jsonb("{}"));
  pg_uuid_t id;
  memcpy(id.data, line.id.data(), UUID_LEN);
  ask_about_meal(asking, read_meal(&id, &person.id));
  const Served served = read_served(asking, CurrentMemoryContext);
  const double as_logged = mean_of(asking, *compute(served));
  const MealChanges* changes =
      owned<MealChanges>(CurrentMemoryContext, [&] { return glucose::one_changes(asking.question.meal); });
  FoundChange found;
  for (size_t i = 0; i < changes->n; ++i) {
    CHECK_FOR_INTERRUPTS();
    asking.question.meal = changes->changes[i].meal;
    const double difference = mean_of(asking, *compute(served)) - as_logged;
    if (difference <= -kSmallerRise && difference < found.difference) found = {&changes->changes[i], difference};
  }
  return found;
}

void put_steady(const AnswerRows& answer, int place, const SteadyDish& d, const EatenMeals& eaten,
                const MealsAsked& asked, const FoundChange& found) {
  Row<27> row;
  const Meal& newest = eaten.meals[d.newest].meal;
  row.put(Int32GetDatum(place));
  row.id(eaten.meals[d.first].meal.id);
  row.id(newest.id);
  row.put(TimestampTzGetDatum(newest.eaten_at));
  row.text(type_name(newest));
  row.put(TimeADTGetDatum(static_cast<TimeADT>(d.usual_minute) * USECS_PER_MINUTE));
  row.put(Int32GetDatum(d.meals));
  row.put(Int32GetDatum(d.tries));
  row.nutrition(d.nutrition);
  row.text(unit_name(asked.unit));
  for (const double area : {d.area.expected, d.area.lower, d.area.upper, d.area.mean})
    row.number(in_unit(asked.unit, area));
  for (const double pct : {d.in_range_pct.expected, d.in_range_pct.lower, d.in_range_pct.upper, d.in_range_pct.mean})
    row.number(pct);
  row.text(in_server_memory([&] { return glucose::in_words(d, asked.unit, asked.german); }));
  if (found.change == nullptr)
    for (int i = 0; i < 4; ++i) row.null();
  else
    row.text(found.change->nutrient), row.real(found.change->before), row.real(found.change->after),
        row.number(in_unit(asked.unit, found.difference));
  answer.put(row.values, row.nulls);
}

const pg_uuid_t** meal_ids_argument(FunctionCallInfo fcinfo, int* n) {
  require_argument(fcinfo, 0, "meal_ids");
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(0);
  if (ARR_NDIM(array) > 1)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"meal_ids\" must have one dimension")));
  Datum* values;
  bool* nulls;
  deconstruct_array(array, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &values, &nulls, n);
  if (*n < 1 || *n > kMostCompared)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("\"meal_ids\" must name from 1 to %d meals", kMostCompared)));
  auto** ids = static_cast<const pg_uuid_t**>(palloc(sizeof(pg_uuid_t*) * static_cast<Size>(*n)));
  for (int i = 0; i < *n; ++i) {
    if (nulls[i])
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"meal_ids\" must not hold nulls")));
    ids[i] = DatumGetUUIDP(values[i]);
  }
  return ids;
}

}  // namespace

SQL_FUNCTION(meal_clusters) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const MealsAsked asked = read_meals_options(jsonb_argument(fcinfo, 1, "options"), MealsOptions::plain);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const EatenMeals eaten = read_eaten_meals(read_person(person_id), asked.days, CurrentMemoryContext);
  const int* of_dish = count_by_dish(eaten);
  for (size_t i = 0; i < eaten.meals.size(); ++i) {
    CHECK_FOR_INTERRUPTS();
    Row<12> row;
    put_meal(row, eaten, i, of_dish);
    row.text(unit_name(asked.unit));
    put_response(row, eaten.meals[i], asked.unit);
    answer.put(row.values, row.nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

COUNTED_FUNCTION(steady_meals, expensive) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const std::optional<glucose::MealType> type = type_argument(fcinfo, 1);
  const int k = count_argument(fcinfo, 2, "k", 1, kMostSteady);
  MealsAsked asked = read_meals_options(jsonb_argument(fcinfo, 3, "options"), MealsOptions::steady);
  asked.steady.type = type, asked.steady.most = static_cast<size_t>(k);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const Person person = read_person(person_id);
  const EatenMeals eaten = read_eaten_meals(person, asked.days, CurrentMemoryContext);
  const auto* steady = owned<std::vector<SteadyDish>>(CurrentMemoryContext, [&] {
    return glucose::steady_dishes(eaten.meals, eaten.dishes, eaten.n_dishes, asked.steady);
  });
  for (size_t i = 0; i < steady->size(); ++i) {
    const SteadyDish& d = (*steady)[i];
    FoundChange found;
    if (asked.what_if) found = smallest_rise(person, main_line(eaten, eaten.meals[d.newest].meal));
    put_steady(answer, static_cast<int>(i) + 1, d, eaten, asked, found);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}

SQL_FUNCTION(compare_meals) {
  int n;
  const pg_uuid_t** ids = meal_ids_argument(fcinfo, &n);
  const MealsAsked asked = read_meals_options(jsonb_argument(fcinfo, 1, "options"), MealsOptions::plain);
  const pg_uuid_t* person_id = optional_uuid_argument(fcinfo, 2);
  const AnswerRows answer(fcinfo);
  begin(Volatility::stable);
  const PersonMeal first = read_meal(ids[0], person_id);
  auto* meals = static_cast<Meal*>(palloc(sizeof(Meal) * static_cast<Size>(n)));
  for (int i = 0; i < n; ++i) meals[i] = i == 0 ? first.meal : read_meal(ids[i], &first.person.id).meal;
  const EatenMeals eaten = read_eaten_meals(first.person, asked.days, CurrentMemoryContext);
  const int* of_dish = count_by_dish(eaten);
  double chance = std::nan("");
  guarded([&] {
    chance = glucose::chance_between_tries(glucose::area_within_dishes(eaten.meals, eaten.dishes, eaten.n_dishes));
  });
  double area_of_first = std::nan("");
  for (int i = 0; i < n; ++i) {
    const size_t place = eaten.find(meals[i]);
    if (place == eaten.meals.size())
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a meal is older than those that are looked at"),
                      errhint("Ask for more days, or leave the option out.")));
    const EatenMeal& m = eaten.meals[place];
    const auto area = static_cast<double>(m.response.area);
    if (i == 0) area_of_first = area;
    const double difference = i == 0 ? std::nan("") : area - area_of_first;
    Row<21> row;
    row.put(Int32GetDatum(i + 1));
    put_meal(row, eaten, place, of_dish);
    row.nutrition(m.meal.nutrition);
    row.text(unit_name(asked.unit));
    put_response(row, m, asked.unit);
    for (const double d : {difference, difference - chance, difference + chance}) row.number(in_unit(asked.unit, d));
    answer.put(row.values, row.nulls);
  }
  end(Volatility::stable);
  return static_cast<Datum>(0);
}
