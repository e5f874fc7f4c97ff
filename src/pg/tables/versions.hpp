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
  ArrayType *metric_split, *metric_minutes, *metric_name, *metric_value, *metric_n;
};

struct StoredModel {
  char version[kLongestVersion];
  bool is_active;
};

/// Takes the person's row lock (the population's: the table's, against other trainings and deployments), the next
/// version number of the type, and inserts version, metrics and, when it goes live, the deployment; the one that was
/// active retires. The major part of the number grows when the feature schema or the horizons change, the patch part
/// when data, algorithm and options are the newest version's, else the minor part.
/// Raises P0002 when the person has gone meanwhile, 42501 for who may not write.
StoredModel store_version(const TrainRequest& request, const TrainedModel& trained);

/// Raises 42501 unless the caller may add a population model: better before an hour of training than after it.
void require_population_writer();

}  // namespace glucose::pg
