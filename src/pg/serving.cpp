// SPDX-License-Identifier: PostgreSQL
#include "pg/serving.hpp"

#include "core/features.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/json.hpp"
#include "pg/model_store.hpp"
#include "pg/query.hpp"
#include "pg/settings.hpp"

namespace glucose::pg {

namespace {

void copy_option(const char* key, const JsonbValue& value, char* out, size_t size) {
  if (strlcpy(out, text_value(key, value), size) >= size) raise_bad_option(key, "a shorter text");
}

void take_option(const char* key, const JsonbValue& value, void* state) {
  auto* options = static_cast<ServingOptions*>(state);
  if (strcmp(key, "model_type") == 0)
    copy_option(key, value, options->model_type, sizeof options->model_type);
  else if (strcmp(key, "version") == 0)
    copy_option(key, value, options->version, sizeof options->version);
  else if (strcmp(key, "lang") == 0)
    copy_option(key, value, options->lang, sizeof options->lang);
  else if (strcmp(key, "log") == 0)
    options->log = bool_value(key, value);
  else
    raise_unknown_option(key, "model_type, version, lang and log");
}

[[noreturn]] void raise_no_model(const char* model_type) {
  ereport(ERROR, (errcode(kNoModel), errmsg("no model of type \"%s\" for this person", model_type),
                  errhint("Run SELECT glucose.train_model(person_id); it needs 7 days of readings and 21 meals with a "
                          "known outcome. There is no population model either.")));
  pg_unreachable();
}

Choice choose_model(const pg_uuid_t* person_id, const ServingOptions& options) {
  if (options.version[0] == '\0') {
    const Choice choice = choose_serving_model(person_id, options.model_type);
    if (!choice.row.found) raise_no_model(options.model_type);
    return choice;
  }
  const ModelRow row = require_model(person_id, options.model_type, options.version);
  if (strcmp(row.status, "rejected") == 0)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("model version \"%s\" was rejected when it was trained", options.version),
                    errhint("Choose a version whose status is ready.")));
  return {row, {}};
}

}  // namespace

ServingOptions read_serving_options(Jsonb* options) {
  ServingOptions result;
  for_each_key(options, "options", take_option, &result);
  return result;
}

Inputs read_inputs(const PersonMeal& what, const ServingOptions& options, MemoryContext context) {
  Inputs inputs;
  inputs.what = what;
  const pg_uuid_t* person_id = &inputs.what.person.id;
  const TimestampTz at = what.meal.eaten_at, since = at - kBaselineDays * kDay;
  const Choice choice = choose_model(person_id, options);
  inputs.row = choice.row;
  inputs.trial = choice.trial;
  inputs.readings =
      read_readings(person_id, since, at, static_cast<Size>(settings::max_train_memory_kb) * 1024, context);
  inputs.avg_carbs_g = read_mean_carbs(person_id, since, at);
  inputs.model = load_model(inputs.row, person_id, options.model_type);
  return inputs;
}

Answer compute(const Inputs& inputs) {
  Answer answer;
  guarded([&] {
    const Meal& meal = inputs.what.meal;
    const std::span<const Reading> readings(inputs.readings.rows, static_cast<size_t>(inputs.readings.n));
    check_meal(meal.nutrition);
    answer.features = extract(meal, readings, inputs.avg_carbs_g);
    answer.sensor = assess_sensor(answer.features, readings, meal.eaten_at);
    answer.forecast = forecast(*inputs.model, answer.features, answer.sensor);
  });
  return answer;
}

Answer compute_shadow(const Inputs& inputs, const Answer& answer, const char* model_type) {
  const Model* model = load_model(inputs.trial.shadow, &inputs.what.person.id, model_type);
  Answer shadow = answer;
  guarded([&] { shadow.forecast = forecast(*model, answer.features, answer.sensor); });
  return shadow;
}

}  // namespace glucose::pg
