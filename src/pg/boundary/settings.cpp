// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/settings.hpp"

#include "pg/boundary/server.hpp"

namespace glucose::pg::settings {

// 200 ensembles of 320 kB.
constexpr int kUsualCacheKb = 64 * 1024;

int identity = kIdentityRole;
int cache_size_kb = kUsualCacheKb;
int max_train_memory_kb = 256 * 1024;
int max_training_workers = 2;
int min_population_persons = 10;
bool log_predictions = true;

namespace {
const config_enum_entry kIdentityOptions[] = {
    {"role", kIdentityRole, false}, {"claims", kIdentityClaims, false}, {nullptr, 0, false}};
}

void define() {
  DefineCustomEnumVariable("glucose.identity", "How pg_glucose knows who asks.",
                           "role: the database role; claims: \"sub\" of request.jwt.claims, which the gateway "
                           "in front of the database must set.",
                           &identity, kIdentityRole, kIdentityOptions, PGC_SUSET, 0, nullptr, nullptr, nullptr);
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
  DefineCustomBoolVariable("glucose.log_predictions", "Whether predict_glucose and predict_meal write a log row.",
                           nullptr, &log_predictions, true, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("glucose");
}

}  // namespace glucose::pg::settings
