// SPDX-License-Identifier: PostgreSQL
// tune_model: read the history, try combinations of options by rolling-origin validation, give the rows. Writes
// nothing.
#include <cmath>

#include "pg/boundary/arguments.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/owned.hpp"
#include "pg/tables/query.hpp"
#include "pg/tables/rate_limits.hpp"
#include "pg/work/training.hpp"

extern "C" {
#include "common/shortest_dec.h"
#include "portability/instr_time.h"
}

using namespace glucose::pg;
using glucose::Algorithm;
using glucose::SearchAxis;
using glucose::SearchGrid;
using glucose::Tuner;

namespace {

constexpr const char* kTimeBudget = "time_budget";
constexpr double kDefaultBudget = 60, kLongestBudget = 86400;  // seconds
constexpr int kMostNumbers = 8;                                // of one candidate

/// What tune_model was asked for.
struct TuneRequest {
  TrainRequest training;
  double seconds = kDefaultBudget;
  Jsonb* given;  // options without the time budget: what params begin with
  const SearchGrid* grid;
};

void take_budget(const char* key, const JsonbValue& value, void* state) {
  if (strcmp(key, kTimeBudget) != 0 || value.type == jbvNull) return;
  double* seconds = static_cast<double*>(state);
  *seconds = number_value(key, value);
  if (!(*seconds >= 1 && *seconds <= kLongestBudget)) raise_bad_option(key, "a number of seconds from 1 to 86400");
}

struct SearchReader {
  std::vector<SearchAxis>* axes;
  Jsonb* given;
};

bool is_given(const char* key, Jsonb* given) {
  return getKeyJsonValueFromContainer(&given->root, key, static_cast<int>(strlen(key)), nullptr) != nullptr;
}

void require_not_given(const char* key, Jsonb* given) {
  if (is_given(key, given))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("option \"%s\" is both in search and in options", clipped(key)),
                    errhint("What is searched has no fixed value; take it out of one of them.")));
}

// A candidate is a number, a list of numbers, or null for the default.
void take_axis(const char* key, const JsonbValue& value, void* state) {
  const auto* reader = static_cast<SearchReader*>(state);
  require_not_given(key, reader->given);
  constexpr const char* kWanted = "a list of candidates, for example [1, 2]";
  if (value.type != jbvBinary) raise_bad_option(clipped(key), kWanted);
  guarded([&] { reader->axes->push_back({key, {}}); });
  JsonbIterator* it = JsonbIteratorInit(value.val.binary.data);
  JsonbValue candidate;
  if (JsonbIteratorNext(&it, &candidate, true) != WJB_BEGIN_ARRAY) raise_bad_option(clipped(key), kWanted);
  while (JsonbIteratorNext(&it, &candidate, true) == WJB_ELEM) {
    double numbers[kMostNumbers];
    const int n = candidate.type == jbvNull ? 0 : numbers_value(key, candidate, numbers, kMostNumbers);
    if (n == 0 && candidate.type != jbvNull) raise_bad_option(clipped(key), "without an empty list");
    guarded([&] { reader->axes->back().candidates.emplace_back(numbers, numbers + n); });
  }
}

// What is searched when nothing is said, but for options that are given.
void add_default_axes(Algorithm algorithm, const SearchReader& reader, MemoryContext context) {
  const auto* usual = owned<std::vector<SearchAxis>>(context, [&] { return glucose::default_search(algorithm); });
  for (const SearchAxis& axis : *usual)
    if (!is_given(axis.key.c_str(), reader.given)) guarded([&] { reader.axes->push_back(axis); });
  if (reader.axes->empty())
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("nothing is left to search"),
             errhint("Name candidates in search, for example '{\"l2\": [10, 30, 100]}', or give fewer options.")));
}

