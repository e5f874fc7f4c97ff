// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/trainer.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "core/tasks/event/codec.hpp"
#include "core/tasks/event/training.hpp"
#include "core/training/quality.hpp"

namespace glucose {

namespace {

std::unique_ptr<EventRows> own_rows(std::unique_ptr<Rows> rows) {
  return std::unique_ptr<EventRows>(static_cast<EventRows*>(rows.release()));
}

EventTrainingOptions options_of(const EventRows& rows, const TrainingBasis& basis) {
  EventTrainingOptions options{basis.algorithm, basis.options, basis.memory_cap, basis.boosting, nullptr};
  if (basis.population == nullptr) return options;
  const EventModel& population = static_cast<const HeldModel<EventModel>&>(*basis.population).get();
  // A rule that has been changed since is another question.
  if (population.definition == rows.definition) options.prior = std::make_shared<EventStack>(population.stack);
  return options;
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

void add_binary(std::vector<MetricRow>& rows, Split split, int minutes, std::string_view prefix, const BinaryMetrics& m,
                std::string_view head) {
  if (m.n == 0) return;
  const std::pair<const char*, double> named[] = {{"mae", m.absolute},
                                                  {"rmse", std::sqrt(m.brier)},
                                                  {"r2", m.brier_skill},
                                                  {"accuracy", m.accuracy},
                                                  {"precision", m.precision},
                                                  {"recall", m.recall},
                                                  {"f1", m.f1},
                                                  {"auc", m.auc},
                                                  {"average_precision", m.average_precision},
                                                  {"brier", m.brier},
                                                  {"calibration_error", m.calibration_error},
                                                  {"base_rate", m.base_rate},
                                                  {"n", static_cast<double>(m.n)}};
  for (const auto& [name, value] : named)
    rows.push_back({split, minutes, std::string(prefix) + name, value, m.n, head});
}

// What keeps a model from being ready, in words.
void judge(Outcome& o, const EventOutcome& trained, const TrainOptions& limits) {
  const auto of = [](const auto& by_split, Split split) { return by_split[static_cast<std::size_t>(split)]; };
  const BinaryMetrics test = of(trained.measured, Split::test), validation = of(trained.measured, Split::validation);
  const double plain_test = of(trained.persistence, Split::test).brier;
  auto& issues = o.quality_issues;
  const auto falls_short = [&](const char* name, double value, double least) {
    if (!(value >= least))
      issues.push_back(std::string(name) + " " + (std::isnan(value) ? "not known" : percent(value)) +
                       " on test, at least " + percent(least) + " is wanted");
  };
  o.rejected = !std::isfinite(validation.n > 0 ? validation.brier : 0) || (test.n > 0 && !std::isfinite(test.brier)) ||
               trained.worse_beyond_chance;
  if (trained.worse_beyond_chance) issues.emplace_back("worse than the base rate or persistence on held-out rows");
  const bool loses = test.n > 0 && test.brier > plain_test;
  if (loses) {
    const bool on_both = validation.n > 0 && validation.brier > of(trained.persistence, Split::validation).brier;
    issues.emplace_back(on_both ? kLosesOnBoth : kLosesOnTest);
  }
  if (test.n < limits.min_samples)
    issues.push_back(std::to_string(test.n) + " test samples, at least " + std::to_string(limits.min_samples) +
                     " are wanted");
  falls_short("accuracy", test.accuracy, limits.min_accuracy);
  falls_short("F1", test.f1, limits.min_f1);
  if (!(test.calibration_error <= limits.max_calibration_error))
    issues.push_back("calibration error " +
                     (std::isnan(test.calibration_error) ? "not known" : percent(test.calibration_error)) +
                     " on test, at most " + percent(limits.max_calibration_error) + " is wanted");
  o.production_ready = !o.rejected && issues.empty();
}

void add_notes(Notes& notes, const EventOutcome& trained, const EventRows& rows) {
  const EventStack& stack = trained.model.stack;
  const BinaryMetrics& test = trained.measured[static_cast<std::size_t>(Split::test)];
  note_text(notes, "event", rows.name);
  note(notes, "total_samples", static_cast<double>(rows.size()));
  note(notes, "num_features", static_cast<double>(rows.columns->columns()));
  note(notes, "sequence_length", rows.columns->steps);
  note(notes, "base_rate", stack.n > 0 ? static_cast<double>(stack.yes) / stack.n : 0);
  note(notes, "threshold", static_cast<double>(stack.threshold));
  for (const auto& [name, value] : {std::pair<const char*, double>{"accuracy", test.accuracy},
                                    {"precision", test.precision},
                                    {"recall", test.recall},
                                    {"f1", test.f1},
                                    {"auc", test.auc},
                                    {"average_precision", test.average_precision},
                                    {"brier", test.brier},
                                    {"calibration_error", test.calibration_error}})
    note(notes, name, value);
  Notes platt;
  note(platt, "slope", static_cast<double>(stack.platt.slope));
  note(platt, "shift", static_cast<double>(stack.platt.shift));
  notes.push_back({"calibration", std::move(platt)});
  NoteList members;
  for (const EventMemberScore& m : trained.members) {
    Notes one;
    note_text(one, "algorithm", kEventMemberNames[static_cast<std::size_t>(m.member)]);
    note(one, "held_out_brier", m.brier);
    note(one, "held_out_auc", m.auc);
    note(one, "weight", static_cast<double>(m.weight));
    members.items.push_back(std::move(one));
  }
  notes.push_back({"candidates", std::move(members)});
}

class EventTrainer final : public Trainer {
 public:
  EventTrainer(std::unique_ptr<EventRows> rows, const TrainingBasis& basis, EventTrainingOptions options)
      : algorithm_(basis.algorithm),
        limits_(basis.options),
        has_prior_(options.prior != nullptr),
        training_(std::move(rows), std::move(options)) {}

  bool done() const override { return training_.done(); }
  void step() override { training_.step(); }
  double progress() const override { return training_.progress(); }
  double best_validation_rmse() const override { return std::sqrt(training_.best_brier()); }

  Outcome take() override {
    const EventOutcome trained = training_.take();
    Outcome o;
    o.artifact = encode_event(trained.model);
    o.algorithm = algorithm_name();
    o.schema = kEventSchema;
    const int minutes = trained.model.rule.horizon_min;
    o.horizons_min = {minutes};
    for (std::size_t s = 0; s < kSplitNames.size(); ++s) {
      o.rows[s] = trained.measured[s].n;
      add_binary(o.metrics, static_cast<Split>(s), minutes, "", trained.measured[s], "mean");
    }
    add_binary(o.metrics, Split::test, minutes, "persistence_",
               trained.persistence[static_cast<std::size_t>(Split::test)], "");
    const BinaryMetrics& test = trained.measured[static_cast<std::size_t>(Split::test)];
    o.mae = test.absolute;
    o.rmse = std::sqrt(test.brier);
    o.r2 = test.brier_skill;
    add_moments(o);
    o.stands_on_population = has_prior_;
    judge(o, trained, limits_);
    if (training_.rows().persons > 1) note(o.notes, "persons", training_.rows().persons);
    if (o.splits.known) {
      note_time(o.notes, "validation_start", o.splits.validation_start);
      note_time(o.notes, "test_start", o.splits.test_start);
      note_time(o.notes, "test_end", o.splits.test_end);
    }
    add_notes(o.notes, trained, training_.rows());
    return o;
  }

 private:
  std::string algorithm_name() const {
    if (algorithm_ != Algorithm::automatic) return std::string(name_of(algorithm_));
    return std::string(name_of(training_.rows().persons > 1 ? Algorithm::population : Algorithm::ensemble));
  }
  void add_moments(Outcome& o) const {
    const auto first_of = [&](Split split) {
      Micros first = 0;
      for (std::size_t i = training_.rows().size(); i-- > 0;)
        if (training_.rows().split[i] == static_cast<std::uint8_t>(split)) first = training_.rows().at[i];
      return first;
    };
    bool any = false;
    for (std::size_t i = 0; i < training_.rows().size(); ++i) {
      if (training_.rows().split[i] == static_cast<std::uint8_t>(Split::test)) continue;
      const Micros at = training_.rows().at[i];
      o.learnt_from = any ? std::min(o.learnt_from, at) : at;
      o.learnt_until = any ? std::max(o.learnt_until, at) : at;
      any = true;
    }
    const bool has_all = std::all_of(o.rows.begin(), o.rows.end(), [](int n) { return n > 0; });
    if (training_.rows().persons == 1 && has_all)
      o.splits = {true, first_of(Split::validation), first_of(Split::test), training_.rows().at.back()};
  }

  Algorithm algorithm_;
  TrainOptions limits_;
  bool has_prior_;
  EventTraining training_;
};

/// Train rows to learn from, validation rows as the test.
std::unique_ptr<EventRows> before_test(const EventRows& all) {
  auto rows = std::make_unique<EventRows>(all);
  const std::size_t P = all.columns->columns(), S = all.sequence_size();
  rows->x.clear(), rows->sequences.clear(), rows->state.clear(), rows->y.clear();
  rows->split.clear(), rows->person.clear(), rows->at.clear();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto split = static_cast<Split>(all.split[i]);
    if (split == Split::test) continue;
    const float *x = all.x.data() + i * P, *sequence = all.sequences.data() + i * S;
    rows->x.insert(rows->x.end(), x, x + P);
    rows->sequences.insert(rows->sequences.end(), sequence, sequence + S);
    rows->state.push_back(all.state[i]), rows->y.push_back(all.y[i]);
    rows->person.push_back(all.person[i]), rows->at.push_back(all.at[i]);
    rows->split.push_back(static_cast<std::uint8_t>(split == Split::train ? Split::train : Split::test));
  }
  return rows;
}

class EventTuning final : public Tuner {
 public:
  EventTuning(std::unique_ptr<EventRows> rows, const TrainingBasis& basis, SearchGrid grid)
      : rows_(before_test(*rows)), options_(options_of(*rows, basis)), grid_(std::move(grid)) {}

