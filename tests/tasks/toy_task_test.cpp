// SPDX-License-Identifier: PostgreSQL
// A task that only this test knows, through what every task goes through: its rows, trainer, model and scorer below are
// all that a kind of forecast has to bring.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/base/byte_io.hpp"
#include "core/model/artifact.hpp"
#include "core/model/model_cache.hpp"
#include "core/tasks/meal/task.hpp"
#include "core/tasks/task.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

// The task: a reading an hour from now is the one now and the mean change over an hour.

constexpr int kAheadMin = 60;
constexpr std::size_t kLeastRows = 20, kRowsPerStep = 32;
constexpr std::string_view kToySchema = "toy/1";

struct ToyRows final : Rows {
  std::vector<Micros> at;
  std::vector<float> level, outcome;

  std::size_t size() const override { return at.size(); }
  std::vector<std::span<const std::byte>> content() const override {
    return {std::as_bytes(std::span(level)), std::as_bytes(std::span(outcome))};
  }
  /// The newest 15 % measure.
  std::size_t learnt() const { return size() * 85 / 100; }
};

class ToyMaker final : public RowsMaker {
 public:
  void begin(const Material& material) override {
    material_ = material;
    next_ = 0;
  }
  bool done() const override { return next_ == material_.readings.size(); }
  void step() override {
    const Reading& now = material_.readings[next_++];
    if (now.measured_at < material_.start_at || now.measured_at >= material_.end_at) return;
    for (const Reading& later : material_.readings.subspan(next_))
      if (later.measured_at == now.measured_at + kAheadMin * kMinute) {
        rows_->at.push_back(now.measured_at);
        rows_->level.push_back(now.mg_dl);
        rows_->outcome.push_back(later.mg_dl);
        return;
      }
  }
  bool end() override { return rows_->size() >= kLeastRows; }
  std::unique_ptr<Rows> take() override {
    if (!end()) throw Error(ErrorCode::too_little_history, "too little history to train");
    return std::move(rows_);
  }

 private:
  Material material_;
  std::unique_ptr<ToyRows> rows_ = std::make_unique<ToyRows>();
  std::size_t next_ = 0;
};

struct ToyModel {
  float change = 0, half_width = 0;
};
void wipe(ToyModel& model) {
  model = {};
}
const ToyModel& toy(const AnyModel& model) {
  return static_cast<const HeldModel<ToyModel>&>(model).get();
}

class ToyTrainer final : public Trainer {
 public:
  explicit ToyTrainer(std::unique_ptr<Rows> rows) : rows_(static_cast<ToyRows*>(rows.release())) {}
  bool done() const override { return next_ == rows_->learnt(); }
  void step() override {
    const std::size_t last = std::min(next_ + kRowsPerStep, rows_->learnt());
    for (; next_ < last; ++next_) sum_ += static_cast<double>(rows_->outcome[next_] - rows_->level[next_]);
  }
  double progress() const override { return static_cast<double>(next_) / static_cast<double>(rows_->learnt()); }
  Outcome take() override {
    ToyModel model{static_cast<float>(sum_ / static_cast<double>(next_)), 0};
    std::vector<float> forecast, missed;
    for (std::size_t i = 0; i < rows_->size(); ++i) {
      forecast.push_back(rows_->level[i] + model.change);
      if (i < next_) missed.push_back(std::abs(rows_->outcome[i] - forecast[i]));
    }
    std::sort(missed.begin(), missed.end());
    model.half_width = missed[missed.size() * 9 / 10];
    ByteWriter out;
    out.real(model.change);
    out.real(model.half_width);
    const Metrics test = measure(std::span(forecast).subspan(next_), std::span(rows_->outcome).subspan(next_));
    Outcome outcome;
    outcome.artifact = sealed("toy", kToySchema, out.take());
    outcome.algorithm = name_of(Algorithm::mean);
    outcome.schema = kToySchema;
    outcome.horizons_min = {kAheadMin};
    outcome.rows = {static_cast<int>(next_), 0, test.n};
    outcome.mae = test.mae, outcome.rmse = test.rmse, outcome.r2 = test.r2;
    add_metrics(outcome.metrics, Split::test, kAheadMin, "", test);
    return outcome;
  }

 private:
  std::unique_ptr<ToyRows> rows_;
  std::size_t next_ = 0;
  double sum_ = 0;
};

