// SPDX-License-Identifier: PostgreSQL
#include "pg/work/statistics.hpp"

#include <cmath>

#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/values.hpp"

namespace glucose::pg {

namespace {

constexpr const char* kKnown = "unit, targets, very_low, low, tight_high, high, very_high and conga_hours";
constexpr double kFewestHours = 0.5, kMostHours = 48;
constexpr int kPart = 15, kFewestPart = 5, kMostPart = 120;

struct Limit {
  const char* key;
  double Targets::*of;
};
constexpr Limit kLimits[] = {{"very_low", &Targets::very_low},
                             {"low", &Targets::low},
                             {"tight_high", &Targets::tight_high},
                             {"high", &Targets::high},
                             {"very_high", &Targets::very_high}};
constexpr int kNLimits = 5;

/// Options as they come: in which order is not known, and limits are in a unit that may be named after them.
struct Given {
  StatisticsOptions options;
  double limits[kNLimits];
  bool of_profile;
};

void read_targets(const char* name, Targets& targets) {
  // Older persons have the same ranges and other goals, see glucose_goals().
  if (strcmp(name, "pregnancy") == 0)
    targets.low = 63, targets.tight_high = targets.high = 140;
  else if (strcmp(name, "standard") != 0 && strcmp(name, "older") != 0)
    raise_bad_option("targets", "\"standard\", \"older\" or \"pregnancy\"");
}

int part_value(const char* key, const JsonbValue& value) {
  const double minutes = number_value(key, value);
  const int part = minutes >= kFewestPart && minutes <= kMostPart ? static_cast<int>(minutes) : 0;
  if (part == 0 || part != minutes || 1440 % part != 0)
    raise_bad_option(key, "a number of minutes from 5 to 120 of which a day has a whole number");
  return part;
}

bool read_limit(const char* key, const JsonbValue& value, Given& given) {
  for (int i = 0; i < kNLimits; ++i)
    if (strcmp(key, kLimits[i].key) == 0) {
      given.limits[i] = number_value(key, value);
      return true;
    }
  return false;
}

void read_option(const char* key, const JsonbValue& value, void* state) {
  Given& given = *static_cast<Given*>(state);
  StatisticsOptions& o = given.options;
  if (strcmp(key, "unit") == 0)
    o.unit = require_unit(text_value(key, value));
  else if (given.of_profile && strcmp(key, "part_min") == 0)
    o.part_min = part_value(key, value);
  else if (given.of_profile)
    raise_unknown_option(key, "unit and part_min");
  else if (strcmp(key, "targets") == 0)
    read_targets(text_value(key, value), o.targets);
  else if (strcmp(key, "conga_hours") == 0) {
    o.targets.conga_hours = number_value(key, value);
    if (!(o.targets.conga_hours >= kFewestHours && o.targets.conga_hours <= kMostHours))
      raise_bad_option(key, "from 0.5 to 48");
  } else if (!read_limit(key, value, given))
    raise_unknown_option(key, kKnown);
}

void settle_limits(const Given& given, StatisticsOptions& options) {
  Targets& t = options.targets;
  for (int i = 0; i < kNLimits; ++i) {
    const double limit = given.limits[i];
    if (std::isnan(limit)) continue;
    const double mg_dl = options.unit == GlucoseUnit::mmol_l ? limit * kMgDlPerMmolL : limit;
    if (!(mg_dl >= kGlucoseLow && mg_dl <= kGlucoseHigh))
      raise_bad_option(kLimits[i].key, "from 20 to 600 mg/dL, in the unit of the option \"unit\"");
    t.*kLimits[i].of = mg_dl;
    // Who names one limit need not name those that it passes.
    if (kLimits[i].of == &Targets::high && std::isnan(given.limits[2])) t.tight_high = std::min(t.tight_high, mg_dl);
  }
  if (!(t.very_low <= t.low && t.low < t.tight_high && t.tight_high <= t.high && t.high <= t.very_high))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("limits of glucose are not in order"),
                    errhint("They ascend: very_low, low, tight_high, high, very_high; as long as they are not named, "
                            "they are 54, 70, 140, 180 and 250 mg/dL.")));
}

}  // namespace

StatisticsOptions read_statistics_options(Jsonb* options, bool of_profile) {
  Given given;
  given.of_profile = of_profile;
  given.options.part_min = of_profile ? kPart : 0;
  for (double& limit : given.limits) limit = std::numeric_limits<double>::quiet_NaN();
  for_each_key(options, "options", read_option, &given);
  settle_limits(given, given.options);
  return given.options;
}

void put_summary(const Summary& summary, const StatisticsOptions& options, Datum* values, bool* nulls) {
  const Summary& s = summary;
  int i = 0;
  const auto put = [&](Datum value, bool is_null = false) {
    nulls[i] = is_null;
    values[i++] = value;
  };
  const auto number = [&](double value) { put(Float8GetDatum(value), std::isnan(value)); };
  const auto level = [&](double mg_dl) { number(in_unit(options.unit, mg_dl)); };
  const bool none = s.readings == 0;
  put(CStringGetTextDatum(kGlucoseUnitNames[static_cast<size_t>(options.unit)]));
  put(Int32GetDatum(s.readings));
  put(Int32GetDatum(s.days));
  put(TimestampTzGetDatum(s.first_at), none);
  put(TimestampTzGetDatum(s.last_at), none);
  number(s.covered_pct);
  put(BoolGetDatum(s.is_enough));
  level(s.mean), level(s.sd);
  for (const double v :
       {s.cv_pct, s.gmi_pct, s.very_low_pct, s.low_pct, s.in_range_pct, s.tight_range_pct, s.high_pct, s.very_high_pct})
    number(v);
  for (const int n : {s.very_low_episodes, s.low_episodes, s.high_episodes, s.very_high_episodes})
    put(Int32GetDatum(n), none);
  for (const double v : {s.lbgi, s.hbgi, s.gri, s.adrr}) number(v);
  level(s.mage), level(s.modd), level(s.conga);
  number(options.targets.conga_hours);
  number(s.j_index);
}

}  // namespace glucose::pg
