// SPDX-License-Identifier: PostgreSQL
// WRITE: a trained model becomes a version. Called between SPI_connect and SPI_finish, with nothing of C++ alive.
#pragma once
#include "pg/work/train_request.hpp"

namespace glucose::pg {

/// A finished training in server terms: plain values and palloc'ed datums.
struct TrainedModel {
  char algorithm[kLongestName];
  const char* feature_schema;
  bytea* artifact;
  TimestampTz first_meal_at, last_meal_at;  // of the rows it learnt from
  int n_train, n_validation, n_test;
  float mae, rmse, r2;  // test, mean over horizons
  bool rejected, production_ready;
  ArrayType* quality_issues;
  Jsonb* hyperparameters;  // with "horizons"
  Jsonb* metadata;
  const char* data_digest;  // of the samples, hexadecimal; empty when there are none
  // Metrics of the three splits, one row each; NaN is stored as NULL.
  int n_metrics;
  ArrayType *metric_split, *metric_minutes, *metric_name, *metric_value, *metric_n;
};

struct StoredModel {
  char version[kLongestVersion];
  bool is_active;
};

/// The newest version of a type and how a new one differs from it.
struct Newest {
  bool exists = false, same_output = false, same_recipe = false, has_active = false;
  int major = 0, minor = 0, patch = 0;
};

/// From SPI_tuptable: version, whether its row is there, whether feature schema and horizons are the same, whether
/// data, algorithm and options are, whether any version is active.
Newest newest_at_first_row();

/// The number after it, into out [kLongestVersion]: the major part grows when the feature schema or the horizons
/// change, the patch part when data, algorithm and options are the newest version's, else the minor part.
void next_version(const Newest& newest, char* out);

/// Takes the person's row lock, the next version number, and inserts version, metrics and, when it goes live, the
/// deployment. Raises P0002 when the person has gone meanwhile.
StoredModel store_model(const TrainRequest& request, const TrainedModel& trained);

}  // namespace glucose::pg