TuneRequest read_request(FunctionCallInfo fcinfo, MemoryContext context) {
  const pg_uuid_t* person_id = uuid_argument(fcinfo, 0, "person_id");
  const char* algorithm = text_argument(fcinfo, 1, "algorithm");
  Jsonb* search = jsonb_argument(fcinfo, 2, "search");
  Jsonb* options = jsonb_argument(fcinfo, 3, "options");
  const char* model_type = text_argument(fcinfo, 4, "model_type");
  TuneRequest request;
  for_each_key(options, "options", take_budget, &request.seconds);
  request.given =
      DatumGetJsonbP(DirectFunctionCall2(jsonb_delete, JsonbPGetDatum(options), CStringGetTextDatum(kTimeBudget)));
  request.training = make_train_request(person_id, model_type, algorithm, request.given);
  require_capability(request.training.task->tune != nullptr, model_type, "tuned");
  guarded([&] { glucose::searchable_options(request.training.algorithm); });
  const SearchReader reader{owned<std::vector<SearchAxis>>(context, [] { return std::vector<SearchAxis>(); }),
                            request.given};
  for_each_key(search, "search", take_axis, const_cast<SearchReader*>(&reader));
  if (reader.axes->empty()) add_default_axes(request.training.algorithm, reader, context);
  request.grid = owned<SearchGrid>(
      context, [&] { return SearchGrid(request.training.algorithm, request.training.options, *reader.axes); });
  return request;
}

/// Whether all of the grid was tried before the time was over.
bool tune(Tuner* tuning, double seconds) {
  instr_time started, elapsed;
  INSTR_TIME_SET_CURRENT(started);
  bool done = false;
  while (!done) {
    CHECK_FOR_INTERRUPTS();
    INSTR_TIME_SET_CURRENT(elapsed);
    INSTR_TIME_SUBTRACT(elapsed, started);
    if (INSTR_TIME_GET_DOUBLE(elapsed) >= seconds) return false;
    done = guarded_step(tuning);
  }
  return true;
}

void append_number(StringInfo out, double value) {
  char text[DOUBLE_SHORTEST_DECIMAL_LEN];
  text[double_to_shortest_decimal_bufn(value, text)] = '\0';
  appendStringInfoString(out, text);
}

// The options given, and over them the combination's: what train_model() takes.
Jsonb* params_of(const TuneRequest& request, size_t combination) {
  StringInfoData out;
  initStringInfo(&out);
  appendStringInfoChar(&out, '{');
  for (size_t axis = 0; axis < request.grid->axes().size(); ++axis) {
    const std::string& key = request.grid->axes()[axis].key;
    const std::vector<double>& value = request.grid->value(combination, axis);
    if (value.empty()) {
      json_text(&out, key.c_str(), nullptr);
      continue;
    }
    const bool is_list = key == "hidden";
    json_key(&out, key.c_str());
    if (is_list) appendStringInfoChar(&out, '[');
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) appendStringInfoString(&out, ", ");
      append_number(&out, value[i]);
    }
    if (is_list) appendStringInfoChar(&out, ']');
  }
  appendStringInfoChar(&out, '}');
  return DatumGetJsonbP(
      DirectFunctionCall2(jsonb_concat, JsonbPGetDatum(request.given), JsonbPGetDatum(to_jsonb(out.data))));
}

void put_row(ReturnSetInfo* result, const TuneRequest& request, const glucose::TriedCombination& tried, int rank) {
  Datum values[5] = {JsonbPGetDatum(params_of(request, tried.combination)),
                     Float4GetDatum(static_cast<float>(tried.mae)), Float4GetDatum(static_cast<float>(tried.rmse)),
                     Int32GetDatum(tried.n), Int32GetDatum(rank)};
  const bool unknown = !std::isfinite(tried.rmse);
  bool nulls[5] = {false, unknown, unknown, false, false};
  tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

}  // namespace

COUNTED_FUNCTION(tune_model, expensive) {
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  InitMaterializedSRF(fcinfo, 0);
  TuneRequest request = read_request(fcinfo, CurrentMemoryContext);
  begin(Volatility::is_volatile);
  MemoryContext work = CurrentMemoryContext;
  TrainingRun run = read_training(request.training, work);
  auto* tuner = start_tuning(run, *request.grid);
  const bool complete = tune(tuner->get(), request.seconds);
  const auto* ranked = owned<std::vector<glucose::TriedCombination>>(work, [&] { return (*tuner)->ranked(); });
  if (!complete)
    ereport(NOTICE, (errmsg("time is over: %zu of %zu combinations were tried", ranked->size(), request.grid->size()),
                     errhint("Raise the option \"%s\" (%g seconds), or search fewer.", kTimeBudget, request.seconds)));
  int rank = 0;
  for (const auto& tried : *ranked) put_row(result, request, tried, ++rank);
  end(Volatility::is_volatile);
  return static_cast<Datum>(0);
}
