// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/read.hpp"

#include <algorithm>
#include <utility>

#include "core/tasks/meal/features/feature_schema.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/marks.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/sight.hpp"

extern "C" {
#include "access/table.h"
#include "storage/bufmgr.h"
#include "utils/rel.h"
}

namespace glucose::pg {

namespace {

constexpr int kMostPersonsNamed = 32;  // an index is searched once for each

// Both relations may be views over an application's own tables, made again with other types after setup() has looked:
// the casts do nothing to the contract's types and keep any other from being read as them.
#define MEAL_COLUMNS                                                                               \
  "m.eaten_at::pg_catalog.timestamptz, m.meal_id::pg_catalog.uuid, m.meal_type::pg_catalog.text, " \
  "m.calories::pg_catalog.float4, m.carbs_g::pg_catalog.float4, m.protein_g::pg_catalog.float4, "  \
  "m.fat_g::pg_catalog.float4, m.fiber_g::pg_catalog.float4"

#define PERSON_COLUMNS                                                                        \
  "p.person_id, p.time_zone, p.shares_data, pg_catalog.lower(p.unit) OPERATOR(pg_catalog.=) " \
  "'mmol/l'"

Query person_by_id{
    "SELECT " PERSON_COLUMNS " FROM glucose.person p WHERE p.person_id OPERATOR(pg_catalog.=) $1", 1, {UUIDOID}};
// Consent is part of the query: who has not given it is not even read.
Query sharing_persons{"SELECT " PERSON_COLUMNS
                      " FROM glucose.person p WHERE p.shares_data "
                      "ORDER BY p.person_id USING OPERATOR(pg_catalog.<)",
                      0,
                      {}};
Query meal_by_id{"SELECT " MEAL_COLUMNS ", " PERSON_COLUMNS
                 " FROM glucose.meal m "
                 "JOIN glucose.person p ON p.person_id OPERATOR(pg_catalog.=) m.person_id "
                 "WHERE m.meal_id OPERATOR(pg_catalog.=) $1",
                 1,
                 {UUIDOID}};
// Of these persons alone: no row of anybody else's is touched, so that a meal of theirs takes as long as none. OFFSET
// keeps the planner from looking the meal up by its id first.
Query meal_of_persons{"SELECT m.*, " PERSON_COLUMNS
                      " "
                      "FROM pg_catalog.unnest($2) AS v (person_id) CROSS JOIN LATERAL (SELECT " MEAL_COLUMNS
                      " FROM glucose.meal m WHERE m.meal_id OPERATOR(pg_catalog.=) $1 "
                      "AND m.person_id OPERATOR(pg_catalog.=) v.person_id OFFSET 0) AS m "
                      "JOIN glucose.person p ON p.person_id OPERATOR(pg_catalog.=) v.person_id",
                      2,
                      {UUIDOID, UUIDARRAYOID}};
// With the person's marks, a row for each, which are asked for next: one statement less.
Query meal_by_person_and_id{"SELECT " MEAL_COLUMNS ", " PERSON_COLUMNS
                            ", k.token, k.rows_until FROM glucose.meal m "
                            "JOIN glucose.person p ON p.person_id OPERATOR(pg_catalog.=) m.person_id "
                            "LEFT JOIN glucose.serving_mark k ON k.person_id OPERATOR(pg_catalog.=) $2 "
                            "WHERE m.meal_id OPERATOR(pg_catalog.=) $1 AND m.person_id OPERATOR(pg_catalog.=) $2",
                            2,
                            {UUIDOID, UUIDOID}};
Query stays_of_person{
    "SELECT since, time_zone FROM glucose.person_time_zone WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "ORDER BY since USING OPERATOR(pg_catalog.<)",
    1,
    {UUIDOID}};
Query meals_between{"SELECT " MEAL_COLUMNS
                    " FROM glucose.meal m WHERE m.person_id OPERATOR(pg_catalog.=) $1 "
                    "AND m.eaten_at OPERATOR(pg_catalog.>=) $2 AND m.eaten_at OPERATOR(pg_catalog.<) $3 "
                    "ORDER BY m.eaten_at USING OPERATOR(pg_catalog.<), m.meal_id USING OPERATOR(pg_catalog.<)",
                    3,
                    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};
Query meal_ids_between{
    "SELECT m.meal_id::pg_catalog.uuid FROM glucose.meal m WHERE m.person_id OPERATOR(pg_catalog.=) $1 "
    "AND m.eaten_at OPERATOR(pg_catalog.>=) $2 AND m.eaten_at OPERATOR(pg_catalog.<) $3 "
    "ORDER BY m.eaten_at USING OPERATOR(pg_catalog.<), m.meal_id USING OPERATOR(pg_catalog.<)",
    3,
    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};
Query mean_carbs_between{
    "SELECT pg_catalog.avg(carbs_g::pg_catalog.float4) FROM glucose.meal WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND eaten_at OPERATOR(pg_catalog.>=) $2 AND eaten_at OPERATOR(pg_catalog.<) $3",
    3,
    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};
// Bounds are parameters: only leakproof comparisons reach the index under row-level security.
Query readings_between{
    "SELECT measured_at::pg_catalog.timestamptz, mg_dl::pg_catalog.float4, recorded_at::pg_catalog.timestamptz "
    "FROM glucose.glucose_reading "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND measured_at OPERATOR(pg_catalog.>) $2 "
    "AND measured_at OPERATOR(pg_catalog.<=) $3 "
    "ORDER BY measured_at USING OPERATOR(pg_catalog.<)",
    3,
    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};

[[noreturn]] void raise_outside_range(const char* relation, const char* what) {
  failing_plainly();
  ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                  errmsg("\"%s\" of a row of glucose.%s is outside its range", what, relation),
                  errhint("The view over your own table must leave such rows out or convert their unit.")));
  pg_unreachable();
}

