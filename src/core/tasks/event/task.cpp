// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/task.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/tasks/event/asking.hpp"
#include "core/tasks/event/codec.hpp"
#include "core/tasks/event/evenings.hpp"
#include "core/tasks/event/mealtimes.hpp"
#include "core/tasks/event/trainer.hpp"

namespace glucose {

namespace {

constexpr int kPersonMoments = 30, kPopulationMoments = 14;  // min_days unless given: evenings or meals with an outcome

const EventModel& model_of(const AnyModel& model) {
  return static_cast<const HeldModel<EventModel>&>(model).get();
}

std::vector<AlgorithmInfo> algorithms(bool of_population) {
  const std::vector<std::string_view> limits{"min_days", "min_samples", "min_accuracy", "min_f1",
                                             "max_calibration_error"};
  const auto and_also = [&](std::initializer_list<std::string_view> more) {
    std::vector<std::string_view> all(more);
    all.insert(all.end(), limits.begin(), limits.end());
    return all;
  };
  const auto line = and_also({"l2"}), trees = and_also({"rounds", "depth", "eta", "l2", "seed"});
  return {{Algorithm::persistence, "whether it is so now, with the rates learnt", limits},
          {Algorithm::mean, "the base rate", limits},
          {Algorithm::logistic, "logistic regression, by Newton's method", line},
          {Algorithm::logistic_gd, "logistic regression, by gradient descent", line},
          {Algorithm::trees, "boosted trees of log odds", trees},
          {Algorithm::lstm, "a network of the sequence of days, or of readings",
           and_also({"hidden", "bidirectional", "dropout", "epochs", "batch_size", "learning_rate", "l2", "seed"})},
          {Algorithm::automatic,
           of_population ? "logistic regression and trees, weighed on held-out persons"
                         : "the population's answer and what a regression of the person's own adds, weighed on "
                           "held-out time",
           of_population ? trees : line}};
}

TrainOptions defaults(bool of_population) {
  TrainOptions o;
  o.min_days = of_population ? kPopulationMoments : kPersonMoments;
  o.layers = 1;
  o.hidden = {32};
  o.epochs = 20;
  o.dropout = 0.2;
  o.rounds = 80;
  o.depth = 3;
  o.eta = 0.05;
  return o;
}

bool uses_population(Algorithm /*any*/) {
  return true;
}

bool uses_boosting(Algorithm algorithm, bool of_population) {
  return algorithm == Algorithm::trees || (algorithm == Algorithm::automatic && of_population);
}

Reach whole_days(int days) {
  Reach reach;
  reach.before = static_cast<Micros>(days) * kDay;
  reach.meals = reach.days = true;
  return reach;
}

constexpr int kMealReachDays = static_cast<int>(kMealReach / kDay);
static_assert(kEveningReach >= kMealReachDays);

// Which of the two it is the options do not say.
Reach reach(const TrainOptions& /*any*/) {
  return whole_days(kEveningReach);
}

Reach reach_of(const AnyModel& model) {
  return whole_days(model_of(model).rule.at == EventMoment::evening ? kEveningReach : kMealReachDays);
}

std::unique_ptr<RowsMaker> training_rows(Algorithm algorithm, const TrainOptions& options, std::size_t memory_cap,
                                         bool of_population, int persons) {
  EventRowsWanted wanted;
  wanted.sequences = algorithm == Algorithm::lstm;
  wanted.least = options.min_days;
  wanted.of_population = of_population;
  wanted.bytes = memory_cap / static_cast<std::size_t>(std::max(persons, 1));
  return make_event_rows(std::move(wanted));
}

std::unique_ptr<AnyModel> decoded(std::span<const std::uint8_t> bytes) {
  return held(decode_event(bytes));
}

ModelFacts facts(const AnyModel& any) {
  const EventModel& m = model_of(any);
  const Algorithm shown = m.algorithm == Algorithm::automatic ? Algorithm::ensemble : m.algorithm;
  return {std::string(name_of(shown)), std::string(kEventSchema), {m.rule.horizon_min}, m.name};
}

std::unique_ptr<AnyModel> baseline(const AnyModel& any) {
  return held(model_of(any).as_persistence());
}

Reach asking_reach(const AnyModel& model, const Question& /*one horizon*/) {
  return reach_of(model);
}

Answer ask(const AnyModel& model, const Known& known, const Question& question) {
  return ask_event(model_of(model), known, question);
}

std::unique_ptr<Explainer> explain(const AnyModel& model, const Known& known, const Question& question,
                                   int minutes_ahead) {
  const int horizon = model_of(model).rule.horizon_min;
  if (minutes_ahead != horizon)
    throw Error(ErrorCode::bad_argument,
                "the model does not forecast " + std::to_string(minutes_ahead) + " minutes ahead",
                "It forecasts " + std::to_string(horizon) + " minutes ahead.");
  return explain_event(model_of(model), known, question);
}

Reach scoring_reach(const AnyModel& model) {
  return reach_of(model);
}

Micros scoring_lead(const AnyModel& /*any*/) {
  return 0;
}

std::unique_ptr<RowsMaker> scoring_rows(const AnyModel& any) {
  const EventModel& model = model_of(any);
  EventRowsWanted wanted;
  wanted.to_measure = true;
  wanted.sequences = model.has_network();
  wanted.name = model.name;
  wanted.definition = model.definition;
  return make_event_rows(std::move(wanted));
}

std::unique_ptr<Scorer> score(const AnyModel& model, const Rows& rows, Micros from) {
  return score_event(model_of(model), static_cast<const EventRows&>(rows), from);
}

std::unique_ptr<ImportanceWork> importance(const AnyModel& model, const Rows& rows, Micros from, std::uint64_t seed) {
  return event_importance(model_of(model), static_cast<const EventRows&>(rows), from, seed);
}

Reach outcome_reach(const Subject& subject) {
  const EventRule rule = read_event_rule(subject.definition);
  Reach reach = whole_days(rule.at == EventMoment::evening ? rule.baseline_days + 1 : 1);
  // The days of the horizon end at midnights, up to six hours after the moment and an hour off where clocks change.
  reach.after = rule.horizon_min * kMinute + kDay;
  return reach;
}

float outcome(const Material& material) {
  const EventTruth truth = event_outcome(material);
  return truth ? (*truth ? 1.0F : 0.0F) : kUnknown;
}

}  // namespace

const Task kEventTask{
    .name = "event",
    .unit = "probability",
    .value_key = "probability",
    .rows_are = "days",
    .units_are = "weeks, of meals days",
    .asks_about_meals = false,
    .events = {},
    .subjects = Subjects::events,
    .decimals = 3,
    .algorithms = algorithms,
    .defaults = defaults,
    .uses_population = uses_population,
    .uses_boosting = uses_boosting,
    .reach = reach,
    .training_rows = training_rows,
    .train = train_event,
    .train_population = train_event,
    .tune = tune_event,
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

const EventModel& event_model(const AnyModel& model) {
  return model_of(model);
}

}  // namespace glucose
