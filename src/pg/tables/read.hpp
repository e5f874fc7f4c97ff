// SPDX-License-Identifier: PostgreSQL
// READ: rows of the tables, as the caller under row-level security, into the plain structs of core. Every call is made
// between SPI_connect and SPI_finish; what is returned is in plain structs or in `context`.
#pragma once
#include "core/base/types.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

inline constexpr int kLongestVersion = 32;
inline constexpr int kLongestName = 64;

struct Person {
  pg_uuid_t id;
  char time_zone[kLongestName];
};

/// Finds a person the caller may see, or raises (28000, P0002).
Person read_person(const pg_uuid_t* person_id);

struct PersonMeal {
  Person person;
  Meal meal;
};

/// Finds a meal and its person, or raises (28000, P0002); 21000 when two visible persons have a meal of that id and
/// none is named. `person_id` may be nullptr.
PersonMeal read_meal(const pg_uuid_t* meal_id, const pg_uuid_t* person_id);

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

/// A model that may serve, without its weights.
struct ModelRow {
  bool found = false;
  bool is_population = false;
  char version[kLongestVersion];
  char algorithm[kLongestName];
  char status[kLongestName];
  uint8 sha256[32];
  TimestampTz trained_at;
  TimestampTz training_end;
  int data_points;  // meals it learnt from
};

/// The person's active model of a type, or the named version of it.
ModelRow read_model(const pg_uuid_t* person_id, const char* model_type, const char* version);

/// The experiment that runs for a model type.
struct RunningExperiment {
  bool found = false;
  bool is_shadow = false;
  int percent = 0;
  char name[kLongestName];
  char salt[kLongestName];
  char population_version[kLongestVersion];  // empty: the candidate is a recipe
};

/// The person's active model of a type, or the active population model; with it, in the same statement, the experiment
/// that runs for the type, so that a forecast pays next to nothing for asking.
ModelRow read_serving_model(const pg_uuid_t* person_id, const char* model_type, RunningExperiment* experiment);
ModelRow read_serving_population_model(const char* model_type, RunningExperiment* experiment);
/// The candidate of an experiment for the person.
struct TriedModel {
  bool decided = false;  // false: its training is under way or not asked for
  ModelRow row;          // not found though decided: the training failed, or its model was rejected or deleted
};
TriedModel read_candidate(const RunningExperiment& experiment, const pg_uuid_t* person_id, const char* model_type);

/// The weights of a row, in `context`; nullptr when it is gone.
bytea* read_artifact(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type, MemoryContext context);

/// The person's wall clock at a moment. Raises 22023 for an unknown zone.
LocalClock local_clock(TimestampTz at, const char* time_zone);

/// Minutes by which that clock is ahead of UTC then, give or take whole days.
inline int utc_offset_min(TimestampTz at, const char* time_zone) {
  return local_clock(at, time_zone).minute_of_day - static_cast<int>(at / kMinute % (24 * 60));
}

/// Raises 22023 for -infinity and infinity; `what` names the argument.
void require_finite_time(TimestampTz at, const char* what);

}  // namespace glucose::pg
