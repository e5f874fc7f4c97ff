// SPDX-License-Identifier: PostgreSQL
// READ: rows of the tables, as the caller under row-level security, into the plain structs of core. Every call is made
// between SPI_connect and SPI_finish; what is returned is in plain structs or in `context`.
#pragma once
#include "core/base/types.hpp"
#include "pg/boundary/names.hpp"
#include "pg/boundary/server.hpp"
#include "pg/tables/zones.hpp"

namespace glucose::pg {

struct Person {
  pg_uuid_t id;
  PersonClock* clock;
  bool shares_data;
  bool wants_mmol_l;  // in documents that do not ask for another unit
};

/// Finds a person the caller may see, or raises (28000, P0002).
Person read_person(const pg_uuid_t* person_id);

struct PersonMeal {
  Person person;
  Meal meal;
};

/// Finds a meal and its person, or raises (28000, P0002); 21000 when two visible persons have a meal of that id and
/// none is named. `person_id` may be nullptr, or one that the caller is known to see.
PersonMeal read_meal(const pg_uuid_t* meal_id, const pg_uuid_t* person_id);

struct MealIds {
  pg_uuid_t* ids;
  int64 n;
};

/// Of one person's meals with from <= eaten_at < until, in order of time, then id; palloc'ed.
MealIds read_meal_ids(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until);

struct Persons {
  Person* rows;
  int64 n;
};

/// The persons whose data may be used for everyone's model (shares_data) and whom the caller sees, in order, palloc'ed.
Persons read_sharing_persons();

struct Readings {
  Reading* rows;
  int64 n;
};

/// One person's readings with from < measured_at <= until, sorted by time. Raises 53200 above `max_bytes`.
Readings read_readings(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until, Size max_bytes,
                       MemoryContext context);

struct Meals {
  Meal* rows;
  int64 n;
};

/// One person's meals with from <= eaten_at < until, sorted by time, then id.
Meals read_meals(const Person& person, TimestampTz from, TimestampTz until, MemoryContext context);

/// Mean carbohydrate of the meals with from <= eaten_at < until, g; NaN when none is known.
float read_mean_carbs(const pg_uuid_t* person_id, TimestampTz from, TimestampTz until);

/// What a meal at that time of day usually is.
MealType usual_type(const LocalClock& clock);

/// Raises 22023 for -infinity and infinity; `what` names the argument.
void require_finite_time(TimestampTz at, const char* what);

}  // namespace glucose::pg
