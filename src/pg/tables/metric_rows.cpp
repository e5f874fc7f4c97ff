// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/metric_rows.hpp"

namespace glucose::pg {

namespace {

struct MetricField {
  const char* name;
  double Metrics::*field;
};
constexpr MetricField kFields[] = {{"mae", &Metrics::mae},
                                   {"rmse", &Metrics::rmse},
                                   {"r2", &Metrics::r2},
                                   {"mape", &Metrics::mape},
                                   {"bias", &Metrics::bias}};

ArrayType* array_of(const Datum* values, int n, Oid type, int length, bool by_value, char align) {
  return construct_array(const_cast<Datum*>(values), n, type, length, by_value, align);
}

}  // namespace

void MetricRows::add_one(const char* split, int minutes_ahead, const char* metric, double value, int n) {
  if (count_ == kMostRows) elog(ERROR, "too many metrics");
  split_[count_] = CStringGetTextDatum(split);
  minutes_[count_] = Int32GetDatum(minutes_ahead);
  name_[count_] = CStringGetTextDatum(metric);
  value_[count_] = Float8GetDatum(value);
  n_[count_++] = Int32GetDatum(n);
}

void MetricRows::add(const char* split, int minutes_ahead, const char* prefix, const Metrics& metrics) {
  for (const auto& [metric, field] : kFields)
    add_one(split, minutes_ahead, psprintf("%s%s", prefix, metric), metrics.*field, metrics.n);
}

void MetricRows::store(TrainedModel& trained) const {
  trained.n_metrics = count_;
  trained.metric_split = array_of(split_, count_, TEXTOID, -1, false, TYPALIGN_INT);
  trained.metric_minutes = array_of(minutes_, count_, INT4OID, 4, true, TYPALIGN_INT);
  trained.metric_name = array_of(name_, count_, TEXTOID, -1, false, TYPALIGN_INT);
  trained.metric_value = array_of(value_, count_, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
  trained.metric_n = array_of(n_, count_, INT4OID, 4, true, TYPALIGN_INT);
}

}  // namespace glucose::pg
