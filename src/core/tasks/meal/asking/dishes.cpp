// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/dishes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace glucose {

namespace {

constexpr double kNew = 0.4;           // share of meals that are thought to be something new
constexpr double kUsualApart = 0.15;   // of logarithms: SD within a dish that is thought of beforehand …
constexpr double kLeastApart = 0.05;   // … and the least that is believed: amounts are rounded
constexpr double kUsualBetween = 0.5;  // the least SD between dishes: who eats one thing eats one dish
constexpr double kUsualShare = 0.7;    // the same of responses, shares of their variance
constexpr double kLeastShare = 0.2;
constexpr double kThoughtBeforehand = 20;  // meals
constexpr std::size_t kAtOnce = 32;        // meals a step

bool known(double value) {
  return !std::isnan(value);
}

}  // namespace

DishFinder::DishFinder(std::span<const EatenMeal> meals) : dishes_(meals.size(), kNoDish) {
  for (const EatenMeal& m : meals) {
    const Nutrition& n = m.meal.nutrition;
    const std::array<float, kComparedNutrients> amounts{n.calories, n.carbs_g, n.protein_g, n.fat_g};
    Traits t;
    for (std::size_t i = 0; i < amounts.size(); ++i) t[i] = static_cast<double>(log_amount(i, amounts[i]));
    has_nutrients_.push_back(std::any_of(t.begin(), t.end() - 1, known));
    t.back() = m.counts() ? static_cast<double>(m.response.area) : std::numeric_limits<double>::quiet_NaN();
    traits_.push_back(t);
  }
  for (std::size_t i = 0; i < kTraits; ++i) {
    double n = 0, sum = 0, squares = 0;
    for (const Traits& t : traits_)
      if (known(t[i])) n += 1, sum += t[i], squares += t[i] * t[i];
    mean_[i] = n > 0 ? sum / n : 0;
    const double variance = n > 1 ? std::max(squares / n - mean_[i] * mean_[i], 1e-6) : 1;
    const bool is_response = i == kComparedNutrients;
    usual_within_[i] = is_response ? kUsualShare * variance : kUsualApart * kUsualApart;
    within_[i] = usual_within_[i];
    between_[i] = is_response ? variance : std::max(variance, kUsualBetween * kUsualBetween);
  }
  settle(unknown_);
  if (meals.empty()) sweep_ = kSweeps;
}

void DishFinder::settle(Dish& dish) const {
  for (std::size_t i = 0; i < kTraits; ++i) {
    const double own = dish.n[i] / within_[i], prior = 1 / between_[i];
    dish.centre[i] = (dish.sum[i] / within_[i] + mean_[i] * prior) / (own + prior);
    const double variance = within_[i] + 1 / (own + prior);
    dish.precision[i] = 1 / variance, dish.log_precision[i] = -std::log(variance);
  }
  dish.log_weight = dish.meals > 0 ? std::log(dish.meals) : 0;
}

double DishFinder::likelihood(const Traits& traits, const Dish& dish, double at_least) const {
  double sum = dish.log_weight;
  for (std::size_t i = 0; i < kTraits; ++i) {
    if (!known(traits[i])) continue;
    const double away = traits[i] - dish.centre[i];
    sum += (dish.log_precision[i] - away * away * dish.precision[i]) / 2;
    if (sum < at_least - 25) break;  // no other trait makes up for that
  }
  return sum;
}

void DishFinder::move(std::size_t meal, int dish, int by) {
  Dish& d = all_[static_cast<std::size_t>(dish)];
  d.meals += by, placed_ += by;
  for (std::size_t i = 0; i < kTraits; ++i)
    if (known(traits_[meal][i])) d.n[i] += by, d.sum[i] += by * traits_[meal][i];
  settle(d);
}

void DishFinder::place(std::size_t meal) {
  if (!has_nutrients_[meal]) return;
  const int before = dishes_[meal];
  if (before != kNoDish) move(meal, before, -1);
  unknown_.log_weight = std::log(kNew / (1 - kNew) * std::max(placed_, 1));
  double best = likelihood(traits_[meal], unknown_, -std::numeric_limits<double>::infinity());
  int dish = kNoDish, empty = kNoDish;
  for (std::size_t j = 0; j < all_.size(); ++j) {
    if (all_[j].meals == 0) {
      empty = static_cast<int>(j);
      continue;
    }
    const double here = likelihood(traits_[meal], all_[j], best);
    if (here > best) best = here, dish = static_cast<int>(j);
  }
  if (dish == kNoDish && before != kNoDish && all_[static_cast<std::size_t>(before)].meals == 0) dish = before;
  if (dish == kNoDish) dish = empty;
  if (dish == kNoDish) dish = static_cast<int>(all_.size()), all_.emplace_back();
  moved_ |= dish != before;
  dishes_[meal] = dish;
  move(meal, dish, 1);
}

// Pooled over dishes, with what is thought beforehand.
void DishFinder::learn_spreads() {
  for (std::size_t i = 0; i < kTraits; ++i) {
    double squares = 0, df = 0;
    for (std::size_t m = 0; m < traits_.size(); ++m) {
      if (dishes_[m] == kNoDish || !known(traits_[m][i])) continue;
      const Dish& d = all_[static_cast<std::size_t>(dishes_[m])];
      squares += std::pow(traits_[m][i] - d.sum[i] / d.n[i], 2), df += 1 - 1.0 / d.n[i];
    }
    const double least = i == kComparedNutrients ? kLeastShare * between_[i] : kLeastApart * kLeastApart;
    within_[i] = std::max((squares + kThoughtBeforehand * usual_within_[i]) / (df + kThoughtBeforehand), least);
  }
  settle(unknown_);
  for (Dish& d : all_) settle(d);
}

void DishFinder::end_sweep() {
  next_ = 0;
  sweep_ = moved_ ? sweep_ + 1 : kSweeps;
  moved_ = false;
  learn_spreads();
  if (sweep_ == kSweeps) number_dishes();
}

void DishFinder::step() {
  for (std::size_t i = 0; i < kAtOnce && next_ < traits_.size(); ++i) place(next_++);
  if (next_ == traits_.size()) end_sweep();
}

void DishFinder::number_dishes() {
  std::vector<int> numbers(all_.size(), kNoDish);
  for (int& dish : dishes_) {
    if (dish == kNoDish) continue;
    int& number = numbers[static_cast<std::size_t>(dish)];
    if (number == kNoDish) number = count_++;
    dish = number;
  }
}

}  // namespace glucose