class ToyScorer final : public Scorer {
 public:
  ToyScorer(const ToyModel& model, const ToyRows& rows) : model_(model), rows_(rows) {}
  bool done() const override { return next_ == rows_.size(); }
  bool next(ScoredRow& row) override {
    const float value = rows_.level[next_] + model_.change;
    row.at = rows_.at[next_];
    row.unit = row.at / (6 * 60 * kMinute);
    row.n = 1;
    row.minutes[0] = kAheadMin;
    row.value[0] = value;
    row.lower[0] = value - model_.half_width, row.upper[0] = value + model_.half_width;
    row.outcome[0] = rows_.outcome[next_++];
    return true;
  }

 private:
  const ToyModel& model_;
  const ToyRows& rows_;
  std::size_t next_ = 0;
};

std::unique_ptr<AnyModel> decoded(std::span<const std::uint8_t> bytes) {
  ByteReader in(payload_of(bytes, "toy", kToySchema));
  ToyModel model;
  model.change = in.real();
  model.half_width = in.real();
  if (!in.empty()) damaged("bytes are left over");
  return held(model);
}

Answer answered(const AnyModel& model, const Known& known, const Question& /*one horizon*/) {
  const float value = known.readings.back().mg_dl + toy(model).change, half = toy(model).half_width;
  Answer answer{};
  answer.n = 1;
  answer.expected[0] = {kAheadMin, value, value - half, value + half, value, {0, 0}, 0.9F, false};
  return answer;
}

/// What it has no use for, here tuning, a population, explaining and importance, stays null.
const Task kToyTask{
    .name = "toy",
    .unit = "mg/dL",
    .value_key = "toy",
    .rows_are = "readings",
    .units_are = "stretches of six hours",
    .asks_about_meals = false,
    .events = {"", ""},
    .algorithms =
        [](bool) {
          return std::vector<AlgorithmInfo>{{Algorithm::mean, "the mean change", {}}};
        },
    .defaults = [](bool) { return TrainOptions{}; },
    .uses_population = [](Algorithm) { return false; },
    .uses_boosting = [](Algorithm, bool) { return false; },
    .reach =
        [](const TrainOptions&) {
          return Reach{0, kAheadMin * kMinute, false};
        },
    .training_rows = [](Algorithm, const TrainOptions&, std::size_t, bool, int) -> std::unique_ptr<RowsMaker> {
      return std::make_unique<ToyMaker>();
    },
    .train = [](std::unique_ptr<Rows> rows, const TrainingBasis&) -> std::unique_ptr<Trainer> {
      return std::make_unique<ToyTrainer>(std::move(rows));
    },
    .train_population = nullptr,
    .tune = nullptr,
    .decode = decoded,
    .facts =
        [](const AnyModel&) {
          return ModelFacts{"mean", std::string(kToySchema), {kAheadMin}};
        },
    .set_minutes = nullptr,
    .asking_reach =
        [](const AnyModel&, const Question&) {
          return Reach{60 * kMinute, 0, false};
        },
    .ask = answered,
    .explain = nullptr,
    .scoring_reach =
        [](const AnyModel&) {
          return Reach{0, kAheadMin * kMinute, false};
        },
    .scoring_lead = [](const AnyModel&) { return Micros{0}; },
    .scoring_rows = [](const AnyModel&) -> std::unique_ptr<RowsMaker> { return std::make_unique<ToyMaker>(); },
    .score = [](const AnyModel& model, const Rows& rows, Micros) -> std::unique_ptr<Scorer> {
      return std::make_unique<ToyScorer>(toy(model), static_cast<const ToyRows&>(rows));
    },
    .importance = nullptr,
};

// The spine: from here on a task is what its row says.

/// Ten days of readings that rise by so much an hour, and sway.
std::vector<Reading> rising(double mg_dl_per_hour) {
  std::vector<Reading> readings;
  for (int i = 0; i < 10 * 24 * 4; ++i)
    readings.push_back(reading(15 * i, static_cast<float>(100 + mg_dl_per_hour * i / 4 + (i * 37 % 11 - 5) * 0.1)));
  return readings;
}

std::unique_ptr<Rows> rows_of(RowsMaker& maker, const std::vector<Reading>& readings) {
  maker.begin({readings, {}, {}, 0, 10 * kDay});
  while (!maker.done()) maker.step();
  maker.end();
  return maker.take();
}

