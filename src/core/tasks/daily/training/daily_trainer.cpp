// SPDX-License-Identifier: PostgreSQL
// What a training leaves for the spine: bytes, metrics, notes and a verdict.
#include <algorithm>
#include <cmath>

#include "core/math/paired.hpp"
#include "core/tasks/daily/models/codec.hpp"
#include "core/tasks/daily/training/daily_training.hpp"
#include "core/training/quality.hpp"

namespace glucose {

namespace {

constexpr QualityLimits kLimits{0.5, 15, QualityLimits::Range{0.8, 0.97}, 20, 5};

QualityFacts::Errors errors_of(const DailyMeasured& m) {
  return {m.errors().mae, m.persistence().mae};
}

// Whether what is lost to the last value on validation may be luck.
bool is_within_chance(const DailyMeasured& m) {
  std::vector<double> model, last;
  for (std::size_t i = 0; i < m.outcome.size(); ++i) {
    model.push_back(std::abs(static_cast<double>(m.forecast[i] - m.outcome[i])));
    last.push_back(std::abs(static_cast<double>(m.last[i] - m.outcome[i])));
  }
  return !(compare_paired(model, last).ci_high < 0);
}

class DailyTrainer final : public Trainer {
 public:
  DailyTrainer(std::unique_ptr<DailyRows> rows, const TrainingBasis& basis, bool of_population)
      : rows_(std::move(rows)), options_(basis.options), of_population_(of_population) {
    if (basis.population != nullptr) population_ = static_cast<const HeldModel<DailyModel>&>(*basis.population).get();
    training_ = std::make_unique<DailyTraining>(*rows_, basis.algorithm, options_,
                                                population_ ? &*population_ : nullptr, basis.boosting);
  }
  bool done() const override { return training_->done(); }
  void step() override { training_->step(); }
  double progress() const override { return training_->progress(); }
  double best_validation_rmse() const override { return training_->best_validation_rmse(); }

  Outcome take() override {
    const DailyTrained trained = training_->take();
    Outcome o;
    o.artifact = encode_daily(trained.model);
    o.algorithm = shown_algorithm();
    o.schema = kDailySchema;
    o.horizons_min = {kDayAheadMin};
    for (const Split split : rows_->split) ++o.rows[static_cast<std::size_t>(split)];
    const DailyMeasured& test = trained.measured[static_cast<std::size_t>(Split::test)];
    const Metrics errors = test.errors();
    o.mae = errors.mae;
    o.rmse = errors.rmse;
    o.r2 = errors.r2;
    add_rows(o.metrics, trained);
    add_moments(o);
    o.stands_on_population = trained.stands_on_population;
    judge(o, trained);
    add_notes(o.notes, trained);
    return o;
  }

 private:
  std::string shown_algorithm() const {
    const Algorithm a = training_algorithm();
    if (a != Algorithm::automatic) return std::string(name_of(a));
    return std::string(name_of(of_population_ ? Algorithm::population : Algorithm::ensemble));
  }
  Algorithm training_algorithm() const { return training_->algorithm(); }

