// SPDX-License-Identifier: PostgreSQL
#include "pg/work/statistics.hpp"

#include <cmath>

#include "core/readings/range_limits.hpp"
#include "pg/boundary/guard.hpp"
#include "pg/boundary/json.hpp"
#include "pg/boundary/values.hpp"

namespace glucose::pg {

namespace {

constexpr const char* kKnown[] = {
    "unit, targets, very_low, low, tight_high, high, very_high and conga_hours", "unit and part_min",
    "unit, lang, targets, very_low, low, tight_high, high, very_high, rapid and spike", "unit, lang and rate"};
constexpr double kLeastRapid = 0.5, kMostRapid = 10, kLeastSpike = 15, kMostSpike = 300;  // mg/dL
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
  double limits[kNLimits], rapid, spike;
  OptionsOf of;
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

// What only some of the functions know; false: not this one.
bool read_own_option(const char* key, const JsonbValue& value, Given& given) {
  StatisticsOptions& o = given.options;
  const bool in_words = given.of == OptionsOf::happened || given.of == OptionsOf::unusual;
  if (given.of == OptionsOf::profile && strcmp(key, "part_min") == 0)
    o.part_min = part_value(key, value);
  else if (in_words && strcmp(key, "lang") == 0)
    require_disclaimer(o.lang = text_value(key, value));
  else if (given.of == OptionsOf::happened && strcmp(key, "rapid") == 0)
    given.rapid = number_value(key, value);
  else if (given.of == OptionsOf::happened && strcmp(key, "spike") == 0)
    given.spike = number_value(key, value);
  else if (given.of == OptionsOf::unusual && strcmp(key, "rate") == 0) {
    o.rate = number_value(key, value);
    if (!(o.rate > 0 && o.rate <= 1)) raise_bad_option(key, "more than 0 and at most 1");
  } else if (given.of == OptionsOf::statistics && strcmp(key, "conga_hours") == 0) {
    o.targets.conga_hours = number_value(key, value);
    if (!(o.targets.conga_hours >= kFewestHours && o.targets.conga_hours <= kMostHours))
      raise_bad_option(key, "from 0.5 to 48");
  } else
    return false;
  return true;
}

void read_option(const char* key, const JsonbValue& value, void* state) {
  Given& given = *static_cast<Given*>(state);
  const bool has_limits = given.of == OptionsOf::statistics || given.of == OptionsOf::happened;
  if (strcmp(key, "unit") == 0)
    given.options.unit = require_unit(text_value(key, value));
  else if (has_limits && strcmp(key, "targets") == 0)
    read_targets(text_value(key, value), given.options.targets);
  else if (!read_own_option(key, value, given) && !(has_limits && read_limit(key, value, given)))
    raise_unknown_option(key, kKnown[static_cast<size_t>(given.of)]);
}

double settled_in(const char* key, double value, double usual, double least, double most, GlucoseUnit unit) {
  if (std::isnan(value)) return usual;
  const double mg_dl = unit == GlucoseUnit::mmol_l ? value * kMgDlPerMmolL : value;
  if (!(mg_dl >= least && mg_dl <= most))
    raise_bad_option(key, psprintf("from %g to %g mg/dL, in the unit of the option \"unit\"", least, most));
  return mg_dl;
}

void settle_limits(const Given& given, StatisticsOptions& options) {
  Targets& t = options.targets;
  for (int i = 0; i < kNLimits; ++i) {
    const double limit = given.limits[i];
    if (std::isnan(limit)) continue;
    const bool is_mmol_l = options.unit == GlucoseUnit::mmol_l;
    const double mg_dl = is_mmol_l ? limit * kMgDlPerMmolL : limit;
    if (!(mg_dl >= kGlucoseLow && mg_dl <= kGlucoseHigh))
      raise_bad_option(kLimits[i].key, "from 20 to 600 mg/dL, in the unit of the option \"unit\"");
    // A reading of 3.9 mmol/L is stored as float32, and is not below a limit of 3.9 mmol/L.
    const double settled = t.*kLimits[i].of = is_mmol_l ? mg_dl - kSameMgDl : mg_dl;
    // Who names one limit need not name those that it passes.
    if (kLimits[i].of == &Targets::high && std::isnan(given.limits[2])) t.tight_high = std::min(t.tight_high, settled);
  }
  if (!(t.very_low <= t.low && t.low < t.tight_high && t.tight_high <= t.high && t.high <= t.very_high))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("limits of glucose are not in order"),
                    errhint("They ascend: very_low, low, tight_high, high, very_high; as long as they are not named, "
                            "they are 54, 70, 140, 180 and 250 mg/dL.")));
}

}  // namespace

StatisticsOptions read_statistics_options(Jsonb* options, OptionsOf of) {
  Given given;
  given.of = of;
  given.options.part_min = of == OptionsOf::profile ? kPart : 0;
  for (double& limit : given.limits) limit = std::numeric_limits<double>::quiet_NaN();
  given.rapid = given.spike = std::numeric_limits<double>::quiet_NaN();
  for_each_key(options, "options", read_option, &given);
  StatisticsOptions& o = given.options;
  settle_limits(given, o);
  o.rapid_per_min = settled_in("rapid", given.rapid, o.rapid_per_min, kLeastRapid, kMostRapid, o.unit);
  o.spike = settled_in("spike", given.spike, o.spike, kLeastSpike, kMostSpike, o.unit);
  return o;
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
