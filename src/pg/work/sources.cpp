// SPDX-License-Identifier: PostgreSQL
#include "pg/work/sources.hpp"

#include <algorithm>
#include <tuple>

#include "pg/boundary/bytes.hpp"
#include "pg/boundary/guard.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace glucose::pg {

namespace {

constexpr char kFormat = 1;

uint32 digest_of_rest(const Meal& meal) {
  const Nutrition& n = meal.nutrition;
  // Bytes of what is written to one array: a struct may have gaps, and a NaN must be one.
  const float amounts[] = {n.calories, n.protein_g, n.fat_g, n.fiber_g};
  unsigned char bytes[sizeof amounts + 1];
  memcpy(bytes, amounts, sizeof amounts);
  for (size_t i = 0; i < lengthof(amounts); ++i)
    if (amounts[i] != amounts[i]) memset(bytes + i * sizeof(float), 0xff, sizeof(float));
  bytes[sizeof amounts] = static_cast<unsigned char>(meal.type);
  return hash_bytes(bytes, sizeof bytes);
}

auto key_of(const Source& s) {
  return std::make_tuple(s.kind, s.kind == SourceKind::meal ? int64{0} : s.at, s.id, s.input);
}
bool comes_before(const Source& a, const Source& b) {
  return key_of(a) < key_of(b);
}

bool is_same_value(const Source& a, const Source& b) {
  const bool same = a.value == b.value || (a.value != a.value && b.value != b.value);
  return same && a.at == b.at && a.rest == b.rest;
}

Fates room_for(size_t n) {
  return {static_cast<Fated*>(palloc(sizeof(Fated) * (n + 1))), 0};
}

}  // namespace

Sources near_sources(const Known& known, Micros at, const Subject& subject) {
  const Micros as_of = known.daily != nullptr ? std::min(at, known.until) : at;
  const auto first_reading = std::partition_point(known.readings.begin(), known.readings.end(), [&](const Reading& r) {
    return r.measured_at <= as_of - kNearReadings;
  });
  const auto first_meal = std::partition_point(known.meals.begin(), known.meals.end(),
                                               [&](const Meal& m) { return m.eaten_at <= as_of - kNearMeals; });
  const auto most = static_cast<size_t>(known.readings.end() - first_reading + (known.meals.end() - first_meal)) +
                    (known.daily != nullptr ? known.daily->rows.size() : 0);
  Sources out;
  out.rows = static_cast<Source*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Source) * (most + 1)));
  const auto add = [&out](const Source& source) { new (&out.rows[out.n++]) Source(source); };
  for (auto r = first_reading; r != known.readings.end() && r->measured_at <= as_of; ++r)
    add({.kind = SourceKind::reading,
         .is_known = r->recorded_at <= as_of,
         .at = r->measured_at,
         .recorded_at = r->recorded_at,
         .value = r->mg_dl});
  for (auto m = first_meal; m != known.meals.end() && m->eaten_at <= as_of; ++m)
    add({.kind = SourceKind::meal,
         .rest = digest_of_rest(*m),
         .at = m->eaten_at,
         .recorded_at = DT_NOBEGIN,
         .value = m->nutrition.carbs_g,
         .id = m->id});
  if (known.daily != nullptr)
    for (const DailyRow& d : known.daily->rows) {
      if (d.input == kTarget && input_of(subject.name) >= 0) continue;  // there twice
      add({.kind = SourceKind::day,
           .input = d.input,
           .is_known = d.known_at <= as_of,
           .at = d.day,
           .recorded_at = d.known_at,
           .value = d.value});
    }
  return out;
}

Datum sources_datum(const Sources& sources) {
  StringInfoData out = started_bytes();
  put(&out, kFormat);
  for (const Source& s : sources.all()) {
    if (!s.is_known) continue;
    put(&out, s.kind);
    put(&out, s.at);
    put(&out, s.value);
    if (s.kind == SourceKind::day) put(&out, s.input);
    if (s.kind == SourceKind::meal) put(&out, s.rest), put(&out, s.id);
  }
  return ended_bytes(out);
}

Sources sources_of(Datum datum) {
  Taker from(DatumGetByteaPP(datum));
  if (from.take<char>() != kFormat) elog(ERROR, "sources of a row of the log are of another version");
  constexpr size_t kLeast = sizeof(SourceKind) + sizeof(int64) + sizeof(float);
  Sources out;
  out.rows = static_cast<Source*>(palloc(sizeof(Source) * (static_cast<size_t>(from.end - from.next) / kLeast + 1)));
  while (from.next != from.end) {
    auto* s = new (&out.rows[out.n++]) Source{};
    s->kind = from.take<SourceKind>();
    s->at = from.take<int64>();
    s->value = from.take<float>();
    if (s->kind == SourceKind::day) s->input = from.take<int16>();
    if (s->kind == SourceKind::meal) s->rest = from.take<uint32>(), s->id = from.take<std::array<uint8, 16>>();
  }
  return out;
}

Fates compare(const Sources& before, const Sources& now) {
  Fates out = room_for(before.n + now.n);
  // Of a day and metric several sources may have values: those of one key are paired in their order.
  guarded([&] {
    std::stable_sort(before.rows, before.rows + before.n, comes_before);
    std::stable_sort(now.rows, now.rows + now.n, comes_before);
  });
  const Source *b = before.rows, *n = now.rows;
  const Source *end_b = b + before.n, *end_n = n + now.n;
  while (b != end_b || n != end_n) {
    if (n == end_n || (b != end_b && comes_before(*b, *n)))
      out.rows[out.n++] = {b++, nullptr, Fate::deleted};
    else if (b == end_b || comes_before(*n, *b))
      out.rows[out.n++] = {nullptr, n++, Fate::added};
    else {
      const Fate fate = is_same_value(*b, *n) && n->is_known ? Fate::same : Fate::changed;
      out.rows[out.n++] = {b++, n++, fate};
    }
  }
  return out;
}

Fates judge(const Sources& now, bool inputs_are_same) {
  Fates out = room_for(now.n);
  for (const Source& s : now.all())
    out.rows[out.n++] = {nullptr, &s, !s.is_known ? Fate::added : inputs_are_same ? Fate::same : Fate::unknown};
  return out;
}

}  // namespace glucose::pg
