// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/sketches.hpp"

#include <algorithm>

#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

Query of_person{
    "SELECT metadata OPERATOR(pg_catalog.->) 'reference' FROM glucose.model_version "
    "WHERE person_id OPERATOR(pg_catalog.=) $1 AND model_type OPERATOR(pg_catalog.=) $2 "
    "AND version OPERATOR(pg_catalog.=) $3",
    3,
    {UUIDOID, TEXTOID, TEXTOID}};
Query of_population{
    "SELECT metadata OPERATOR(pg_catalog.->) 'reference' FROM glucose.population_model "
    "WHERE model_type OPERATOR(pg_catalog.=) $1 AND version OPERATOR(pg_catalog.=) $2",
    2,
    {TEXTOID, TEXTOID}};

constexpr int kMostNumbers = 256;

/// One sketch as it is read: plain, palloc'ed.
struct Stored {
  int kind;
  const char* name;
  double* lists[4];  // cuts, n, missing, up_to
  int sizes[4];
  double crowd, likeness, memory;
};

struct Reading {
  int kind = 0;
  List* all = NIL;
  Stored* now = nullptr;
};

int place_of(const char* key, std::initializer_list<const char*> names) {
  int place = 0;
  for (const char* name : names) {
    if (strcmp(key, name) == 0) return place;
    ++place;
  }
  return -1;
}

void take_field(const char* key, const JsonbValue& value, void* state) {
  Stored& s = *static_cast<Reading*>(state)->now;
  if (const int list = place_of(key, {"cuts", "n", "missing", "up_to"}); list >= 0) {
    s.lists[list] = static_cast<double*>(palloc(sizeof(double) * kMostNumbers));
    s.sizes[list] = numbers_value(key, value, s.lists[list], kMostNumbers);
    return;
  }
  double* const numbers[] = {&s.crowd, &s.likeness, &s.memory};
  const int number = place_of(key, {"crowd", "likeness", "memory"});
  if (number >= 0 && value.type != jbvNull) *numbers[number] = number_value(key, value);
}

// What a note holds: an object, or nothing of interest.
void go_into(const JsonbValue& value, void (*each)(const char*, const JsonbValue&, void*), Reading& reading) {
  if (value.type != jbvBinary) return;
  JsonbValue copy = value;
  Jsonb* object = JsonbValueToJsonb(&copy);
  if (JB_ROOT_IS_OBJECT(object)) for_each_key(object, "reference", each, &reading);
}

void take_sketch(const char* key, const JsonbValue& value, void* state) {
  auto& reading = *static_cast<Reading*>(state);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  reading.now = static_cast<Stored*>(palloc0(sizeof(Stored)));
  *reading.now = {reading.kind, pstrdup(key), {}, {}, kNan, kNan, kNan};
  go_into(value, take_field, reading);
  reading.all = lappend(reading.all, reading.now);
}

void take_kind(const char* key, const JsonbValue& value, void* state) {
  auto& reading = *static_cast<Reading*>(state);
  reading.kind = place_of(key, {kDriftKindNames[0], kDriftKindNames[1], kDriftKindNames[2]});
  if (reading.kind >= 0) go_into(value, take_sketch, reading);
}

void add(std::vector<KeptSketch>& kept, const Stored& s) {
  const auto list = [&s](int i) { return std::vector<double>(s.lists[i], s.lists[i] + s.sizes[i]); };
  auto sketch = sketch_from({list(0), list(1), list(2), list(3), s.crowd, s.likeness, s.memory});
  if (sketch) kept.push_back({static_cast<DriftKind>(s.kind), s.name, std::move(*sketch)});
}

}  // namespace

const std::vector<KeptSketch>* read_sketches(const ModelRow& row, const pg_uuid_t* person_id, const char* model_type,
                                             MemoryContext context) {
  Parameters p;
  if (person_id != nullptr) p.add(UUIDPGetDatum(person_id));
  p.add(CStringGetTextDatum(model_type));
  p.add(CStringGetTextDatum(row.version));
  // Weights and what is like them reach nobody but through functions.
  run(person_id != nullptr ? of_person : of_population, p, person_id != nullptr ? Mode::read : Mode::read_as_owner);
  if (SPI_processed == 0) return nullptr;
  bool is_null;
  const Datum reference = column(0, 1, &is_null);
  if (is_null) return nullptr;
  Jsonb* stored = DatumGetJsonbP(reference);
  if (!JB_ROOT_IS_OBJECT(stored)) return nullptr;
  Reading reading;
  for_each_key(stored, "reference", take_kind, &reading);
  auto* kept = owned<std::vector<KeptSketch>>(context, [] { return std::vector<KeptSketch>(); });
  ListCell* cell;
  foreach (cell, reading.all) {
    const auto& one = *static_cast<const Stored*>(lfirst(cell));
    guarded([&] { add(*kept, one); });
  }
  return kept->empty() ? nullptr : kept;
}

}  // namespace glucose::pg
