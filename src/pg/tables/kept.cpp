// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/kept.hpp"

#include <algorithm>
#include <array>
#include <list>
#include <map>
#include <vector>

#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/daily.hpp"
#include "pg/tables/erasure.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/kept_rows.hpp"
#include "pg/tables/marks.hpp"
#include "pg/tables/sight.hpp"
#include "pg/tables/whose.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace glucose::pg {

namespace {

constexpr TimestampTz kFurther = 10 * kDay;  // read at once, back and on: questions about a person come in bunches

}  // namespace

struct KeptPerson {
  pg_uuid_t id;
  uint64 clock;  // the wall clocks of meals are by
  uint64 token;
  uint64 writers;       // who may have begun before rows up to `until` were marked as settled
  TimestampTz until;    // rows up to then are settled and, from `since` on, here
  uint64 next_writers;  // the same of a mark that has moved on
  TimestampTz next_until;
  bool has_rows = false;
  TimestampTz since = 0, read_until = 0;  // the last question's rows end there
  uint64 read_under = 0;                  // sight_of_rows() by which they are still those
  uint64 marked_under = 0;                // the same of the mark
  Mark mark;
  KeptRows<Reading> readings;
  KeptRows<Meal> meals;
  std::vector<int> offsets;  // clock_of() the readings
  TimestampTz offsets_from = 0;
  Kept kept;

  std::size_t bytes() const {
    return sizeof(KeptPerson) + readings.all.capacity() * sizeof(Reading) + meals.all.capacity() * sizeof(Meal) +
           offsets.capacity() * sizeof(int) + kept.bytes();
  }
};

namespace {

Mark last_mark;                   // of the person asked about last
bool is_to_be_forgotten = false;  // all that is kept, when the statement has ended that a call within it asked for it
uint64 questions = 0;
struct {
  int64 kept = 0, read = 0, begun = 0;
} counts;

using PersonKey = std::array<uint8, UUID_LEN>;

PersonKey key_of(const pg_uuid_t* id) {
  PersonKey key;
  memcpy(key.data(), id->data, key.size());
  return key;
}

struct Persons {
  std::list<KeptPerson> all;  // most recently asked about first
  std::map<PersonKey, std::list<KeptPerson>::iterator> by_id;

