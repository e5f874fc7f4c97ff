// SPDX-License-Identifier: PostgreSQL
// Who asks, and which persons that identity may see, record for and manage. Policies call these for every statement, so
// an answer is kept for as long as it cannot have changed: same transaction, same subtransaction, same snapshot, same
// identity and role.
#include "pg/tables/identity.hpp"

#include "pg/boundary/guard.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/boundary/token_identity.hpp"
#include "pg/tables/added_person.hpp"
#include "pg/tables/claims.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/relations.hpp"
#include "pg/tables/roles.hpp"
#include "pg/tables/sight.hpp"

namespace glucose::pg {

char* current_identity() {
  switch (settings::identity) {
    case settings::kIdentityRole:
      return identity_of_role(GetUserId());
    case settings::kIdentityToken:
      return token_identity() != nullptr ? pstrdup(token_identity()) : nullptr;
    default: {
      const char* claims = GetConfigOption("request.jwt.claims", true, false);
      char* subject = claims != nullptr ? subject_of_claims(claims) : nullptr;
      if (subject != nullptr) warn_of_session_claims();
      return subject;
    }
  }
}

namespace {
const char* hint_for_nobody() {
  switch (settings::identity) {
    case settings::kIdentityRole:
      return "This role has the name of another one that was known here before, or a name that is no text in this "
             "database. The owner of the tables decides who it is: SELECT glucose.bind_identity(identity, role).";
    case settings::kIdentityToken:
      return "Log in first, in the same transaction: SELECT glucose.login(token).";
    default:
      return "The gateway must set request.jwt.claims with a \"sub\" for this transaction.";
  }
}
}  // namespace

void raise_no_identity() {
  forget_failure();  // nothing that concerns one person only
  ereport(ERROR, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION), errmsg("no identity"),
                  errhint("%s", hint_for_nobody())));
  pg_unreachable();
}

void raise_not_found(const char* what, const pg_uuid_t* id) {
  if (current_identity() == nullptr) raise_no_identity();
  failing_plainly();
  ereport(ERROR, (errcode(ERRCODE_NO_DATA_FOUND),
                  errmsg("%s %s not found", what, DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(id))))));
  pg_unreachable();
}

namespace {

// By what the caller may do for a person; each holds the ones before it but for kOwned, which nobody can be given.
enum Kind { kVisible, kRecorded, kManaged, kOwned, kKinds };

// In order: every index scan sorts the array of its condition, and what is in order already costs it one pass.
#define OWN "SELECT person_id FROM glucose.person WHERE owner OPERATOR(pg_catalog.=) $1 "
#define SHARED "UNION ALL SELECT person_id FROM glucose.person_access WHERE identity OPERATOR(pg_catalog.=) $1 "
#define IN_ORDER "ORDER BY person_id USING OPERATOR(pg_catalog.<)"
#define AT_LEVELS(levels) "AND level OPERATOR(pg_catalog.=) ANY ('" levels "') "
Query queries[kKinds] = {{OWN SHARED IN_ORDER, 1, {TEXTOID}},
                         {OWN SHARED AT_LEVELS("{record,manage}") IN_ORDER, 1, {TEXTOID}},
                         {OWN SHARED AT_LEVELS("{manage}") IN_ORDER, 1, {TEXTOID}},
                         {OWN IN_ORDER, 1, {TEXTOID}}};
// One person alone, found by the index that begins with the identity: whether a person that is not the caller's is
// there changes neither the way nor the time. As a range, or the planner would take the person's own key for as good.
#define OF_CALLER(identity)     \
  "WHERE " identity             \
  " OPERATOR(pg_catalog.=) $1 " \
  "AND person_id OPERATOR(pg_catalog.>=) $2 AND person_id OPERATOR(pg_catalog.<=) $2 "
Query standing_of_caller{"SELECT 'owner' FROM glucose.person " OF_CALLER(
                             "owner") "UNION ALL SELECT level FROM glucose.person_access " OF_CALLER("identity"),
                         2,
                         {TEXTOID, UUIDOID},
                         nullptr,
                         true};
Query only_records{
    "SELECT EXISTS (SELECT FROM glucose.person_access WHERE identity OPERATOR(pg_catalog.=) $1 "
    "AND level OPERATOR(pg_catalog.=) 'record')",
    1,
    {TEXTOID},
    nullptr,
    true};

/// An answer and what it holds for.
struct Kept {
  uint64 seen = 0;  // sight()
  ArrayType* persons = nullptr;
};
Kept kept[kKinds];
Kept focused;                                           // the one person a call works for, while it does
SubTransactionId focused_in = InvalidSubTransactionId;  // an error that ends it leaves the focus where it was

constexpr int kMostAsked = 8;  // persons asked about one by one; who names more in a statement has all listed

/// What has been asked about single persons, and whether the caller only records for somebody.
struct Answers {
  uint64 seen = 0;  // sight()
  int n;
  pg_uuid_t persons[kMostAsked];
  int standings[kMostAsked];  // a Kind, or kNothing
  bool is_known_to_record, only_records;
};
constexpr int kNothing = -1;
Answers answers;

// A caller gets its own copy: what is kept may be replaced while its query still runs.
ArrayType* copied(const ArrayType* persons, MemoryContext context) {
  void* copy = MemoryContextAlloc(context, VARSIZE(persons));
  memcpy(copy, persons, VARSIZE(persons));
  return static_cast<ArrayType*>(copy);
}

void keep(Kept& k, const ArrayType* persons) {
  k.seen = 0;
  if (k.persons != nullptr) pfree(k.persons);
  k.persons = nullptr;
  k.persons = copied(persons, TopMemoryContext);
  k.seen = sight();
}

ArrayType* ask(Kind kind, const char* identity) {
  MemoryContext caller = CurrentMemoryContext;
  begin_for_policy(Volatility::stable);
  Parameters parameters;
  parameters.add(CStringGetTextDatum(identity));
  run(queries[kind], parameters, Mode::read);
  const uint64 n = SPI_processed;
  SPITupleTable* rows = SPI_tuptable;
  MemoryContext inside = MemoryContextSwitchTo(caller);
  auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * (n + 1)));
  for (uint64 i = 0; i < n; ++i) {
    auto* id = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
    *id = *DatumGetUUIDP(value(rows, i, 1));
    ids[i] = UUIDPGetDatum(id);
  }
  ArrayType* persons = construct_array(ids, static_cast<int>(n), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
  MemoryContextSwitchTo(inside);
  end(Volatility::stable);
  return persons;
}

