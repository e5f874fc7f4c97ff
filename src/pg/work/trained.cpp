// SPDX-License-Identifier: PostgreSQL
#include "pg/work/trained.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

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
  if (run.refreshed != nullptr) json_text(&out, "refreshes", run.request->patch_of);
  json_text(&out, "data_sha256", run.data_digest);
  json_number(&out, "training_ms", std::round(milliseconds_of(run)));
  json_number(&out, "artifact_bytes", static_cast<double>(outcome.artifact.size()));
  if (outcome.rejected) json_bool(&out, "rejected", true);  // a check of the table keeps such a row's status
  json_text(&out, "extension_version", PGG_VERSION);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

// Mean over horizons of what the model's rows of a split say under one of the names; NaN: none does.
double mean_of(const Outcome& outcome, Split split, std::initializer_list<std::string_view> names, bool squared) {
  for (const std::string_view name : names) {
    double sum = 0;
    int n = 0;
    for (const MetricRow& row : outcome.metrics) {
      if (row.split != split || row.head != "median" || row.metric != name || std::isnan(row.value)) continue;
      sum += squared ? row.value * row.value : row.value;
      ++n;
    }
    if (n > 0) return sum / n;
  }
  return NAN;
}

// Of whatever network it noted last, wherever the task keeps it.
double noted(const Notes& notes, std::initializer_list<std::string_view> names) {
  double found = NAN;
  for (const Note& note : notes) {
    const bool is_it = std::find(names.begin(), names.end(), note.name) != names.end();
    if (const auto* number = std::get_if<double>(&note.value); number != nullptr && is_it) found = *number;
    if (const auto* truth = std::get_if<bool>(&note.value); truth != nullptr && is_it) found = *truth ? 1 : 0;
    if (!std::isnan(found)) return found;
    if (const auto* inner = std::get_if<Notes>(&note.value)) found = noted(*inner, names);
    if (const auto* list = std::get_if<NoteList>(&note.value))
      for (const Notes& item : list->items)
        if (std::isnan(found)) found = noted(item, names);
    if (!std::isnan(found)) return found;
  }
  return found;
}

double or_else(double value, double other) {
  return std::isnan(value) ? other : value;
}

// The name of a schema says how many features it has: meal28/1.
double features_of(const std::string& schema) {
  const auto digit = schema.find_first_of("0123456789");
  return digit == std::string::npos ? NAN : std::strtod(schema.c_str() + digit, nullptr);
}

}  // namespace

TrainingCourse course_of(const Outcome& outcome) {
  TrainingCourse course;
  course.train_loss = or_else(noted(outcome.notes, {"train_loss"}), mean_of(outcome, Split::train, {"rmse"}, true));
  course.val_loss =
      or_else(noted(outcome.notes, {"val_loss"}), mean_of(outcome, Split::validation, {"held_out_rmse", "rmse"}, true));
  course.best_val_loss = or_else(noted(outcome.notes, {"best_val_loss"}), course.val_loss);
  course.mape = mean_of(outcome, Split::test, {"mape"}, false);
  course.epochs = noted(outcome.notes, {"epochs_trained", "epochs"});
  course.early_stopped = noted(outcome.notes, {"early_stopped"});
  course.sequence_length = noted(outcome.notes, {"sequence_length"});
  course.features = or_else(noted(outcome.notes, {"num_features"}), features_of(outcome.schema));
  course.artifact_bytes = static_cast<double>(outcome.artifact.size());
  return course;
}

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
  constexpr int kColumns = 26;
  const TrainingCourse& c = stored.course;
  Datum values[kColumns] = {UUIDPGetDatum(&request.person_id),
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
  bool nulls[kColumns] = {};
  nulls[0] = request.of_population;
  nulls[8] = std::isnan(trained.mae);
  nulls[9] = std::isnan(trained.rmse);
  nulls[10] = std::isnan(trained.r2);
  const auto put_real = [&](int i, double value) {
    values[i] = Float4GetDatum(static_cast<float4>(value));
    nulls[i] = std::isnan(value);
  };
  const auto put_count = [&](int i, double value) {
    nulls[i] = std::isnan(value);
    values[i] = Int32GetDatum(nulls[i] ? 0 : static_cast<int32>(value));
  };
  put_real(14, c.train_loss);
  put_real(15, c.val_loss);
  put_real(16, c.best_val_loss);
  put_real(17, static_cast<double>(trained.r2));
  put_real(18, c.mape);
  put_count(19, c.epochs);
  nulls[20] = std::isnan(c.early_stopped);
  values[20] = BoolGetDatum(c.early_stopped > 0);
  put_real(21, training_ms / 1000);
  put_count(22, trained.n_train + trained.n_validation + trained.n_test);
  put_count(23, c.sequence_length);
  put_count(24, c.features);
  put_real(25, c.artifact_bytes / (1024 * 1024));
  return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(row), values, nulls));
}

}  // namespace glucose::pg
