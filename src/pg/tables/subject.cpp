// SPDX-License-Identifier: PostgreSQL
#include "pg/tables/subject.hpp"

#include "pg/boundary/guard.hpp"
#include "pg/tables/daily.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

std::string_view copy_in(MemoryContext context, const char* text) {
  return MemoryContextStrdup(context, text);
}

Query event_of_name{
    "SELECT glucose.event_definition(e.rule, e.horizon, e.look_back) FROM glucose.event e "
    "WHERE e.name OPERATOR(pg_catalog.=) $1",
    1,
    {TEXTOID}};

Subject read_event(const char* name, MemoryContext context) {
  Parameters p;
  p.add(CStringGetTextDatum(name));
  run(event_of_name, p, Mode::read);
  if (SPI_processed == 0) {
    failing_plainly();
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("event \"%s\" is not known", clipped(name)),
                    errhint("Events are rows of glucose.event; glucose.define_event() adds one.")));
  }
  return {copy_in(context, name), "probability", 0, 1, copy_in(context, TextDatumGetCString(value(0, 1)))};
}

Subject read_metric(const char* name, MemoryContext context) {
  const Metric metric = require_metric(name);
  return {copy_in(context, name), copy_in(context, metric.unit), metric.low, metric.high, {}};
}

}  // namespace

Subject read_subject(const Task& task, const char* model_type, MemoryContext context) {
  if (task.subjects == Subjects::none) return {};
  const char* colon = strchr(model_type, ':');
  const char* name = colon == nullptr ? "" : colon + 1;
  if (name[0] == '\0') {
    failing_plainly();
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("model_type \"%s\" does not say what is forecast", clipped(model_type)),
                    errhint("Model types of this kind are such as '%s:%s'.", task.name.data(),
                            task.subjects == Subjects::metrics ? "RESTING_HEART_RATE" : "strain")));
  }
  switch (task.subjects) {
    case Subjects::metrics:
      return read_metric(name, context);
    case Subjects::events:
      return read_event(name, context);
    case Subjects::none:
      break;
  }
  return {};
}

}  // namespace glucose::pg
