// SPDX-License-Identifier: PostgreSQL
// Simulated persons of whom it is known which meals are the same dish, and how steady each leaves glucose.
#pragma once
#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "core/simulation/simulate.hpp"
#include "core/tasks/meal/asking/dishes.hpp"

namespace glucose {

/// How a person cooks and logs: SDs of logarithms.
struct PlantedHow {
  Profile profile = Profile::none;
  int n_dishes = 8, days = 60;
  double novelty = 0.25;    // share of meals that are no dish
  bool has_steady = false;  // the first dish has little carbohydrate
  double portion_sd = 0.1, log_error_sd = 0.1, kind_sd = 0.15;
};

struct PlantedMeals {
  std::vector<EatenMeal> meals;
  std::vector<int> truth;         // the dish of each, 0 … n_dishes - 1; each meal that is none a number of its own
  std::vector<double> true_area;  // of each dish: mean area over many tries by the same person, mg/dL·min
};

namespace planted {

inline sim::Plate draw_plate(Random& random, double appetite) {
  const auto around = [&](double mean, double sd) { return mean * std::exp(sd * random.normal() - sd * sd / 2); };
  sim::Plate p{};
  p.carbs_g = std::clamp(appetite * around(52, 0.5), 5.0, 200.0);
  p.protein_g = std::clamp(appetite * around(24, 0.5), 1.0, 120.0);
  p.fat_g = std::clamp(appetite * around(20, 0.5), 1.0, 120.0);
  p.fiber_g = p.carbs_g * random.uniform(0.04, 0.17);
  p.kind = around(1, 0.25);
  p.glycemic = std::clamp(around(0.66, 0.3), 0.25, 1.1);
  return p;
}

/// What somebody eats: at 7:30, 13:00 and 19:00, or thereabouts, any of the dishes or none of them.
class Life {
 public:
  Life(std::uint64_t seed, const PlantedHow& how)
      : how_(how),
        random_(seed),
        person_(sim::draw_person(how.profile, Random(random_.bits()))),
        body_(person_.body),
        variation_(Random(random_.bits()), person_),
        sensor_(Random(random_.bits()), body_.plasma_mg_dl()) {
    if (how.profile == Profile::t1d) dosing_.emplace(Random(random_.bits()), person_.body);
    for (int i = 0; i < how.n_dishes; ++i) dishes_.push_back(draw_plate(random_, person_.appetite));
    if (how.has_steady) dishes_[0].carbs_g = 14, dishes_[0].fiber_g = 4;
  }

  void live(int days) {
    for (int day = 0; day < days; ++day) {
      variation_.start_day();
      std::array<int, 3> at{};
      for (std::size_t i = 0; i < 3; ++i)
        at[i] = static_cast<int>(450 + 345 * static_cast<double>(i) + 25 * random_.normal());
      for (int minute = 0; minute < 1440; ++minute) {
        for (std::size_t i = 0; i < 3; ++i)
          if (at[i] == minute) eat(static_cast<MealType>(i), minute);
        live_minute(minute);
      }
      ++day_;
    }
  }

  PlantedMeals take() {
    out_.meals.reserve(eaten_.size());
    for (std::size_t i = 0; i < eaten_.size(); ++i) {
      const bool followed =
          i + 1 < eaten_.size() && eaten_[i + 1].eaten_at < eaten_[i].eaten_at + kResponseMin * kMinute;
      out_.meals.push_back({eaten_[i], response_to(readings_, eaten_[i].eaten_at), followed});
    }
    return out_;
  }

 private:
  double around(double sd) { return std::exp(sd * random_.normal() - sd * sd / 2); }

  void eat(MealType type, int minute) {
    const bool is_new = random_.uniform() < how_.novelty;
    const auto dish = random_.below(static_cast<std::uint32_t>(how_.n_dishes));
    sim::Plate plate = is_new ? draw_plate(random_, person_.appetite) : dishes_[dish];
    const double portion = around(how_.portion_sd);
    plate.carbs_g *= portion, plate.protein_g *= portion, plate.fat_g *= portion, plate.fiber_g *= portion;
    plate.kind *= around(how_.kind_sd), plate.glycemic *= around(how_.kind_sd);
    const sim::PlannedMeal planned{
        minute, type, plate, sim::food_of(plate, 15), true, minute, sim::log_of(plate, how_.log_error_sd, random_)};
    body_.eat(planned.food);
    if (dosing_) dosing_->announce(planned);
    Meal meal{};
    const auto id = static_cast<std::uint32_t>(eaten_.size());
    for (std::size_t b = 0; b < 4; ++b) meal.id[b] = static_cast<std::uint8_t>(id >> (24 - 8 * b));
    meal.eaten_at = day_ * kDay + minute * kMinute;
    meal.clock = {minute, static_cast<int>(day_ % 7)};
    meal.type = type;
    meal.nutrition = planned.log;
    eaten_.push_back(meal);
    out_.truth.push_back(is_new ? how_.n_dishes + static_cast<int>(id) : static_cast<int>(dish));
  }

