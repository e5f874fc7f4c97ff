// SPDX-License-Identifier: PostgreSQL
#include "pg/work/given_meal.hpp"

#include "pg/boundary/json.hpp"
#include "pg/boundary/moment.hpp"

namespace glucose::pg {

namespace {

struct GivenMeal {
  Meal meal;
  bool has_type;
  const char* known_keys;
  PersonClock* clock;  // of a meal that is not stored
};

void take_type(const char* key, const JsonbValue& value, GivenMeal* given) {
  if (value.type == jbvNull) return;
  const char* name = text_value(key, value);
  for (size_t i = 0; i < kMealTypes; ++i)
    if (strcmp(name, kMealTypeNames[i]) == 0) {
      given->meal.type = static_cast<MealType>(i);
      given->has_type = true;
      return;
    }
  raise_bad_option(key, "breakfast, lunch, dinner or snack");
}

void take_moment(const char* key, const JsonbValue& value, GivenMeal* given) {
  const GivenTime time = time_value(key, value, "the present moment");
  given->meal.eaten_at = time.is_local ? moment_of(time.at, given->clock) : time.at;
}

void take_key(const char* key, const JsonbValue& value, void* state) {
  auto* given = static_cast<GivenMeal*>(state);
  Nutrition& n = given->meal.nutrition;
  struct {
    const char* name;
    float* where;
  } const nutrients[] = {{"calories", &n.calories},
                         {"carbs_g", &n.carbs_g},
                         {"protein_g", &n.protein_g},
                         {"fat_g", &n.fat_g},
                         {"fiber_g", &n.fiber_g}};
  for (const auto& nutrient : nutrients) {
    if (strcmp(key, nutrient.name) != 0) continue;
    *nutrient.where = value.type == jbvNull ? kUnknown : static_cast<float>(number_value(key, value));
    return;
  }
  if (strcmp(key, "meal_type") == 0)
    take_type(key, value, given);
  else if (strcmp(key, "eaten_at") == 0)
    take_moment(key, value, given);
  else if (strcmp(key, "entered_by") != 0)  // a stored meal's row as JSON has it, and nothing depends on it
    raise_unknown_option(key, given->known_keys);
}

void take_change(const char* key, const JsonbValue& value, void* state) {
  if (strcmp(key, "eaten_at") == 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a stored meal's \"eaten_at\" cannot be changed"),
                    errhint("At another time other readings are known: ask glucose.predict_meal.")));
  take_key(key, value, state);
}

}  // namespace

Meal read_given_meal(Jsonb* meal, const Person& person) {
  GivenMeal given = {};
  given.clock = person.clock;
  given.known_keys = "calories, carbs_g, protein_g, fat_g, fiber_g, meal_type and eaten_at";
  given.meal.nutrition = {kUnknown, kUnknown, kUnknown, kUnknown, kUnknown};
  given.meal.eaten_at = GetCurrentTransactionStartTimestamp();
  for_each_key(meal, "meal", take_key, &given);
  require_finite_time(given.meal.eaten_at, "eaten_at");
  given.meal.clock = local_clock(given.meal.eaten_at, person.clock);
  if (!given.has_type) given.meal.type = usual_type(given.meal.clock);
  return given.meal;
}

Meal changed_meal(const Meal& meal, Jsonb* changes) {
  GivenMeal given = {meal, true, "calories, carbs_g, protein_g, fat_g, fiber_g and meal_type", nullptr};
  for_each_key(changes, "changes", take_change, &given);
  return given.meal;
}

}  // namespace glucose::pg
