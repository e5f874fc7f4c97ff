// SPDX-License-Identifier: PostgreSQL
// What is seen of rows and of forecasts, column by column, as sketches are made of it and compared with it.
#pragma once
#include <array>
#include <limits>
#include <memory>
#include <vector>

#include "core/asking/scored.hpp"
#include "core/training/rows.hpp"
#include "core/watching/drift.hpp"

namespace glucose {

/// Which rows are taken.
struct WatchRange {
  Micros from = std::numeric_limits<Micros>::min(), until = std::numeric_limits<Micros>::max();  // from <= at < until
  bool learnt_only = false;
};

/// Rows are many where persons are: of more than this, every second, third … is taken.
inline constexpr std::size_t kMostWatched = 20'000;
inline constexpr Micros kStretch = 7 * kDay;  // of one person

/// The rows of one person, in weeks from its first one on, or of many, who are a stretch each.
class WatchedRows final : public RowWatcher {
 public:
  /// rows: as many as will be shown, or more
  WatchedRows(std::vector<std::string> names, std::size_t rows, bool of_many, WatchRange range);
  void see(std::size_t person, Micros at, bool learnt, std::span<const float> values) override;

  /// Forgets rows from a moment on.
  void forget_from(Micros at);

  std::size_t features() const { return names_.size(); }
  const std::string& name(std::size_t feature) const { return names_[feature]; }
  Observed observed(std::size_t feature) const;

 private:
  std::vector<std::string> names_;
  std::size_t every_, shown_ = 0;
  bool of_many_;
  WatchRange range_;
  std::size_t person_ = 0;
  Micros first_at_ = 0;
  std::vector<Micros> at_;                  // [N]
  std::vector<std::int32_t> stretch_;       // [N]
  std::vector<std::vector<float>> values_;  // [F][N]
};

/// Shows rows that were made of one person as the place-th person's.
class PersonOfMany final : public RowWatcher {
 public:
  PersonOfMany(RowWatcher& watcher, std::size_t place) : watcher_(watcher), place_(place) {}
  void see(std::size_t /*person*/, Micros at, bool learnt, std::span<const float> values) override {
    watcher_.see(place_, at, learnt, values);
  }

 private:
  RowWatcher& watcher_;
  std::size_t place_;
};

/// Forecasts of one person and what came of them, at some horizons.
class WatchedForecasts {
 public:
  /// Horizons are taken as they come, up to kMostHorizons; of a row with more, as many evenly spaced ones.
  static constexpr std::size_t kMostHorizons = 4;
  /// outcome NaN: not known. measures: whether the error is one of a moment that nothing was learnt from. By time.
  void see(Micros at, int minutes_ahead, float value, float outcome, bool measures);
  void see(const ScoredRow& row, bool measures);

  std::size_t horizons() const { return horizons_.size(); }
  int minutes_ahead(std::size_t horizon) const { return horizons_[horizon].minutes; }
  /// Of kind prediction or error.
  Observed observed(DriftKind kind, std::size_t horizon) const;

 private:
  struct Column {
    std::vector<float> value;
    std::vector<std::int32_t> stretch;
    std::vector<std::uint8_t> part, counts;
    void add(float v, std::int32_t stretch_of_it, std::uint8_t part_of_it, bool counts_too);
  };
  struct Horizon {
    int minutes;
    Column value, error;
  };
  Horizon& horizon(int minutes_ahead);
  bool any_ = false;
  Micros first_at_ = 0;
  std::vector<Horizon> horizons_;
};

/// Passes rows on, and shows them to somebody on the way.
class OverheardScorer final : public Scorer {
 public:
  /// Rows from measured_from on measure the model; seen must outlive this
  OverheardScorer(std::unique_ptr<Scorer> scorer, WatchedForecasts& seen, WatchRange range, Micros measured_from)
      : scorer_(std::move(scorer)), seen_(seen), range_(range), measured_from_(measured_from) {}
  bool done() const override { return scorer_->done(); }
  bool next(ScoredRow& row) override;

 private:
  std::unique_ptr<Scorer> scorer_;
  WatchedForecasts& seen_;
  WatchRange range_;
  Micros measured_from_;
};

/// A sketch that is kept, under what name.
struct KeptSketch {
  DriftKind kind;
  std::string name;
  Sketch sketch;
};
/// How a horizon is called.
std::string horizon_name(int minutes_ahead);

/// Appends the sketches of what was seen.
void add_sketch(std::vector<KeptSketch>& kept, const WatchedRows& rows, std::size_t feature);
void add_sketches(std::vector<KeptSketch>& kept, const WatchedForecasts& forecasts);
/// By kind, then name.
Notes notes_of(const std::vector<KeptSketch>& kept);

/// Each quantity that was sketched and is seen now, in the order of kept; drifted is not set yet.
std::vector<Drift> drifts_of(const std::vector<KeptSketch>& kept, const WatchedRows& rows);
std::vector<Drift> drifts_of(const std::vector<KeptSketch>& kept, const WatchedForecasts& forecasts);

}  // namespace glucose
