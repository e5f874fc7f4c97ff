// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/task.hpp"

#include <algorithm>
#include <optional>

#include "core/base/error.hpp"
#include "core/days/meal_lines.hpp"
#include "core/readings/time_grid.hpp"
#include "core/tasks/meal/asking/explanation.hpp"
#include "core/tasks/meal/asking/importance.hpp"
#include "core/tasks/meal/asking/meal_scorer.hpp"
#include "core/tasks/meal/asking/workings.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/meal/models/forecast.hpp"
#include "core/tasks/meal/rows.hpp"
#include "core/tasks/meal/trainer.hpp"

namespace glucose {

namespace {

constexpr int kMealsOfOnePerson = 10;  // fewer say little about a person, but a population may still use them

const Model& model_of(const AnyModel& model) {
  return static_cast<const HeldModel<Model>&>(model).get();
}

/// As it serves: what it remembers is made ready to be asked once, not for each question.
class ServingModel final : public HeldModel<Model> {
 public:
  explicit ServingModel(Model model) : HeldModel(std::move(model)) {}
  void wipe() override {
    HeldModel::wipe();
    memory_.reset();
  }
  const Recollection& memory() const {
    if (!memory_) memory_.emplace(get().recollection());
    return *memory_;
  }

 private:
  mutable std::optional<Recollection> memory_;
};

const Recollection& memory_of(const AnyModel& model) {
  return static_cast<const ServingModel&>(model).memory();
}

const MealRows& meals_of(const Rows& rows) {
  return static_cast<const MealRows&>(rows);
}

// --- training ---------------------------------------------------------------------------------------------------

using Options = std::vector<std::string_view>;

Options joined(std::initializer_list<Options> parts) {
  Options all;
  for (const Options& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

std::vector<AlgorithmInfo> algorithms(bool of_population) {
  const Options shared{"horizons", "min_days", "min_meals"};
  const Options network{"seed", "epochs", "batch_size", "learning_rate", "hidden", "dropout", "patience"};
  const Options growing{"rounds", "depth", "eta"}, penalty{"l2"}, seed{"seed"};
  const AlgorithmInfo ridge{Algorithm::ridge,
                            "ridge regression of the change from the last glucose, on columns derived from the 28 "
                            "features",
                            joined({shared, penalty})};
  const AlgorithmInfo trees{Algorithm::trees,
                            "ridge regression on 'meal/2', and gradient-boosted trees (XGBoost) on what it leaves",
                            joined({shared, seed, growing, penalty})};
  const AlgorithmInfo lstm{Algorithm::lstm,
                           "LSTM over 12 steps of glucose with the static features; Adam, early stopping on "
                           "validation; begins with the population's where there is one",
                           joined({shared, network, penalty})};
  const AlgorithmInfo all{Algorithm::automatic, "an ensemble of these, weighted by how well they do on validation",
                          joined({shared, network, growing, penalty})};
  if (of_population) return {ridge, trees, lstm, all};
  return {{Algorithm::persistence, "glucose stays what it is; what every other algorithm must beat", shared},
          {Algorithm::mean, "the mean outcome of the training meals", shared},
          ridge,
          {Algorithm::lad, "least absolute deviations on the same columns, with the same penalty",
           joined({shared, penalty})},
          trees,
          lstm,
          {Algorithm::personal,
           "the population's model and, on top of it, what the person's own earlier meals teach, meal by meal", shared},
          all};
}

TrainOptions defaults(bool of_population) {
  TrainOptions options;
  if (of_population) options.min_meals = kMealsOfOnePerson;
  return options;
}

bool uses_population(Algorithm algorithm) {
  return algorithm == Algorithm::automatic || algorithm == Algorithm::lstm || algorithm == Algorithm::personal;
}

bool uses_boosting(Algorithm algorithm, bool /*of_population*/) {
  return algorithm == Algorithm::automatic || algorithm == Algorithm::trees;
}

Reach reach_of(int longest_horizon_min) {
  return {kFeatureDays * kDay, (std::max(longest_horizon_min, kCurveMin) + 15) * kMinute, true};
}

Reach reach(const TrainOptions& options) {
  return reach_of(options.horizons_min[static_cast<std::size_t>(options.n_horizons) - 1]);
}

std::unique_ptr<RowsMaker> training_rows(Algorithm, const TrainOptions& o, std::size_t memory_cap, bool of_population,
                                         int) {
  return make_meal_rows({.horizons_min = {o.horizons_min.begin(), o.horizons_min.begin() + o.n_horizons},
                         .min_meals = o.min_meals,
                         .min_days = o.min_days,
                         .of_population = of_population,
                         .memory_cap = of_population ? memory_cap : 0});
}

// --- models -----------------------------------------------------------------------------------------------------

std::unique_ptr<AnyModel> decoded(std::span<const std::uint8_t> bytes) {
  return std::make_unique<ServingModel>(decode(bytes));
}

ModelFacts facts(const AnyModel& any) {
  const Model& model = model_of(any);
  return {std::string(name_of(model.algorithm)), std::string(model.schema()), model.horizons_min};
}

MomentsKept remembers(const AnyModel& any) {
  const auto& meals = model_of(any).memory.meals;
  if (meals.empty()) return {};
  return {true, meals.front().eaten_at, meals.back().eaten_at};
}

// What somebody else's meals did says nothing about this person.
std::vector<std::uint8_t> adopted(const AnyModel& any, std::span<const Meal> meals) {
  const Model& model = model_of(any);
  auto next = meals.begin();
  const bool all_there =
      std::all_of(model.memory.meals.begin(), model.memory.meals.end(), [&](const RememberedMeal& m) {
        while (next != meals.end() && next->eaten_at < m.eaten_at) ++next;
        return next != meals.end() && next->eaten_at == m.eaten_at;
      });
  if (all_there) return {};
  Model stranger = model;
  stranger.memory.meals.clear();
  return encode(stranger);
}

std::unique_ptr<AnyModel> baseline(const AnyModel& any) {
  const Model& model = model_of(any);
  return std::make_unique<ServingModel>(
      Model{Algorithm::persistence, model.horizons_min, Persistence{}, model.intervals, {}});
}

// --- asking -----------------------------------------------------------------------------------------------------

Reach asking_reach(const AnyModel& any, const Question& question) {
  const Micros from = std::min(MealWorkings::follows_from(model_of(any), question.at), question.at);
  return {.before = question.at - from + kFeatureDays * kDay, .meals = true};
}

/// A meal with all that is known of it.
struct Asked {
  Moment moment;
  SensorState sensor;
  const Recollection* known;
  std::unique_ptr<MealWorkings> own;  // where nothing is kept
};

Asked asked(const AnyModel& any, const Known& known, const Question& question) {
  const Model& model = model_of(any);
  const Micros at = question.at, since = at - asking_reach(any, question).before;
  check_meal(question.meal.nutrition);
  Asked a{};
  if (known.kept == nullptr) a.own = std::make_unique<MealWorkings>();
  MealWorkings& workings = a.own ? *a.own : known.kept->workings<MealWorkings>(&kMealTask);
  workings.take(known);
  std::uint8_t issues = 0;
  a.moment = workings.moment(question.meal, &issues);
  a.known = &workings.followed(model, memory_of(any), any.serial, at);
  const std::span<const Reading> readings = readings_within(known.readings, since, at);
  a.sensor = assess_sensor(history_of(a.moment.features), issues, readings, at);
  if (!a.sensor.has_last && was_measured(readings, at - kBaselineDays * kDay, at))
    throw Error(ErrorCode::too_little_history, "no glucose reading of the 30 days before this moment was known then",
                kImportHint, "There are readings, but all of them were recorded only later (recorded_at).");
  return a;
}

Answer answer_of(const Asked& a, const Forecast& forecast) {
  Answer answer;
  answer.n = forecast.n;
  for (std::size_t k = 0; k < static_cast<std::size_t>(forecast.n); ++k) {
    const HorizonForecast& h = forecast.horizons[k];
    answer.expected[k] = {h.minutes_ahead,           h.mg_dl, h.lower,  h.upper, h.mean_mg_dl,
                          {h.below_70, h.above_180}, h.near,  h.limited};
  }
  answer.confidence = forecast.confidence;
  answer.sensor = a.sensor;
  for (const float x : a.moment.features) answer.seen[static_cast<std::size_t>(answer.n_seen++)] = x;
  for (const float x : a.moment.rich) answer.seen[static_cast<std::size_t>(answer.n_seen++)] = x;
  return answer;
}

Answer ask(const AnyModel& any, const Known& known, const Question& question) {
  const Model& model = model_of(any);
  const Asked a = asked(any, known, question);
  return answer_of(a, forecast(model, a.moment, *a.known, question.level, a.sensor));
}

std::size_t place_of_horizon(const Model& model, int minutes) {
  const auto& horizons = model.horizons_min;
  const auto found = std::find(horizons.begin(), horizons.end(), minutes);
  if (found != horizons.end()) return static_cast<std::size_t>(found - horizons.begin());
  std::string known;
  for (std::size_t k = 0; k < horizons.size(); ++k)
    known += (k == 0 ? "" : k + 1 < horizons.size() ? ", " : " and ") + std::to_string(horizons[k]);
  throw Error(ErrorCode::bad_argument, "the model does not forecast " + std::to_string(minutes) + " minutes ahead",
              "It forecasts " + known + " minutes ahead.");
}

std::unique_ptr<Explainer> explain(const AnyModel& any, const Known& known, const Question& question,
                                   int minutes_ahead) {
  const Model& model = model_of(any);
  const std::size_t k = place_of_horizon(model, minutes_ahead);
  const Asked a = asked(any, known, question);
  return std::make_unique<MealExplainer>(model, a.moment, *a.known, k, question.head == Head::mean);
}

// --- measuring --------------------------------------------------------------------------------------------------

Reach scoring_reach(const AnyModel& model) {
  Reach around = reach_of(model_of(model).horizons_min.back());
  around.before += kFollowedDays * kDay;  // of earlier meals, what the model is to remember
  return around;
}

Micros scoring_lead(const AnyModel&) {
  return kFollowedDays * kDay;
}

std::unique_ptr<RowsMaker> scoring_rows(const AnyModel& model) {
  return make_meal_rows({model_of(model).horizons_min, true});
}

std::unique_ptr<Scorer> score(const AnyModel& model, const Rows& rows, Micros from) {
  return std::make_unique<MealScorer>(model_of(model), Samples(meals_of(rows).only()), from);
}

std::unique_ptr<ImportanceWork> importance(const AnyModel& model, const Rows& rows, Micros from, std::uint64_t seed) {
  const Samples all(meals_of(rows).only());
  const auto earlier = static_cast<std::size_t>(
      std::partition_point(all.begin(), all.end(), [&](const Sample& s) { return s.eaten_at < from; }) - all.begin());
  return std::make_unique<FeatureImportance>(model_of(model), all.first(earlier), all.subspan(earlier), seed);
}

}  // namespace

const Model& meal_model(const AnyModel& any) {
  return model_of(any);
}

std::vector<CurvePoint> meal_curve(const AnyModel& any, const Known& known, const Question& question, int step_min) {
  const Model& model = model_of(any);
  const Asked a = asked(any, known, question);
  const Forecast f = forecast(model, a.moment, *a.known, question.level, a.sensor);
  return glucose_curve(model, a.moment, {f.horizons.data(), static_cast<std::size_t>(f.n)}, question.head == Head::mean,
                       step_min);
}

const Task kMealTask{
    .name = "glucose",
    .unit = "mg/dL",
    .value_key = "glucose",
    .rows_are = "meals",
    .units_are = "meals",
    .asks_about_meals = true,
    .events = {"pBelow70", "pAbove180"},
    .algorithms = algorithms,
    .defaults = defaults,
    .uses_population = uses_population,
    .uses_boosting = uses_boosting,
    .reach = reach,
    .training_rows = training_rows,
    .train = train_meals,
    .train_population = train_meal_population,
    .tune = tune_meals,
    .refresh = refresh_meals,
    .decode = decoded,
    .facts = facts,
    .remembers = remembers,
    .adopted = adopted,
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
};

}  // namespace glucose
