// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/settings.hpp"

#include "pg/boundary/server.hpp"
#include "pg/boundary/token_identity.hpp"

namespace glucose::pg::settings {

// 200 ensembles of 320 kB.
constexpr int kUsualCacheKb = 64 * 1024;

int identity = kIdentityRole;
int cache_size_kb = kUsualCacheKb;
int max_train_memory_kb = 256 * 1024;
int max_training_workers = 2;
int min_population_persons = 10;
char* audit_key_file = nullptr;
char* token_key_file = nullptr;
char* token_audience = nullptr;
bool warn_session_claims = true;
int audit_inputs = kInputsDigest;
bool require_audit = false;
constexpr int kDay = 24 * 60, kMostDays = 100 * 366;
int values_retention_min = 7 * kDay;
int audit_retention_min = 2190 * kDay;
int rollback_window_min = 14 * kDay;
int rate_limit_predictions = 0;
int rate_limit_expensive = 0;
int cache_ttl_s = 60 * 60;
int cache_ttl_daily_s = 24 * 60 * 60;
int jobs_retention_min = 30 * kDay;
int history_retention_min = 365 * kDay;
int keep_artifacts = 5;
int update_outcomes = 100;
int update_interval_min = 7 * kDay;
double drift_effect = 0.3;

namespace {
const config_enum_entry kIdentityOptions[] = {{"role", kIdentityRole, false},
                                              {"claims", kIdentityClaims, false},
                                              {"token", kIdentityToken, false},
                                              {nullptr, 0, false}};
const config_enum_entry kInputsOptions[] = {
    {"none", kInputsNone, false}, {"digest", kInputsDigest, false}, {"full", kInputsFull, false}, {nullptr, 0, false}};

void define_period(const char* name, const char* what, int* minutes) {
  DefineCustomIntVariable(name, what, nullptr, minutes, *minutes, 0, kMostDays * kDay, PGC_SUSET, GUC_UNIT_MIN, nullptr,
                          nullptr, nullptr);
}

void define_ttl(const char* name, const char* what, int* seconds) {
  DefineCustomIntVariable(name, what, "0: every answer is computed and a whole row of the log.", seconds, *seconds, 0,
                          366 * 24 * 60 * 60, PGC_SUSET, GUC_UNIT_S, nullptr, nullptr, nullptr);
}

void define_audit() {
  DefineCustomStringVariable("glucose.audit_key_file", "File with the key that signs rows of the log.",
                             "A key a line, the newest first; relative to the data directory. Empty: not signed.",
                             &audit_key_file, "", PGC_SUSET, GUC_SUPERUSER_ONLY, nullptr, nullptr, nullptr);
  DefineCustomEnumVariable("glucose.audit_inputs", "What the log keeps of what a model looked at.", nullptr,
                           &audit_inputs, kInputsDigest, kInputsOptions, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("glucose.require_audit", "Whether there is no answer without a row of the log.",
                           "Read-only calls raise 25006, and forecasts as rows are the stewards' alone.",
                           &require_audit, false, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  define_period("glucose.values_retention", "How long the log keeps values; purge() takes them away.",
                &values_retention_min);
  define_period("glucose.audit_retention", "How long the log keeps who was answered by which model and when.",
                &audit_retention_min);
  define_period("glucose.rollback_window",
                "How long after a deployment the values of both versions' answers are kept, at least.",
                &rollback_window_min);
  define_ttl("glucose.cache_ttl", "How long the same question is answered from the log.", &cache_ttl_s);
  define_ttl("glucose.cache_ttl_daily", "The same for metrics of days.", &cache_ttl_daily_s);
}

void define_rate_limit(const char* name, const char* what, int* per_minute) {
  constexpr int kMostAMinute = 100000;
  DefineCustomIntVariable(name, what, "0: as often as they like.", per_minute, 0, 0, kMostAMinute, PGC_SUSET, 0,
                          nullptr, nullptr, nullptr);
}

void define_retention() {
  define_period("glucose.jobs_retention", "How long jobs that have ended are kept.", &jobs_retention_min);
  define_period("glucose.history_retention",
                "How long is kept what retrainings and checks of models led to, resolved alerts, and feedback.",
                &history_retention_min);
  DefineCustomIntVariable(
      "glucose.keep_artifacts", "Versions of a model that keep their artifact beside the active one.",
      "The newest ones; purge() takes it from older ones, but none that a rollback or an experiment "
      "needs.",
      &keep_artifacts, keep_artifacts, 0, 1000000, PGC_SUSET, 0, nullptr, nullptr, nullptr);
}

void define_updates() {
  DefineCustomIntVariable("glucose.update_outcomes", "New outcomes that make an update of a person's model due.",
                          "Meals whose outcome is known, or stretches of six hours with readings.", &update_outcomes,
                          100, 1, 1000000, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("glucose.update_interval", "So long after a training or an update the next one is due.",
                          "When there is any new outcome.", &update_interval_min, 7 * kDay, 0, kMostDays * kDay,
                          PGC_USERSET, GUC_UNIT_MIN, nullptr, nullptr, nullptr);
}

void define_identity() {
  DefineCustomEnumVariable("glucose.identity", "How pg_glucose knows who asks.",
                           "role: the database role; claims: \"sub\" of request.jwt.claims, which the gateway "
                           "in front of the database must set; token: whom glucose.login() has let in.",
                           &identity, kIdentityRole, kIdentityOptions, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomStringVariable("glucose.token_key_file", "File with the keys that tokens of login() are signed with.",
                             "A key a line, at most two; relative to the data directory.", &token_key_file, "",
                             PGC_SUSET, GUC_SUPERUSER_ONLY, nullptr, nullptr, nullptr);
  DefineCustomStringVariable("glucose.token_audience", "What \"aud\" of a token must name.", nullptr, &token_audience,
                             "pg_glucose", PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("glucose.warn_session_claims",
                           "Whether claims that outlast their transaction are warned about.",
                           "Through a pooler the next client of the session is who they name.", &warn_session_claims,
                           true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  define_token_identity();
}
}  // namespace

void define() {
  define_identity();
  DefineCustomIntVariable("glucose.cache_size",
                          "Memory for decoded models in one backend, and as much again for persons.",
                          "0: what is known of persons is read anew for every forecast.", &cache_size_kb, kUsualCacheKb,
                          0, 4 * 1024 * 1024, PGC_USERSET, GUC_UNIT_KB, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("glucose.max_train_memory", "A training that would need more memory is refused.", nullptr,
                          &max_train_memory_kb, 256 * 1024, 1024, MAX_KILOBYTES, PGC_SUSET, GUC_UNIT_KB, nullptr,
                          nullptr, nullptr);
  DefineCustomIntVariable("glucose.max_training_workers", "Background trainings at once, on the whole server.",
                          "Each takes one of max_worker_processes.", &max_training_workers, 2, 1, 64, PGC_SUSET, 0,
                          nullptr, nullptr, nullptr);
  DefineCustomIntVariable("glucose.min_population_persons", "Persons a population model is trained from, at least.",
                          "The persons of two of its versions differ by none or by as many.", &min_population_persons,
                          10, 2, 1000000, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  define_audit();
  define_rate_limit("glucose.rate_limit_predictions", "Forecasts that one identity may ask for in a minute.",
                    &rate_limit_predictions);
  define_rate_limit("glucose.rate_limit_expensive",
                    "Trainings, searches, explanations and the like that one identity may ask for in a minute.",
                    &rate_limit_expensive);
  define_retention();
  DefineCustomRealVariable("glucose.drift_effect", "The least population stability index that is called drift.",
                           "And only beyond chance. By custom, 0.1 is a small and 0.25 a large change.", &drift_effect,
                           0.3, 0, 100, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  define_updates();
  MarkGUCPrefixReserved("glucose");
}

}  // namespace glucose::pg::settings
