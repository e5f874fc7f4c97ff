// SPDX-License-Identifier: PostgreSQL
// What a forecast is asked for, of whatever task: one reader of options for all.
#pragma once
#include "core/asking/answer.hpp"
#include "core/tasks/task.hpp"
#include "pg/boundary/attempt.hpp"
#include "pg/tables/read.hpp"

extern "C" {
#include "utils/date.h"
}

namespace glucose::pg {

/// What an error of a question about a person says it was about, for begin_about(): in a statement over many it names
/// the one.
inline constexpr char kOfPerson[] = "forecast of person";

/// A question on its way to an answer: about whom, with what options.
struct Asking {
  const Task* task = nullptr;
  Subject subject{};  // of tasks that forecast several things; read with the person
  Person person;
  Question question;
  const pg_uuid_t* meal_id = nullptr;  // of a stored meal
  char model_type[kLongestName] = "";
  char version[kLongestVersion] = "";  // empty: the active one
  char lang[8] = "en";
  bool is_logged = false;   // asked by a function that writes a row of the log
  bool names_unit = false;  // else documents are in the person's and rows in mg/dL, as their columns say
  GlucoseUnit unit = GlucoseUnit::mg_dl;
  bool in_rows = false;      // asked for rows, of which there may be none:
  bool skip_errors = false;  // instead of an error for what is wrong with this one question

  /// Glucose of a row, real.
  Datum glucose(float mg_dl) const {
    return Float4GetDatum(static_cast<float4>(in_unit(unit, static_cast<double>(mg_dl))));
  }
  GlucoseUnit unit_of_document() const {
    return names_unit ? unit : person.wants_mmol_l ? GlucoseUnit::mmol_l : GlucoseUnit::mg_dl;
  }
};

/// Reads the options of a forecast of the task; raises 22023 naming an unknown key or a wrong value. Options that all
/// tasks know: model_type (which must be of the task), version, level, head, unit, lang. Those whose questions are
/// about moments: minutes, a number (every five minutes up to it) or a list. What answers in rows knows on_error, too.
Asking read_asking(const Task& task, Jsonb* options, bool in_rows = false);

/// A stored meal, or one that is not; a moment of a person. Raise 28000, P0002, 22008.
void ask_about_meal(Asking& asking, const PersonMeal& what);
void ask_about_moment(Asking& asking, const pg_uuid_t* person_id, TimestampTz at);

/// What is behind the ':' of the model type, for a task that forecasts several things. Raises 22023 for a longer name
/// than there can be; read_served() for one that is not known.
void ask_about_subject(Asking& asking, const char* name);
/// A day of a person: asked about as of the evening before, or now where that is still to come. NULL: tomorrow, where
/// the person is. Returns the day. Raises 28000, P0002, 22023 beyond tomorrow.
DateADT ask_about_day(Asking& asking, const pg_uuid_t* person_id, const DateADT* day);

/// `serve` asks and puts rows. With on_error there may be none instead of an error.
template <class Serve>
void serve_or_skip(const Asking& asking, Serve&& serve) {
  if (asking.skip_errors)
    (void)attempt_plainly(serve);
  else
    serve();
}

}  // namespace glucose::pg
