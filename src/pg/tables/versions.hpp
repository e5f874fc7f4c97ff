// SPDX-License-Identifier: PostgreSQL
// WRITE: a trained model becomes a version, of a person or of the population. Called between begin() and end(), with
// nothing of C++ alive.
#pragma once
#include "pg/boundary/request.hpp"

namespace glucose::pg {

/// A finished training in server terms: plain values and palloc'ed datums.
struct TrainedModel {
  char algorithm[kLongestName];
  const char* feature_schema;
  bytea* artifact;
  TimestampTz learnt_from, learnt_until;  // moments of the rows it learnt from
  int n_train, n_validation, n_test;
  float mae, rmse, r2;  // test, mean over horizons
  bool rejected, production_ready;
  ArrayType* quality_issues;
  Jsonb* hyperparameters;  // with "horizons"
  Jsonb* metadata;
  const char* data_digest;  // of the rows, hexadecimal; empty when there are none
  // Metrics, one row each; NaN is stored as NULL.
  int n_metrics;
  ArrayType *metric_split, *metric_minutes, *metric_name, *metric_value, *metric_n, *metric_head;
};

struct StoredModel {
  char version[kLongestVersion];
  bool is_active;
};

/// Readers of population models go on; two trainings or deployments for all queue here, until the transaction ends.
void lock_population();

/// Takes the person's row lock (the population's: lock_population()), the next version number of the type, and inserts
/// version, metrics and, when it goes live, the deployment; the one that was active retires. The major part of the
/// number grows when what callers see changes (the horizons: unit and meaning are those of the type), the patch part
/// when data, algorithm and options are the newest version's, else the minor part. Raises P0002 when the person has
/// gone meanwhile, 42501 for who may not write.
StoredModel store_version(const TrainRequest& request, const TrainedModel& trained);

/// The person's or the population's (of.person_id, of.of_population, of.model_type) deployment of a version, the way
/// back and the removal of a version, each under the lock of store_version and by who may write. They return the
/// version that serves (false: there was none to delete). Raise P0002, 55000 (rejected; no artifact; no way back),
/// 55006 (active, or tried by an experiment that runs).
const char* deploy_version(const TrainRequest& of, const char* version, const char* reason);
const char* roll_back(const TrainRequest& of, const char* to_version);
bool delete_version(const TrainRequest& of, const char* version);

/// Takes the artifact of a version and leaves its row: under the lock of store_version, which the caller has taken, and
/// for a caller that may write. False, and nothing is taken, when the version serves, when an experiment that runs
/// tries it, when it has none or is not there.
bool take_artifact(const TrainRequest& of, const char* version);

}  // namespace glucose::pg
