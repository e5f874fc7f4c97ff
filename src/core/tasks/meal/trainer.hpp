// SPDX-License-Identifier: PostgreSQL
// Trainings from meals, of a person and of a population, as the spine's trainers.
#pragma once
#include "core/model/any_model.hpp"
#include "core/tasks/meal/rows.hpp"
#include "core/tasks/task.hpp"

namespace glucose {

std::unique_ptr<Trainer> train_meals(std::unique_ptr<Rows> rows, const TrainingBasis& basis);
std::unique_ptr<Trainer> train_meal_population(std::unique_ptr<Rows> rows, const TrainingBasis& basis);
std::unique_ptr<Trainer> refresh_meals(std::unique_ptr<Rows> rows, const RefreshBasis& basis);
std::unique_ptr<Tuner> tune_meals(std::unique_ptr<Rows> rows, const TrainingBasis& basis, const SearchGrid& grid);

}  // namespace glucose
