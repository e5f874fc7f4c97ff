// SPDX-License-Identifier: PostgreSQL
#include "pg/work/trained_model.hpp"

#include "core/tasks/meal/training/quality.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/metric_rows.hpp"

namespace glucose::pg {

namespace {

void set_metrics(TrainedModel& trained, const TrainingOutcome& outcome) {
  auto* rows = static_cast<MetricRows*>(palloc0(sizeof(MetricRows)));
  const auto& horizons = outcome.model.horizons_min;
  for (size_t k = 0; k < horizons.size(); ++k) {
    for (size_t split = 0; split < outcome.metrics.size(); ++split)
      rows->add(kSplitNames[split], horizons[k], "", outcome.metrics[split][k]);
    rows->add("test", horizons[k], "persistence_", outcome.persistence_test[k]);
  }
  rows->store(trained);
}

void add_candidates(StringInfo out, const TrainingOutcome& outcome) {
  json_key(out, "candidates");
  appendStringInfoChar(out, '[');
  for (size_t i = 0; i < outcome.candidates.size(); ++i) {
    const Candidate& c = outcome.candidates[i];
    appendStringInfoString(out, i > 0 ? ", {" : "{");
    json_text(out, "algorithm", name_of(c.algorithm).data());
    json_number(out, "validation_rmse", c.rmse);
    json_number(out, "validation_mae", mean_of(c.validation, &Metrics::mae));
    appendStringInfoChar(out, '}');
  }
  appendStringInfoChar(out, ']');
}

// How much each member of an ensemble counts, by horizon.
void add_weights(StringInfo out, const Model& model) {
  const auto* ensemble = std::get_if<Ensemble>(&model.predictor);
  if (ensemble == nullptr) return;
  const size_t K = model.horizons_min.size();
  json_key(out, "weights");
  appendStringInfoChar(out, '{');
  for (size_t m = 0; m < ensemble->members.size(); ++m) {
    json_key(out, name_of(ensemble->algorithms[m]).data());
    appendStringInfoChar(out, '[');
    for (size_t k = 0; k < K; ++k)
      appendStringInfo(out, "%s%.3f", k > 0 ? ", " : "", static_cast<double>(ensemble->weights[m * K + k]));
    appendStringInfoChar(out, ']');
  }
  appendStringInfoChar(out, '}');
}

void add_closing(StringInfo out, const TrainingOutcome& outcome, const char* data_digest) {
  json_text(out, "data_sha256", data_digest);
  if (outcome.rejected) json_bool(out, "rejected", true);  // a check of the table keeps such a row's status
  json_number(out, "interval_residuals", outcome.model.intervals.n);
  json_text(out, "extension_version", PGG_VERSION);
  appendStringInfoChar(out, '}');
}

// What 'auto' compared, and where the splits lie: enough to see why this algorithm, and to measure it again.
Jsonb* metadata(const TrainingBasis& basis, const TrainingOutcome& outcome, const std::vector<Sample>& samples,
                const char* data_digest) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  add_candidates(&out, outcome);
  add_weights(&out, outcome.model);
  if (!outcome.network.empty()) json_text(&out, "network", outcome.network.data());
  json_text(&out, "population_version", basis.population != nullptr ? basis.population_version : nullptr);
  const auto n_train = static_cast<size_t>(outcome.sizes.train);
  const auto n_learnt = n_train + static_cast<size_t>(outcome.sizes.validation);
  json_time(&out, "validation_start", samples[n_train].eaten_at);
  json_time(&out, "test_start", samples[n_learnt].eaten_at);
  json_time(&out, "test_end", samples.back().eaten_at);
  json_number(&out, "meals_remembered", static_cast<double>(outcome.model.memory.meals.size()));
  add_closing(&out, outcome, data_digest);
  return to_jsonb(out.data);
}

// Counts only: the ids of persons stay where they are.
Jsonb* population_metadata(const TrainingOutcome& outcome, const PopulationData& data, int persons,
                           const char* data_digest) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_number(&out, "persons", persons);
  json_number(&out, "persons_sharing", static_cast<double>(data.sharing));
  add_candidates(&out, outcome);
  add_weights(&out, outcome.model);
  if (const PopulationModel* model = population_of(outcome.model.predictor))
    json_number(&out, "share_of_trees", static_cast<double>(model->share_of_trees));
  add_closing(&out, outcome, data_digest);
  return to_jsonb(out.data);
}