  bool done() const override { return next_ == grid_.size(); }
  void step() override {
    if (done()) return;
    if (!training_) {
      EventTrainingOptions options = options_;
      options.options = grid_.options(next_);
      training_ = std::make_unique<EventTraining>(std::make_unique<EventRows>(*rows_), std::move(options));
    } else if (!training_->done()) {
      training_->step();
    } else {
      const BinaryMetrics m = training_->take().measured[static_cast<std::size_t>(Split::test)];
      constexpr double kInfinite = std::numeric_limits<double>::infinity();
      const bool finite = std::isfinite(m.brier);
      tried_.push_back({next_++, finite ? m.absolute : kInfinite, finite ? std::sqrt(m.brier) : kInfinite, m.n});
      training_.reset();
    }
  }
  std::vector<TriedCombination> ranked() const override { return ranked_by_rmse(tried_); }

 private:
  std::unique_ptr<EventRows> rows_;
  EventTrainingOptions options_;
  SearchGrid grid_;
  std::unique_ptr<EventTraining> training_;
  std::size_t next_ = 0;
  std::vector<TriedCombination> tried_;
};

}  // namespace

std::unique_ptr<Trainer> train_event(std::unique_ptr<Rows> rows, const TrainingBasis& basis) {
  auto own = own_rows(std::move(rows));
  EventTrainingOptions options = options_of(*own, basis);
  return std::make_unique<EventTrainer>(std::move(own), basis, std::move(options));
}

std::unique_ptr<Tuner> tune_event(std::unique_ptr<Rows> rows, const TrainingBasis& basis, const SearchGrid& grid) {
  return std::make_unique<EventTuning>(own_rows(std::move(rows)), basis, grid);
}

}  // namespace glucose
