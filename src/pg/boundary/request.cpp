// SPDX-License-Identifier: PostgreSQL
#include "pg/boundary/request.hpp"

#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/moment.hpp"

namespace glucose::pg {

namespace {

constexpr int kMostNumbers = 32;

constexpr const char* kOfRequest[] = {"start_at", "end_at", "deploy"};  // options that core knows nothing of

// Whether the option is one of the request's own, or one that an algorithm of the task listens to; raises 22023 else.
void require_known(const Task& task, bool of_population, const char* key) {
  for (const char* known : kOfRequest)
    if (strcmp(key, known) == 0) return;
  guarded([&] { require_option(task.algorithms(of_population), key); });
}

void take_moment(const char* key, const JsonbValue& value, TimestampTz* at, bool* is_local) {
  const GivenTime given = time_value(key, value);
  *at = given.at;
  *is_local = given.is_local;
}

void take_option(const char* key, const JsonbValue& value, void* state) {
  auto* request = static_cast<TrainRequest*>(state);
  require_known(*request->task, request->of_population, key);
  if (value.type == jbvNull) return;  // null asks for the default
  if (strcmp(key, "start_at") == 0) {
    take_moment(key, value, &request->start_at, &request->start_is_local);
  } else if (strcmp(key, "end_at") == 0) {
    take_moment(key, value, &request->end_at, &request->end_is_local);
  } else if (strcmp(key, "deploy") == 0) {
    request->deploy = bool_value(key, value) ? TrainRequest::Deploy::yes : TrainRequest::Deploy::no;
  } else {
    double numbers[kMostNumbers];
    int n = 0;
    if (value.type == jbvNumeric || value.type == jbvBinary) n = numbers_value(key, value, numbers, kMostNumbers);
    guarded([&] { set_option(request->options, key, numbers, n); });
  }
}

void add_numbers(StringInfo out, const char* key, const double* values, int n) {
  json_key(out, key);
  appendStringInfoChar(out, '[');
  for (int i = 0; i < n; ++i) appendStringInfo(out, "%s%g", i > 0 ? ", " : "", values[i]);
  appendStringInfoChar(out, ']');
}

// Of a population's period on everybody's own clock, without an offset.
void add_moment(StringInfo out, const char* key, TimestampTz at, bool is_local) {
  if (TIMESTAMP_NOT_FINITE(at)) return;
  if (!is_local) return json_time(out, key, at);
  char written[MAXDATELEN + 1];
  JsonEncodeDateTime(written, TimestampGetDatum(at), TIMESTAMPOID, nullptr);
  json_text(out, key, written);
}

/// The options an algorithm listens to; the texts are of static storage.
struct OptionKeys {
  int n = 0;
  std::string_view keys[kMostNumbers];
};

OptionKeys keys_of(const TrainRequest& request) {
  OptionKeys found;
  guarded([&] {
    for (const AlgorithmInfo& info : request.task->algorithms(request.of_population))
      if (info.algorithm == request.algorithm)
        for (const std::string_view key : info.options) found.keys[found.n++] = key;
  });
  return found;
}

void add_option(StringInfo out, const TrainOptions& options, const char* key, bool unset_is_null) {
  OptionValue value;
  guarded([&] { value = option_value(options, key); });
  if (value.is_list)
    add_numbers(out, key, value.numbers.data(), value.n);
  else if (value.n == 1)
    json_number(out, key, value.numbers[0]);
  else if (unset_is_null)
    json_text(out, key, nullptr);
}

}  // namespace

const Task& require_task(const char* model_type) {
  if (const Task* task = find_task(model_type)) return *task;
  StringInfoData known;
  initStringInfo(&known);
  constexpr const char* kSubjects[] = {"", ":METRIC", ":EVENT"};
  for (const Task* task : tasks())
    appendStringInfo(&known, "%s%s%s", known.len > 0 ? ", " : "", task->name.data(),
                     kSubjects[static_cast<size_t>(task->subjects)]);
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized model_type \"%s\"", clipped(model_type)),
           errhint("Model types are %s.", known.data)));
  pg_unreachable();
}

void raise_incapable(const char* model_type, const char* what) {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("models of type \"%s\" cannot be %s", clipped(model_type), what)));
}

void require_period(const TrainRequest& request) {
  const bool comparable = TIMESTAMP_NOT_FINITE(request.start_at) || TIMESTAMP_NOT_FINITE(request.end_at) ||
                          request.start_is_local == request.end_is_local;
  if (comparable && request.start_at >= request.end_at) raise_bad_option("end_at", "later than start_at");
}

TrainRequest make_train_request(const pg_uuid_t* person_id, const char* model_type, const char* algorithm,
                                Jsonb* options) {
  TrainRequest request;
  request.task = &require_task(model_type);
  request.of_population = person_id == nullptr;
  if (person_id != nullptr) request.person_id = *person_id;
  strlcpy(request.model_type, model_type, sizeof request.model_type);
  guarded([&] {
    request.options = request.task->defaults(request.of_population);
    request.algorithm = parse_algorithm(request.task->algorithms(request.of_population), algorithm);
  });
  for_each_key(options, "options", take_option, &request);
  require_period(request);
  return request;
}

TrainRequest read_train_request(FunctionCallInfo fcinfo) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* model_type = text_argument(fcinfo, 1, "model_type");
  const char* algorithm = text_argument(fcinfo, 2, "algorithm");
  return make_train_request(person_id, model_type, algorithm, jsonb_argument(fcinfo, 3, "options"));
}

Jsonb* hyperparameters(const TrainRequest& request, const std::vector<int>& horizons_min) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_text(&out, "algorithm", name_of(request.algorithm).data());
  json_key(&out, "horizons");
  for (size_t k = 0; k < horizons_min.size(); ++k) appendStringInfo(&out, "%s%d", k > 0 ? ", " : "[", horizons_min[k]);
  appendStringInfoChar(&out, ']');
  const OptionKeys listened = keys_of(request);
  for (int i = 0; i < listened.n; ++i)
    if (listened.keys[i] != "horizons") add_option(&out, request.options, listened.keys[i].data(), false);
  add_moment(&out, "start_at", request.start_at, request.start_is_local);
  add_moment(&out, "end_at", request.end_at, request.end_is_local);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

Jsonb* default_options(const Task& task, const AlgorithmInfo& algorithm) {
  TrainOptions defaults;
  guarded([&] { defaults = task.defaults(false); });
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  for (const std::string_view key : algorithm.options) add_option(&out, defaults, key.data(), true);
  for (const char* unset : kOfRequest) json_text(&out, unset, nullptr);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

}  // namespace glucose::pg
