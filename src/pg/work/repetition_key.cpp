// SPDX-License-Identifier: PostgreSQL
#include "pg/work/repetition_key.hpp"

#include "core/days/daily_features.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/daily.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/kept.hpp"
#include "pg/tables/query.hpp"
#include "pg/work/document.hpp"

namespace glucose::pg {

namespace {

Query any_reading{
    "SELECT FROM glucose.glucose_reading WHERE person_id OPERATOR(pg_catalog.=) $1 "
    "AND measured_at OPERATOR(pg_catalog.>) $2 AND measured_at OPERATOR(pg_catalog.<=) $3 LIMIT 1",
    3,
    {UUIDOID, TIMESTAMPTZOID, TIMESTAMPTZOID}};

/// Numbers by their bytes: never a struct, which may have gaps.
template <class Number>
void add(StringInfo out, Number number) {
  static_assert(std::is_arithmetic_v<Number> || std::is_enum_v<Number>);
  appendBinaryStringInfo(out, reinterpret_cast<const char*>(&number), sizeof number);
}
void add_bytes(StringInfo out, const void* bytes, size_t size) {
  add(out, size);
  appendBinaryStringInfo(out, static_cast<const char*>(bytes), static_cast<int>(size));
}
void add_text(StringInfo out, std::string_view text) {
  add_bytes(out, text.data(), text.size());
}

void add_meal(StringInfo out, const Meal& meal) {
  add(out, meal.eaten_at);
  add(out, meal.clock.minute_of_day);
  add(out, meal.clock.weekday);
  add(out, meal.type);
  const Nutrition& n = meal.nutrition;
  for (const float amount : {n.calories, n.carbs_g, n.protein_g, n.fat_g, n.fiber_g}) add(out, amount);
}

// Whoever asks: what one was answered is another's only when that other asks for itself.
void add_asker(StringInfo out) {
  const char* identity = current_identity();
  add(out, identity != nullptr);
  if (identity != nullptr) add_text(out, identity);
  add(out, GetUserId());
}

void add_question(StringInfo out, const Asking& asking) {
  add_bytes(out, asking.person.id.data, UUID_LEN);
  add_text(out, asking.model_type);
  add_text(out, asking.subject.definition);
  add(out, asking.subject.low);
  add(out, asking.subject.high);
  add_text(out, unit_name_of(asking));
  add(out, asking.meal_id != nullptr);
  if (asking.meal_id != nullptr) add_bytes(out, asking.meal_id->data, UUID_LEN);
  const Question& q = asking.question;
  add(out, q.at);
  add(out, q.at > GetCurrentTransactionStartTimestamp());  // of a day that is not over yet
  add(out, q.clock.minute_of_day);
  add(out, q.clock.weekday);
  add(out, q.level);
  add(out, q.head);
  add(out, q.has_meal);
  if (q.has_meal) add_meal(out, q.meal);
  add_bytes(out, q.minutes.data(), sizeof q.minutes[0] * static_cast<size_t>(q.n_minutes));
  const PersonClock& clock = *asking.person.clock;
  for (int i = 0; i < clock.n; ++i) {
    add(out, clock.stays[i].since);
    add_text(out, clock.stays[i].name);
  }
}

void add_model(StringInfo out, const Served& served) {
  add_bytes(out, served.row.sha256, sizeof served.row.sha256);
  add_text(out, served.row.version);
  add(out, served.is_baseline);
  add(out, served.row.is_population);
  add_text(out, served.instead_of);
  const Trial& trial = served.trial;
  add(out, trial.arm != nullptr);
  if (trial.arm == nullptr) return;
  add_text(out, trial.experiment);
  add_text(out, trial.arm);
  add_text(out, trial.shadow.found ? trial.shadow.version : "");
}

void add_readings(StringInfo out, std::span<const Reading> readings, TimestampTz after, TimestampTz until) {
  for (const Reading& r : readings) {
    if (r.measured_at <= after || r.measured_at > until) continue;
    add(out, r.measured_at);
    add(out, r.recorded_at);
    add(out, r.mg_dl);
  }
}

void add_meals(StringInfo out, std::span<const Meal> meals, TimestampTz after, TimestampTz until) {
  for (const Meal& m : meals)
    if (m.eaten_at > after && m.eaten_at <= until) {
      add_bytes(out, m.id.data(), m.id.size());
      add_meal(out, m);
    }
}

// Rows that no mark stands for yet: few.
void add_newer_rows(StringInfo out, const Person& person, TimestampTz after, TimestampTz until, bool has_meals) {
  if (until <= after) return;
  const Readings readings = read_readings(&person.id, after, until, settings::max_train_bytes(), CurrentMemoryContext);
  add_readings(out, {readings.rows, static_cast<size_t>(readings.n)}, after, until);
  add_text(out, "meals");
  if (!has_meals) return;
  const Meals meals = read_meals(person, moved(after, 1), moved(until, 1), CurrentMemoryContext);
  add_meals(out, {meals.rows, static_cast<size_t>(meals.n)}, after, until);
}

bool has_reading(const pg_uuid_t* person_id, TimestampTz after, TimestampTz until) {
  Parameters p;
  p.add(UUIDPGetDatum(person_id));
  p.add(TimestampTzGetDatum(after));
  p.add(TimestampTzGetDatum(until));
  run(any_reading, p, Mode::read);
  return SPI_processed > 0;
}

// All that is stored of the days itself; only what makes them from readings and meals is left to the marks.
bool add_days(StringInfo out, const Asking& asking, const SettledRows& settled, const Reach& reach) {
  const Person& person = asking.person;
  const TimestampTz at = asking.question.at;
  const DateADT first = day_of(moved(at, -reach.before), person), last = day_of(at - 1, person);
  const Calendar calendar = calendar_of(person, first - kDailyReach, last + 1, CurrentMemoryContext);
  const TimestampTz end = calendar.end(last);
  TimestampTz after = settled.until;
  if (!settled.found) {
    // Without readings nothing moves a mark, and there is little to read.
    after = calendar.begin(first - kDailyReach) - 1;
    if (has_reading(&person.id, after, end)) return false;
  }
  add_newer_rows(out, person, after, end, true);
  DailyMaterial material;
  read_first_days(person, material);
  for (const auto day : material.ever) add(out, day);
  const char* target = asking.subject.definition.empty() ? asking.subject.name.data() : nullptr;
  const StoredValues values =
      read_stored_values(person, names_of_inputs(target), calendar.first_day, last + 1, CurrentMemoryContext);
  for (int64 i = 0; i < values.n; ++i) {
    const StoredValue& v = values.rows[i];
    add(out, v.day);
    add_text(out, v.metric);
    add(out, v.value);
    add(out, v.has_recorded_at);
    add(out, v.has_recorded_at ? v.recorded_at : 0);
  }
  return true;
}

bool add_rows(StringInfo out, Served& served, const Reach& reach, MemoryContext context) {
  const Asking& asking = *served.asking;
  const SettledRows settled = settled_rows(asking.person);
  add(out, settled.token);
  add(out, settled.until);
  if (reach.days) return add_days(out, asking, settled, reach);
  if (!settled.found) return false;
  const TimestampTz at = asking.question.at;
  if (!settled.are_kept) {
    add_newer_rows(out, asking.person, settled.until, at, reach.meals);
    return true;
  }
  served.known = read_kept(settled, asking.person, asking.subject, reach, at, context);
  served.has_known = true;
  if (at <= settled.until) return true;
  add_readings(out, served.known.readings, settled.until, at);
  add_text(out, "meals");
  add_meals(out, served.known.meals, settled.until, at);
  return true;
}

}  // namespace

bool make_key(Served& served, const Reach& reach, MemoryContext context, pg_uuid_t* key) {
  StringInfoData out;
  initStringInfo(&out);
  add_text(&out, PGG_VERSION);
  add_asker(&out);
  add_question(&out, *served.asking);
  add_model(&out, served);
  if (!add_rows(&out, served, reach, context)) return false;
  uint8 digest[kSha256Bytes];
  sha256(out.data, static_cast<size_t>(out.len), digest);
  memcpy(key->data, digest, UUID_LEN);
  pfree(out.data);
  return true;
}

}  // namespace glucose::pg
