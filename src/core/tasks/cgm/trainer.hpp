// SPDX-License-Identifier: PostgreSQL
// Trainings from readings alone, of a person and of a population, as the spine's rows and trainers.
#pragma once
#include "core/tasks/cgm/rows.hpp"
#include "core/tasks/task.hpp"

namespace glucose {

/// Windows of one person or many as the spine's rows.
class CgmTaskRows final : public Rows {
 public:
  CgmRows rows;
  double days = 0;            // between the first and the last reading of the period, of the last person
  Micros start = 0, end = 0;  // of the readings learnt from
  CgmBoundaries boundaries;   // of the last person

  std::size_t size() const override { return rows.size(); }
  std::vector<std::span<const std::byte>> content() const override;
  std::vector<std::string> watched() const override;
  std::size_t parts() const override;
  void show(std::size_t part, RowWatcher& watcher) const override;
};

struct CgmRowsWanted {
  int min_days = 0;
  bool of_population = false;
  std::size_t most_a_person = 0;  // rows
  bool to_measure = false;        // a stored model on them: whatever they were for its training

  CgmRowsFor rows_for() const {
    return to_measure ? CgmRowsFor::measuring : of_population ? CgmRowsFor::population : CgmRowsFor::person;
  }
};
/// How many rows a training of `memory_cap` bytes may hold.
std::size_t most_cgm_rows(std::size_t memory_cap);
/// Error too_little_history from take() when nobody has min_days of readings with windows to learn from.
std::unique_ptr<RowsMaker> make_cgm_rows(const CgmRowsWanted& wanted);

/// Of a person, corrected on the population's when the basis has one; or of many.
std::unique_ptr<Trainer> train_cgm(std::unique_ptr<Rows> rows, const TrainingBasis& basis);

/// What is the person's own of a model anew: the correction of the population's that it stands on, else its heads.
std::unique_ptr<Trainer> refresh_cgm(std::unique_ptr<Rows> rows, const RefreshBasis& basis);

}  // namespace glucose
