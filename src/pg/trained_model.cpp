// SPDX-License-Identifier: PostgreSQL
#include "pg/trained_model.hpp"

#include "core/quality.hpp"
#include "pg/digest.hpp"
#include "pg/json.hpp"
#include "pg/owned.hpp"

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
constexpr int kMostRows = 4 * static_cast<int>(std::size(kFields)) * kMaxHorizons;

/// Columns of the metric rows, before they become arrays.
struct MetricRows {
  Datum split[kMostRows], minutes[kMostRows], name[kMostRows], value[kMostRows], n[kMostRows];
  int count = 0;

  void add(const char* split_name, int minutes_ahead, const char* metric, double metric_value, int rows) {
    split[count] = CStringGetTextDatum(split_name);
    minutes[count] = Int32GetDatum(minutes_ahead);
    name[count] = CStringGetTextDatum(metric);
    value[count] = Float8GetDatum(metric_value);
    n[count++] = Int32GetDatum(rows);
  }
  void add_all(const char* split_name, const std::vector<int>& horizons, const std::vector<Metrics>& metrics,
               const char* prefix) {
    for (size_t k = 0; k < metrics.size(); ++k)
      for (const auto& [metric, field] : kFields)
        add(split_name, horizons[k], psprintf("%s%s", prefix, metric), metrics[k].*field, metrics[k].n);
  }
};

ArrayType* text_array(Datum* values, int n) {
  return construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT);
}

void set_metrics(TrainedModel& trained, const TrainingOutcome& outcome) {
  auto* rows = static_cast<MetricRows*>(palloc0(sizeof(MetricRows)));
  const auto& horizons = outcome.model.horizons_min;
  for (size_t split = 0; split < outcome.metrics.size(); ++split)
    rows->add_all(kSplitNames[split], horizons, outcome.metrics[split], "");
  rows->add_all("test", horizons, outcome.persistence_test, "persistence_");
  trained.n_metrics = rows->count;
  trained.metric_split = text_array(rows->split, rows->count);
  trained.metric_minutes = construct_array(rows->minutes, rows->count, INT4OID, 4, true, TYPALIGN_INT);
  trained.metric_name = text_array(rows->name, rows->count);
  trained.metric_value = construct_array(rows->value, rows->count, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
  trained.metric_n = construct_array(rows->n, rows->count, INT4OID, 4, true, TYPALIGN_INT);
}

// What 'auto' compared, and where the splits lie: enough to see why this algorithm, and to measure it again.
Jsonb* metadata(const TrainingOutcome& outcome, const std::vector<Sample>& samples, const char* data_digest) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoString(&out, "{\"candidates\": [");
  for (size_t i = 0; i < outcome.candidates.size(); ++i) {
    const Candidate& c = outcome.candidates[i];
    appendStringInfoString(&out, i > 0 ? ", {" : "{");
    json_text(&out, "algorithm", name_of(c.algorithm).data());
    json_number(&out, "validation_rmse", c.rmse);
    json_number(&out, "validation_mae", mean_of(c.validation, &Metrics::mae));
    appendStringInfoChar(&out, '}');
  }
  appendStringInfoChar(&out, ']');
  const auto n_train = static_cast<size_t>(outcome.sizes.train);
  const auto n_learnt = n_train + static_cast<size_t>(outcome.sizes.validation);
  json_time(&out, "validation_start", samples[n_train].eaten_at);
  json_time(&out, "test_start", samples[n_learnt].eaten_at);
  json_time(&out, "test_end", samples.back().eaten_at);
  json_text(&out, "data_sha256", data_digest);
  if (outcome.rejected) json_bool(&out, "rejected", true);  // a check of the table keeps such a row's status
  json_number(&out, "interval_residuals", outcome.model.intervals.n);
  json_text(&out, "extension_version", PGG_VERSION);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

}  // namespace

bytea* artifact_of(const Model& model, MemoryContext context) {
  const auto* bytes = owned<std::vector<std::uint8_t>>(context, [&] { return encode(model); });
  auto* artifact = static_cast<bytea*>(palloc(bytes->size() + VARHDRSZ));
  SET_VARSIZE(artifact, bytes->size() + VARHDRSZ);
  memcpy(VARDATA(artifact), bytes->data(), bytes->size());
  return artifact;
}

TrainedModel to_server_terms(const TrainRequest& request, const TrainingOutcome& outcome,
                             const std::vector<Sample>& samples, MemoryContext context) {
  TrainedModel trained;
  strlcpy(trained.algorithm, name_of(outcome.model.algorithm).data(), sizeof trained.algorithm);
  trained.artifact = artifact_of(outcome.model, context);
  trained.first_meal_at = samples.front().eaten_at;
  trained.last_meal_at = samples[static_cast<size_t>(outcome.sizes.train + outcome.sizes.validation) - 1].eaten_at;
  trained.n_train = outcome.sizes.train;
  trained.n_validation = outcome.sizes.validation;
  trained.n_test = outcome.sizes.test;
  const auto& test = outcome.metrics[static_cast<size_t>(Split::test)];
  trained.mae = static_cast<float>(mean_of(test, &Metrics::mae));
  trained.rmse = static_cast<float>(mean_of(test, &Metrics::rmse));
  trained.r2 = static_cast<float>(mean_of(test, &Metrics::r2));
  trained.rejected = outcome.rejected;
  trained.production_ready = outcome.production_ready;
  auto* issues = static_cast<Datum*>(palloc(sizeof(Datum) * (outcome.quality_issues.size() + 1)));
  for (size_t i = 0; i < outcome.quality_issues.size(); ++i)
    issues[i] = CStringGetTextDatum(outcome.quality_issues[i].c_str());
  trained.quality_issues = text_array(issues, static_cast<int>(outcome.quality_issues.size()));
  // Samples have no padding, so equal data have equal bytes.
  static_assert(std::has_unique_object_representations_v<decltype(Sample::meal_id)> &&
                sizeof(Sample) == 16 + sizeof(Micros) + sizeof(float) * (kFeatures + kMaxHorizons));
  trained.data_digest = sha256_hex(samples.data(), samples.size() * sizeof(Sample));
  trained.hyperparameters = hyperparameters(request);
  trained.metadata = metadata(outcome, samples, trained.data_digest);
  set_metrics(trained, outcome);
  return trained;
}

}  // namespace glucose::pg
