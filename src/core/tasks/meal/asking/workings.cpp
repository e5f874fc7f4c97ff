// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/workings.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/tasks/meal/models/forecast.hpp"

namespace glucose {

namespace {

constexpr Micros kWeek = 7 * kDay;
constexpr std::size_t kMostFollowed = kRememberedMeals + kForgetAtOnce;
constexpr std::size_t kMemoriesKept = 12;
constexpr Micros kInTheEnd = std::numeric_limits<Micros>::max();

Micros week_of(Micros at) {
  return at - ((at % kWeek) + kWeek) % kWeek;
}

int times_forgot(std::size_t remembered) {
  if (remembered < kMostFollowed) return 0;
  return 1 + static_cast<int>((remembered - kMostFollowed) / static_cast<std::size_t>(kForgetAtOnce));
}

}  // namespace

void MealWorkings::take(const Known& known) {
  const bool is_same = unchanged_until == known.until && known.readings.data() == readings_.data() &&
                       known.readings.size() == readings_.size() && known.meals.data() == meals_.data() &&
                       known.meals.size() == meals_.size();
  if (is_same) return;
  readings_ = known.readings;
  lines_ = known.meals;
  whole_.emplace(lines_);
  meals_ = whole_->all();
  until_ = known.until;
  shorten(unchanged_until);
  timeline_.extend(meals_, readings_, unchanged_until);
  unchanged_until = until_;
}

// The last meal that began by then may still have been eaten at: its later lines were not known, and its own meal a
// line does not see as an earlier one.
Moment MealWorkings::moment(const Meal& line, std::uint8_t* issues) const {
  const Micros at = line.eaten_at;
  const std::span<const Meal> known = lines_.first(meals_before(lines_, at + 1));
  const std::size_t begin = WholeMeals::last_begun(known, meals_, at);
  const auto is_it = [&](const Meal& m) { return m.id == line.id; };
  std::span<const Meal> eaten;
  if (begin < known.size())
    eaten = known.subspan(begin, meals_before(known, known[begin].eaten_at + kOneMeal + 1) - begin);
  const bool is_its = std::any_of(eaten.begin(), eaten.end(), is_it);
  if (!is_its && std::any_of(known.begin(), known.end(), is_it)) {
    // What if it had been eaten at another time?
    const auto others = WholeMeals::without(known, line);
    return Timeline(others.all(), readings_).moment(WholeMeals::of(known, line), issues);
  }
  const std::size_t n = meals_before(meals_, eaten.empty() ? at : eaten.front().eaten_at);
  if (is_its) return timeline_.moment(WholeMeals::of(eaten, line), n, nullptr, issues);
  if (eaten.empty()) return timeline_.moment(line, n, nullptr, issues);
  const WholeMeals so_far(eaten);
  return timeline_.moment(line, n, so_far.all().data(), issues);
}

void MealWorkings::shorten(Micros unchanged) {
  for (auto f = followed_.begin(); f != followed_.end();) {
    f->known.take_back(f->provisional);
    f->provisional = 0;
    std::size_t left = f->steps.size();
    while (left > 0 && f->steps[left - 1].eaten_at > unchanged - f->longest) --left;
    const std::size_t lost = f->steps.size() - left;
    if (lost > f->since_forgot) {
      f = followed_.erase(f);
      continue;
    }
    f->known.take_back(lost);
    f->steps.resize(left);
    f->since_forgot -= lost;
    if (unchanged != kInTheEnd) f->until = std::min(f->until, unchanged - f->longest + 1);
    ++f;
  }
}

// From a beginning that stays while questions go on: of a training, or of a week, by which older meals are then left
// out all at once.
Micros MealWorkings::follows_from(const Model& model, Micros at) {
  const Micros newest = week_of(at - kFollowedDays * kDay);
  return model.memory.meals.empty() ? newest : std::max(model.memory.meals.back().eaten_at + 1, newest);
}

MealWorkings::Range MealWorkings::range(const Model& model, Micros at) const {
  const std::size_t last = meals_before(meals_, at);
  const Micros from = follows_from(model, at);
  return {from, std::min(meals_before(meals_, from), last), last};
}

MealWorkings::Followed& MealWorkings::find(const Recollection& memory, std::uint64_t serial, const Range& range,
                                           Micros at, Micros longest) {
  const auto remembered = static_cast<std::size_t>(memory.remembered());
  followed_.remove_if([](const Followed& f) { return f.serial == 0; });
  for (auto f = followed_.begin(); f != followed_.end(); ++f) {
    if (f->serial != serial || f->from != range.from) continue;
    const auto known = static_cast<std::size_t>(
        std::count_if(f->steps.begin(), f->steps.end(), [&](const Step& step) { return step.known_at <= at; }));
    if (times_forgot(remembered + known) != f->times_forgot) continue;
    followed_.splice(followed_.begin(), followed_, f);
    return followed_.front();
  }
  followed_.push_front({serial, range.from, longest, remembered, memory, {}, range.from});
  if (followed_.size() > kMemoriesKept) followed_.pop_back();
  return followed_.front();
}

void MealWorkings::add(Followed& f, const Model& model, const Sample& sample) {
  const bool forgets = f.known.full();
  follow(model, f.known, sample);
  Micros known_at = kInTheEnd;
  for (std::size_t k = 0; k < model.horizons_min.size(); ++k) {
    if (std::isnan(sample.targets[k])) continue;
    const Micros then = sample.eaten_at + model.horizons_min[k] * kMinute;
    const Micros in_time = then + kReachOfReading, came = settled_at(readings_, then);
    known_at = std::min(known_at, in_time);
    if (came > in_time) f.late_until = std::max(f.late_until, came);
  }
  f.steps.push_back({sample.eaten_at, known_at});
  f.since_forgot = forgets ? 0 : f.since_forgot + 1;
  f.times_forgot += forgets ? 1 : 0;
}

/// By the meals whose outcomes are all there.
void MealWorkings::extend(Followed& f, const Model& model, const Range& range) {
  std::size_t i = std::max(range.first, meals_before(meals_, f.until));
  for (; i < range.last && meals_[i].eaten_at + f.longest <= until_; ++i) {
    const Meal& meal = meals_[i];
    if (const auto sample = sample_of(meal, timeline_, readings_, model.horizons_min, 1, kInTheEnd);
        sample && has_glucose(*sample)) {
      // What has forgotten does not answer earlier questions any more: those that come again keep theirs.
      if (f.known.full() && f.serial != 0 && followed_.size() < kMemoriesKept) followed_.push_back(f);
      add(f, model, *sample);
    }
    if (i + 1 == meals_.size() || meals_[i + 1].eaten_at != meal.eaten_at) f.until = meal.eaten_at + 1;
  }
}

const Recollection& MealWorkings::with_provisional(Followed& f, const Model& model, const Range& range, Micros at) {
  Recollection* known = &f.known;
  for (std::size_t i = std::max(range.first, meals_before(meals_, f.until)); i < range.last; ++i) {
    const auto sample = sample_of(meals_[i], timeline_, readings_, model.horizons_min, 1, at);
    if (!sample || !has_glucose(*sample)) continue;
    if (known == &f.known && known->full()) {
      aside_.assign(1, f.known);
      known = &aside_.front();
    }
    follow(model, *known, *sample);
    if (known == &f.known) ++f.provisional;
  }
  return *known;
}

const Recollection& MealWorkings::anew(const Model& model, const Recollection& memory, const Range& range, Micros at) {
  aside_.assign(1, memory);
  for (std::size_t i = range.first; i < range.last; ++i)
    if (const auto sample = sample_of(meals_[i], timeline_, readings_, model.horizons_min, 1, at);
        sample && has_glucose(*sample))
      follow(model, aside_.front(), *sample);
  return aside_.front();
}

// Where memory ends, a meal may be half added: what was kept is worked out anew then.
const Recollection& MealWorkings::followed(const Model& model, const Recollection& memory, std::uint64_t serial,
                                           Micros at) try {
  const Range meals = range(model, at);
  if (meals.first == meals.last) return memory;
  const int horizon = *std::max_element(model.horizons_min.begin(), model.horizons_min.end());
  shorten(kInTheEnd);
  Followed& f = find(memory, serial, meals, at, horizon * kMinute + kReachOfReading);
  extend(f, model, meals);
  // What came late was not known at some moments when it might have been.
  if (at < f.late_until) return anew(model, memory, meals, at);
  const auto known = static_cast<std::size_t>(
      std::count_if(f.steps.begin(), f.steps.end(), [&](const Step& step) { return step.known_at <= at; }));
  if (times_forgot(f.remembered + known) != f.times_forgot) return anew(model, memory, meals, at);
  return with_provisional(f, model, meals, at);
} catch (...) {
  followed_.clear();
  throw;
}

std::size_t MealWorkings::bytes() const {
  std::size_t sum = meals_.size() * (sizeof(Meal) + sizeof(EarlierMeal)) + readings_.size() * 8;
  for (const Followed& f : followed_) sum += f.known.bytes() + f.steps.size() * sizeof(Step);
  return sum;
}

}  // namespace glucose