  void drop(std::list<KeptPerson>::iterator p) {
    by_id.erase(key_of(&p->id));
    all.erase(p);
  }
};

Persons& persons() {
  static Persons* instance = nullptr;
  if (instance == nullptr) {
    on_rollback([] { forget_kept(); });
    MemoryContext context = AllocSetContextCreate(TopMemoryContext, "pg_glucose persons", ALLOCSET_SMALL_SIZES);
    instance = owned<Persons>(context, [] { return Persons(); });
  }
  return *instance;
}

KeptPerson* find(const pg_uuid_t* id) {
  Persons& there = persons();
  const auto p = there.by_id.find(key_of(id));
  if (p == there.by_id.end()) return nullptr;
  there.all.splice(there.all.begin(), there.all, p->second);
  return &there.all.front();
}

/// Another number for another history of zones.
uint64 number_of(const PersonClock& clock) {
  uint64 number = 0;
  for (int i = 0; i < clock.n; ++i) {
    const Stay& stay = clock.stays[i];
    const auto* name = reinterpret_cast<const unsigned char*>(stay.name);
    number = hash_bytes_extended(name, static_cast<int>(strlen(stay.name)), number ^ static_cast<uint64>(stay.since));
  }
  return number;
}

KeptPerson* begin_keeping(const Person& person, const Mark& mark) {
  const uint64 writers = writers_until_now();
  guarded([&] {
    Persons& there = persons();
    std::list<KeptPerson> made(1);  // of the list only when it is found by its id, too
    KeptPerson& p = made.front();
    p.id = person.id;
    p.clock = number_of(*person.clock);
    p.token = mark.token;
    p.until = p.next_until = mark.until;
    p.writers = p.next_writers = writers;
    there.by_id[key_of(&p.id)] = made.begin();
    there.all.splice(there.all.begin(), made);
  });
  return &persons().all.front();
}

void drop_least_recent() {
  const auto most = settings::cache_bytes();
  guarded([&] {
    Persons& there = persons();
    std::size_t sum = 0;
    for (auto p = there.all.begin(); p != there.all.end();) {
      sum += p->bytes();
      const auto next = std::next(p);
      if (sum > most && p != there.all.begin()) there.drop(p);
      p = next;
    }
  });
}

/// The person whose settled rows may be used under this snapshot; null: none.
KeptPerson* usable(const Person& person, const Mark& mark, Snapshot snapshot) {
  KeptPerson* p = find(&person.id);
  if (p != nullptr && (p->token != mark.token || p->until > mark.until || p->clock != number_of(*person.clock))) {
    guarded([&] { persons().drop(persons().all.begin()); });
    p = nullptr;
  }
  if (p == nullptr) p = begin_keeping(person, mark);
  if (mark.until > p->next_until) {
    p->next_until = mark.until;
    p->next_writers = writers_until_now();
  }
  return writers_have_ended(p->writers, snapshot) ? p : nullptr;
}

std::span<const Reading> span_of(const Readings& readings) {
  return {readings.rows, static_cast<std::size_t>(readings.n)};
}
std::span<const Meal> span_of(const Meals& meals) {
  return {meals.rows, static_cast<std::size_t>(meals.n)};
}

Mark mark_of(const pg_uuid_t* person_id) {
  const uint64 now = sight_of_rows();
  KeptPerson* p = find(person_id);
  if (p != nullptr && now != 0 && p->marked_under == now) return p->mark;
  return read_mark(person_id);
}

void read_settled(KeptPerson& p, const Person& person, TimestampTz since) {
  const TimestampTz from = moved(since, -kFurther);
  const Readings readings = read_readings(&person.id, from, p.until, settings::max_train_bytes(), CurrentMemoryContext);
  const Meals meals = read_meals(person, from, moved(p.until, 1), CurrentMemoryContext);
  rows_were_read();
  p.has_rows = false;
  guarded([&] {
    p.kept.clear();
    p.readings.all.assign(span_of(readings).begin(), span_of(readings).end());
    p.meals.all.assign(span_of(meals).begin(), span_of(meals).end());
    p.readings.settled = p.readings.all.size();
    p.meals.settled = p.meals.all.size();
  });
  ++counts.begun;
  p.since = from;
  p.read_until = p.until;
  p.read_under = 0;
  p.has_rows = true;
}

void read_newer(KeptPerson& p, const Person& person, TimestampTz at, bool next_is_settled) {
  const Readings readings = read_readings(&person.id, p.until, at, settings::max_train_bytes(), CurrentMemoryContext);
  const Meals meals = read_meals(person, moved(p.until, 1), moved(at, 1), CurrentMemoryContext);
  rows_were_read();
  p.has_rows = false;
  guarded([&] {
    TimestampTz unchanged = std::min(p.read_until, at);
    unchanged = put_behind(p.readings, span_of(readings), unchanged);
    unchanged = put_behind(p.meals, span_of(meals), unchanged);
    p.kept.changed_after(unchanged);
    if (next_is_settled) {
      p.until = std::min(p.next_until, at);
      p.readings.settled = up_to(p.readings, p.until).size();
      p.meals.settled = up_to(p.meals, p.until).size();
    }
  });
  if (next_is_settled) p.writers = p.next_writers;
  p.read_until = at;
  p.read_under = sight_of_rows();
  p.has_rows = true;
}

}  // namespace

void settle(const pg_uuid_t* person_id, TimestampTz newest_reading) {
  if (is_due(last_mark, newest_reading)) advance_mark(person_id, newest_reading);
}

int forget_kept() {
  const int all = static_cast<int>(persons().all.size());
  is_to_be_forgotten = is_within_statement();
  if (is_to_be_forgotten) return all;
  guarded([] {
    persons().by_id.clear();
    persons().all.clear();
  });
  return all;
}

