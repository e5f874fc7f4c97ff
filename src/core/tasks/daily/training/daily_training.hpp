// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <memory>

#include "core/tasks/daily/training/daily_measured.hpp"
#include "core/tasks/daily/training/part_fit.hpp"
#include "core/tasks/task.hpp"

namespace glucose {

struct DailyCandidate {
  std::string name;
  double mae, rmse;  // on validation, of rows no part of it has learnt from
};

/// What a training leads to.
struct DailyTrained {
  DailyModel model;
  std::array<DailyMeasured, 3> measured;  // by Split; of validation, before it was learnt from
  std::vector<DailyCandidate> candidates;
  DayNetworkCourse course;
  bool stands_on_population = false;
};

/// Learns from the train rows, chooses and weighs on the validation rows, learns again from both (but for networks),
/// and measures exactly what comes of it on the test rows.
class DailyTraining {
 public:
  /// rows and population must outlive it
  DailyTraining(const DailyRows& rows, Algorithm algorithm, const TrainOptions& options, const DailyModel* population,
                const BoostingApi* boosting);
  DailyTraining(const DailyTraining&) = delete;
  DailyTraining& operator=(const DailyTraining&) = delete;

  bool done() const { return work_.done(); }
  void step() { work_.step(); }
  double progress() const { return done() ? 1 : progress_; }
  double best_validation_rmse() const { return best_rmse_; }
  Algorithm algorithm() const { return algorithm_; }
  DailyTrained take() { return std::move(trained_); }

 private:
  Steps run();
  void plan();
  void choose_alpha();
  // In steps: a network is asked about each row, and rows may be those of thousands of persons.
  Steps weigh_parts();
  Steps weigh_experts();
  Steps tune_follower();
  Steps settle_scores();
  Steps follow(Split split, DailyMeasured& measured, const std::vector<float>* half_widths = nullptr) const;
  std::vector<float> scores_beside() const;
  std::vector<float> half_widths_of_others(const DailyMeasured& measured) const;
  Steps ask_experts(const RowList& rows, std::vector<Experts>& experts) const;
  std::size_t asked_a_step() const;
  Micros newest(const RowList& rows) const;
  void note_candidate(std::string name, const std::vector<float>& changes);

  const DailyRows& rows_;
  Algorithm algorithm_;
  const TrainOptions& options_;
  const DailyModel* population_;
  const BoostingApi* boosting_;
  RowList train_, validation_, both_, all_;
  std::vector<PartPlan> plans_;   // of the parts that are fitted here, which come last
  std::vector<Experts> experts_;  // [N] of the model as it is
  DailyTrained trained_;
  double progress_ = 0, best_rmse_ = std::numeric_limits<double>::infinity();
  Steps work_;
};

std::unique_ptr<Trainer> train_daily(std::unique_ptr<Rows> rows, const TrainingBasis& basis);
std::unique_ptr<Trainer> train_daily_population(std::unique_ptr<Rows> rows, const TrainingBasis& basis);
std::unique_ptr<Tuner> tune_daily(std::unique_ptr<Rows> rows, const TrainingBasis& basis, const SearchGrid& grid);

}  // namespace glucose
