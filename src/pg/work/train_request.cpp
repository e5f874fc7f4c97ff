// SPDX-License-Identifier: PostgreSQL
#include "pg/work/train_request.hpp"

#include "pg/boundary/arguments.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"

namespace glucose::pg {

namespace {

constexpr int kMostNumbers = 32;

constexpr const char* kOfRequest[] = {"start_at", "end_at", "deploy"};  // options that core knows nothing of

void require_known(const char* key) {
  for (const char* known : kOfRequest)
    if (strcmp(key, known) == 0) return;
  guarded([&] { require_option(key); });
}

void take_option(const char* key, const JsonbValue& value, void* state) {
  auto* request = static_cast<TrainRequest*>(state);
  if (value.type == jbvNull) return require_known(key);  // null asks for the default
  if (strcmp(key, "start_at") == 0) {
    request->start_at = time_value(key, value);
  } else if (strcmp(key, "end_at") == 0) {
    request->end_at = time_value(key, value);
  } else if (strcmp(key, "deploy") == 0) {
    request->deploy = bool_value(key, value) ? TrainRequest::Deploy::yes : TrainRequest::Deploy::no;
  } else {
    double numbers[kMostNumbers];
    int n = 0;
    // An unknown key is named as such, whatever its value is.
    if (value.type == jbvNumeric || value.type == jbvBinary) n = numbers_value(key, value, numbers, kMostNumbers);
    guarded([&] { set_option(request->options, key, numbers, n); });
  }
}

void add_numbers(StringInfo out, const char* key, const int* values, int n) {
  json_key(out, key);
  appendStringInfoChar(out, '[');
  for (int i = 0; i < n; ++i) appendStringInfo(out, "%s%d", i > 0 ? ", " : "", values[i]);
  appendStringInfoChar(out, ']');
}

// What every algorithm listens to …
void add_shared_options(StringInfo out, const TrainOptions& o) {
  add_numbers(out, "horizons", o.horizons_min.data(), o.n_horizons);
  json_number(out, "min_days", o.min_days);
  json_number(out, "min_meals", o.min_meals);
}

// … what only boosted trees do …
void add_trees_options(StringInfo out, const TrainOptions& o) {
  json_number(out, "rounds", o.rounds);
  json_number(out, "depth", o.depth);
  json_number(out, "eta", o.eta);
}

// … and what only the LSTM does.
void add_network_options(StringInfo out, const TrainOptions& o) {
  json_number(out, "seed", static_cast<double>(o.seed));
  json_number(out, "epochs", o.epochs);
  json_number(out, "batch_size", o.batch_size);
  json_number(out, "learning_rate", o.learning_rate);
  add_numbers(out, "hidden", o.hidden.data(), o.layers);
  json_number(out, "dropout", o.dropout);
  json_number(out, "patience", o.patience);
}

}  // namespace

void require_model_type(const char* model_type, char* out) {
  if (strcmp(model_type, "glucose") != 0)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unrecognized model_type \"%s\"", clipped(model_type)),
             errhint("The model type is glucose; cgm is trained by train_model() and train_population_model().")));
  strlcpy(out, model_type, kLongestName);
}

TrainRequest make_train_request(const pg_uuid_t* person_id, const char* model_type, const char* algorithm,
                                Jsonb* options, const TrainOptions& defaults) {
  TrainRequest request;
  request.options = defaults;
  request.person_id = *person_id;
  require_model_type(model_type, request.model_type);
  guarded([&] { request.algorithm = parse_algorithm(algorithm); });
  for_each_key(options, "options", take_option, &request);
  if (request.start_at >= request.end_at) raise_bad_option("end_at", "later than start_at");
  return request;
}

TrainRequest read_train_request(FunctionCallInfo fcinfo) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* model_type = text_argument(fcinfo, 1, "model_type");
  const char* algorithm = text_argument(fcinfo, 2, "algorithm");
  return make_train_request(person_id, model_type, algorithm, jsonb_argument(fcinfo, 3, "options"));
}

Jsonb* hyperparameters(const TrainRequest& request) {
  const TrainOptions& o = request.options;
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  json_text(&out, "algorithm", name_of(request.algorithm).data());
  add_shared_options(&out, o);
  add_network_options(&out, o);
  if (request.algorithm == Algorithm::trees || request.algorithm == Algorithm::automatic) add_trees_options(&out, o);
  if (o.l2 >= 0) json_number(&out, "l2", o.l2);
  if (!TIMESTAMP_NOT_FINITE(request.start_at)) json_time(&out, "start_at", request.start_at);
  if (!TIMESTAMP_NOT_FINITE(request.end_at)) json_time(&out, "end_at", request.end_at);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

Jsonb* default_options(Algorithm algorithm) {
  const TrainOptions defaults;
  const bool has_network = algorithm == Algorithm::lstm || algorithm == Algorithm::automatic;
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  add_shared_options(&out, defaults);
  for (const char* unset : kOfRequest) json_text(&out, unset, nullptr);
  const bool has_trees = algorithm == Algorithm::trees || algorithm == Algorithm::automatic;
  if (has_network)
    add_network_options(&out, defaults);
  else if (has_trees)
    json_number(&out, "seed", static_cast<double>(defaults.seed));
  if (has_trees) add_trees_options(&out, defaults);
  if (has_network || has_trees || algorithm == Algorithm::ridge || algorithm == Algorithm::lad)
    json_text(&out, "l2", nullptr);
  appendStringInfoChar(&out, '}');
  return to_jsonb(out.data);
}

}  // namespace glucose::pg