[[noreturn]] void raise_missing(const char* relation, const char* what) {
  failing_plainly();
  ereport(ERROR,
          (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("\"%s\" of a row of glucose.%s is null", what, relation),
           errhint("The view over your own table must leave such rows out.")));
  pg_unreachable();
}

// Nutrient `i` of a meal's row, in the column of that place; the table checks its range, a view may not.
float nutrient_at(uint64 row, int i, int col) {
  bool is_null;
  const Datum value = column(row, col, &is_null);
  if (is_null) return kUnknown;
  const float amount = DatumGetFloat4(value);
  const FeatureInfo& info = kFeatureTable[static_cast<size_t>(i)];
  if (!(amount >= info.low && amount <= info.high)) raise_outside_range("meal", info.name.data());
  return amount;
}

Datum required(uint64 row, int col, const char* name) {
  bool is_null;
  const Datum value = column(row, col, &is_null);
  if (is_null) raise_missing("meal", name);
  return value;
}

constexpr auto kOtherType = static_cast<MealType>(kMealTypes);

// The table knows four types; a view over an application's own table may have others, or none: then the clock says.
MealType meal_type_at(uint64 row, int col) {
  char name[kLongestName];
  copy_text(row, col, name, sizeof name);
  for (int i = 0; i < kMealTypes; ++i)
    if (strcmp(name, kMealTypeNames[static_cast<size_t>(i)]) == 0) return static_cast<MealType>(i);
  return kOtherType;
}

// Columns 1 … 8 are MEAL_COLUMNS; the clock and what it says of the type are still open.
Meal meal_at(uint64 row) {
  Meal meal;
  meal.eaten_at = DatumGetTimestampTz(required(row, 1, "eaten_at"));
  require_finite_time(meal.eaten_at, "eaten_at");
  memcpy(meal.id.data(), DatumGetUUIDP(required(row, 2, "meal_id"))->data, UUID_LEN);
  meal.nutrition = {nutrient_at(row, 0, 4), nutrient_at(row, 1, 5), nutrient_at(row, 2, 6), nutrient_at(row, 3, 7),
                    nutrient_at(row, 4, 8)};
  meal.type = meal_type_at(row, 3);
  return meal;
}

void tell_time(Meal& meal, PersonClock* clock) {
  meal.clock = local_clock(meal.eaten_at, clock);
  if (meal.type == kOtherType) meal.type = usual_type(meal.clock);
}

/// A person but for its clock, which is made of the zone it lives in.
struct PersonRow {
  Person person;
  const char* home;
};

PersonRow person_at(uint64 row, int id_column) {
  Person person;
  person.id = *DatumGetUUIDP(value(row, id_column));
  person.clock = nullptr;
  person.shares_data = DatumGetBool(value(row, id_column + 2));
  person.wants_mmol_l = DatumGetBool(value(row, id_column + 3));
  return {person, TextDatumGetCString(value(row, id_column + 1))};
}

// Few installations know of journeys, and none of them need be asked for.
bool any_stays() {
  Relation table =
      table_open(get_relname_relid("person_time_zone", get_namespace_oid("glucose", false)), AccessShareLock);
  const bool any = RelationGetNumberOfBlocks(table) > 0;
  table_close(table, AccessShareLock);
  return any;
}

