// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, P columns, T states of days of all persons for networks.
#pragma once
#include <memory>
#include <string>

#include "core/tasks/daily/rows/columns.hpp"
#include "core/training/rows.hpp"

namespace glucose {

/// What a model is about, kept with it.
struct DailySubject {
  std::string name, unit;
  float low, high;

  bool is_log() const { return is_log_metric(name); }
};

/// The metrics that a network with several heads learns beside the one it is asked about: features of the day itself.
inline constexpr std::array<DailyFeature, 5> kBesides{kRestingHeartRate, kRmssd, kSdnn, kSleep, kRecovery};

/// What rows are wanted.
struct DailyRowsWanted {
  int lookback = 90;  // days that count
  int sequence = 0;   // of each row, for networks; 0: none
  int least = 0;      // with fewer labelled days a person does not count
  bool of_population = false;
  bool to_measure = false;       // nobody has too few
  std::size_t most = 1'000'000;  // rows of a person
};

/// One row for each day of which the metric is known, of one person after the other, by time.
class DailyRows : public Rows {
 public:
  std::size_t size() const override { return day.size(); }
  std::vector<std::span<const std::byte>> content() const override;
  std::vector<std::string> watched() const override;
  std::size_t parts() const override;
  void show(std::size_t part, RowWatcher& watcher) const override;
  std::span<const float> columns(std::size_t i) const { return {&x[i * kDailyColumns], kDailyColumns}; }
  float level(std::size_t i) const { return x[i * kDailyColumns + kLevel]; }
  /// What a network sees of a row, sequence × kSequenceColumns; nothing where rows have none.
  std::vector<float> sequence_of(std::size_t i) const;
  /// In the model's terms: how far the outcome is from the level.
  float change(std::size_t i) const { return to_model(target[i], is_log) - level(i); }

  DailySubject subject;
  bool is_log = false;
  int persons = 0;
  std::vector<std::int32_t> day;
  std::vector<Micros> at;            // the midnight it begins with
  std::vector<std::int32_t> person;  // 0 …
  std::vector<Split> split;
  std::vector<float> x;  // [N × P]
  std::vector<NaiveValues> naive;
  std::vector<float> target;     // in the metric's unit
  std::vector<Micros> known_at;  // when that was recorded
  // For networks: row i reads the days of `sequence` places from first[i] on, as they were known at its midnight.
  int sequence = 0;
  std::vector<float> days;           // [T × kSequenceColumns]; a day is there once for each state that a row has seen
  std::vector<std::uint32_t> order;  // which of them is at a place
  std::vector<std::uint32_t> first;
  std::vector<std::array<float, kBesides.size()>> besides;  // changes of those metrics
  // Of the only person.
  struct Boundaries {
    Micros validation_start = 0, test_start = 0, test_end = 0;
  } boundaries;
};

std::unique_ptr<RowsMaker> make_daily_rows(const DailyRowsWanted& wanted);
inline const DailyRows& daily_rows(const Rows& rows) {
  return static_cast<const DailyRows&>(rows);
}

/// Of so many labelled days, by place: 80/20 in time is train and test, the last fifth of train is validation.
Split daily_split(std::size_t i, std::size_t n);

}  // namespace glucose
