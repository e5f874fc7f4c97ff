// SPDX-License-Identifier: PostgreSQL
// Trainings of yes or no as the spine's trainers.
#pragma once
#include "core/tasks/event/rows.hpp"
#include "core/tasks/task.hpp"

namespace glucose {

/// Of a person, on the population's model when the basis has one of the same rule; or of many.
std::unique_ptr<Trainer> train_event(std::unique_ptr<Rows> rows, const TrainingBasis& basis);

/// Each combination trained on the train rows; what is compared are the validation rows, by the root of the Brier
/// score.
std::unique_ptr<Tuner> tune_event(std::unique_ptr<Rows> rows, const TrainingBasis& basis, const SearchGrid& grid);

}  // namespace glucose
