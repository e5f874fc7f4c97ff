// SPDX-License-Identifier: PostgreSQL
#include "pg/work/serving.hpp"

#include <algorithm>

#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/settings.hpp"
#include "pg/tables/history.hpp"
#include "pg/tables/identity.hpp"
#include "pg/tables/model_store.hpp"
#include "pg/tables/query.hpp"

namespace glucose::pg {

namespace {

void copy_option(const char* key, const JsonbValue& value, char* out, size_t size) {
  if (strlcpy(out, text_value(key, value), size) >= size) raise_bad_option(key, "a shorter text");
}

void take_level(const char* key, const JsonbValue& value, double* level) {
  *level = number_value(key, value);
  if (!(*level >= 0.01 && *level <= 0.99)) raise_bad_option(key, "a number from 0.01 to 0.99");
}

void take_head(const char* key, const JsonbValue& value, bool* mean) {
  const char* head = text_value(key, value);
  *mean = strcmp(head, "mean") == 0;
  if (!*mean && strcmp(head, "median") != 0) raise_bad_option(key, "median or mean");
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
  else if (strcmp(key, "level") == 0)
    take_level(key, value, &options->level);
  else if (strcmp(key, "head") == 0)
    take_head(key, value, &options->mean);
  else
    raise_unknown_option(key, "model_type, version, level, head, lang and log");
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

// What a model does not remember yet has to be followed again: meals since its training, or, of a population's model,
// the newest ones.
constexpr size_t kFollowedMeals = kRememberedMeals;

TimestampTz follow_from(const Model& model, TimestampTz at) {
  const TimestampTz newest = at - kFollowedDays * kDay;
  if (model.memory.meals.empty()) return newest;
  return std::max(model.memory.meals.back().eaten_at + 1, newest);
}

}  // namespace

Follower followed(const Model& model, const Inputs& inputs) {
  const Micros at = inputs.what.meal.eaten_at;
  const std::span<const Reading> readings(inputs.readings.rows, static_cast<size_t>(inputs.readings.n));
  const std::span<const Meal> meals(inputs.meals.rows, static_cast<size_t>(inputs.meals.n));
  size_t first = meals.size();
  while (first > 0 && meals.size() - first < kFollowedMeals && meals[first - 1].eaten_at >= inputs.follow_from) --first;
  Follower follower(model);
  if (first < meals.size()) {
    DatasetBuilder builder(meals, readings, model.horizons_min, meals[first].eaten_at, at, at);
    while (!builder.done()) builder.step();
    for (const Sample& sample : builder.take()) follower.follow(sample);
  }
  return follower;
}

namespace {

Forecast ask(const Model& model, const Inputs& inputs, const Answer& answer) {
  const Follower follower = followed(model, inputs);
  return forecast(model, answer.moment, follower.known(), inputs.level, answer.sensor);
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
  inputs.level = options.level;
  inputs.mean = options.mean;
  const pg_uuid_t* person_id = &inputs.what.person.id;
  const TimestampTz at = what.meal.eaten_at;
  const Choice choice = choose_model(person_id, options);
  inputs.row = choice.row;
  inputs.trial = choice.trial;
  inputs.model = load_model(inputs.row, person_id, options.model_type);
  inputs.follow_from = follow_from(*inputs.model, at);
  const TimestampTz since = std::min(inputs.follow_from, at) - kFeatureDays * kDay;
  inputs.readings =
      read_readings(person_id, since, at, static_cast<Size>(settings::max_train_memory_kb) * 1024, context);
  inputs.meals = read_meals(inputs.what.person, since, at + 1, context);
  return inputs;
}

Shown shown(const Inputs& inputs, const HorizonForecast& h) {
  const float centre = inputs.mean ? h.mean_mg_dl : h.mg_dl;
  return {centre, std::min(h.lower, centre), std::max(h.upper, centre)};
}

Answer compute(const Inputs& inputs) {
  Answer answer;
  guarded([&] {
    const Meal& meal = inputs.what.meal;
    const std::span<const Reading> readings(inputs.readings.rows, static_cast<size_t>(inputs.readings.n));
    const std::span<const Meal> meals(inputs.meals.rows, static_cast<size_t>(inputs.meals.n));
    check_meal(meal.nutrition);
    answer.moment = Timeline(meals, readings).moment(meal);
    answer.sensor = assess_sensor(answer.moment.features, readings, meal.eaten_at);
    answer.forecast = ask(*inputs.model, inputs, answer);
  });
  return answer;
}

Answer compute_shadow(const Inputs& inputs, const Answer& answer, const char* model_type) {
  const Model* model = load_model(inputs.trial.shadow, &inputs.what.person.id, model_type);
  Answer shadow = answer;
  guarded([&] { shadow.forecast = ask(*model, inputs, answer); });
  return shadow;
}

}  // namespace glucose::pg
