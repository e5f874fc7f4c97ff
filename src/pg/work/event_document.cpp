// SPDX-License-Identifier: PostgreSQL
#include "pg/work/event_document.hpp"

#include "core/base/disclaimer.hpp"
#include "core/tasks/event/rule.hpp"
#include "core/tasks/event/task.hpp"
#include "core/tasks/event/words.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

Query words_of_event{
    "SELECT coalesce(e.description OPERATOR(pg_catalog.->>) $2, e.description OPERATOR(pg_catalog.->>) 'en', e.name) "
    "FROM glucose.event e WHERE e.name OPERATOR(pg_catalog.=) $1",
    2,
    {TEXTOID, TEXTOID}};

const char* what_in_words(const Asking& asking) {
  Parameters p;
  p.add(CStringGetTextDatum(asking.subject.name.data()));
  p.add(CStringGetTextDatum(asking.lang));
  run(words_of_event, p, Mode::read);
  return SPI_processed > 0 ? TextDatumGetCString(value(0, 1)) : asking.subject.name.data();
}

void add_words(StringInfo out, const Asking& asking, const EventStanding& o) {
  bool is_glucose = false;
  guarded([&] { is_glucose = read_event_rule(asking.subject.definition).is_about_glucose(); });
  const EventSaying saying{what_in_words(asking), o.shown.value, o.shown.lower, o.shown.upper, o.usual,
                           o.confidence,          is_glucose};
  const bool german = strcmp(asking.lang, "de") == 0;
  json_words(out, "interpretation", [&] { return event_interpretation(saying, german); });
  json_words(out, "recommendation", [&] { return event_recommendation(saying, german); });
}

}  // namespace

EventStanding event_standing(const Served& served, const Answer& answer) {
  const EventModel& model = event_model(*served.model);
  const Asking& asking = *served.asking;
  if (model.definition != asking.subject.definition) {
    failing_plainly();
    ereport(ERROR, (errcode(kModelMismatch),
                    errmsg("model version \"%s\" was trained for another rule of this event", served.row.version),
                    errhint("Train a new version with glucose.train_event().")));
  }
  const Expected& e = answer.expected[0];
  const float threshold = model.stack.threshold;
  return {shown(asking.question, e), answer.seen[0],    threshold,
          e.value >= threshold,      answer.confidence, e.minutes_ahead};
}

Jsonb* event_document(const Served& served, const EventStanding& o, const pg_uuid_t* prediction_id) {
  const Asking& asking = *served.asking;
  const auto number = [&](float share) { return rounded(static_cast<double>(share), asking.task->decimals); };
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_text(&out, "event", asking.subject.name.data());
  json_time(&out, "asked_at", asking.question.at);
  json_number(&out, "horizon_minutes", o.horizon_min);
  json_time(&out, "predicted_at", GetCurrentTimestamp());
  json_number(&out, "probability", number(o.shown.value));
  json_number(&out, "lower", number(o.shown.lower));
  json_number(&out, "upper", number(o.shown.upper));
  json_number(&out, "level", asking.question.level);
  json_number(&out, "usual", number(o.usual));
  json_number(&out, "threshold", number(o.threshold));
  json_bool(&out, "is_expected", o.is_expected);
  json_text(&out, "confidence", kConfidenceNames[static_cast<size_t>(o.confidence)]);
  json_text(&out, "model_id", hex_of(served.row.sha256, sizeof served.row.sha256));
  json_text(&out, "model_version", served.row.version);
  json_text(&out, "architecture", architecture_of(served));
  add_words(&out, asking, o);
  json_bool(&out, "cached", served.repeated.found);
  json_text(&out, "prediction_id",
            prediction_id != nullptr ? DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum(prediction_id)))
                                     : nullptr);
  json_text(&out, "disclaimer", disclaimer(asking.lang).data());
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

}  // namespace glucose::pg