Person with_clock(PersonRow row) {
  uint64 n = 0;
  if (any_stays()) {
    Parameters p;
    p.add(UUIDPGetDatum(&row.person.id));
    run(stays_of_person, p, Mode::read);
    n = SPI_processed;
  }
  row.person.clock = make_clock(row.home, static_cast<int>(n));
  for (uint64 i = 0; i < n; ++i)
    add_stay(row.person.clock, DatumGetTimestampTz(value(i, 1)), TextDatumGetCString(value(i, 2)));
  return row.person;
}

/// Persons that a statement over many of their meals has asked for.
struct SeenPersons {
  static constexpr int kMost = 64;
  uint64 seen = 0;  // sight_of_rows()
  int n = 0;
  Person persons[kMost];
  MemoryContext context = nullptr;  // of their clocks
};
SeenPersons seen_persons;

void remember(const Person& person) {
  SeenPersons& s = seen_persons;
  const uint64 now = sight_of_rows();
  if (s.seen != now || s.n == SeenPersons::kMost) {
    s.n = 0;
    if (s.context == nullptr)
      s.context = AllocSetContextCreate(TopMemoryContext, "pg_glucose persons seen", ALLOCSET_SMALL_SIZES);
    MemoryContextReset(s.context);
    s.seen = now;
  }
  if (now == 0) return;
  s.persons[s.n] = person;
  s.persons[s.n].clock = copy_clock(person.clock, s.context);
  ++s.n;
}

bool is_remembered(const pg_uuid_t* person_id, Person* person) {
  const SeenPersons& s = seen_persons;
  if (s.n == 0 || s.seen == 0 || s.seen != sight_of_rows()) return false;
  for (int i = 0; i < s.n; ++i) {
    if (memcmp(s.persons[i].id.data, person_id->data, UUID_LEN) != 0) continue;
    *person = s.persons[i];
    person->clock = copy_clock(s.persons[i].clock, CurrentMemoryContext);
    return true;
  }
  return false;
}

/// Collects readings straight from the executor, without a copy of each tuple.
struct ReadingReceiver {
  DestReceiver base;  // first, so that the executor's pointer is ours
  Reading* rows;
  int64 n, capacity, most;
  const char* wrong;  // a column out of its range: said when the statement has ended
  bool is_full;       // as is this
};

bool receive_reading(TupleTableSlot* slot, DestReceiver* self) {
  auto* receiver = reinterpret_cast<ReadingReceiver*>(self);
  slot_getallattrs(slot);
  if (slot->tts_isnull[1]) return true;  // a sensor's row without a value
  const float mg_dl = DatumGetFloat4(slot->tts_values[1]);
  const TimestampTz measured_at = DatumGetTimestampTz(slot->tts_values[0]);
  if (!(mg_dl >= kGlucoseLow && mg_dl <= kGlucoseHigh))
    receiver->wrong = "mg_dl";
  else if (TIMESTAMP_NOT_FINITE(measured_at))
    receiver->wrong = "measured_at";
  if (receiver->wrong != nullptr) return false;
  if (receiver->n == receiver->capacity) {
    if ((receiver->is_full = receiver->n >= receiver->most)) return false;
    receiver->capacity = std::min(2 * receiver->capacity, receiver->most);
    receiver->rows =
        static_cast<Reading*>(repalloc_huge(receiver->rows, static_cast<Size>(receiver->capacity) * sizeof(Reading)));
  }
  receiver->rows[receiver->n++] = {measured_at,
                                   slot->tts_isnull[2] ? measured_at : DatumGetTimestampTz(slot->tts_values[2]), mg_dl};
  return true;
}

void start_receiver(DestReceiver*, int, TupleDesc) {}
void end_receiver(DestReceiver*) {}

Parameters window(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(TimestampTzGetDatum(from));
  p.add(TimestampTzGetDatum(until));
  return p;
}

}  // namespace

void require_finite_time(TimestampTz at, const char* what) {
  if (!TIMESTAMP_NOT_FINITE(at)) return;
  failing_plainly();
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" must be a finite time", what)));
}

MealType usual_type(const LocalClock& clock) {
  const int minute = clock.minute_of_day;
  if (minute >= 5 * 60 && minute < 10 * 60 + 30) return MealType::breakfast;
  if (minute >= 10 * 60 + 30 && minute < 15 * 60) return MealType::lunch;
  if (minute >= 16 * 60 + 30 && minute < 22 * 60) return MealType::dinner;
  return MealType::snack;
}

Person read_person(const pg_uuid_t* person_id) {
  if (!may_see(person_id)) raise_not_found("person", person_id);
  focus_on(person_id);
  Person person;
  if (is_remembered(person_id, &person)) return person;
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  run(person_by_id, p, Mode::read);
  if (SPI_processed == 0) raise_not_found("person", person_id);
  person = with_clock(person_at(0, 1));
  remember(person);
  return person;
}