// The tables read here have policies that call back into this: inside, nothing more is visible, and what the outer
// call asks for is visible by the policies' other arm (its own rows).
bool asking = false;

template <class Body>
auto while_asking(Body&& body) {
  decltype(body()) answer;
  asking = true;
  PG_TRY();
  { answer = body(); }
  PG_FINALLY();
  { asking = false; }
  PG_END_TRY();
  return answer;
}

// What is kept as long as nothing else is asked, or of the current memory context: to look at, not to hold on to.
const ArrayType* persons_of_caller(Kind kind) {
  char* identity = current_identity();
  if (identity == nullptr || asking) return construct_empty_array(UUIDOID);
  const uint64 now = sight();
  const bool is_focused = now != 0 && focused.seen == now && focused_in == GetCurrentSubTransactionId();
  if (kind == kVisible && is_focused) return focused.persons;
  Kept& k = kept[kind];
  if (now != 0 && k.seen == now) return k.persons;
  ArrayType* persons = while_asking([&] { return ask(kind, identity); });
  if (now != 0) keep(k, persons);
  return persons;
}

// The most that the caller may do for a person.
int ask_standing(const char* identity, const pg_uuid_t* person_id) {
  begin_for_policy(Volatility::stable);
  Parameters parameters;
  parameters.add(CStringGetTextDatum(identity));
  parameters.add(UUIDPGetDatum(person_id));
  run(standing_of_caller, parameters, Mode::read);
  constexpr const char* kNames[kKinds] = {"view", "record", "manage", "owner"};
  int standing = kNothing;
  for (uint64 row = 0; row < SPI_processed; ++row) {
    const char* name = TextDatumGetCString(value(row, 1));
    for (int kind = standing + 1; kind < kKinds; ++kind)
      if (strcmp(name, kNames[kind]) == 0) standing = kind;
  }
  SPI_finish();  // and no end(): a call that works for one person goes on doing so
  return standing;
}

bool ask_only_records(const char* identity) {
  begin_for_policy(Volatility::stable);
  Parameters parameters;
  parameters.add(CStringGetTextDatum(identity));
  run(only_records, parameters, Mode::read);
  const bool only = DatumGetBool(value(0, 1));
  SPI_finish();
  return only;
}

int size_of(const ArrayType* persons) {
  return ArrayGetNItems(ARR_NDIM(persons), ARR_DIMS(persons));
}

bool contains(const ArrayType* persons, const pg_uuid_t* person_id) {
  const auto* ids = reinterpret_cast<const pg_uuid_t*>(ARR_DATA_PTR(persons));
  return bsearch(person_id, ids, static_cast<size_t>(size_of(persons)), sizeof(pg_uuid_t),
                 [](const void* a, const void* b) { return memcmp(a, b, UUID_LEN); }) != nullptr;
}

// What was asked about single persons is forgotten when it no longer holds.
void check_answers(uint64 now) {
  if (answers.seen == now) return;
  answers.seen = now;
  answers.n = 0;
  answers.is_known_to_record = false;
}

