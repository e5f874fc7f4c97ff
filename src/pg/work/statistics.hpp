// SPDX-License-Identifier: PostgreSQL
// Options of statistics, and their row.
#pragma once
#include "core/base/units.hpp"
#include "core/seeing/summary.hpp"
#include "pg/boundary/server.hpp"

namespace glucose::pg {

struct StatisticsOptions {
  GlucoseUnit unit = GlucoseUnit::mg_dl;
  Targets targets;   // mg/dL
  int part_min = 0;  // of a profile's parts; 0: none is made
  const char* lang = "en";
  double rapid_per_min = 2, spike = 50;  // of what happened, mg/dL
  double rate = 0.1;                     // of what is unusual, the false-discovery rate
};

/// What options are of, and so which there are.
enum class OptionsOf : uint8 { statistics, profile, happened, unusual };

/// unit; of statistics targets (standard, older, pregnancy), each limit by its name, conga_hours; of a profile
/// part_min; of what happened targets, limits, lang, rapid and spike; of what is unusual lang and rate. Limits, rapid
/// and spike are in the unit. Raises 22023.
StatisticsOptions read_statistics_options(Jsonb* options, OptionsOf of);

/// Columns of glucose.glucose_summary, in its order.
inline constexpr int kSummaryColumns = 30;
void put_summary(const Summary& summary, const StatisticsOptions& options, Datum* values, bool* nulls);

}  // namespace glucose::pg
