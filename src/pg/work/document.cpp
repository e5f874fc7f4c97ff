// SPDX-License-Identifier: PostgreSQL
#include "pg/work/document.hpp"

#include "core/base/disclaimer.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/values.hpp"

namespace glucose::pg {

namespace {

double hundredths(float share) {
  return rounded(static_cast<double>(share), 2);
}

void add_sensor_issues(StringInfo out, const SensorState& sensor) {
  json_key(out, "sensorIssues");
  appendStringInfoChar(out, '[');
  for (const auto& [issue, name] : kSensorIssueNames)
    if ((sensor.issues & issue) != 0)
      appendStringInfo(out, "%s\"%s\"", out->data[out->len - 1] == '[' ? "" : ", ", name);
  appendStringInfoChar(out, ']');
}

void add_clock(StringInfo out, const Asking& asking) {
  const TimestampTz at = asking.question.at;
  const Stay& stay = asking.person.clock->at(at);
  json_text(out, "timeZone", stay.is_known ? stay.name : "UTC");
  if (!stay.is_known) json_text(out, "unknownTimeZone", stay.name);
  if (at > GetCurrentTimestamp() + kDay) json_bool(out, "inFuture", true);  // somebody's clock is wrong
}

void add_provenance(StringInfo out, const Served& served, const SensorState& sensor) {
  const ModelRow& row = served.row;
  const Asking& asking = *served.asking;
  pg_tm day;
  fsec_t fraction;
  char trained_on[16] = "";
  if (timestamp2tm(row.trained_at, nullptr, &day, &fraction, nullptr, nullptr) == 0)
    snprintf(trained_on, sizeof trained_on, "%04d-%02d-%02d", day.tm_year, day.tm_mon, day.tm_mday);
  json_key(out, "provenance");
  appendStringInfoChar(out, '{');
  json_text(out, "modelType", asking.model_type);
  json_text(out, "modelVersion", row.version);
  json_text(out, "algorithm", served.is_baseline ? "persistence" : row.algorithm);
  json_text(out, "trainedOn", trained_on);
  json_number(out, "dataPoints", row.data_points);
  if (TIMESTAMP_NOT_FINITE(served.last_used))
    json_text(out, "lastUsed", nullptr);
  else
    json_time(out, "lastUsed", served.last_used);
  json_text(out, "features", row.feature_schema);
  json_number(out, "level", asking.question.level);
  json_text(out, "source", source_of(served));
  if (served.instead_of[0] != '\0') json_text(out, "insteadOf", served.instead_of);
  json_number(out, "readingsUsed", sensor.readings_used);
  json_time(out, "lastReadingAt", sensor.last_reading_at);
  add_sensor_issues(out, sensor);
  add_clock(out, asking);
  if (served.trial.arm != nullptr) {
    json_text(out, "experiment", served.trial.experiment);
    json_text(out, "arm", served.trial.arm);
  }
  // A forecast of a meal the model has learnt from looks better than it is.
  json_bool(out, asking.task->asks_about_meals ? "mealInTraining" : "inTraining",
            asking.question.at <= row.training_end);
  appendStringInfoChar(out, '}');
}

}  // namespace

const char* source_of(const Served& served) {
  const ModelRow& row = served.row;
  if (served.is_baseline) return "baseline";
  if (strcmp(row.algorithm, "persistence") == 0 || strcmp(row.algorithm, "mean") == 0) return "baseline";
  return row.is_population ? "population" : "personal";
}

const char* unit_name_of(const Asking& asking) {
  if (asking.task->subjects != Subjects::none) return asking.subject.unit.data();
  return kGlucoseUnitNames[static_cast<size_t>(asking.unit_of_document())];
}

char* predictions_text(const Served& served, const Answer& answer, GlucoseUnit unit) {
  const Question& question = served.asking->question;
  const auto& events = served.asking->task->events;
  const int decimals = unit == GlucoseUnit::mmol_l ? 1 : served.asking->task->decimals;
  const auto shown = [&](float value) { return rounded(in_unit(unit, static_cast<double>(value)), decimals); };
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '[');
  for (int k = 0; k < answer.n; ++k) {
    const Expected& h = answer.expected[static_cast<size_t>(k)];
    if (k > 0) appendStringInfoString(&out, ", ");
    appendStringInfoChar(&out, '{');
    json_text(&out, "time", psprintf("+%dmin", h.minutes_ahead));
    json_number(&out, "minutes_ahead", h.minutes_ahead);
    json_time(&out, "at", question.at + h.minutes_ahead * kMinute);
    json_number(&out, served.asking->task->value_key.data(), shown(h.value));
    json_number(&out, "lower", shown(h.lower));
    json_number(&out, "upper", shown(h.upper));
    json_text(&out, "confidence", kConfidenceNames[static_cast<size_t>(answer.confidence_at(static_cast<size_t>(k)))]);
    json_number(&out, "confidenceScore", hundredths(h.score));
    json_number(&out, "mean", shown(h.mean));
    for (size_t event = 0; event < events.size() && !events[event].empty(); ++event)
      json_number(&out, events[event].data(), hundredths(h.probability[event]));
    if (h.limited) json_bool(&out, "limited", true);
    appendStringInfoChar(&out, '}');
  }
  appendStringInfoChar(&out, ']');
  return out.data;
}

Jsonb* answer_document(const Served& served, const SensorState& sensor, Jsonb* predictions,
                       const pg_uuid_t* prediction_id) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_text(&out, "unit", unit_name_of(*served.asking));
  add_provenance(&out, served, sensor);
  json_bool(&out, "logged", prediction_id != nullptr);
  json_bool(&out, "cached", served.repeated.found);
  json_text(&out, "predictionId",
            prediction_id != nullptr ? DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(prediction_id)))
                                     : nullptr);
  json_text(&out, "disclaimer", disclaimer(served.asking->lang).data());
  appendStringInfoChar(&out, '}');
  return with_member(to_jsonb(out.data), "predictions", predictions);
}

}  // namespace glucose::pg
