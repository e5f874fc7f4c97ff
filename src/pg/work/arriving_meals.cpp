// SPDX-License-Identifier: PostgreSQL
#include "pg/work/arriving_meals.hpp"

#include <algorithm>
#include <cmath>

#include "core/tasks/meal/features/feature_schema.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/moment.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/relations.hpp"

namespace glucose::pg {

namespace {

constexpr int64 kAtMostAhead = 366 * USECS_PER_DAY;  // a meal may be planned
constexpr int kNutrients = 5;
constexpr const char* kNutrientNames[kNutrients] = {"calories", "carbs_g", "protein_g", "fat_g", "fiber_g"};

/// A meal on its way into the table; `place` is where it stands in the array, from 1.
struct ArrivingMeal {
  pg_uuid_t id;
  TimestampTz at;
  MealType type;
  float nutrients[kNutrients];  // NaN: not known
  int32 place;
};

// Parameters 2 to 9, an array for each column.
#define MEALS_ARRIVED                                                                                            \
  "FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), " \
  "pg_catalog.unnest($6), pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9)) "                 \
  "AS v (meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g)"
// One place of the index for each, whatever else there is; OFFSET keeps it so.
#define EACH_MEAL(columns)                                                                   \
  "SELECT m.* FROM pg_catalog.unnest($2) AS v (meal_id) CROSS JOIN LATERAL (SELECT " columns \
  " FROM glucose.meal m "                                                                    \
  "WHERE m.person_id OPERATOR(pg_catalog.=) $1 AND m.meal_id OPERATOR(pg_catalog.=) v.meal_id OFFSET 0"
#define COLUMN_TYPES                                                                                        \
  UUIDOID, UUIDARRAYOID, TIMESTAMPTZARRAYOID, TEXTARRAYOID, FLOAT4ARRAYOID, FLOAT4ARRAYOID, FLOAT4ARRAYOID, \
      FLOAT4ARRAYOID, FLOAT4ARRAYOID

Query find{EACH_MEAL("m.meal_id::pg_catalog.uuid, m.eaten_at::pg_catalog.timestamptz, m.meal_type::pg_catalog.text, "
                     "m.calories::pg_catalog.float4, m.carbs_g::pg_catalog.float4, m.protein_g::pg_catalog.float4, "
                     "m.fat_g::pg_catalog.float4, m.fiber_g::pg_catalog.float4") ") AS m",
           2,
           {UUIDOID, UUIDARRAYOID},
           nullptr,
           true};
// In the order of the arrays, which is that of the key: two imports of the same rows wait for each other in turn.
Query add_rows{
    "INSERT INTO glucose.meal (person_id, meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g, fiber_g) "
    "SELECT $1, v.* " MEALS_ARRIVED " ON CONFLICT DO NOTHING",
    9,
    {COLUMN_TYPES},
    nullptr,
    true};
Query lock_rows{EACH_MEAL("1") " FOR NO KEY UPDATE) AS m", 2, {UUIDOID, UUIDARRAYOID}, nullptr, true};
Query correct_rows{
    "UPDATE glucose.meal AS m SET eaten_at = v.eaten_at, meal_type = v.meal_type, calories = v.calories, "
    "carbs_g = v.carbs_g, protein_g = v.protein_g, fat_g = v.fat_g, fiber_g = v.fiber_g " MEALS_ARRIVED
    " WHERE m.person_id OPERATOR(pg_catalog.=) $1 AND m.meal_id OPERATOR(pg_catalog.=) v.meal_id",
    9,
    {COLUMN_TYPES},
    nullptr,
    true};

bool is_same_number(float a, float b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

int compare(const pg_uuid_t& a, const pg_uuid_t& b) {
  return memcmp(&a, &b, sizeof a);
}

class ArrivingMeals final : public Arrivals {
 public:
  const pg_uuid_t* person_id;
  const ArrivingMeal* rows;

  void look(bool at_newest) override {
    run(find, keys(Found::settled), at_newest ? Mode::write : Mode::read);
    for (int i = 0; i < n; ++i)
      if (found[i] != Found::settled) found[i] = Found::nothing;
    for (uint64 k = 0; k < SPI_processed; ++k) {
      CHECK_FOR_INTERRUPTS();
      const pg_uuid_t* id = DatumGetUUIDP(value(k, 1));
      const ArrivingMeal* row = std::lower_bound(
          rows, rows + n, *id, [](const ArrivingMeal& a, const pg_uuid_t& other) { return compare(a.id, other) < 0; });
      if (row == rows + n || compare(row->id, *id) != 0 || found[row - rows] == Found::settled) continue;
      found[row - rows] = is_same(k, *row) ? Found::the_same : Found::another;
    }
  }

  uint64 add() override { return write(Found::nothing, add_rows); }

  uint64 correct() override {
    if (is_table("meal")) run(lock_rows, keys(Found::another), Mode::write);
    return write(Found::another, correct_rows);
  }

 private:
  static bool is_same(uint64 k, const ArrivingMeal& row) {
    bool is_null;
    const Datum at = column(k, 2, &is_null);
    if (is_null || DatumGetTimestampTz(at) != row.at) return false;
    const Datum type = column(k, 3, &is_null);
    if (is_null || strcmp(TextDatumGetCString(type), kMealTypeNames[static_cast<size_t>(row.type)]) != 0) return false;
    for (int i = 0; i < kNutrients; ++i) {
      const Datum amount = column(k, 4 + i, &is_null);
      if (!is_same_number(is_null ? kUnknown : DatumGetFloat4(amount), row.nutrients[i])) return false;
    }
    return true;
  }

  Parameters keys(Found what) const {
    Parameters p;
    p.add(UUIDPGetDatum(person_id));
    add_column(p, rows, what, UUIDOID, [](const ArrivingMeal& row, bool*) { return UUIDPGetDatum(&row.id); });
    return p;
  }

  uint64 write(Found what, Query& statement) const {
    Datum type_names[kMealTypes];
    for (int i = 0; i < kMealTypes; ++i) type_names[i] = CStringGetTextDatum(kMealTypeNames[static_cast<size_t>(i)]);
    Parameters p = keys(what);
    add_column(p, rows, what, TIMESTAMPTZOID,
               [](const ArrivingMeal& row, bool*) { return TimestampTzGetDatum(row.at); });
    add_column(p, rows, what, TEXTOID,
               [&](const ArrivingMeal& row, bool*) { return type_names[static_cast<size_t>(row.type)]; });
    for (int i = 0; i < kNutrients; ++i)  // NOLINT(modernize-loop-convert): over columns, not over a row
      add_column(p, rows, what, FLOAT4OID, [i](const ArrivingMeal& row, bool* is_null) {
        *is_null = std::isnan(row.nutrients[i]);
        return Float4GetDatum(row.nutrients[i]);
      });
    run(statement, p, Mode::write);
    return SPI_processed;
  }
};

/// One object as it is read, with the first thing that is wrong.
struct GivenRow {
  const Person* person;
  ArrivingMeal meal;
  bool has_id = false, has_time = false, has_type = false, is_wrong = false;
  Refusal why;

  void wrong(Refusal reason) {
    if (!is_wrong) why = reason;
    is_wrong = true;
  }
};

bool is_uuid(const char* text) {
  for (int i = 0; i < 36; ++i) {
    const bool at_hyphen = i == 8 || i == 13 || i == 18 || i == 23;
    if (at_hyphen ? text[i] != '-' : isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return text[36] == '\0';
}

// An id is a uuid; an application's own number or text becomes the one that glucose.key() makes of it.
bool read_id(const JsonbValue& value, pg_uuid_t* id) {
  char* text;
  if (value.type == jbvString) {
    text = pnstrdup(value.val.string.val, static_cast<Size>(value.val.string.len));
    if (*text == '\0') return false;
  } else if (value.type == jbvNumeric) {
    text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(value.val.numeric)));
    const char* digits = text + (*text == '-' ? 1 : 0);
    if (strspn(digits, "0123456789") != strlen(digits)) return false;
  } else {
    return false;
  }
  *id = is_uuid(text) ? *DatumGetUUIDP(DirectFunctionCall1(uuid_in, CStringGetDatum(text)))
                      : *name_key(text, strlen(text));
  return true;
}

void take_time(const JsonbValue& value, GivenRow* row) {
  if (value.type != jbvString) return row->wrong(Refusal::malformed);
  const char* text = pnstrdup(value.val.string.val, static_cast<Size>(value.val.string.len));
  GivenTime given;
  if (strcmp(text, "infinity") == 0 || strcmp(text, "-infinity") == 0) return row->wrong(Refusal::not_finite);
  if (read_moment(text, &given) != 0) return row->wrong(Refusal::malformed);
  row->meal.at = given.is_local ? moment_of(given.at, row->person->clock) : given.at;
  row->has_time = true;
  if (!is_credible_time(row->meal.at, kAtMostAhead)) row->wrong(Refusal::time_out_of_range);
}

void take_type(const JsonbValue& value, GivenRow* row) {
  row->has_type = true;
  if (value.type != jbvString) return row->wrong(Refusal::malformed);
  for (size_t i = 0; i < kMealTypes; ++i) {
    const auto length = static_cast<int>(strlen(kMealTypeNames[i]));
    if (value.val.string.len != length ||
        memcmp(value.val.string.val, kMealTypeNames[i], strlen(kMealTypeNames[i])) != 0)
      continue;
    row->meal.type = static_cast<MealType>(i);
    return;
  }
  row->wrong(Refusal::malformed);
}

void take_nutrient(int i, const JsonbValue& value, GivenRow* row) {
  if (value.type != jbvNumeric) return row->wrong(Refusal::malformed);
  const auto amount = static_cast<float>(number_value(kNutrientNames[i], value));
  const FeatureInfo& info = kFeatureTable[static_cast<size_t>(i)];
  if (!(amount >= info.low && amount <= info.high)) return row->wrong(Refusal::out_of_range);
  row->meal.nutrients[i] = amount;
}

void take_key(const char* key, const JsonbValue& value, void* state) {
  auto* row = static_cast<GivenRow*>(state);
  const bool is_null = value.type == jbvNull;
  for (int i = 0; i < kNutrients; ++i) {
    if (strcmp(key, kNutrientNames[i]) != 0) continue;
    if (!is_null) take_nutrient(i, value, row);
    return;
  }
  if (strcmp(key, "eaten_at") == 0) {
    if (!is_null) take_time(value, row);
  } else if (strcmp(key, "meal_type") == 0) {
    if (!is_null) take_type(value, row);
  } else if (strcmp(key, "meal_id") == 0) {
    if (is_null) return;
    row->has_id = read_id(value, &row->meal.id);
    if (!row->has_id) row->wrong(Refusal::malformed);
  } else if (strcmp(key, "person_id") == 0) {
    pg_uuid_t id;
    if (!is_null && !(read_id(value, &id) && compare(id, row->person->id) == 0)) row->wrong(Refusal::other_person);
  } else if (strcmp(key, "entered_by") != 0) {  // a stored row as JSON has it; the table says it anew
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized key \"%s\" of a meal", clipped(key)),
                    errhint("Known are meal_id, eaten_at, meal_type, calories, carbs_g, protein_g, fat_g and "
                            "fiber_g.")));
  }
}

