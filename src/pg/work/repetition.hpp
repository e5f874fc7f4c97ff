// SPDX-License-Identifier: PostgreSQL
// Whether the log has an answer to the same question already. docs/why/audit.md says what makes two questions the same.
#pragma once
#include <tuple>

#include "core/readings/sensor.hpp"
#include "core/training/rows.hpp"
#include "pg/boundary/bytes.hpp"
#include "pg/tables/log_row.hpp"

namespace glucose::pg {

struct Served;

/// What the log has of a question.
struct Repetition {
  bool has_key = false;  // whether this answer may be given to the same question again
  pg_uuid_t key;         // of the caller, the question, the model and all rows that it may look at
  bool found = false;    // within glucose.cache_ttl; then:
  pg_uuid_t whole;       // the row that has the answer,
  Jsonb* predictions;    // what was forecast, in mg/dL where it is glucose,
  const bytea* said;     // and what else the document tells of it
};

/// Sets served.repeated, and served.known where it had to be read for it.
void look_for_repetition(Served& served, const Reach& reach, MemoryContext context);

/// When the artifact last answered the person, by the log; -infinity: never.
TimestampTz last_use(const Served& served);

/// What stands beside the forecast in a document, as bytes of a row, and back: a format, then each of its members.
/// Those are named by members_of(), which does not compile with one too few.
inline constexpr char kSaidFormat = 1;

inline auto members_of(SensorState& s) {
  auto& [used, sd, has_last, last_at, issues] = s;
  return std::tie(used, sd, has_last, last_at, issues);
}

template <class Said>
Datum bytes_of_said(Said said) {
  StringInfoData out = started_bytes();
  put(&out, kSaidFormat);
  std::apply([&](const auto&... member) { (put(&out, member), ...); }, members_of(said));
  return ended_bytes(out);
}
template <class... Member>
constexpr size_t size_of_members(std::type_identity<std::tuple<Member&...>> /*members*/) {
  return (sizeof(Member) + ...);
}
/// Whether a row says it so.
template <class Said>
bool is_said(const bytea* bytes) {
  using Members = std::type_identity<decltype(members_of(std::declval<Said&>()))>;
  constexpr size_t kSize = sizeof kSaidFormat + size_of_members(Members{});
  static_assert(kSize != sizeof(Said), "is told by its size from what an earlier version wrote: the whole struct");
  return VARSIZE_ANY_EXHDR(bytes) == kSize && *VARDATA_ANY(bytes) == kSaidFormat;
}
/// Of what look_for_repetition() has found, which is_said().
template <class Said>
Said said_of(const Repetition& repeated) {
  Taker from(repeated.said);
  (void)from.take<char>();
  Said said{};
  std::apply([&](auto&... member) { ((member = from.take<std::remove_reference_t<decltype(member)>>()), ...); },
             members_of(said));
  return said;
}

}  // namespace glucose::pg
