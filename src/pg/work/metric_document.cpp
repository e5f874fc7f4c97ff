// SPDX-License-Identifier: PostgreSQL
#include "pg/work/metric_document.hpp"

#include <cmath>

#include "core/base/disclaimer.hpp"
#include "core/days/day_series.hpp"
#include "pg/boundary/digest.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

#define FACTS "SELECT v.r2, (v.metadata OPERATOR(pg_catalog.->>) 'sequence_length')::pg_catalog.float8 "
Query facts_of_version{FACTS
                       "FROM glucose.model_version v WHERE v.person_id OPERATOR(pg_catalog.=) $1 "
                       "AND v.model_type OPERATOR(pg_catalog.=) $2 AND v.version OPERATOR(pg_catalog.=) $3",
                       3,
                       {UUIDOID, TEXTOID, TEXTOID}};
Query facts_of_population{FACTS
                          "FROM glucose.population_model v WHERE v.model_type OPERATOR(pg_catalog.=) $1 "
                          "AND v.version OPERATOR(pg_catalog.=) $2",
                          2,
                          {TEXTOID, TEXTOID}};
Query about_metric{
    "SELECT m.better, m.unit OPERATOR(pg_catalog.=) ANY ('{%,points,1}') OR coalesce(m.low, -1) "
    "OPERATOR(pg_catalog.<) 0 FROM glucose.metric m WHERE m.name OPERATOR(pg_catalog.=) $1",
    1,
    {TEXTOID}};

ServedFacts read_facts(const Served& served) {
  const Asking& asking = *served.asking;
  Parameters p;
  if (!served.row.is_population) p.add(UUIDPGetDatum(&asking.person.id));
  p.add(CStringGetTextDatum(asking.model_type));
  p.add(CStringGetTextDatum(served.row.version));
  // What a population's model was measured to be says nothing of anybody; not all who may ask read its row.
  if (served.row.is_population)
    run(facts_of_population, p, Mode::read_as_owner);
  else
    run(facts_of_version, p, Mode::read);
  ServedFacts facts{NAN, NAN};
  if (SPI_processed == 0) return facts;
  bool is_null;
  const Datum r2 = column(0, 1, &is_null);
  if (!is_null) facts.r2 = static_cast<double>(DatumGetFloat4(r2));
  const Datum length = column(0, 2, &is_null);
  if (!is_null) facts.sequence_length = DatumGetFloat8(length);
  return facts;
}

// Whatever DateStyle is.
char* iso_date(DateADT day) {
  int year, month, of_month;
  j2date(day + POSTGRES_EPOCH_JDATE, &year, &month, &of_month);
  return psprintf("%04d-%02d-%02d", year, month, of_month);
}

Saying saying_of(const Served& served, const MetricStanding& o) {
  const Asking& asking = *served.asking;
  Parameters p;
  p.add(CStringGetTextDatum(asking.subject.name.data()));
  run(about_metric, p, Mode::read);
  bool is_null;
  const Datum better = column(0, 1, &is_null);
  const int direction = is_null ? 0 : strcmp(TextDatumGetCString(better), "higher") == 0 ? 1 : -1;
  return {asking.subject.name.data(), o.shown.value, o.shown.lower, o.shown.upper, asking.subject.unit, direction,
          DatumGetBool(value(0, 2)),  o.quality};
}

void add_words(StringInfo out, const Served& served, const MetricStanding& o) {
  const Saying saying = saying_of(served, o);
  const bool german = strcmp(served.asking->lang, "de") == 0;
  json_words(out, "interpretation", [&] { return interpretation(o.standing, saying, german); });
  json_words(out, "recommendation", [&] { return recommendation(o.standing, saying, german); });
}

}  // namespace

MetricStanding standing_of(const Served& served, const Answer& answer, DateADT day) {
  MetricStanding o{read_facts(served), shown(served.asking->question, answer.expected[0]), {}, 0, 0, 0};
  guarded([&] {
    if (served.known.daily == nullptr) return;
    const DayTable table(*served.known.daily, served.asking->question.at);
    const DaySeries series(table, day - kStandingDays, day - 1);
    o.standing = glucose::standing_of(series.target(), o.shown.value);
    o.quality = quality_of(series, true).score();
    for (int f = 0; f < kDailyFeatures; ++f) o.features_used += std::isnan(series.feature(f).back()) ? 0 : 1;
  });
  o.score = standing_score(o.standing, o.shown.value, o.facts.r2, o.quality);
  return o;
}

Jsonb* metric_document(const Served& served, const MetricStanding& o, DateADT day) {
  const Asking& asking = *served.asking;
  const int decimals = asking.task->decimals;
  const auto number = [](float value, int places) { return rounded(static_cast<double>(value), places); };
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_text(&out, "metric", asking.subject.name.data());
  json_text(&out, "target_date", iso_date(day));
  json_time(&out, "predicted_at", GetCurrentTimestamp());
  json_number(&out, "predicted_value", number(o.shown.value, decimals));
  json_number(&out, "confidence_interval_lower", number(o.shown.lower, decimals));
  json_number(&out, "confidence_interval_upper", number(o.shown.upper, decimals));
  json_number(&out, "level", asking.question.level);
  json_number(&out, "confidence_score", number(o.score, 2));
  json_number(&out, "historical_average", number(o.standing.average, decimals));
  json_number(&out, "deviation_from_average", number(o.standing.deviation, decimals));
  json_number(&out, "percentile", number(o.standing.percentile, 1));
  json_text(&out, "model_id", hex_of(served.row.sha256, sizeof served.row.sha256));
  json_text(&out, "model_version", served.row.version);
  json_text(&out, "architecture", architecture_of(served));
  json_number(&out, "features_used", o.features_used);
  json_number(&out, "sequence_length", o.facts.sequence_length);
  json_number(&out, "data_quality_score", rounded(o.quality, 2));
  add_words(&out, served, o);
  json_bool(&out, "cached", served.repeated.found);
  json_text(&out, "disclaimer", disclaimer(asking.lang).data());
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

}  // namespace glucose::pg
