// SPDX-License-Identifier: PostgreSQL
// Meals with their outcomes as the spine's rows.
#pragma once
#include <limits>

#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/features/features.hpp"
#include "core/training/options.hpp"
#include "core/training/rows.hpp"

namespace glucose {

/// How far back of a moment its features look: 30 days, and a little around where they begin, which decides what is
/// known there. With less, the same meal would have other features than in training.
inline constexpr int kFeatureDays = kBaselineDays + 1;

/// The samples of each person, without a name; one person's when they are not a population's.
class MealRows final : public Rows {
 public:
  std::vector<std::vector<Sample>> persons;
  double days = 0;  // between the first and the last reading of the period, of the last person

  std::size_t size() const override;
  std::vector<std::span<const std::byte>> content() const override;
  std::vector<std::string> watched() const override;
  std::size_t parts() const override { return persons.size(); }
  void show(std::size_t part, RowWatcher& watcher) const override;
  const std::vector<Sample>& only() const { return persons.front(); }
};

/// What is asked of the rows made.
struct MealRowsWanted {
  std::vector<int> horizons_min;
  bool any_outcome = false;  // one known outcome is enough; else each horizon's has to be known
  Micros known_at = std::numeric_limits<Micros>::max();  // with any_outcome: those known by then
  int min_meals = 0, min_days = 0;
  bool of_population = false;
  std::size_t memory_cap = 0;  // bytes; 0: none
};

/// Error too_little_history from take() when one person's rows are too few; of a population, persons with too few are
/// left out.
std::unique_ptr<RowsMaker> make_meal_rows(MealRowsWanted wanted);

}  // namespace glucose
