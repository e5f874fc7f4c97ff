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
    case Subjects::none:
      break;
  }
  return {};
}

}  // namespace glucose::pg