void set_outcome(TrainedModel& trained, const TrainingOutcome& outcome, MemoryContext context) {
  strlcpy(trained.algorithm, name_of(outcome.model.algorithm).data(), sizeof trained.algorithm);
  trained.feature_schema = (outcome.model.is_rich() ? kRichSchema : kFeatureSchema).data();
  trained.artifact = artifact_of(outcome.model, context);
  trained.n_train = outcome.sizes.train;
  trained.n_validation = outcome.sizes.validation;
  trained.n_test = outcome.sizes.test;
  const auto& test = outcome.metrics[static_cast<size_t>(Split::test)];
  trained.mae = static_cast<float>(mean_of(test, &Metrics::mae));
  trained.rmse = static_cast<float>(mean_of(test, &Metrics::rmse));
  trained.r2 = static_cast<float>(mean_of(test, &Metrics::r2));
  trained.rejected = outcome.rejected;
  trained.production_ready = outcome.production_ready;
  trained.quality_issues = text_array(outcome.quality_issues);
  set_metrics(trained, outcome);
}

}  // namespace

bytea* artifact_of(const Model& model, MemoryContext context) {
  return bytes_of(owned<std::vector<std::uint8_t>>(context, [&] { return encode(model); }));
}

ArrayType* text_array(const std::vector<std::string>& texts) {
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * (texts.size() + 1)));
  for (size_t i = 0; i < texts.size(); ++i) values[i] = CStringGetTextDatum(texts[i].c_str());
  return construct_array(values, static_cast<int>(texts.size()), TEXTOID, -1, false, TYPALIGN_INT);
}

bytea* bytes_of(const std::vector<std::uint8_t>* bytes) {
  auto* artifact = static_cast<bytea*>(palloc(bytes->size() + VARHDRSZ));
  SET_VARSIZE(artifact, bytes->size() + VARHDRSZ);
  memcpy(VARDATA(artifact), bytes->data(), bytes->size());
  return artifact;
}

TrainedModel to_server_terms(const TrainRequest& request, const TrainingBasis& basis, const TrainingOutcome& outcome,
                             const std::vector<Sample>& samples, MemoryContext context) {
  TrainedModel trained;
  set_outcome(trained, outcome, context);
  trained.first_meal_at = samples.front().eaten_at;
  trained.last_meal_at = samples[static_cast<size_t>(outcome.sizes.train + outcome.sizes.validation) - 1].eaten_at;
  // Samples have no padding, so equal data have equal bytes.
  static_assert(std::has_unique_object_representations_v<decltype(Sample::meal_id)> &&
                sizeof(Sample) ==
                    16 + sizeof(Micros) + sizeof(float) * (kFeatures + kRichFeatures + kMaxHorizons + kCurveSteps));
  trained.data_digest = sha256_hex(samples.data(), samples.size() * sizeof(Sample));
  trained.hyperparameters = hyperparameters(request);
  trained.metadata = metadata(basis, outcome, samples, trained.data_digest);
  return trained;
}

TrainedModel population_in_server_terms(const TrainRequest& request, const TrainingOutcome& outcome,
                                        const PopulationData& data, int persons, const char* data_digest,
                                        MemoryContext context) {
  TrainedModel trained;
  set_outcome(trained, outcome, context);
  trained.first_meal_at = data.first_meal_at;
  trained.last_meal_at = data.last_meal_at;
  trained.data_digest = data_digest;
  trained.hyperparameters = hyperparameters(request);
  trained.metadata = population_metadata(outcome, data, persons, data_digest);
  return trained;
}

}  // namespace glucose::pg
