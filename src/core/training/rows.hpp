// SPDX-License-Identifier: PostgreSQL
// From what is stored of a person to rows that can be learnt from, whatever the task makes of it.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/base/subject.hpp"
#include "core/base/types.hpp"
#include "core/days/days.hpp"

namespace glucose {

enum class Split : std::uint8_t { train, validation, test };
inline constexpr std::array<const char*, 3> kSplitNames{"train", "validation", "test"};

/// How far around a period its rows look: readings and meals so long before its start, readings so long after its end.
struct Reach {
  Micros before = 0, after = 0;
  bool meals = false;  // whether meals are read at all
  bool days = false;   // whether what is stored of the person's days is read, from the day `before` reaches to
};

/// With fewer, a day does not count as one with readings.
inline constexpr int kReadingsOfADay = 4;

/// What is stored of one person for the rows of a period, start_at <= t < end_at, and around it by the task's reach.
/// Sorted by time.
struct Material {
  std::span<const Reading> readings;
  std::span<const Meal> meals;
  DayClock clock;  // of the readings' days
  Micros start_at = 0, end_at = 0;
  const DailyMaterial* daily = nullptr;  // null: not read, or none there are
  Subject subject{};

  /// Days of the period with readings, as days of UTC but no more than lie between the first and the last: one reading
  /// of a clock that was wrong by a year is not a year.
  double days() const;
};

/// Who looks at rows, to know later whether new ones are still like them.
class RowWatcher {
 public:
  virtual ~RowWatcher() = default;
  /// One row: of whom (another number than the row before where another person's begin), of which moment, whether
  /// weights are learnt from it, and what Rows::watched() names; NaN: not known. By person, then time.
  virtual void see(std::size_t person, Micros at, bool learnt, std::span<const float> values) = 0;
};

/// Labelled rows of one person or many; each task has its own kind.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual std::size_t size() const = 0;
  /// The bytes that say whether two trainings had the same data.
  virtual std::vector<std::span<const std::byte>> content() const = 0;

  /// What is watched of a row, by name: what was measured or eaten, in a person's terms. What the calendar says, and
  /// means of a month, are left out: they change by themselves, or too slowly to be told from chance. Empty: nothing.
  virtual std::vector<std::string> watched() const { return {}; }
  /// Shows some rows, about a thousand or those of one person; part: 0 … parts() - 1.
  virtual std::size_t parts() const { return 0; }
  virtual void show(std::size_t /*part*/, RowWatcher& /*watcher*/) const {}
};

/// Makes rows, one person after the other, in small steps.
class RowsMaker {
 public:
  virtual ~RowsMaker() = default;
  /// A person's material, which must outlive its steps.
  virtual void begin(const Material& material) = 0;
  virtual bool done() const = 0;
  virtual void step() = 0;
  /// Takes the rows of the person begun last in; false when it has too little for them to count.
  virtual bool end() = 0;
  /// Throws Error too_little_history, saying what there is and what is needed.
  virtual std::unique_ptr<Rows> take() = 0;
};

}  // namespace glucose