Outcome train(const Task& task, const std::vector<Reading>& readings) {
  const TrainOptions options = task.defaults(false);
  const auto maker = task.training_rows(Algorithm::mean, options, 1 << 20, false, 1);
  TrainingBasis basis;
  basis.algorithm = task.algorithms(false).front().algorithm;
  const auto trainer = task.train(rows_of(*maker, readings), basis);
  while (!trainer->done()) trainer->step();
  EXPECT_EQ(trainer->progress(), 1);
  return trainer->take();
}

template <class Stepped>
auto taken(Stepped&& stepped) {
  while (!stepped.done()) stepped.step();
  return stepped.take();
}

TEST(ToyTask, IsTrainedStoredAndAsked) {
  const Outcome outcome = train(kToyTask, rising(0.5));
  EXPECT_EQ(opened(outcome.artifact).task, kToyTask.name);
  EXPECT_EQ(opened(outcome.artifact).schema, outcome.schema);
  EXPECT_EQ(outcome.metrics.front().metric, "mae");
  EXPECT_EQ(outcome.metrics.front().n, outcome.rows[2]);

  const auto model = kToyTask.decode(outcome.artifact);
  EXPECT_EQ(kToyTask.facts(*model).horizons_min, outcome.horizons_min);
  const std::vector<Reading> known{reading(0, 110)};
  const Answer answer = kToyTask.ask(*model, {known, {}}, {});
  ASSERT_EQ(answer.n, 1);
  EXPECT_NEAR(answer.expected[0].value, 110.5, 0.05);
  EXPECT_LT(answer.expected[0].lower, answer.expected[0].value);
}

TEST(ToyTask, IsEvaluatedAndTwoVersionsAreCompared) {
  const auto readings = rising(0.5);
  const auto right = kToyTask.decode(train(kToyTask, readings).artifact);
  const auto wrong = kToyTask.decode(train(kToyTask, rising(4)).artifact);
  const auto maker = kToyTask.scoring_rows(*right);
  const auto rows = rows_of(*maker, readings);

  const auto parts = taken(Evaluator(kToyTask.score(*right, *rows, 0), {5 * kDay}, 0, 20 * kDay));
  ASSERT_EQ(parts.size(), 2U);
  for (const auto& part : parts) {
    ASSERT_EQ(part.size(), 1U);
    EXPECT_EQ(part[0].minutes_ahead, kAheadMin);
    EXPECT_LT(part[0].errors.mae, 0.6);
    EXPECT_NEAR(part[0].coverage, 0.9, 0.1);
  }
  const auto errors = [&](const AnyModel& model) {
    return taken(UnitErrors(kToyTask.score(model, *rows, 0), {kAheadMin}, 0, 20 * kDay));
  };
  const PairedComparison better = compare_units(errors(*wrong), errors(*right));
  EXPECT_EQ(better.n, 40);  // four stretches a day
  EXPECT_LT(better.ci_high, -2);
}

TEST(ToyTask, IsCachedAndWipedLikeAnyOther) {
  ModelCache cache;
  const Outcome outcome = train(kToyTask, rising(0.5));
  const auto* kept = cache.insert({}, {&kToyTask, kToyTask.decode(outcome.artifact)}, outcome.artifact.size(), 1 << 20);
  EXPECT_EQ(kept->task, &kToyTask);
  EXPECT_NEAR(toy(*kept->model).change, 0.5, 0.05);
  kept->model->wipe();
  EXPECT_EQ(toy(*kept->model).change, 0);
  EXPECT_EQ(cache.clear(), 1);
}

TEST(ToyTask, RefusesWhatIsDamagedForeignOrTooLittle) {
  const Outcome outcome = train(kToyTask, rising(0.5));
  auto bytes = outcome.artifact;
  EXPECT_EQ(error_of([&] { (void)kMealTask.decode(bytes); }).code(), ErrorCode::model_mismatch);
  EXPECT_EQ(error_of([&] { (void)task_of(bytes); }).code(), ErrorCode::model_mismatch);  // it is in no table
  EXPECT_EQ(find_task(kToyTask.name), nullptr);
  bytes[bytes.size() / 2] ^= 1U;
  EXPECT_EQ(error_of([&] { (void)kToyTask.decode(bytes); }).code(), ErrorCode::model_mismatch);
  EXPECT_EQ(error_of([] {
              (void)train(kToyTask, {reading(0, 100), reading(60, 101)});
            }).code(),
            ErrorCode::too_little_history);
}

}  // namespace
}  // namespace glucose