namespace {

// Not within a statement: who runs it looks at what is kept.
void heed_erasures() {
  static uint64 erasures = 0;
  if (is_within_statement()) return;
  const bool erased = somebody_was_erased(&erasures);
  if (erased || is_to_be_forgotten) forget_kept();
  if (erased) forget_kept_days();
}

Known read_all(const Person& person, const Subject& subject, const Reach& reach, TimestampTz at,
               MemoryContext context) {
  if (reach.days) heed_erasures();
  ++counts.read;
  return read_known(person, subject, reach, at, context);
}

/// The person whose settled rows may be used now; null: none. Sets last_mark.
KeptPerson* kept_of(const Person& person) {
  last_mark = {};
  if (is_within_statement()) return nullptr;
  Snapshot snapshot = GetActiveSnapshot();
  heed_erasures();
  bool changed = false;
  const bool can = settings::cache_size_kb > 0 && snapshot->snapshot_type == SNAPSHOT_MVCC &&
                   !IsolationIsSerializable() && rows_can_be_kept(&changed);
  if (changed) forget_kept();
  if (!can) return nullptr;
  const Mark mark = last_mark = mark_of(&person.id);
  KeptPerson* p = mark.found ? usable(person, mark, snapshot) : nullptr;
  if (p == nullptr) return nullptr;
  p->mark = mark;
  p->marked_under = sight_of_rows();
  return p;
}

DayClock clock_of_kept(KeptPerson& p, const Person& person, std::span<const Reading> readings) {
  if (readings.empty()) return {};
  const TimestampTz from = utc_day(readings.front().measured_at), until = utc_day(readings.back().measured_at);
  if (p.offsets_from != from || static_cast<TimestampTz>(p.offsets.size()) != (until - from) / kDay + 1) {
    const DayClock clock = clock_of(person, readings, CurrentMemoryContext);
    guarded([&] { p.offsets.assign(clock.offsets_min.begin(), clock.offsets_min.end()); });
    p.offsets_from = clock.first_at;
  }
  return {p.offsets_from, p.offsets};
}

Known read_from(KeptPerson& p, const Person& person, const Reach& reach, TimestampTz at) {
  Snapshot snapshot = GetActiveSnapshot();
  const uint64 now = sight_of_rows();
  const TimestampTz since = moved(at, -reach.before);
  const bool begins = !p.has_rows || since < p.since;
  if (begins) read_settled(p, person, std::min(since, p.until));
  if (begins || ++questions % 64 == 0) drop_least_recent();
  const bool again = now != 0 && p.read_under == now;  // in the same statement
  const bool beyond = at > (again ? p.read_until : p.until);
  if (beyond)
    read_newer(p, person, again ? moved(at, kFurther) : at,
               p.next_until > p.until && writers_have_ended(p.next_writers, snapshot));
  Known known;
  guarded([&] {
    // Beyond what was read now, rows may be others by now.
    const bool all_read = beyond || again;
    if (!all_read) p.kept.changed_after(p.until);
    const TimestampTz until = all_read ? p.read_until : p.until;
    known = {up_to(p.readings, until), {}, {}, until, &p.kept};
    if (reach.meals) known.meals = up_to(p.meals, until);
  });
  ++counts.kept;
  known.clock = clock_of_kept(p, person, known.readings);
  return known;
}

}  // namespace

SettledRows settled_rows(const Person& person) {
  KeptPerson* p = kept_of(person);
  if (p == nullptr) return {};
  // What the caller makes of the number is like what it reads.
  rows_were_read();
  return {true, p->has_rows, p->token, p->until, p};
}

Known read_kept(const SettledRows& settled, const Person& person, const Subject& subject, const Reach& reach,
                TimestampTz at, MemoryContext context) {
  if (reach.days) last_mark = {};
  if (reach.days || settled.kept == nullptr) return read_all(person, subject, reach, at, context);
  return read_from(*settled.kept, person, reach, at);
}

Known read_kept(const Person& person, const Subject& subject, const Reach& reach, TimestampTz at,
                MemoryContext context) {
  SettledRows settled;
  if (!reach.days) settled.kept = kept_of(person);
  return read_kept(settled, person, subject, reach, at, context);
}

PersonMeal read_kept_meal(const pg_uuid_t* meal_id, const pg_uuid_t* person_id) {
  if (person_id != nullptr && !may_see(person_id)) raise_not_found("meal", meal_id);
  pg_uuid_t owner;
  if (person_id == nullptr && whose_meal(meal_id, &owner)) person_id = &owner;
  KeptPerson* p = person_id != nullptr ? find(person_id) : nullptr;
  const uint64 now = sight_of_rows();
  if (p == nullptr || !p->has_rows || now == 0 || p->marked_under != now) return read_meal(meal_id, person_id);
  const std::vector<Meal>& meals = p->meals.all;
  const auto end = p->read_under == now ? meals.end() : meals.begin() + static_cast<std::ptrdiff_t>(p->meals.settled);
  const auto is_it = [&](const Meal& m) { return memcmp(m.id.data(), meal_id->data, UUID_LEN) == 0; };
  const auto meal = std::find_if(meals.begin(), end, is_it);
  if (meal == end) return read_meal(meal_id, person_id);
  PersonMeal found;
  found.meal = *meal;
  found.person = read_person(person_id);
  return found;
}

}  // namespace glucose::pg

using namespace glucose::pg;

SQL_FUNCTION(serving_stats) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  std::size_t bytes = 0;
  guarded([&] {
    for (const KeptPerson& p : persons().all) bytes += p.bytes();
  });
  Datum values[5] = {Int64GetDatum(static_cast<int64>(persons().all.size())), Int64GetDatum(static_cast<int64>(bytes)),
                     Int64GetDatum(counts.kept), Int64GetDatum(counts.read), Int64GetDatum(counts.begun)};
  bool nulls[5] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls)));
}
