// SPDX-License-Identifier: PostgreSQL
// Letters as in columns.hpp; N rows.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/tasks/event/columns.hpp"
#include "core/training/rows.hpp"

namespace glucose {

/// Moments whose outcome is known, of one person or many.
class EventRows final : public Rows {
 public:
  std::string name, definition;  // of the event; empty before the first person
  std::optional<EventRule> rule;
  std::optional<EventColumns> columns;
  std::vector<float> x;              // [N × P]
  std::vector<float> sequences;      // [N × T × F], or none where no network asks for them
  std::vector<EventState> state;     // [N]
  std::vector<std::uint8_t> y;       // [N] 1: yes
  std::vector<std::uint8_t> split;   // [N] Split
  std::vector<std::int32_t> person;  // [N] 0 …
  std::vector<Micros> at;            // [N] the evening's end, or when the meal was eaten; ascending within a person
  int persons = 0;
  bool with_sequences = false;

  std::size_t size() const override { return y.size(); }
  std::vector<std::span<const std::byte>> content() const override;
  std::vector<std::string> watched() const override;
  std::size_t parts() const override;
  void show(std::size_t part, RowWatcher& watcher) const override;

  std::span<const float> row(std::size_t i) const { return {&x[i * columns->columns()], columns->columns()}; }
  std::span<const float> sequence(std::size_t i) const {
    const std::size_t size = sequence_size();
    return {sequences.data() + i * size, size};
  }
  std::size_t sequence_size() const { return with_sequences ? columns->sequence_size() : 0; }
  EventLook look(std::size_t i) const;
  /// So long after a moment its outcome is there.
  Micros horizon() const { return rule->horizon_min * kMinute; }
};

struct EventRowsWanted {
  int least = 0;  // rows that a person needs to count
  bool of_population = false;
  std::size_t bytes = 0;         // that the rows of one person may take; evenly thinned beyond
  bool sequences = false;        // for a network
  bool to_measure = false;       // a stored model on them: nothing is thinned or left out
  std::string name, definition;  // of a stored model; else the material's subject says so
};

/// Splits are 65/15/20 of a person's rows in time; a row whose outcome reaches into the next split is left out. Error
/// too_little_history from take() when nobody has enough.
std::unique_ptr<RowsMaker> make_event_rows(EventRowsWanted wanted);

/// What came of the moment that a material's period begins with; not known before its horizon has passed.
EventTruth event_outcome(const Material& material);

}  // namespace glucose
