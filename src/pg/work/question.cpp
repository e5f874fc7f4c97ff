// SPDX-License-Identifier: PostgreSQL
#include "pg/work/question.hpp"

#include <cmath>

#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/request.hpp"
#include "pg/boundary/values.hpp"
#include "pg/tables/daily.hpp"
#include "pg/tables/subject.hpp"

namespace glucose::pg {

namespace {

constexpr double kLowestLevel = 0.01, kHighestLevel = 0.99;

void copy_option(const char* key, const JsonbValue& value, char* out, size_t size) {
  if (strlcpy(out, text_value(key, value), size) >= size) raise_bad_option(key, "a shorter text");
}

void take_model_type(const char* key, const JsonbValue& value, Asking& asking) {
  copy_option(key, value, asking.model_type, sizeof asking.model_type);
  if (&require_task(asking.model_type) != asking.task)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a model of type \"%s\" does not answer what is asked here", clipped(asking.model_type)),
                    errhint(asking.task->asks_about_meals ? "With a meal, models of type %s are asked."
                                                          : "Without a meal, models of type %s are asked.",
                            asking.task->name.data())));
}

void take_level(const char* key, const JsonbValue& value, double* level) {
  *level = number_value(key, value);
  if (!(*level >= kLowestLevel && *level <= kHighestLevel)) raise_bad_option(key, "a number from 0.01 to 0.99");
}

void take_head(const char* key, const JsonbValue& value, Head* head) {
  const char* name = text_value(key, value);
  *head = strcmp(name, "mean") == 0 ? Head::mean : Head::median;
  if (*head == Head::median && strcmp(name, "median") != 0) raise_bad_option(key, "median or mean");
}

void take_on_error(const char* key, const JsonbValue& value, bool* skip_errors) {
  const char* name = text_value(key, value);
  *skip_errors = strcmp(name, "none") == 0;
  if (!*skip_errors && strcmp(name, "raise") != 0) raise_bad_option(key, "raise or none");
}

void take_minutes(const char* key, const JsonbValue& value, const Task& task, Question& question) {
  double numbers[kMostAnswers];
  const int n = numbers_value(key, value, numbers, kMostAnswers);
  guarded([&] { task.set_minutes(question, {numbers, static_cast<size_t>(n)}, value.type == jbvBinary); });
}

void take_option(const char* key, const JsonbValue& value, void* state) {
  auto& asking = *static_cast<Asking*>(state);
  const bool is_glucose = asking.task->subjects == Subjects::none;
  if (strcmp(key, "model_type") == 0 && is_glucose)
    take_model_type(key, value, asking);
  else if (strcmp(key, "version") == 0)
    copy_option(key, value, asking.version, sizeof asking.version);
  else if (strcmp(key, "lang") == 0)
    copy_option(key, value, asking.lang, sizeof asking.lang);
  else if (strcmp(key, "level") == 0)
    take_level(key, value, &asking.question.level);
  else if (strcmp(key, "head") == 0)
    take_head(key, value, &asking.question.head);
  else if (strcmp(key, "unit") == 0 && is_glucose)
    asking.unit = require_unit(text_value(key, value)), asking.names_unit = true;
  else if (strcmp(key, "on_error") == 0 && asking.in_rows)
    take_on_error(key, value, &asking.skip_errors);
  else if (strcmp(key, "minutes") == 0 && asking.task->set_minutes != nullptr)
    take_minutes(key, value, *asking.task, asking.question);
  else
    raise_unknown_option(
        key,
        psprintf("%s%sversion, level, head, %slang%s", asking.task->set_minutes != nullptr ? "minutes, " : "",
                 is_glucose ? "model_type, " : "", is_glucose ? "unit, " : "", asking.in_rows ? " and on_error" : ""));
}

}  // namespace

Asking read_asking(const Task& task, Jsonb* options, bool in_rows) {
  Asking asking;
  asking.in_rows = in_rows;
  asking.task = &task;
  strlcpy(asking.model_type, task.name.data(), sizeof asking.model_type);
  if (task.set_minutes != nullptr) guarded([&] { task.set_minutes(asking.question, {}, false); });
  for_each_key(options, "options", take_option, &asking);
  return asking;
}

void ask_about_meal(Asking& asking, const PersonMeal& what) {
  asking.person = what.person;
  asking.question.at = what.meal.eaten_at;
  asking.question.clock = what.meal.clock;
  asking.question.has_meal = true;
  asking.question.meal = what.meal;
}

void ask_about_moment(Asking& asking, const pg_uuid_t* person_id, TimestampTz at) {
  Question& q = asking.question;
  require_finite_time(at, "at");
  const int last = q.n_minutes > 0 ? q.minutes[static_cast<size_t>(q.n_minutes) - 1] : 0;
  if (!IS_VALID_TIMESTAMP(at + last * kMinute))
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  asking.person = read_person(person_id);
  asking.subject = read_subject(*asking.task, asking.model_type, CurrentMemoryContext);
  q.at = at;
  q.clock = local_clock(at, asking.person.clock);
}

void ask_about_subject(Asking& asking, const char* name) {
  const int size = snprintf(asking.model_type, sizeof asking.model_type, "%s:%s", asking.task->name.data(), name);
  if (size >= static_cast<int>(sizeof asking.model_type))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" is too long a name", clipped(name))));
}

DateADT ask_about_day(Asking& asking, const pg_uuid_t* person_id, const DateADT* day) {
  asking.person = read_person(person_id);
  asking.subject = read_subject(*asking.task, asking.model_type, CurrentMemoryContext);
  const DateADT tomorrow = day_of(GetCurrentTransactionStartTimestamp(), asking.person) + 1;
  const DateADT asked = day != nullptr ? *day : tomorrow;
  (void)require_days(asked, asked);
  if (asked > tomorrow) {
    failing_plainly();
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("target_date is beyond tomorrow"),
                    errhint("Forecasts are of one day ahead, as of the evening before.")));
  }
  asking.question.at = moment_of(static_cast<Timestamp>(asked) * USECS_PER_DAY, asking.person.clock);
  asking.question.clock = local_clock(asking.question.at, asking.person.clock);
  return asked;
}

}  // namespace glucose::pg
