// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/task.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/tasks/cgm/codec.hpp"
#include "core/tasks/cgm/explanation.hpp"
#include "core/tasks/cgm/importance.hpp"
#include "core/tasks/cgm/model.hpp"
#include "core/tasks/cgm/scorer.hpp"
#include "core/tasks/cgm/trainer.hpp"
#include "core/tasks/cgm/tuning.hpp"
#include "core/tasks/cgm/workings.hpp"

namespace glucose {

namespace {

constexpr int kPersonDays = 7, kPopulationDays = 1;  // min_days unless given
constexpr std::size_t kLeastRows = 8;                // of a person: fewer leave a split empty
constexpr std::size_t kMostScoredRows = 20'000;      // of a person: two months at 5 minutes, evenly thinned beyond
constexpr int kDefaultMinutes = 60;
constexpr Micros kAfter = (kCgmLongestMin + 15) * kMinute;

const CgmModel& model_of(const AnyModel& model) {
  return static_cast<const HeldModel<CgmModel>&>(model).get();
}

std::vector<AlgorithmInfo> algorithms(bool of_population) {
  const std::vector<std::string_view> options{"min_days", "l2"};
  return {
      {Algorithm::linear, "two heads linear in 82 columns of the last twelve hours, robust and least squares", options},
      {Algorithm::automatic,
       of_population ? "linear, and boosted trees on what it leaves where persons left out gain beyond chance"
                     : "linear, as a correction of the population's model where there is one",
       options}};
}

TrainOptions defaults(bool of_population) {
  TrainOptions options;
  options.min_days = of_population ? kPopulationDays : kPersonDays;
  return options;
}

bool uses_population(Algorithm /*any*/) {
  return true;
}

bool uses_boosting(Algorithm algorithm, bool of_population) {
  return of_population && algorithm == Algorithm::automatic;
}

// Rows of a day look at what was before.
Reach reach(const TrainOptions& /*none matters*/) {
  return {kDayReach, 0, false};
}

std::unique_ptr<RowsMaker> training_rows(Algorithm /*all*/, const TrainOptions& options, std::size_t memory_cap,
                                         bool of_population, int persons) {
  const std::size_t share = most_cgm_rows(memory_cap) / static_cast<std::size_t>(std::max(persons, 1));
  if (share < kLeastRows)
    throw Error(ErrorCode::out_of_memory,
                "training on " + std::to_string(persons) + " persons would need more than glucose.max_train_memory",
                "Raise glucose.max_train_memory.");
  return make_cgm_rows({options.min_days, of_population, share});
}

std::unique_ptr<AnyModel> decoded(std::span<const std::uint8_t> bytes) {
  return held(decode_cgm(bytes));
}

ModelFacts facts(const AnyModel& any) {
  ModelFacts facts{std::string(name_of(model_of(any).has_trees() ? Algorithm::trees : Algorithm::linear)),
                   std::string(kCgmSchema),
                   {}};
  for (std::size_t k = 0; k < kCgmHorizons; ++k) facts.horizons_min.push_back(cgm_minutes(k));
  return facts;
}

// Heads that add nothing to the last reading.
std::unique_ptr<AnyModel> baseline(const AnyModel& any) {
  CgmModel model = model_of(any);
  for (CgmHead* head : {&model.median, &model.mean}) std::fill(head->begin(), head->end(), 0.0F);
  model.median_trees = model.mean_trees = {};
  return held(std::move(model));
}

CgmQuestion question_of(const Question& question) {
  CgmQuestion q;
  q.at = question.at;
  q.utc_offset_min = question.clock.minute_of_day - static_cast<int>(question.at / kMinute % (24 * 60));
  q.n_minutes = question.n_minutes;
  std::copy_n(question.minutes.begin(), q.n_minutes, q.minutes.begin());
  q.level = question.level;
  q.head = question.head;
  return q;
}

Reach asking_reach(const AnyModel& any, const Question& question) {
  return {.before = cgm_reach(model_of(any), question_of(question))};
}

// A number: every five minutes up to it. A list: exactly those.
void set_minutes(Question& question, std::span<const double> numbers, bool is_list) {
  const std::string longest = std::to_string(kCgmFarthestMin), most = std::to_string(kCgmMostPoints);
  const auto wanted = [&](bool ok) {
    if (!ok)
      throw Error(ErrorCode::bad_argument, "invalid value for option \"minutes\"",
                  "It must be a whole number from 5 to " + longest + ", or a list of at most " + most +
                      " ascending whole numbers from 1 to " + longest + ".");
  };
  const auto is_whole = [](double v, double low) { return v >= low && v <= kCgmFarthestMin && std::floor(v) == v; };
  question.n_minutes = 0;
  const auto add = [&](int minutes) { question.minutes[static_cast<std::size_t>(question.n_minutes++)] = minutes; };
  if (!is_list) {
    const double last = numbers.empty() ? kDefaultMinutes : numbers[0];
    wanted(is_whole(last, kCgmStepMin));
    for (int minutes = kCgmStepMin; minutes <= static_cast<int>(last); minutes += kCgmStepMin) add(minutes);
    return;
  }
  wanted(!numbers.empty());
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    wanted(is_whole(numbers[i], 1) && (i == 0 || numbers[i] > numbers[i - 1]));
    add(static_cast<int>(numbers[i]));
  }
}

/// own: where nothing is kept
CgmKnown known_then(const AnyModel& any, const Known& known, const CgmQuestion& question, CgmWorkings& own) {
  CgmWorkings& workings = known.kept != nullptr ? known.kept->workings<CgmWorkings>(&kCgmTask) : own;
  workings.take(known);
  return workings.known(model_of(any), any.serial, question);
}

void set_seen(Answer& answer, const CgmForecast& forecast) {
  auto next = std::copy(forecast.window.begin(), forecast.window.end(), answer.seen.begin());
  *next++ = forecast.own.mean;
  *next++ = forecast.own.median_calm;
  *next++ = forecast.own.mean_calm;
  next = std::copy(forecast.own.wider.begin(), forecast.own.wider.end(), next);
  if (forecast.state) {
    const DayState& s = *forecast.state;
    const std::array<float, 10> state{s.level,     s.mean, s.sigma,      s.rhythm, static_cast<float>(s.minute),
                                      s.six_hours, s.day,  s.three_days, s.day_sd, s.days};
    static_assert(kCgmWindow + 3 + kCgmPastHorizons.size() + state.size() <= kMostSeen);
    next = std::copy(state.begin(), state.end(), next);
  }
  answer.n_seen = static_cast<int>(next - answer.seen.begin());
}

Answer ask(const AnyModel& any, const Known& known, const Question& question) {
  CgmWorkings own;
  const CgmQuestion asked = question_of(question);
  const CgmKnown then = known_then(any, known, asked, own);
  const CgmForecast forecast = cgm_forecast(model_of(any), then, asked, known.clock);
  Answer answer;
  answer.n = forecast.n;
  for (std::size_t i = 0; i < static_cast<std::size_t>(forecast.n); ++i) {
    const CgmForecastPoint& p = forecast.points[i];
    answer.expected[i] = {p.minutes_ahead,           p.mg_dl, p.lower,   p.upper,  p.mean_mg_dl,
                          {p.below_70, p.above_180}, p.score, p.limited, p.at_most};
  }
  answer.sensor = assess_sensor(then.readings, question.at);
  answer.confidence = confidence_of(answer.sensor);
  set_seen(answer, forecast);
  return answer;
}

std::unique_ptr<Explainer> explain(const AnyModel& any, const Known& known, const Question& question,
                                   int minutes_ahead) {
  if (minutes_ahead < 1 || minutes_ahead > kCgmFarthestMin)
    throw Error(ErrorCode::bad_argument,
                "the model does not forecast " + std::to_string(minutes_ahead) + " minutes ahead",
                "It forecasts 1 to " + std::to_string(kCgmFarthestMin) + " minutes ahead.");
  CgmQuestion one = question_of(question);
  one.n_minutes = 1;
  one.minutes[0] = minutes_ahead;
  CgmWorkings own;
  return std::make_unique<CgmExplainer>(model_of(any), known_then(any, known, one, own), one, known.clock);
}

Reach scoring_reach(const AnyModel& /*any*/) {
  return {kCgmReach, kAfter, false};
}

Micros scoring_lead(const AnyModel& /*any*/) {
  return 0;
}

std::unique_ptr<RowsMaker> scoring_rows(const AnyModel& /*any*/) {
  return make_cgm_rows({0, false, kMostScoredRows, true});
}

std::unique_ptr<Scorer> score(const AnyModel& model, const Rows& rows, Micros from) {
  return std::make_unique<CgmScorer>(model_of(model), static_cast<const CgmTaskRows&>(rows).rows, from);
}

std::unique_ptr<ImportanceWork> importance(const AnyModel& model, const Rows& rows, Micros from, std::uint64_t seed) {
  return std::make_unique<CgmImportance>(model_of(model), static_cast<const CgmTaskRows&>(rows).rows, from, seed);
}

}  // namespace

const Task kCgmTask{
    .name = "cgm",
    .unit = "mg/dL",
    .value_key = "glucose",
    .rows_are = "days of readings",
    .units_are = "stretches of six hours",
    .asks_about_meals = false,
    .events = {"pBelow70", "pAbove180"},
    .algorithms = algorithms,
    .defaults = defaults,
    .uses_population = uses_population,
    .uses_boosting = uses_boosting,
    .reach = reach,
    .training_rows = training_rows,
    .train = train_cgm,
    .train_population = train_cgm,
    .tune = tune_cgm,
    .refresh = refresh_cgm,
    .decode = decoded,
    .facts = facts,
    .baseline = baseline,
    .set_minutes = set_minutes,
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
