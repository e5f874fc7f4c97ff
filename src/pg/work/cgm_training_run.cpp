// SPDX-License-Identifier: PostgreSQL
#include "pg/work/cgm_training_run.hpp"

#include <algorithm>

#include "pg/boundary/boosting.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/metric_rows.hpp"
#include "pg/work/cgm_request.hpp"
#include "pg/work/trained_model.hpp"

namespace glucose::pg {

namespace {

// Vectors double when they grow: for a moment the old and the new one are there.
constexpr size_t kGrowth = 3;

TimestampTz before(TimestampTz at, Micros by) {
  return TIMESTAMP_NOT_FINITE(at) || !IS_VALID_TIMESTAMP(at - by) ? at : at - by;
}

// The person's offset from UTC at each day of a period.
CgmClock clock_of(const Person& person, TimestampTz first, TimestampTz last, MemoryContext context) {
  const auto n = static_cast<size_t>((last - first) / kDay) + 1;
  auto* offsets = static_cast<int*>(MemoryContextAllocHuge(context, n * sizeof(int)));
  for (size_t day = 0; day < n; ++day)
    offsets[day] = utc_offset_min(first + static_cast<TimestampTz>(day) * kDay, person.time_zone);
  return {first, {offsets, n}};
}

double mean(const CgmErrors& errors, double Metrics::*field) {
  return cgm_mean_of(errors, field);
}

void set_cgm_metrics(TrainedModel& trained, const CgmOutcome& outcome) {
  auto* rows = static_cast<MetricRows*>(palloc0(sizeof(MetricRows)));
  for (const size_t k : kCgmReported) {
    for (size_t split = 0; split < kSplitNames.size(); ++split) {
      const Metrics median = outcome.measured[split].median.at(k);
      rows->add(kSplitNames[split], cgm_minutes(k), "", median);
      const Metrics of_mean = outcome.measured[split].mean.at(k);
      rows->add_one(kSplitNames[split], cgm_minutes(k), "mean_head_rmse", of_mean.rmse, of_mean.n);
    }
    const CgmMeasured& test = outcome.measured[static_cast<size_t>(Split::test)];
    const Metrics persistence = test.persistence.at(k);
    rows->add("test", cgm_minutes(k), "persistence_", persistence);
    const double n = persistence.n;
    rows->add_one("test", cgm_minutes(k), "coverage", n > 0 ? test.inside[k] / n : kUnknown, persistence.n);
  }
  rows->store(trained);
}

// By head and horizon: the error of persons left out with the linear part alone and with what serves of the trees.
void add_trees(StringInfo out, const CgmTreesGains& gains) {
  static constexpr const char *kHeads[] = {"median", "mean"}, *kErrors[] = {"mae", "rmse"};
  json_key(out, "trees");
  appendStringInfoChar(out, '{');
  for (size_t head = 0; head < gains.size(); ++head) {
    json_key(out, kHeads[head]);
    appendStringInfoChar(out, '{');
    for (size_t t = 0; t < kCgmTreeCount; ++t) {
      const CgmTreesGain& gain = gains[head][t];
      json_key(out, psprintf("%d", cgm_minutes(kCgmTreeHorizons[t])));
      appendStringInfoChar(out, '{');
      json_number(out, "share", static_cast<double>(gain.share));
      json_number(out, psprintf("linear_%s", kErrors[head]), gain.linear);
      json_number(out, kErrors[head], gain.corrected);
      appendStringInfoChar(out, '}');
    }
    appendStringInfoChar(out, '}');
  }
  appendStringInfoChar(out, '}');
}

}  // namespace

CgmData no_cgm_data(MemoryContext context) {
  CgmData data;
  data.rows = owned<CgmRows>(context, [] { return CgmRows(); });
  return data;
}

size_t most_cgm_rows() {
  return static_cast<size_t>(settings::max_train_memory_kb) * 1024 / kGrowth / kCgmRowBytes;
}

void add_cgm_person(CgmData& data, const TrainRequest& request, const Person& person, size_t most,
                    MemoryContext scratch) {
  const Size most_bytes = static_cast<Size>(settings::max_train_memory_kb) * 1024;
  const TimestampTz since = before(request.start_at, kCgmReach);
  const Readings readings = read_readings(&person.id, since, request.end_at, most_bytes, scratch);
  const Reading *first = readings.rows, *last = readings.rows + readings.n;
  first = std::partition_point(first, last, [&](const Reading& r) { return r.measured_at < request.start_at; });
  last = std::partition_point(first, last, [&](const Reading& r) { return r.measured_at < request.end_at; });
  data.days = first < last ? static_cast<double>(last[-1].measured_at - first->measured_at) / kDay : 0;
  if (first == last || data.days < request.options.min_days) return;
  const CgmClock clock = clock_of(person, first->measured_at, last[-1].measured_at, scratch);
  auto* builder = owned<CgmRowsBuilder>(scratch, [&] {
    return CgmRowsBuilder(*data.rows, {readings.rows, static_cast<size_t>(readings.n)}, clock, request.start_at,
                          request.end_at, most);
  });
  run_to_end(builder);
  if (builder->added() == 0) return;
  ++data.persons;
  data.start = std::min<TimestampTz>(data.start, first->measured_at);
  data.test_start = builder->test_start();
  data.end = std::max<TimestampTz>(data.end, data.test_start - 1);
}

const CgmOutcome* train_cgm(CgmData& data, const TrainRequest& request, const CgmModel* prior, MemoryContext context) {
  CgmBoostingOptions boosting;
  boosting.memory_cap = static_cast<size_t>(settings::max_train_memory_kb) * 1024;
  if (prior == nullptr && request.algorithm == Algorithm::automatic && may_boost_cgm(*data.rows, boosting))
    boosting.boosting = find_boosting();
  auto* training = owned<CgmTraining>(context, [&] {
    return CgmTraining(std::move(*data.rows), prior != nullptr ? std::optional<CgmModel>(*prior) : std::nullopt,
                       boosting);
  });
  run_to_end(training);
  return owned<CgmOutcome>(context, [&] { return training->take(); });
}

const char* digest_of(const CgmRows& rows) {
  uint8 both[2 * kSha256Bytes];
  sha256(rows.x.data(), rows.x.size() * sizeof(float), both);
  sha256(rows.change.data(), rows.change.size() * sizeof(float), both + kSha256Bytes);
  return sha256_hex(both, sizeof both);
}

TrainedModel cgm_in_server_terms(const TrainRequest& request, const CgmOutcome& outcome, const CgmData& data,
                                 const char* digest, MemoryContext context) {
  TrainedModel trained = {};
  const CgmMeasured& test = outcome.measured[static_cast<size_t>(Split::test)];
  strlcpy(trained.algorithm, outcome.model.has_trees() ? kCgmTrees : kCgmLinear, sizeof trained.algorithm);
  trained.feature_schema = kCgmSchema.data();
  trained.artifact = bytes_of(owned<std::vector<std::uint8_t>>(context, [&] { return encode_cgm(outcome.model); }));
  trained.first_meal_at = data.start;
  trained.last_meal_at = data.end;
  trained.n_train = static_cast<int>(outcome.rows[0]);
  trained.n_validation = static_cast<int>(outcome.rows[1]);
  trained.n_test = static_cast<int>(outcome.rows[2]);
  trained.mae = static_cast<float>(mean(test.median, &Metrics::mae));
  trained.rmse = static_cast<float>(mean(test.median, &Metrics::rmse));
  trained.r2 = static_cast<float>(mean(test.median, &Metrics::r2));
  trained.rejected = outcome.rejected;
  trained.production_ready = outcome.production_ready;
  trained.quality_issues = text_array(outcome.quality_issues);
  trained.hyperparameters = cgm_hyperparameters(request);
  trained.data_digest = digest;
  set_cgm_metrics(trained, outcome);
  return trained;
}

void add_cgm_metadata(StringInfo out, const CgmOutcome& outcome, const char* digest) {
  json_key(out, "errors");
  appendStringInfoChar(out, '{');
  for (size_t split = 0; split < kSplitNames.size(); ++split) {
    const CgmMeasured& m = outcome.measured[split];
    json_key(out, kSplitNames[split]);
    appendStringInfoChar(out, '{');
    for (const size_t k : kCgmReported) {
      json_key(out, psprintf("%d", cgm_minutes(k)));
      appendStringInfoChar(out, '{');
      json_number(out, "mae", m.median.at(k).mae);
      json_number(out, "rmse", m.median.at(k).rmse);
      json_number(out, "mean_head_rmse", m.mean.at(k).rmse);
      json_number(out, "persistence_mae", m.persistence.at(k).mae);
      json_number(out, "persistence_rmse", m.persistence.at(k).rmse);
      appendStringInfoChar(out, '}');
    }
    appendStringInfoChar(out, '}');
  }
  appendStringInfoChar(out, '}');
  json_number(out, "coverage", cgm_coverage(outcome.measured[static_cast<size_t>(Split::test)]));
  json_number(out, "interval_residuals", outcome.model.n_residuals);
  if (outcome.trees) add_trees(out, *outcome.trees);
  json_text(out, "data_sha256", digest);
  if (outcome.rejected) json_bool(out, "rejected", true);  // a check of the table keeps such a row's status
  json_text(out, "extension_version", PGG_VERSION);
}

}  // namespace glucose::pg