  static void add_rows(std::vector<MetricRow>& rows, const DailyTrained& trained) {
    for (std::size_t s = 0; s < kSplitNames.size(); ++s) {
      const DailyMeasured& m = trained.measured[s];
      if (m.outcome.empty()) continue;
      const auto split = static_cast<Split>(s);
      const Metrics errors = m.errors();
      add_metrics(rows, split, kDayAheadMin, "", errors);
      rows.push_back({split, kDayAheadMin, "r2_within", m.within(), errors.n});
      rows.push_back({split, kDayAheadMin, "coverage", m.coverage(), errors.n});
      add_metrics(rows, split, kDayAheadMin, "persistence_", m.persistence(), "");
    }
  }
  void add_moments(Outcome& o) const {
    o.learnt_from = *std::min_element(rows_->at.begin(), rows_->at.end());
    o.learnt_until = o.learnt_from;
    for (std::size_t i = 0; i < rows_->size(); ++i)
      if (rows_->split[i] != Split::test) o.learnt_until = std::max(o.learnt_until, rows_->at[i]);
    const auto& b = rows_->boundaries;
    if (!of_population_) o.splits = {true, b.validation_start, b.test_start, b.test_end};
  }
  void judge(Outcome& o, const DailyTrained& trained) const {
    const DailyMeasured& validation = trained.measured[static_cast<std::size_t>(Split::validation)];
    const DailyMeasured& test = trained.measured[static_cast<std::size_t>(Split::test)];
    QualityFacts facts{};
    facts.validation = errors_of(validation);
    facts.test = errors_of(test);
    facts.within_chance = is_within_chance(validation);
    facts.r2 = test.errors().r2;
    facts.mape_percent = test.errors().mape;
    facts.coverage = test.coverage();
    facts.residuals = static_cast<int>(trained.model.scores.size());
    facts.residual_name = "days";
    facts.tests = static_cast<int>(test.outcome.size());
    QualityVerdict verdict = judge_quality(facts, kLimits);
    o.rejected = verdict.rejected && training_algorithm() != Algorithm::persistence;
    o.production_ready = verdict.production_ready;
    o.quality_issues = std::move(verdict.issues);
  }
  void add_notes(Notes& notes, const DailyTrained& trained) const {
    const DailyModel& model = trained.model;
    if (of_population_) {
      note(notes, "persons", rows_->persons);
    } else {
      note_time(notes, "validation_start", rows_->boundaries.validation_start);
      note_time(notes, "test_start", rows_->boundaries.test_start);
      note_time(notes, "test_end", rows_->boundaries.test_end);
    }
    note(notes, "total_samples", static_cast<double>(rows_->size()));
    note(notes, "sequence_length", model.has_network() ? model.sequence : model.lookback);
    note(notes, "num_features", kDailyFeatures);
    note(notes, "smoothing", static_cast<double>(kAlphas[static_cast<std::size_t>(model.alpha)]));
    if (trained.course.any) {
      note(notes, "train_loss", trained.course.train_loss);
      note(notes, "val_loss", trained.course.val_loss);
      note(notes, "best_val_loss", trained.course.best_val_loss);
      note(notes, "epochs_trained", trained.course.epochs);
      notes.push_back({"early_stopped", trained.course.early_stopped});
    }
    NoteList candidates;
    for (const DailyCandidate& c : trained.candidates) {
      Notes one;
      note_text(one, "algorithm", c.name);
      note(one, "validation_mae", c.mae);
      note(one, "validation_rmse", c.rmse);
      candidates.items.push_back(std::move(one));
    }
    notes.push_back({"candidates", std::move(candidates)});
    Notes weights;
    static constexpr const char* kNames[] = {"persistence", "moving_average", "exponential_smoothing", "mean", "parts"};
    for (std::size_t e = 0; e < kExperts; ++e) note(weights, kNames[e], static_cast<double>(model.prior[e]));
    notes.push_back({"weights", std::move(weights)});
    notes.push_back({"part_weights", std::vector<double>(model.part_weights.begin(), model.part_weights.end())});
    note(notes, "follows_by", static_cast<double>(model.eta));
    note(notes, "own_error_against_days", static_cast<double>(model.shrink));
    const DailyMeasured& test = trained.measured[static_cast<std::size_t>(Split::test)];
    note(notes, "coverage", test.coverage());
    note(notes, "r2_within", test.within());
    note(notes, "interval_residuals", static_cast<double>(model.scores.size()));
  }

  std::unique_ptr<DailyRows> rows_;
  TrainOptions options_;
  bool of_population_;
  std::optional<DailyModel> population_;
  std::unique_ptr<DailyTraining> training_;
};

std::unique_ptr<DailyRows> own_rows(std::unique_ptr<Rows> rows) {
  return std::unique_ptr<DailyRows>(static_cast<DailyRows*>(rows.release()));
}

/// Each combination trained on the rows as they are split; what is compared is the validation rows.
class DailyTuning final : public Tuner {
 public:
  DailyTuning(std::unique_ptr<DailyRows> rows, const TrainingBasis& basis, SearchGrid grid)
      : rows_(std::move(rows)), grid_(std::move(grid)), algorithm_(basis.algorithm), boosting_(basis.boosting) {
    if (basis.population != nullptr) population_ = static_cast<const HeldModel<DailyModel>&>(*basis.population).get();
  }
  bool done() const override { return next_ == grid_.size(); }
  void step() override {
    if (done()) return;
    if (!training_) {
      options_ = grid_.options(next_);
      training_ = std::make_unique<DailyTraining>(*rows_, algorithm_, options_, population_ ? &*population_ : nullptr,
                                                  boosting_);
    } else if (!training_->done()) {
      training_->step();
    } else {
      const Metrics m = training_->take().measured[static_cast<std::size_t>(Split::validation)].errors();
      const bool finite = std::isfinite(m.rmse);
      constexpr double kInfinite = std::numeric_limits<double>::infinity();
      tried_.push_back({next_++, finite ? m.mae : kInfinite, finite ? m.rmse : kInfinite, m.n});
      training_.reset();
    }
  }
  std::vector<TriedCombination> ranked() const override { return ranked_by_rmse(tried_); }

 private:
  std::unique_ptr<DailyRows> rows_;
  SearchGrid grid_;
  Algorithm algorithm_;
  const BoostingApi* boosting_;
  std::optional<DailyModel> population_;
  TrainOptions options_;
  std::unique_ptr<DailyTraining> training_;
  std::size_t next_ = 0;
  std::vector<TriedCombination> tried_;
};

}  // namespace

std::unique_ptr<Trainer> train_daily(std::unique_ptr<Rows> rows, const TrainingBasis& basis) {
  return std::make_unique<DailyTrainer>(own_rows(std::move(rows)), basis, false);
}

std::unique_ptr<Trainer> train_daily_population(std::unique_ptr<Rows> rows, const TrainingBasis& basis) {
  return std::make_unique<DailyTrainer>(own_rows(std::move(rows)), basis, true);
}

std::unique_ptr<Tuner> tune_daily(std::unique_ptr<Rows> rows, const TrainingBasis& basis, const SearchGrid& grid) {
  return std::make_unique<DailyTuning>(own_rows(std::move(rows)), basis, grid);
}

}  // namespace glucose
