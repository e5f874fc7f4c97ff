// SPDX-License-Identifier: PostgreSQL
// What every forecast shares, whatever the task: question → model and what is known (READ) → answer (COMPUTE).
#pragma once
#include "pg/work/experiment.hpp"
#include "pg/work/question.hpp"
#include "pg/work/repetition.hpp"

namespace glucose::pg {

/// All that an answer needs, read under one snapshot.
struct Served {
  const Asking* asking;
  ModelRow row;
  Trial trial;
  const AnyModel* model;
  Known known;
  bool is_baseline = false;               // of the row only horizons and intervals: glucose stays what it is
  char instead_of[kLongestVersion] = "";  // the person's version that would serve, were it better than persistence
  // When the artifact that answers last answered this person, by the log before this answer, as far as the caller may
  // read it; -infinity when it never has. For documents: whoever makes one asks last_use().
  TimestampTz last_used = DT_NOBEGIN;
  bool may_read_log = false;  // the caller, of what is logged
  bool has_known = false;     // whether `known` is read
  Repetition repeated;

  /// Whether the log says all there is to say, and nothing was read or is to be computed. Its numbers are rounded in
  /// mg/dL, and not to be converted.
  bool is_answered() const {
    return repeated.found &&
           (asking->task->subjects != Subjects::none || asking->unit_of_document() == GlucoseUnit::mg_dl);
  }
};

/// Reads what the answer needs, if it has to be computed. A named version bypasses experiments. A person's model that
/// was no better than persistence on its test rows does not serve where something better is there: the population's
/// model, else persistence itself; nor does one that was rejected, where there is none else. Raises MG001 when there is
/// nothing.
Served read_served(const Asking& asking, MemoryContext context);

/// Pure computing: no server call inside. The answer is palloc'ed.
const Answer* compute(const Served& served);

/// What the shadow of an experiment would have answered; loads its model, so served.model is not valid afterwards.
const Answer* compute_shadow(const Served& served);

/// What a row shows of a horizon: the mean or the median, as asked for, in an interval that holds it.
struct Shown {
  float value, lower, upper;
};
Shown shown(const Question& question, const Expected& expected);

/// What answered, as documents and rows of metrics and events name it.
const char* architecture_of(const Served& served);

/// The model that answers a person: the named version, the active one or the population's; raises P0002, MG001, 55000.
ModelRow require_serving_model(const pg_uuid_t* person_id, const Task& task, const char* model_type,
                               const char* version);

}  // namespace glucose::pg
