// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/task.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/tasks/daily/asking/metric_forecast.hpp"
#include "core/tasks/daily/models/codec.hpp"
#include "core/tasks/daily/training/daily_training.hpp"

namespace glucose {

namespace {

constexpr int kPersonDays = 21, kPopulationDays = 10;                        // min_days unless given: labelled days
constexpr std::size_t kRowBytes = 3 * (kDailyColumns * sizeof(float) + 96);  // vectors double when they grow

const DailyModel& model_of(const AnyModel& model) {
  return static_cast<const HeldModel<DailyModel>&>(model).get();
}

bool is_network(Algorithm a) {
  return a == Algorithm::lstm || a == Algorithm::attention || a == Algorithm::multitask;
}

std::vector<AlgorithmInfo> algorithms(bool of_population) {
  const std::vector<std::string_view> naive{"min_days", "lookback_days"}, line{"min_days", "lookback_days", "l2"},
      trees{"min_days", "lookback_days", "rounds", "depth", "eta", "seed"},
      network{"min_days",   "lookback_days", "sequence_length", "hidden", "bidirectional", "dropout", "epochs",
              "batch_size", "learning_rate", "patience",        "l2",     "seed"};
  std::vector<std::string_view> all = trees;
  all.emplace_back("l2");
  return {{Algorithm::persistence, "the last known value", naive},
          {Algorithm::moving_average, "the mean of the last seven days", naive},
          {Algorithm::exponential_smoothing, "smoothing by the factor that fits best", naive},
          {Algorithm::mean, "the mean of all days that count", naive},
          {Algorithm::linear_mean, "linear in the means of the 51 features over 30 days", line},
          {Algorithm::ridge, "linear in the last values, means, calendar and the 51 features", line},
          {Algorithm::lad, "the same by least absolute deviations", line},
          {Algorithm::trees, "boosted trees on the same columns", trees},
          {Algorithm::lstm, "a network of the sequence of days", network},
          {Algorithm::attention, "the same with attention over the days", network},
          {Algorithm::multitask, "the same with a head for five metrics beside", network},
          {Algorithm::automatic,
           of_population
               ? "lines and trees weighed on held-out days, followed beside the naive ones by each person's errors"
               : "the population's model and a line of the person's own, weighed on held-out days",
           all}};
}

TrainOptions defaults(bool of_population) {
  TrainOptions o;
  o.min_days = of_population ? kPopulationDays : kPersonDays;
  o.epochs = 50;
  o.patience = 10;
  o.hidden = {128, 128};
  o.dropout = 0.2;
  o.rounds = 120;
  o.depth = 4;
  o.eta = 0.05;
  return o;
}

bool uses_population(Algorithm algorithm) {
  return algorithm == Algorithm::automatic;
}

bool uses_boosting(Algorithm algorithm, bool of_population) {
  return algorithm == Algorithm::trees || (algorithm == Algorithm::automatic && of_population);
}

Micros days(int n) {
  return static_cast<Micros>(n) * kDay;
}

Reach whole_days(int n) {
  Reach reach{days(n), 0, false};
  reach.days = true;  // which bring meals and readings of their own
  return reach;
}

Reach reach(const TrainOptions& o) {
  return whole_days(o.lookback_days);
}

std::unique_ptr<RowsMaker> training_rows(Algorithm algorithm, const TrainOptions& o, std::size_t memory_cap,
                                         bool of_population, int persons) {
  DailyRowsWanted wanted;
  wanted.lookback = o.lookback_days;
  wanted.sequence = is_network(algorithm) ? o.sequence_length : 0;
  wanted.least = o.min_days;
  wanted.of_population = of_population;
  wanted.most = std::max<std::size_t>(1, memory_cap / kRowBytes / static_cast<std::size_t>(std::max(persons, 1)));
  return make_daily_rows(wanted);
}

std::unique_ptr<AnyModel> decoded(std::span<const std::uint8_t> bytes) {
  return held(decode_daily(bytes));
}

std::string_view shown(Algorithm a) {
  return a == Algorithm::automatic ? name_of(Algorithm::ensemble) : name_of(a);
}

ModelFacts facts(const AnyModel& any) {
  const DailyModel& m = model_of(any);
  return {std::string(shown(m.algorithm)), std::string(kDailySchema), {kDayAheadMin}, m.subject.name};
}

// The naive forecasts alone, as the model weighs them.
std::unique_ptr<AnyModel> baseline(const AnyModel& any) {
  DailyModel m = model_of(any);
  m.prior[kTogether] = 0;
  float sum = 0;
  for (const float p : m.prior) sum += p;
  if (sum > 0)
    for (float& p : m.prior) p /= sum;
  else
    m.prior[static_cast<std::size_t>(Naive::smoothed)] = 1;
  m.parts.clear();
  m.part_weights.clear();
  m.sequence = 0;
  return held(std::move(m));
}

Reach asking_reach(const AnyModel& model, const Question& /*one day*/) {
  return whole_days(days_seen(model_of(model)));
}

Answer ask(const AnyModel& model, const Known& known, const Question& question) {
  return ask_metric(model_of(model), known, question);
}

std::unique_ptr<Explainer> explain(const AnyModel& model, const Known& known, const Question& question,
                                   int minutes_ahead) {
  if (minutes_ahead != kDayAheadMin)
    throw Error(ErrorCode::bad_argument,
                "the model does not forecast " + std::to_string(minutes_ahead) + " minutes ahead",
                "It forecasts one day ahead.");
  return explain_metric(model_of(model), known, question);
}

Reach scoring_reach(const AnyModel& model) {
  return whole_days(model_of(model).lookback + DailyModel::kFollowedDays);
}

Micros scoring_lead(const AnyModel& /*any*/) {
  return days(DailyModel::kFollowedDays);
}

std::unique_ptr<RowsMaker> scoring_rows(const AnyModel& any) {
  const DailyModel& model = model_of(any);
  DailyRowsWanted wanted;
  wanted.lookback = model.lookback;
  wanted.sequence = model.sequence;
  wanted.to_measure = true;
  return make_daily_rows(wanted);
}

std::unique_ptr<Scorer> score(const AnyModel& model, const Rows& rows, Micros from) {
  return score_metric(model_of(model), daily_rows(rows), from);
}

std::unique_ptr<ImportanceWork> importance(const AnyModel& model, const Rows& rows, Micros from, std::uint64_t seed) {
  return metric_importance(model_of(model), daily_rows(rows), from, seed);
}

Reach outcome_reach(const Subject& /*any*/) {
  Reach reach = whole_days(1);
  reach.after = kDay;
  return reach;
}

float outcome(const Material& material) {
  if (material.daily == nullptr) return kUnknown;
  return DayTable(*material.daily, kAlways).at(day_at(material.daily->calendar, material.start_at), kTarget);
}

}  // namespace

const Task kDailyTask{
    .name = "daily",
    .unit = "metric's own",
    .value_key = "value",
    .rows_are = "days",
    .units_are = "days",
    .asks_about_meals = false,
    .events = {},
    .subjects = Subjects::metrics,
    .decimals = 2,
    .algorithms = algorithms,
    .defaults = defaults,
    .uses_population = uses_population,
    .uses_boosting = uses_boosting,
    .reach = reach,
    .training_rows = training_rows,
    .train = train_daily,
    .train_population = train_daily_population,
    .tune = tune_daily,
    .decode = decoded,
    .facts = facts,
    .baseline = baseline,
    .set_minutes = nullptr,
    .asking_reach = asking_reach,
    .ask = ask,
    .explain = explain,
    .scoring_reach = scoring_reach,
    .scoring_lead = scoring_lead,
    .scoring_rows = scoring_rows,
    .score = score,
    .importance = importance,
    .outcome_reach = outcome_reach,
    .outcome = outcome,
};

const DailyModel& daily_model(const AnyModel& model) {
  return model_of(model);
}

}  // namespace glucose
