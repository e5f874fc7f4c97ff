// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstddef>

namespace glucose::pg::settings {

/// How a caller is known (glucose.identity, superuser only).
enum Identity : int { kIdentityRole, kIdentityClaims, kIdentityToken };
/// What the log keeps of what a model looked at.
enum AuditInputs : int { kInputsNone, kInputsDigest, kInputsFull };

extern int identity;                // one of Identity
extern int cache_size_kb;           // glucose.cache_size: decoded models kept per backend, and as much of persons
extern int max_train_memory_kb;     // glucose.max_train_memory: refuse a training that needs more
extern int max_training_workers;    // glucose.max_training_workers: background trainings at once, on the server
extern int min_population_persons;  // glucose.min_population_persons: fewer would be told of by a model of all
extern char* audit_key_file;        // glucose.audit_key_file: empty: rows of the log are not signed
extern char* token_key_file;        // glucose.token_key_file: what tokens of login() are signed with
extern char* token_audience;        // glucose.token_audience: for whom a token must have been issued
extern bool warn_session_claims;    // glucose.warn_session_claims: of claims that outlast their transaction
extern int audit_inputs;            // glucose.audit_inputs: one of AuditInputs
extern bool require_audit;          // glucose.require_audit: no answer without a row of the log
extern int values_retention_min;    // glucose.values_retention
extern int audit_retention_min;     // glucose.audit_retention
extern int rollback_window_min;     // glucose.rollback_window
extern int rate_limit_predictions;  // glucose.rate_limit_predictions: a minute and identity; 0: no limit
extern int rate_limit_expensive;    // glucose.rate_limit_expensive
extern int cache_ttl_s;             // glucose.cache_ttl: how long the same question is answered from the log
extern int cache_ttl_daily_s;       // glucose.cache_ttl_daily: the same of metrics of days
extern int jobs_retention_min;      // glucose.jobs_retention
extern int history_retention_min;   // glucose.history_retention
extern int keep_artifacts;          // glucose.keep_artifacts
extern int update_outcomes;         // glucose.update_outcomes: new ones that make an update due
extern int update_interval_min;     // glucose.update_interval: as does so long
extern double drift_effect;         // glucose.drift_effect: population stability index from which on it is drift

inline std::size_t cache_bytes() {
  return static_cast<std::size_t>(cache_size_kb) * 1024;
}
inline std::size_t max_train_bytes() {
  return static_cast<std::size_t>(max_train_memory_kb) * 1024;
}

/// Defines the glucose.* settings; called once from _PG_init.
void define();

}  // namespace glucose::pg::settings