  void live_minute(int minute) {
    sim::Influence influence = variation_.step_minute(minute);
    if (dosing_) {
      influence.insulin_pmol_per_kg_min = body_.basal_rate_pmol_per_kg_min() * dosing_->basal_share();
      body_.inject(dosing_->units_due(minute, sensor_.shown_mg_dl(), body_.insulin_on_board_u()));
    }
    body_.step_minute(influence);
    if (const auto r = sensor_.step_minute(day_ * 1440 + minute, body_.plasma_mg_dl())) readings_.push_back(*r);
  }

  PlantedHow how_;
  Random random_;
  sim::Person person_;
  sim::Body body_;
  sim::DailyVariation variation_;
  sim::Sensor sensor_;
  std::optional<sim::InsulinDosing> dosing_;
  std::vector<sim::Plate> dishes_;
  std::int64_t day_ = 0;
  std::vector<Meal> eaten_;
  std::vector<Reading> readings_;
  PlantedMeals out_;
};

}  // namespace planted

/// true_area is of many more days of the same person, without anything that is no dish.
inline PlantedMeals planted_meals(std::uint64_t seed, const PlantedHow& how, int days_of_truth = 0) {
  planted::Life life(seed, how);
  life.live(how.days);
  PlantedMeals out = life.take();
  if (days_of_truth > 0) {
    PlantedHow often = how;
    often.novelty = 0;
    planted::Life truth(seed, often);
    truth.live(days_of_truth);
    const PlantedMeals many = truth.take();
    const auto dishes = static_cast<std::size_t>(how.n_dishes);
    std::vector<double> sums(dishes), n(dishes);
    for (std::size_t i = 0; i < many.meals.size(); ++i) {
      if (!many.meals[i].counts()) continue;
      const auto dish = static_cast<std::size_t>(many.truth[i]);
      sums[dish] += static_cast<double>(many.meals[i].response.area), ++n[dish];
    }
    for (std::size_t j = 0; j < sums.size(); ++j) out.true_area.push_back(sums[j] / n[j]);
  }
  return out;
}

/// How well two partitions agree, by chance 0, wholly 1. Source: Hubert and Arabie, J Classif 1985;2:193.
inline double adjusted_rand_index(const std::vector<int>& a, const std::vector<int>& b) {
  const auto index = [](const std::vector<int>& v) {
    return static_cast<std::size_t>(*std::max_element(v.begin(), v.end()) + 1);
  };
  const std::size_t rows = index(a), columns = index(b);
  std::vector<double> both(rows * columns), of_a(rows), of_b(columns);
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto r = static_cast<std::size_t>(a[i]), c = static_cast<std::size_t>(b[i]);
    ++both[r * columns + c], ++of_a[r], ++of_b[c];
  }
  const auto pairs = [](const std::vector<double>& counts) {
    double sum = 0;
    for (const double n : counts) sum += n * (n - 1) / 2;
    return sum;
  };
  const double n = static_cast<double>(a.size()), all = n * (n - 1) / 2;
  const double chance = pairs(of_a) * pairs(of_b) / all;
  return (pairs(both) - chance) / ((pairs(of_a) + pairs(of_b)) / 2 - chance);
}

/// Of pairs of meals that are put together, how many are; of those that are, how many are put together.
struct PairScores {
  double precision, recall;
};
inline PairScores pair_scores(const std::vector<int>& found, const std::vector<int>& truth) {
  double together = 0, of_found = 0, of_truth = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const bool f = found[i] == found[j], t = truth[i] == truth[j];
      together += f && t, of_found += f, of_truth += t;
    }
  return {together / of_found, together / of_truth};
}

inline std::vector<int> found_dishes(std::span<const EatenMeal> meals) {
  DishFinder finder(meals);
  while (!finder.done()) finder.step();
  return finder.dishes();
}

}  // namespace glucose
