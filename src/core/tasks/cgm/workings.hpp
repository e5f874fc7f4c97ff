// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <list>
#include <optional>

#include "core/asking/answer.hpp"
#include "core/tasks/cgm/model.hpp"

namespace glucose {

/// What is kept of a person for forecasts from readings alone: its series, and what models said at its moments.
class CgmWorkings final : public Workings {
 public:
  CgmWorkings() = default;
  CgmWorkings(const CgmWorkings&) = delete;
  CgmWorkings& operator=(const CgmWorkings&) = delete;

  /// Takes the rows over; they must outlive the next call.
  void take(const Known& known);
  /// What was known at a question's moment. serial: which model it is, 0: nothing of it is kept · valid until the next
  /// call; the model must outlive it
  CgmKnown known(const CgmModel& model, std::uint64_t serial, const CgmQuestion& question);

  std::size_t bytes() const override;

 private:
  /// What a model said, on a clock.
  struct Said {
    Said(const CgmModel& model, const CgmSeries& series, std::uint64_t of, int offset)
        : serial(of), utc_offset_min(offset), past(model, series, {0, {&utc_offset_min, 1}}) {}
    Said(const Said&) = delete;
    Said& operator=(const Said&) = delete;
    std::uint64_t serial;
    int utc_offset_min;
    CgmPast past;
  };
  CgmPast& past(const CgmModel& model, const CgmSeries& series, std::uint64_t serial, int utc_offset_min);

  std::span<const Reading> readings_;
  CgmSeries series_;
  std::list<Said> said_;  // most recently asked first
  // Of a question that nothing kept answers: at its moment not all was known that is by now, or the model has no
  // serial.
  std::optional<CgmSeries> then_;
  std::optional<Said> once_;
};

/// The same where nothing is kept. in: readings sorted by time, at least cgm_reach() back
CgmForecast cgm_forecast(const CgmModel& model, std::span<const Reading> readings, const CgmQuestion& question,
                         const DayClock& clock = {});

}  // namespace glucose
