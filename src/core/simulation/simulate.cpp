// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/simulate.hpp"

#include <algorithm>
#include <string>

#include "core/base/error.hpp"

namespace glucose {

namespace {
int checked(int days) {
  if (days < 1 || days > kMostSimulatedDays)
    throw Error(ErrorCode::bad_argument, "days must be between 1 and " + std::to_string(kMostSimulatedDays));
  return days;
}
constexpr float kLowAlarmMgDl = 65;
}  // namespace

// One stream per part: what one part draws never moves another's stream, so the same seed eats at the same times in
// every profile.
Simulator::Seeds::Seeds(std::uint64_t seed)
    : person(0), variation(0), habit(0), sensor(0), dosing(0), reaction(0), life(0) {
  Random root(seed);
  for (Random* stream : {&person, &variation, &habit, &sensor, &dosing, &reaction, &life})
    *stream = Random(root.bits());
}

Simulator::Simulator(std::uint64_t seed, int days, Profile profile) : Simulator(Seeds(seed), checked(days), profile) {}

Simulator::Simulator(const Seeds& seeds, int days, Profile profile)
    : days_(days),
      person_(sim::draw_person(profile, seeds.person)),
      body_(person_.body),
      variation_(seeds.variation, person_),
      habit_(seeds.habit, person_.appetite),
      sensor_(seeds.sensor, body_.plasma_mg_dl()),
      reaction_(seeds.reaction),
      life_(seeds.life, profile) {
  if (profile == Profile::t1d) dosing_.emplace(seeds.dosing, person_.body);
  live_day();  // warm-up: day -1, whose rows are dropped
  meals_.clear();
  readings_.clear();
  life_.forget();
}

void Simulator::keep_truth() {
  keeps_truth_ = true;
  sensor_.keep_record();
}

void Simulator::step() {
  if (!done()) live_day();
}

void Simulator::live_day() {
  variation_.start_day();
  const int weekday = (day_ + 7) % 7;  // day -1 is a Sunday
  const auto plan = habit_.plan_day(weekday);
  life_.live_day(day_);
  today_.clear();
  auto next = plan.begin();
  for (int minute = 0; minute < 1440; ++minute) {
    for (; next != plan.end() && next->minute <= minute; ++next) eat(*next, minute, true);
    live_minute(minute);
  }
  // Logged times differ from the true ones, so the order may too; two meals never share a moment.
  std::stable_sort(today_.begin(), today_.end(), [](const auto& a, const auto& b) { return a.eaten_at < b.eaten_at; });
  for (SimulatedMeal& meal : today_) {
    if (!meals_.empty()) meal.eaten_at = std::max(meal.eaten_at, meals_.back().eaten_at + kMinute);
    meals_.push_back(meal);
  }
  ++day_;
}

void Simulator::live_minute(int minute_of_day) {
  sim::Influence influence = variation_.step_minute(minute_of_day);
  if (dosing_) {
    influence.insulin_pmol_per_kg_min = body_.basal_rate_pmol_per_kg_min() * dosing_->basal_share();
    body_.inject(dosing_->units_due(minute_of_day, sensor_.shown_mg_dl(), body_.insulin_on_board_u()));
  }
  body_.step_minute(influence);
  const std::int64_t minute = std::int64_t{day_} * 1440 + minute_of_day;
  if (const auto reading = sensor_.step_minute(minute, body_.plasma_mg_dl())) readings_.push_back(*reading);
  react_to_low(minute_of_day);
}

void Simulator::eat(const sim::PlannedMeal& meal, int minute_of_day, bool announce) {
  body_.eat(meal.food);
  if (keeps_truth_)
    eaten_.push_back(
        {day_ * kDay + minute_of_day * kMinute, static_cast<float>(meal.food.available_carbs_g), meal.logged});
  if (dosing_ && announce) dosing_->announce(meal);
  if (!meal.logged) return;
  const Micros at = day_ * kDay + meal.logged_minute * kMinute;
  today_.push_back({at, meal.type, meal.log});
}

// Sugar against a low display. Asleep the alarm is often not heard; without insulin the body mostly sees to it alone.
void Simulator::react_to_low(int minute_of_day) {
  ++since_rescue_min_;
  if (!dosing_ || minute_of_day % 5 != 0) return;
  const bool asleep = minute_of_day < 390;
  const bool wakes = reaction_.uniform() < (asleep ? 0.04 : 0.2);
  if (sensor_.shown_mg_dl() >= kLowAlarmMgDl || since_rescue_min_ < 25 || !wakes) return;
  eat(habit_.rescue(minute_of_day), minute_of_day, false);
  since_rescue_min_ = 0;
}

}  // namespace glucose
