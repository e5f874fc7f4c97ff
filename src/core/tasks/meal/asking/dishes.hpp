// SPDX-License-Identifier: PostgreSQL
// Which of a person's meals are the same dish, in nutrients and in what glucose did. Shapes: N meals, J dishes.
#pragma once
#include <span>
#include <vector>

#include "core/base/types.hpp"
#include "core/seeing/meal_response.hpp"
#include "core/tasks/meal/models/nutrients.hpp"

namespace glucose {

/// A meal, its lines put together, and what came of it.
struct EatenMeal {
  Meal meal;
  MealResponse response;
  bool is_followed;  // by another meal before the response was over
  /// Whether the response says something of the meal.
  bool counts() const { return response.is_known() && !is_followed; }
};
static_assert(std::is_trivially_copyable_v<EatenMeal>);

inline constexpr std::size_t kMostMeals = 10'000;
inline constexpr int kNoDish = -1;

/// Puts meals into dishes: a mixture of normals with as many parts as there are, in the logarithms of nutrients as the
/// personal kernel has them and, where it is known, in the area above the level at the meal. How far meals of one dish
/// are apart, in each of these, is learnt from the person's meals; so a response counts as much as it tells dishes
/// apart. Meals are put where they are most likely to belong, one after the other by time, and then again, each beside
/// all others, until none moves. Nothing is drawn: the same meals give the same dishes.
/// Source: Kulis and Jordan, ICML 2012 (such a mixture by moves of single points); Neal, J Comput Graph Stat
/// 2000;9:249.
class DishFinder {
 public:
  /// meals: sorted by time, at most kMostMeals; must outlive it
  explicit DishFinder(std::span<const EatenMeal> meals);
  bool done() const { return sweep_ == kSweeps; }
  /// A few meals.
  void step();

  /// When done. out: of each meal its dish 0 … J-1, numbered by their first meals; kNoDish where no nutrient is known.
  const std::vector<int>& dishes() const { return dishes_; }
  int count() const { return count_; }

 private:
  static constexpr int kSweeps = 12;
  static constexpr std::size_t kTraits = kComparedNutrients + 1;
  using Traits = std::array<double, kTraits>;
  struct Dish {
    int meals = 0;
    std::array<int, kTraits> n{};
    Traits sum{};
    Traits centre{}, precision{}, log_precision{};  // what is expected of one more meal of it
    double log_weight = 0;
  };

  void settle(Dish& dish) const;
  void move(std::size_t meal, int dish, int by);
  double likelihood(const Traits& traits, const Dish& dish, double at_least) const;
  void place(std::size_t meal);
  void learn_spreads();
  void end_sweep();
  void number_dishes();

  std::vector<Traits> traits_;  // [N]
  std::vector<char> has_nutrients_;
  Traits mean_{}, within_{}, between_{}, usual_within_{};
  std::vector<Dish> all_;  // some may be empty
  Dish unknown_;           // of which nothing is known yet
  std::vector<int> dishes_;
  int sweep_ = 0, count_ = 0, placed_ = 0;
  std::size_t next_ = 0;
  bool moved_ = false;
};

}  // namespace glucose
