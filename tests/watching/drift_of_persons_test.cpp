// SPDX-License-Identifier: PostgreSQL
// Simulated persons of whom nothing changes, and of whom something does: how often drift is told. 60 days are learnt
// from, by rows and splits as a training has them; the 30 after them are looked at. docs/why/drift.md has the figures.
#include <gtest/gtest.h>

#include <array>

#include "core/tasks/cgm/trainer.hpp"
#include "core/tasks/meal/rows.hpp"
#include "core/watching/days_watch.hpp"
#include "core/watching/watch.hpp"
#include "support/simulated_samples.hpp"

namespace glucose {
namespace {

constexpr Micros kBefore = 60 * kDay, kAfter = 30 * kDay;
constexpr std::array kProfiles{Profile::none, Profile::t2d, Profile::t1d};
constexpr double kEffect = 0.3;  // as glucose.drift_effect

enum class Kind { meals, readings };

std::unique_ptr<Rows> rows_of(Kind kind, const Material& material, bool to_learn) {
  const auto maker = kind == Kind::meals ? make_meal_rows({.horizons_min = {60, 120}, .any_outcome = !to_learn})
                                         : make_cgm_rows({0, false, 20'000, !to_learn});
  maker->begin(material);
  while (!maker->done()) maker->step();
  maker->end();
  return maker->take();
}

Material material_of(const SimulatedHistory& history, Kind kind, Micros start_at, Micros end_at) {
  Material m;
  m.readings = history.readings;
  if (kind == Kind::meals) m.meals = history.meals;
  m.start_at = start_at;
  m.end_at = end_at;
  return m;
}

WatchedRows watched(const Rows& rows, WatchRange range) {
  WatchedRows watched(rows.watched(), rows.size(), false, range);
  for (std::size_t part = 0; part < rows.parts(); ++part) rows.show(part, watched);
  return watched;
}

WatchedRows days_of(const Material& material) {
  WatchedRows days(watched_of_days(), 0, false, {});
  show_days(material, 0, days);
  return days;
}

std::vector<KeptSketch> reference_of(const SimulatedHistory& history, Kind kind) {
  std::vector<KeptSketch> kept;
  const auto add = [&](const WatchedRows& rows) {
    for (std::size_t f = 0; f < rows.features(); ++f) add_sketch(kept, rows, f);
  };
  add(watched(*rows_of(kind, material_of(history, kind, 0, kBefore), true), {.learnt_only = true}));
  add(days_of(material_of(history, kind, 0, kBefore * 85 / 100)));
  return kept;
}

/// Whether anything is called drifted on any of the days.
bool is_found(const SimulatedHistory& history, Kind kind, std::span<const int> days) {
  const std::vector<KeptSketch> kept = reference_of(history, kind);
  const auto rows = rows_of(kind, material_of(history, kind, kBefore, kBefore + kAfter), false);
  for (const int day : days) {
    const Micros until = kBefore + day * kDay;
    std::vector<Drift> drifts = drifts_of(kept, watched(*rows, {.until = until}));
    for (Drift& d : drifts_of(kept, days_of(material_of(history, kind, kBefore, until)))) drifts.push_back(d);
    judge_drifts(drifts, kEffect);
    if (std::any_of(drifts.begin(), drifts.end(), [](const Drift& d) { return d.drifted; })) return true;
  }
  return false;
}

using Change = void (*)(SimulatedHistory& history);

int found_of(int persons, std::uint64_t first, Kind kind, std::span<const int> days, Change change) {
  int found = 0;
  for (int i = 0; i < persons; ++i) {
    const std::uint64_t seed = first + static_cast<std::uint64_t>(i);
    SimulatedHistory history = simulated_history(seed, 90, kProfiles[seed % kProfiles.size()]);
    change(history);
    found += is_found(history, kind, days);
  }
  return found;
}

template <class F>
void for_later_readings(SimulatedHistory& history, F&& f) {
  for (Reading& r : history.readings)
    if (r.measured_at >= kBefore) f(r);
}
template <class F>
void for_later_meals(SimulatedHistory& history, F&& f) {
  for (Meal& m : history.meals)
    if (m.eaten_at >= kBefore) f(m);
}

void nothing(SimulatedHistory& /*as it is*/) {}
void sensor_bias(SimulatedHistory& history) {
  for_later_readings(history, [](Reading& r) { r.mg_dl += 25; });
}
void other_unit(SimulatedHistory& history) {
  for_later_readings(history, [](Reading& r) { r.mg_dl /= 18; });
}
void kilojoules(SimulatedHistory& history) {
  for_later_meals(history, [](Meal& m) { m.nutrition.calories *= 4.184F; });
}
void other_meals(SimulatedHistory& history) {
  for_later_meals(history, [](Meal& m) { m.nutrition.carbs_g *= 0.4F, m.nutrition.fat_g *= 2; });
}
void missing_macros(SimulatedHistory& history) {
  for (int i = 0; Meal & m : history.meals)
    if (m.eaten_at >= kBefore && ++i % 2 == 0) m.nutrition.protein_g = m.nutrition.fat_g = kUnknown;
}

constexpr std::array kAtTheEnd{30};

// A month of nights from the fourteenth day on, the first on which anything is said.
TEST(DriftOfPersons, NoneWhereNothingChanges) {
  std::array<int, 17> nights;
  for (int i = 0; i < 17; ++i) nights[static_cast<std::size_t>(i)] = 14 + i;
  EXPECT_LE(found_of(120, 50'000, Kind::meals, nights, nothing), 6);
  EXPECT_LE(found_of(30, 51'000, Kind::readings, nights, nothing), 1);
}

TEST(DriftOfPersons, PlantedOnesAreFound) {
  for (const Change change : {kilojoules, other_meals, missing_macros, other_unit})
    EXPECT_GE(found_of(30, 52'000, Kind::meals, kAtTheEnd, change), 29);
  EXPECT_GE(found_of(15, 53'000, Kind::readings, kAtTheEnd, other_unit), 15);
}

// As much as sensors are off from session to session by themselves, and less than many persons' own days vary: about
// a third of them.
TEST(DriftOfPersons, ABiasIsFoundInManyPersons) {
  EXPECT_GE(found_of(60, 54'000, Kind::meals, kAtTheEnd, sensor_bias), 15);
}

}  // namespace
}  // namespace glucose