// Whether the meal may be stored, as far as it is known without its id; else it is refused.
bool take_meal(const JsonbValue& value, GivenRow& row, Tally& tally) {
  for (float& amount : row.meal.nutrients) amount = kUnknown;
  if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
    row.wrong(Refusal::malformed);
  else
    for_each_key(JsonbValueToJsonb(const_cast<JsonbValue*>(&value)), "a meal", take_key, &row);
  if (!row.has_time) row.wrong(Refusal::missing);
  if (row.is_wrong) {
    tally.refuse(row.why, row.meal.place);
    return false;
  }
  if (!row.has_type) row.meal.type = usual_type(local_clock(row.meal.at, row.person->clock));
  return true;
}

struct GivenMeals {
  ArrivingMeal* rows;
  int n;
};

int by_time(const GivenRow& a, const GivenRow& b) {
  if (a.meal.at != b.meal.at) return a.meal.at < b.meal.at ? -1 : 1;
  return a.meal.place - b.meal.place;
}

int by_id(const ArrivingMeal& a, const ArrivingMeal& b) {
  const int order = compare(a.id, b.id);
  return order != 0 ? order : a.place - b.place;
}

// A meal without an id has one of its time and of how many without an id came before it at that time: the lines of one
// meal, in the order in which they are given.
void name_lines(const Person& person, GivenRow* rows, int n) {
  const char* whose = DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(&person.id)));
  sort_rows<by_time>(rows, n);
  int line = 0;
  for (int i = 0; i < n; ++i) {
    CHECK_FOR_INTERRUPTS();
    if (i > 0 && rows[i].meal.at != rows[i - 1].meal.at) line = 0;
    if (rows[i].has_id) continue;
    const char* name = psprintf("meal of %s at " INT64_FORMAT " line %d", whose, rows[i].meal.at, ++line);
    rows[i].meal.id = *name_key(name, strlen(name));
  }
}

