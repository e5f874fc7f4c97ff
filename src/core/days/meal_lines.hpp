// SPDX-License-Identifier: PostgreSQL
// Diaries keep each food as a line of its own: what is eaten within a quarter of an hour is one meal.
#pragma once
#include <span>
#include <vector>

#include "core/base/types.hpp"

namespace glucose {

/// A line belongs to the meal whose first line is so long before it, at most.
inline constexpr Micros kOneMeal = 15 * kMinute;

inline constexpr float kMostCalories = 5000, kMostGrams = 500;  // of a meal

/// Nutrients of two lines: sums of what is known, at most what one meal may hold.
Nutrition together(const Nutrition& a, const Nutrition& b);

/// One person's meals with their lines put together: each is its first line, in moment, clock and id, with the
/// nutrients of all and the type of the line with the most carbohydrate. in, out: sorted by time
class WholeMeals {
 public:
  /// lines must outlive it
  explicit WholeMeals(std::span<const Meal> lines) : WholeMeals(lines, nullptr) {}
  /// All but the one that the line belongs to.
  static WholeMeals without(std::span<const Meal> lines, const Meal& line) { return {lines, &line}; }
  WholeMeals(const WholeMeals&) = delete;
  WholeMeals& operator=(const WholeMeals&) = delete;

  std::span<const Meal> all() const { return all_; }
  /// Where the lines of the last of them begin that began by a moment; the number of lines when there is none.
  static std::size_t last_begun(std::span<const Meal> lines, std::span<const Meal> all, Micros at);
  /// The meal that a stored line belongs to, as far as it was eaten by the line's moment, at that moment; the line
  /// itself when there are no others.
  static Meal of(std::span<const Meal> lines, const Meal& line);

 private:
  WholeMeals(std::span<const Meal> lines, const Meal* without);
  std::vector<Meal> made_;  // empty when there is nothing to put together
  std::span<const Meal> all_;
};

}  // namespace glucose
