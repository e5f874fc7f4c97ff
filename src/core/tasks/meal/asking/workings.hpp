// SPDX-License-Identifier: PostgreSQL
// What is worked out of a person's rows to answer a question about a meal, and kept for the next one.
#pragma once
#include <list>
#include <optional>
#include <vector>

#include "core/asking/answer.hpp"
#include "core/days/meal_lines.hpp"
#include "core/tasks/meal/features/dataset.hpp"
#include "core/tasks/meal/models/model.hpp"

namespace glucose {

/// How far back serving follows what a model does not remember.
inline constexpr int kFollowedDays = 30;

class MealWorkings final : public Workings {
 public:
  /// Takes the rows over; they must outlive the next call.
  void take(const Known& known);

  /// Of a line of a meal, with the other lines eaten by then, or of one that is not among them.
  Moment moment(const Meal& line, std::uint8_t* issues) const;

  /// A model's memory with the meals before `at` that it does not remember yet, each with the outcomes known by then.
  /// memory: what the model remembers, ready to be asked; serial: which model it is, 0: nothing is kept · valid until
  /// the next call
  const Recollection& followed(const Model& model, const Recollection& memory, std::uint64_t serial, Micros at);

  std::size_t bytes() const override;

  /// How far back meals are followed at most.
  static Micros follows_from(const Model& model, Micros at);

 private:
  /// A meal that was followed.
  struct Step {
    Micros eaten_at;
    Micros known_at;  // when the first of its outcomes was known
  };
  /// A memory that has grown by the meals since `from`, all outcomes known: of a moment, it says what was known then.
  struct Followed {
    std::uint64_t serial;
    Micros from, longest;    // longest: how long after a meal all its outcomes are known
    std::size_t remembered;  // by the model
    Recollection known;
    std::vector<Step> steps;
    Micros until;           // meals before are all followed
    Micros late_until = 0;  // from then on, nothing of them came late
    int times_forgot = 0;
    std::size_t since_forgot = 0;  // steps
    std::size_t provisional = 0;   // meals at the end of `known` whose outcomes are not all known: not steps
  };
  struct Range {
    Micros from;
    std::size_t first, last;  // in meals_
  };
  Range range(const Model& model, Micros at) const;
  Followed& find(const Recollection& memory, std::uint64_t serial, const Range& range, Micros at, Micros longest);
  void extend(Followed& followed, const Model& model, const Range& range);
  void add(Followed& followed, const Model& model, const Sample& sample);
  const Recollection& with_provisional(Followed& followed, const Model& model, const Range& range, Micros at);
  const Recollection& anew(const Model& model, const Recollection& memory, const Range& range, Micros at);
  void shorten(Micros unchanged_until);

  std::span<const Reading> readings_;
  std::span<const Meal> lines_, meals_;
  std::optional<WholeMeals> whole_;
  Micros until_ = 0;
  Timeline timeline_;
  std::list<Followed> followed_;     // most recently asked first
  std::vector<Recollection> aside_;  // at most one, of a question that nothing kept answers
};

}  // namespace glucose
