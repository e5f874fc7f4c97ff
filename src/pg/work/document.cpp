// SPDX-License-Identifier: PostgreSQL
#include "pg/work/document.hpp"

#include <cmath>

#include "core/base/disclaimer.hpp"
#include "core/tasks/meal/features/feature_schema.hpp"
#include "pg/boundary/json.hpp"

namespace glucose::pg {

namespace {

double whole(float mg_dl) {
  return std::round(static_cast<double>(mg_dl));
}

double hundredths(float share) {
  return std::round(static_cast<double>(share) * 100) / 100;
}

void add_sensor_issues(StringInfo out, const Answer& answer) {
  json_key(out, "sensorIssues");
  appendStringInfoChar(out, '[');
  for (const auto& [issue, name] : kSensorIssueNames)
    if ((answer.sensor.issues & issue) != 0)
      appendStringInfo(out, "%s\"%s\"", out->data[out->len - 1] == '[' ? "" : ", ", name);
  appendStringInfoChar(out, ']');
}

const char* source_of(const ModelRow& row) {
  if (strcmp(row.algorithm, "persistence") == 0 || strcmp(row.algorithm, "mean") == 0) return "baseline";
  return row.is_population ? "population" : "personal";
}

void add_provenance(StringInfo out, const Inputs& inputs, const Answer& answer, const ServingOptions& options) {
  const ModelRow& row = inputs.row;
  pg_tm day;
  fsec_t fraction;
  char trained_on[16] = "";
  if (timestamp2tm(row.trained_at, nullptr, &day, &fraction, nullptr, nullptr) == 0)
    snprintf(trained_on, sizeof trained_on, "%04d-%02d-%02d", day.tm_year, day.tm_mon, day.tm_mday);
  json_key(out, "provenance");
  appendStringInfoChar(out, '{');
  json_text(out, "modelType", options.model_type);
  json_text(out, "modelVersion", row.version);
  json_text(out, "algorithm", row.algorithm);
  json_text(out, "trainedOn", trained_on);
  json_number(out, "dataPoints", row.data_points);
  json_time(out, "lastUsed", GetCurrentTimestamp());
  json_text(out, "features", (inputs.model->is_rich() ? kRichSchema : kFeatureSchema).data());
  json_number(out, "level", inputs.level);
  json_text(out, "source", source_of(row));
  json_number(out, "readingsUsed", answer.sensor.readings_used);
  json_time(out, "lastReadingAt", answer.sensor.last_reading_at);
  add_sensor_issues(out, answer);
  if (inputs.trial.arm != nullptr) {
    json_text(out, "experiment", inputs.trial.experiment);
    json_text(out, "arm", inputs.trial.arm);
  }
  // A forecast of a meal the model has learnt from looks better than it is.
  json_bool(out, "mealInTraining", !row.is_population && inputs.what.meal.eaten_at <= row.training_end);
  appendStringInfoChar(out, '}');
}

}  // namespace

char* predictions_text(const Inputs& inputs, const Answer& answer) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '[');
  for (int k = 0; k < answer.forecast.n; ++k) {
    const HorizonForecast& h = answer.forecast.horizons[static_cast<size_t>(k)];
    if (k > 0) appendStringInfoString(&out, ", ");
    appendStringInfoChar(&out, '{');
    json_text(&out, "time", psprintf("+%dmin", h.minutes_ahead));
    json_number(&out, "minutes_ahead", h.minutes_ahead);
    json_time(&out, "at", inputs.what.meal.eaten_at + h.minutes_ahead * kMinute);
    json_number(&out, "glucose", whole(h.mg_dl));
    json_number(&out, "lower", whole(h.lower));
    json_number(&out, "upper", whole(h.upper));
    json_text(&out, "confidence", kConfidenceNames[static_cast<size_t>(answer.forecast.confidence)]);
    json_number(&out, "confidenceScore", hundredths(h.near));
    json_number(&out, "mean", whole(h.mean_mg_dl));
    json_number(&out, "pBelow70", hundredths(h.below_70));
    json_number(&out, "pAbove180", hundredths(h.above_180));
    if (h.limited) json_bool(&out, "limited", true);
    appendStringInfoChar(&out, '}');
  }
  appendStringInfoChar(&out, ']');
  return out.data;
}

Jsonb* answer_document(const Inputs& inputs, const Answer& answer, const ServingOptions& options,
                       const char* predictions, const pg_uuid_t* prediction_id) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_key(&out, "predictions");
  appendStringInfoString(&out, predictions);
  add_provenance(&out, inputs, answer, options);
  json_bool(&out, "logged", prediction_id != nullptr);
  json_text(&out, "predictionId",
            prediction_id != nullptr ? DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(prediction_id)))
                                     : nullptr);
  json_text(&out, "disclaimer", disclaimer(options.lang).data());
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

}  // namespace glucose::pg