// In the order of the key, the last of each id.
GivenMeals in_order(const GivenRow* given, int n, Tally& tally) {
  GivenMeals meals{static_cast<ArrivingMeal*>(palloc(sizeof(ArrivingMeal) * static_cast<Size>(n + 1))), 0};
  for (int i = 0; i < n; ++i) meals.rows[i] = given[i].meal;
  sort_rows<by_id>(meals.rows, n);
  for (int i = 0; i < n; ++i)
    if (i + 1 == n || compare(meals.rows[i + 1].id, meals.rows[i].id) != 0) meals.rows[meals.n++] = meals.rows[i];
  tally.duplicates += n - meals.n;
  return meals;
}

GivenMeals read_given_meals(const Person& person, Jsonb* meals, Tally& tally) {
  if (!JB_ROOT_IS_ARRAY(meals) || JB_ROOT_IS_SCALAR(meals))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"meals\" must be a JSON array of objects"),
                    errhint("For example '[{\"eaten_at\": \"2026-01-31T12:30:00+01:00\", \"carbs_g\": 60}]'.")));
  require_few_rows(JB_ROOT_COUNT(meals));
  auto* rows = static_cast<GivenRow*>(palloc(sizeof(GivenRow) * (JB_ROOT_COUNT(meals) + 1)));
  JsonbIterator* it = JsonbIteratorInit(&meals->root);
  JsonbValue value;
  int n = 0;
  int32 place = 0;
  JsonbIteratorNext(&it, &value, true);
  while (JsonbIteratorNext(&it, &value, true) == WJB_ELEM) {
    CHECK_FOR_INTERRUPTS();
    rows[n] = {};
    rows[n].person = &person;
    rows[n].meal.place = ++place;
    n += take_meal(value, rows[n], tally);
  }
  name_lines(person, rows, n);
  return in_order(rows, n, tally);
}

}  // namespace

void import_meals(const Person& person, Jsonb* meals, const ImportOptions& options, Tally& tally) {
  const GivenMeals given = read_given_meals(person, meals, tally);
  ArrivingMeals arriving;
  arriving.person_id = &person.id;
  arriving.rows = given.rows;
  arriving.begin(given.rows, given.n);
  settle(arriving, options, tally);
}

}  // namespace glucose::pg