// Whether the caller may do `kind` for a person, without a list of all whom it may do it for.
bool may(Kind kind, const pg_uuid_t* person_id) {
  const char* identity = current_identity();
  if (identity == nullptr || asking) return false;
  const uint64 now = sight();
  if (now != 0) {
    if (kept[kind].seen == now) return contains(kept[kind].persons, person_id);
    check_answers(now);
    for (int i = 0; i < answers.n; ++i)
      if (memcmp(&answers.persons[i], person_id, sizeof *person_id) == 0) return answers.standings[i] >= kind;
    if (answers.n == kMostAsked) return contains(persons_of_caller(kind), person_id);
  }
  const int standing = while_asking([&] { return ask_standing(identity, person_id); });
  if (now != 0) {
    check_answers(now);
    answers.persons[answers.n] = *person_id;
    answers.standings[answers.n++] = standing;
  }
  return standing >= kind;
}

// Whether there is a person for whom the caller may add but not correct.
bool records_for_others(const char* identity) {
  if (asking) return false;
  const uint64 now = sight();
  if (now != 0) {
    check_answers(now);
    if (answers.is_known_to_record) return answers.only_records;
  }
  const bool only = while_asking([&] { return ask_only_records(identity); });
  if (now != 0) {
    check_answers(now);
    answers.is_known_to_record = true;
    answers.only_records = only;
  }
  return only;
}

bool manages(const pg_uuid_t* person_id) {
  return may(kManaged, person_id) || caller_is_steward();
}

}  // namespace

bool sees(const pg_uuid_t* person_id) {
  return may(kVisible, person_id);
}

bool may_see(const pg_uuid_t* person_id) {
  return sees(person_id) || has_policy_of_its_own('r');
}

bool sees_by_our_policies_alone() {
  return !has_policy_of_its_own('r');
}

bool owns(const pg_uuid_t* person_id) {
  return may(kOwned, person_id);
}

bool may_record(const pg_uuid_t* person_id) {
  return may(kRecorded, person_id) || is_added_here(person_id);
}

const ArrayType* few_visible_persons(int most) {
  const ArrayType* persons = persons_of_caller(kVisible);
  if (size_of(persons) > most || has_policy_of_its_own('r')) return nullptr;
  return copied(persons, CurrentMemoryContext);
}

void focus_on(const pg_uuid_t* person_id) {
  // Only who is among the visible ones for certain: a row of person may be shown by a policy of somebody else's making.
  if (sight() == 0 || !may(kVisible, person_id)) return;
  Datum id = UUIDPGetDatum(person_id);
  focused_in = GetCurrentSubTransactionId();
  keep(focused, construct_array(&id, 1, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

void end_focus() {
  focused.seen = 0;
}

bool caller_is_steward() {
  const Oid schema = get_namespace_oid("glucose", true);
  const Oid table = OidIsValid(schema) ? get_relname_relid("retraining_policy", schema) : InvalidOid;
  return OidIsValid(table) && PGG_MAY_USE_SCHEMA(schema, GetUserId()) &&
         pg_class_aclcheck(table, GetUserId(), ACL_UPDATE) == ACLCHECK_OK;
}

void require_manager(const pg_uuid_t* person_id) {
  if (manages(person_id)) return;
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                  errmsg("permission denied for the models of person %s",
                         DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(person_id)))),
                  errhint("Its owner can share it at level \"manage\": see glucose.person_access.")));
}

void require_steward(const char* what) {
  if (caller_is_steward()) return;
  ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied for %s", what),
                  errhint("The steward does this: SELECT glucose.setup(steward => ...).")));
}

}  // namespace glucose::pg

using namespace glucose::pg;

SQL_FUNCTION(current_identity) {
  const char* identity = current_identity();
  if (identity == nullptr) PG_RETURN_NULL();
  PG_RETURN_TEXT_P(cstring_to_text(identity));
}

SQL_FUNCTION(visible_persons) {
  PG_RETURN_ARRAYTYPE_P(copied(persons_of_caller(kVisible), CurrentMemoryContext));
}

SQL_FUNCTION(owned_persons) {
  PG_RETURN_ARRAYTYPE_P(copied(persons_of_caller(kOwned), CurrentMemoryContext));
}

SQL_FUNCTION(may_record) {
  const pg_uuid_t* person_id = PG_GETARG_UUID_P(0);
  PG_RETURN_BOOL(may_record(person_id));
}

SQL_FUNCTION(may_manage) {
  const pg_uuid_t* person_id = PG_GETARG_UUID_P(0);
  PG_RETURN_BOOL(may(kManaged, person_id) || is_added_here(person_id));
}

SQL_FUNCTION(may_train) {
  begin(Volatility::stable);
  const bool may = manages(PG_GETARG_UUID_P(0));
  end(Volatility::stable);
  PG_RETURN_BOOL(may);
}

// Most callers only record for persons they may also manage, and pay nothing for a note on each row.
SQL_FUNCTION(entered_by) {
  const char* identity = current_identity();
  if (identity == nullptr || !records_for_others(identity)) PG_RETURN_NULL();
  PG_RETURN_TEXT_P(cstring_to_text(identity));
}