Persons read_sharing_persons() {
  run(sharing_persons, Parameters(), Mode::read);
  Persons persons{nullptr, static_cast<int64>(SPI_processed)};
  persons.rows =
      static_cast<Person*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Person) * (SPI_processed + 1)));
  auto* rows =
      static_cast<PersonRow*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(PersonRow) * (SPI_processed + 1)));
  for (int64 i = 0; i < persons.n; ++i) rows[i] = person_at(static_cast<uint64>(i), 1);
  for (int64 i = 0; i < persons.n; ++i) persons.rows[i] = with_clock(rows[i]);
  pfree(rows);
  return persons;
}

PersonMeal read_meal(const pg_uuid_t* meal_id, const pg_uuid_t* person_id) {
  if (person_id != nullptr) focus_on(person_id);
  const ArrayType* few = person_id == nullptr ? few_visible_persons(kMostPersonsNamed) : nullptr;
  Parameters p;
  p.add(UUIDPGetDatum(meal_id));
  if (person_id != nullptr) p.add(UUIDPGetDatum(person_id));
  if (few != nullptr) p.add(PointerGetDatum(few));
  run(person_id != nullptr ? meal_by_person_and_id : few != nullptr ? meal_of_persons : meal_by_id, p, Mode::read);
  if (SPI_processed == 0) raise_not_found("meal", meal_id);
  if (SPI_processed > 1 && person_id == nullptr) {
    failing_plainly();
    ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION), errmsg("more than one person has a meal of this id"),
                    errhint("Name the person: person_id => ....")));
  }
  PersonMeal found;
  found.meal = meal_at(0);
  PersonRow row = person_at(0, 9);
  focus_on(&row.person.id);
  if (person_id != nullptr) note_marks(person_id, 13);
  if (!is_remembered(&row.person.id, &found.person)) {
    found.person = with_clock(row);
    remember(found.person);
  }
  tell_time(found.meal, found.person.clock);
  return found;
}

Readings read_readings(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until, Size max_bytes,
                       MemoryContext context) {
  ReadingReceiver receiver = {};
  receiver.base.receiveSlot = receive_reading;
  receiver.base.rStartup = start_receiver;
  receiver.base.rShutdown = receiver.base.rDestroy = end_receiver;
  receiver.base.mydest = DestNone;
  receiver.capacity = 1024;
  receiver.most = static_cast<int64>(max_bytes / sizeof(Reading) / 3);  // what is made of them needs the rest
  receiver.rows = static_cast<Reading*>(MemoryContextAlloc(context, 1024 * sizeof(Reading)));
  stream(readings_between, window(person_id, from, until), &receiver.base);
  if (receiver.wrong != nullptr) raise_outside_range("glucose_reading", receiver.wrong);
  if (receiver.is_full) {
    failing_plainly();
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("too many readings for the memory allowed"),
                    errhint("Raise glucose.max_train_memory, or choose a shorter period.")));
  }
  return {receiver.rows, receiver.n};
}

Meals read_meals(const Person& person, TimestampTz from, TimestampTz until, MemoryContext context) {
  run(meals_between, window(&person.id, from, until), Mode::read);
  Meals meals{nullptr, static_cast<int64>(SPI_processed)};
  meals.rows = static_cast<Meal*>(MemoryContextAllocHuge(context, sizeof(Meal) * (SPI_processed + 1)));
  for (uint64 row = 0; row < SPI_processed; ++row) {
    meals.rows[row] = meal_at(row);
    tell_time(meals.rows[row], person.clock);
  }
  SPI_freetuptable(SPI_tuptable);  // a population's training reads thousands of persons' in one call
  return meals;
}

MealIds read_meal_ids(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until) {
  run(meal_ids_between, window(person_id, from, until), Mode::read);
  MealIds meals{nullptr, static_cast<int64>(SPI_processed)};
  meals.ids =
      static_cast<pg_uuid_t*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(pg_uuid_t) * (SPI_processed + 1)));
  for (uint64 row = 0; row < SPI_processed; ++row) meals.ids[row] = *DatumGetUUIDP(required(row, 1, "meal_id"));
  SPI_freetuptable(SPI_tuptable);
  return meals;
}

float read_mean_carbs(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until) {
  run(mean_carbs_between, window(person_id, from, until), Mode::read);
  bool is_null;
  const Datum mean = column(0, 1, &is_null);
  return is_null ? kUnknown : static_cast<float>(DatumGetFloat8(mean));
}

}  // namespace glucose::pg
