// SPDX-License-Identifier: PostgreSQL
#include "pg/work/cgm_request.hpp"

#include <cmath>

#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/tables/model_store.hpp"

namespace glucose::pg {

namespace {

constexpr int kPersonDays = 7, kPopulationDays = 1;  // min_days unless given
constexpr int kDefaultMinutes = 60;
constexpr double kLowestLevel = 0.1, kHighestLevel = 0.99;

void take_training_option(const char* key, const JsonbValue& value, void* state) {
  auto* request = static_cast<TrainRequest*>(state);
  if (strcmp(key, "start_at") != 0 && strcmp(key, "end_at") != 0 && strcmp(key, "deploy") != 0 &&
      strcmp(key, "min_days") != 0)
    raise_unknown_option(key, "start_at, end_at, deploy and min_days");
  if (value.type == jbvNull) return;  // null asks for the default
  if (strcmp(key, "start_at") == 0) {
    request->start_at = time_value(key, value);
  } else if (strcmp(key, "end_at") == 0) {
    request->end_at = time_value(key, value);
  } else if (strcmp(key, "deploy") == 0) {
    request->deploy = bool_value(key, value) ? TrainRequest::Deploy::yes : TrainRequest::Deploy::no;
  } else {
    double days;
    if (numbers_value(key, value, &days, 1) != 1) raise_bad_option(key, "a number");
    guarded([&] { set_option(request->options, "min_days", &days, 1); });
  }
}

void default_minutes(CgmQuestion& question, int longest) {
  question.n_minutes = 0;
  for (int minutes = kCgmStepMin; minutes <= longest; minutes += kCgmStepMin)
    question.minutes[static_cast<size_t>(question.n_minutes++)] = minutes;
}

bool is_whole(double value, int low, int high) {
  return value >= low && value <= high && std::floor(value) == value;
}

// A number: every five minutes up to it. A list: exactly those.
void take_minutes(const char* key, const JsonbValue& value, CgmQuestion& question) {
  constexpr const char* kWanted = "a whole number from 5 to 120, or a list of ascending whole numbers from 1 to 120";
  double numbers[kCgmLongestMin];
  const int n = numbers_value(key, value, numbers, kCgmLongestMin);
  if (value.type != jbvBinary) {
    if (!is_whole(numbers[0], kCgmStepMin, kCgmLongestMin)) raise_bad_option(key, kWanted);
    return default_minutes(question, static_cast<int>(numbers[0]));
  }
  for (int i = 0; i < n; ++i) {
    if (!is_whole(numbers[i], 1, kCgmLongestMin) || (i > 0 && numbers[i] <= numbers[i - 1]))
      raise_bad_option(key, kWanted);
    question.minutes[static_cast<size_t>(i)] = static_cast<int>(numbers[i]);
  }
  if (n == 0) raise_bad_option(key, kWanted);
  question.n_minutes = n;
}

void take_forecast_option(const char* key, const JsonbValue& value, void* state) {
  auto* request = static_cast<CgmRequest*>(state);
  CgmQuestion& question = request->question;
  if (strcmp(key, "minutes") == 0) {
    take_minutes(key, value, question);
  } else if (strcmp(key, "level") == 0) {
    question.level = number_value(key, value);
    if (!(question.level >= kLowestLevel && question.level <= kHighestLevel))
      raise_bad_option(key, "a number from 0.1 to 0.99");
  } else if (strcmp(key, "head") == 0) {
    const char* head = text_value(key, value);
    if (strcmp(head, "median") != 0 && strcmp(head, "mean") != 0) raise_bad_option(key, "median or mean");
    question.head = strcmp(head, "mean") == 0 ? CgmHeadKind::mean : CgmHeadKind::median;
  } else if (strcmp(key, "version") == 0) {
    if (strlcpy(request->version, text_value(key, value), sizeof request->version) >= sizeof request->version)
      raise_bad_option(key, "a shorter text");
  } else {
    raise_unknown_option(key, "minutes, level, head and version");
  }
}

}  // namespace

TrainRequest make_cgm_train_request(const pg_uuid_t* person_id, const char* algorithm, Jsonb* options) {
  TrainRequest request;
  if (person_id != nullptr) request.person_id = *person_id;
  strlcpy(request.model_type, kCgmType, sizeof request.model_type);
  request.algorithm = strcmp(algorithm, kCgmLinear) == 0 ? Algorithm::ridge : Algorithm::automatic;
  if (request.algorithm == Algorithm::automatic && strcmp(algorithm, "auto") != 0)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("unrecognized algorithm \"%s\" for model_type \"cgm\"", clipped(algorithm)),
             errhint("Choose auto or %s; auto adds trees to a population's model where they help.", kCgmLinear)));
  request.options.min_days = person_id != nullptr ? kPersonDays : kPopulationDays;
  for_each_key(options, "options", take_training_option, &request);
  if (request.start_at >= request.end_at) raise_bad_option("end_at", "later than start_at");
  return request;
}

Jsonb* cgm_hyperparameters(const TrainRequest& request) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_text(&out, "algorithm", request.algorithm == Algorithm::automatic ? "auto" : kCgmLinear);
  json_key(&out, "horizons");
  for (size_t k = 0; k < kCgmHorizons; ++k) appendStringInfo(&out, "%s%d", k > 0 ? ", " : "[", cgm_minutes(k));
  appendStringInfoChar(&out, ']');
  json_number(&out, "min_days", request.options.min_days);
  if (!TIMESTAMP_NOT_FINITE(request.start_at)) json_time(&out, "start_at", request.start_at);
  if (!TIMESTAMP_NOT_FINITE(request.end_at)) json_time(&out, "end_at", request.end_at);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

CgmRequest read_cgm_request(TimestampTz at, Jsonb* options) {
  CgmRequest request;
  require_finite_time(at, "at");
  request.question.at = at;
  default_minutes(request.question, kDefaultMinutes);
  for_each_key(options, "options", take_forecast_option, &request);
  const int last = request.question.minutes[static_cast<size_t>(request.question.n_minutes) - 1];
  if (!IS_VALID_TIMESTAMP(at + last * kMinute))
    ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  return request;
}

}  // namespace glucose::pg
