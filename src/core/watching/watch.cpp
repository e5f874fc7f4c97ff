// SPDX-License-Identifier: PostgreSQL
#include "core/watching/watch.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

WatchedRows::WatchedRows(std::vector<std::string> names, std::size_t rows, bool of_many, WatchRange range)
    : names_(std::move(names)),
      every_(std::max<std::size_t>(1, (rows + kMostWatched - 1) / kMostWatched)),
      of_many_(of_many),
      range_(range),
      values_(names_.size()) {}

void WatchedRows::see(std::size_t person, Micros at, bool learnt, std::span<const float> values) {
  if (at < range_.from || at >= range_.until || (range_.learnt_only && !learnt)) return;
  if (shown_++ % every_ != 0) return;
  const bool is_first = stretch_.empty();
  if (is_first) first_at_ = at;
  if (of_many_)
    stretch_.push_back(is_first ? 0 : stretch_.back() + (person != person_ ? 1 : 0));
  else
    stretch_.push_back(static_cast<std::int32_t>((at - first_at_) / kStretch));
  person_ = person;
  at_.push_back(at);
  for (std::size_t f = 0; f < values_.size(); ++f) values_[f].push_back(values[f]);
}

void WatchedRows::forget_from(Micros at) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < at_.size(); ++i) {
    if (at_[i] >= at) continue;
    at_[kept] = at_[i];
    stretch_[kept] = stretch_[i];
    for (std::vector<float>& column : values_) column[kept] = column[i];
    ++kept;
  }
  at_.resize(kept);
  stretch_.resize(kept);
  for (std::vector<float>& column : values_) column.resize(kept);
}

Observed WatchedRows::observed(std::size_t feature) const {
  return {.value = values_[feature], .stretch = stretch_, .part = {}, .counts = {}, .in_order = !of_many_};
}

void WatchedForecasts::Column::add(float v, std::int32_t stretch_of_it, std::uint8_t part_of_it, bool counts_too) {
  value.push_back(v);
  stretch.push_back(stretch_of_it);
  part.push_back(part_of_it);
  counts.push_back(counts_too ? 1 : 0);
}

WatchedForecasts::Horizon& WatchedForecasts::horizon(int minutes_ahead) {
  const auto there =
      std::find_if(horizons_.begin(), horizons_.end(), [&](const Horizon& h) { return h.minutes == minutes_ahead; });
  return there != horizons_.end() ? *there : horizons_.emplace_back(Horizon{minutes_ahead, {}, {}});
}

void WatchedForecasts::see(Micros at, int minutes_ahead, float value, float outcome, bool measures) {
  if (!any_) first_at_ = at;
  any_ = true;
  Horizon& h = horizon(minutes_ahead);
  const auto stretch = static_cast<std::int32_t>((at - first_at_) / kStretch);
  constexpr Micros kPart = kDay / static_cast<Micros>(kDayParts);
  const auto part = static_cast<std::uint8_t>(((at % kDay + kDay) % kDay) / kPart);
  h.value.add(value, stretch, part, true);
  if (!std::isnan(outcome)) h.error.add(value - outcome, stretch, part, measures);
}

void WatchedForecasts::see(const ScoredRow& row, bool measures) {
  const auto n = static_cast<std::size_t>(row.n), taken = std::min(n, kMostHorizons);
  for (std::size_t i = 1; i <= taken; ++i) {
    const std::size_t k = i * n / taken - 1;
    see(row.at, row.minutes[k], row.value[k], row.outcome[k], measures);
  }
}

Observed WatchedForecasts::observed(DriftKind kind, std::size_t horizon) const {
  const Column& c = kind == DriftKind::error ? horizons_[horizon].error : horizons_[horizon].value;
  return {.value = c.value, .stretch = c.stretch, .part = c.part, .counts = c.counts, .in_order = true};
}

bool OverheardScorer::next(ScoredRow& row) {
  if (!scorer_->next(row)) return false;
  if (row.at >= range_.from && row.at < range_.until) seen_.see(row, row.at >= measured_from_);
  return true;
}

std::string horizon_name(int minutes_ahead) {
  return std::to_string(minutes_ahead) + " min";
}

void add_sketch(std::vector<KeptSketch>& kept, const WatchedRows& rows, std::size_t feature) {
  if (auto sketch = sketch_of(rows.observed(feature)))
    kept.push_back({DriftKind::feature, rows.name(feature), std::move(*sketch)});
}

void add_sketches(std::vector<KeptSketch>& kept, const WatchedForecasts& forecasts) {
  for (const DriftKind kind : {DriftKind::prediction, DriftKind::error})
    for (std::size_t k = 0; k < forecasts.horizons(); ++k)
      if (auto sketch = sketch_of(forecasts.observed(kind, k)))
        kept.push_back({kind, horizon_name(forecasts.minutes_ahead(k)), std::move(*sketch)});
}

Notes notes_of(const std::vector<KeptSketch>& kept) {
  Notes by_kind;
  for (std::size_t kind = 0; kind < kDriftKindNames.size(); ++kind) {
    Notes by_name;
    for (const KeptSketch& one : kept)
      if (static_cast<std::size_t>(one.kind) == kind) by_name.push_back({one.name, notes_of(one.sketch)});
    if (!by_name.empty()) by_kind.push_back({kDriftKindNames[kind], std::move(by_name)});
  }
  return by_kind;
}

namespace {

Drift named(const KeptSketch& kept, const Observed& observed) {
  Drift drift = drift_of(kept.sketch, observed);
  drift.kind = kept.kind;
  drift.name = kept.name;
  return drift;
}

}  // namespace

std::vector<Drift> drifts_of(const std::vector<KeptSketch>& kept, const WatchedRows& rows) {
  std::vector<Drift> drifts;
  for (const KeptSketch& one : kept)
    for (std::size_t f = 0; f < rows.features(); ++f)
      if (one.kind == DriftKind::feature && one.name == rows.name(f) && one.sketch.parts.size() == 1)
        drifts.push_back(named(one, rows.observed(f)));
  return drifts;
}

std::vector<Drift> drifts_of(const std::vector<KeptSketch>& kept, const WatchedForecasts& forecasts) {
  std::vector<Drift> drifts;
  for (const KeptSketch& one : kept)
    for (std::size_t k = 0; k < forecasts.horizons(); ++k)
      if (one.kind != DriftKind::feature && one.name == horizon_name(forecasts.minutes_ahead(k)) &&
          one.sketch.parts.size() == kDayParts)
        drifts.push_back(named(one, forecasts.observed(one.kind, k)));
  return drifts;
}

}  // namespace glucose
