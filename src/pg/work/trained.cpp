// SPDX-License-Identifier: PostgreSQL
#include "pg/work/trained.hpp"

#include <cmath>

#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"

namespace glucose::pg {

namespace {

ArrayType* text_array(const std::vector<std::string>& texts) {
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * (texts.size() + 1)));
  for (size_t i = 0; i < texts.size(); ++i) values[i] = CStringGetTextDatum(texts[i].c_str());
  return construct_array(values, static_cast<int>(texts.size()), TEXTOID, -1, false, TYPALIGN_INT);
}

// One array a column: what unnest() takes.
void set_metrics(TrainedModel& trained, const std::vector<MetricRow>& rows) {
  const size_t n = rows.size();
  auto* columns = static_cast<Datum*>(palloc(sizeof(Datum) * (6 * n + 1)));
  Datum *split = columns, *minutes = split + n, *name = minutes + n, *value = name + n, *count = value + n,
        *head = count + n;
  for (size_t i = 0; i < n; ++i) {
    split[i] = CStringGetTextDatum(kSplitNames[static_cast<size_t>(rows[i].split)]);
    minutes[i] = Int32GetDatum(rows[i].minutes_ahead);
    name[i] = CStringGetTextDatum(rows[i].metric.c_str());
    value[i] = Float8GetDatum(rows[i].value);
    count[i] = Int32GetDatum(rows[i].n);
    head[i] = CStringGetTextDatum(pnstrdup(rows[i].head.data(), rows[i].head.size()));
  }
  const auto size = static_cast<int>(n);
  trained.n_metrics = size;
  trained.metric_split = construct_array(split, size, TEXTOID, -1, false, TYPALIGN_INT);
  trained.metric_minutes = construct_array(minutes, size, INT4OID, 4, true, TYPALIGN_INT);
  trained.metric_name = construct_array(name, size, TEXTOID, -1, false, TYPALIGN_INT);
  trained.metric_value = construct_array(value, size, FLOAT8OID, 8, FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
  trained.metric_head = construct_array(head, size, TEXTOID, -1, false, TYPALIGN_INT);
  trained.metric_n = construct_array(count, size, INT4OID, 4, true, TYPALIGN_INT);
}

// What the training noted, and where it comes from. Counts only: the ids of persons stay where they are.
Jsonb* metadata(const TrainingRun& run, const Outcome& outcome) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_notes(&out, outcome.notes);
  if (run.request->of_population)
    json_number(&out, "persons_sharing", static_cast<double>(run.persons_sharing));
  else
    json_text(&out, "population_version", outcome.stands_on_population ? run.population_version : nullptr);
  json_text(&out, "data_sha256", run.data_digest);
  json_number(&out, "training_ms", std::round(milliseconds_of(run)));
  json_number(&out, "artifact_bytes", static_cast<double>(outcome.artifact.size()));
  if (outcome.rejected) json_bool(&out, "rejected", true);  // a check of the table keeps such a row's status
  json_text(&out, "extension_version", PGG_VERSION);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

}  // namespace

bytea* bytes_of(const std::vector<std::uint8_t>& bytes) {
  auto* artifact = static_cast<bytea*>(MemoryContextAllocHuge(CurrentMemoryContext, bytes.size() + VARHDRSZ));
  SET_VARSIZE(artifact, bytes.size() + VARHDRSZ);
  memcpy(VARDATA(artifact), bytes.data(), bytes.size());
  return artifact;
}

TrainedModel in_server_terms(const TrainingRun& run, const Outcome& outcome) {
  TrainedModel trained = {};
  strlcpy(trained.algorithm, outcome.algorithm.c_str(), sizeof trained.algorithm);
  trained.feature_schema = pstrdup(outcome.schema.c_str());
  trained.artifact = bytes_of(outcome.artifact);
  trained.learnt_from = outcome.learnt_from;
  trained.learnt_until = outcome.learnt_until;
  trained.n_train = outcome.rows[0];
  trained.n_validation = outcome.rows[1];
  trained.n_test = outcome.rows[2];
  trained.mae = static_cast<float>(outcome.mae);
  trained.rmse = static_cast<float>(outcome.rmse);
  trained.r2 = static_cast<float>(outcome.r2);
  trained.rejected = outcome.rejected;
  trained.production_ready = outcome.production_ready;
  trained.quality_issues = text_array(outcome.quality_issues);
  trained.hyperparameters = hyperparameters(*run.request, outcome.horizons_min);
  trained.metadata = metadata(run, outcome);
  trained.data_digest = run.data_digest;
  set_metrics(trained, outcome.metrics);
  return trained;
}

TrainedModel imported_in_server_terms(const ModelFacts& facts, bytea* artifact) {
  TrainedModel trained = {};
  strlcpy(trained.algorithm, facts.algorithm.c_str(), sizeof trained.algorithm);
  trained.feature_schema = pstrdup(facts.schema.c_str());
  trained.artifact = artifact;
  trained.learnt_from = trained.learnt_until = DT_NOBEGIN;
  trained.mae = trained.rmse = trained.r2 = kUnknown;
  Datum issue = CStringGetTextDatum("imported, not measured on this person");
  trained.quality_issues = construct_array(&issue, 1, TEXTOID, -1, false, TYPALIGN_INT);
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoString(&out, "{\"imported\": true, \"horizons\": ");
  for (size_t k = 0; k < facts.horizons_min.size(); ++k)
    appendStringInfo(&out, "%s%d", k > 0 ? ", " : "[", facts.horizons_min[k]);
  appendStringInfoString(&out, "]}");
  trained.hyperparameters = to_jsonb(out.data);
  trained.metadata = to_jsonb("{\"extension_version\": \"" PGG_VERSION "\"}");
  trained.data_digest = "";
  return trained;
}

Datum result_row(FunctionCallInfo fcinfo, const TrainRequest& request, const StoredTraining& stored,
                 double training_ms) {
  TupleDesc row;
  if (get_call_result_type(fcinfo, nullptr, &row) != TYPEFUNC_COMPOSITE) elog(ERROR, "return type must be a row type");
  const TrainedModel& trained = stored.trained;
  Datum values[14] = {UUIDPGetDatum(&request.person_id),
                      CStringGetTextDatum(request.model_type),
                      CStringGetTextDatum(stored.model.version),
                      CStringGetTextDatum(trained.algorithm),
                      BoolGetDatum(stored.model.is_active),
                      Int32GetDatum(trained.n_train),
                      Int32GetDatum(trained.n_validation),
                      Int32GetDatum(trained.n_test),
                      Float4GetDatum(trained.mae),
                      Float4GetDatum(trained.rmse),
                      Float4GetDatum(trained.r2),
                      Float4GetDatum(static_cast<float4>(training_ms)),
                      BoolGetDatum(trained.production_ready),
                      PointerGetDatum(trained.quality_issues)};
  bool nulls[14] = {};
  nulls[0] = request.of_population;
  nulls[8] = std::isnan(trained.mae);
  nulls[9] = std::isnan(trained.rmse);
  nulls[10] = std::isnan(trained.r2);
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

}  // namespace glucose::pg
