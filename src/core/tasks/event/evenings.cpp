// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/evenings.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

namespace {

constexpr Micros kBeforeEnd = 6 * 60 * kMinute;
constexpr float kFarthest = 8;  // SDs
constexpr int kFewestLevel = 7, kFewestOwn = 10;
constexpr std::int8_t kNotAsked = -2, kNotKnown = -1;
constexpr double kRecent = 0.5;  // what counts of the day before, and so on

bool known(float value) {
  return !std::isnan(value);
}

bool is_calendar(int feature) {
  return feature >= kWeekdaySin && feature <= kGapDays;
}

float clipped(double sds) {
  return static_cast<float>(std::clamp(sds, -static_cast<double>(kFarthest), static_cast<double>(kFarthest)));
}

float as_number(EventTruth truth) {
  return truth ? (*truth ? 1.0F : 0.0F) : kUnknown;
}

/// What a window says, oldest first.
struct Window {
  int n = 0;
  double sum = 0, squares = 0, times = 0, products = 0, time_squares = 0, recent = 0, weights = 0;
  double low = 0, high = 0;
  void add(double time, double v) {
    low = n == 0 ? v : std::min(low, v);
    high = n == 0 ? v : std::max(high, v);
    ++n;
    sum += v;
    squares += v * v;
    times += time;
    products += time * v;
    time_squares += time * time;
  }
  double mean() const { return sum / n; }
  double spread() const { return n < 2 ? 0 : std::sqrt(std::max(0.0, (squares - sum * sum / n) / (n - 1))); }
  double trend() const {
    const double spread_of_times = time_squares - times * times / n;
    return spread_of_times > 0 ? (products - times * sum / n) / spread_of_times : 0;
  }
};

}  // namespace

Evenings::Evenings(const EventRule& rule, const DailyMaterial& material)
    : rule_(rule), material_(material), columns_(rule), metrics_(rule.metrics()), all_(material, kAlways) {
  const auto n = static_cast<std::size_t>(std::max(0, material.calendar.n()));
  latest_.assign(n, std::numeric_limits<Micros>::min());
  glucose_.resize(n);
  features_.resize(n);
  outcomes_.assign(n, kNotAsked);
  const auto note = [&](std::int32_t day, Micros at) {
    if (material.calendar.has(day)) latest_[place(day)] = std::max(latest_[place(day)], at);
  };
  for (const DailyRow& row : material.rows) {
    // A holiday is looked at the evening before.
    const bool is_free = row.input == static_cast<std::int16_t>(Input::free_day);
    note(is_free ? std::max(row.day - 1, material.calendar.first_day) : row.day, row.known_at);
  }
  std::size_t day = 0;
  for (const Reading& reading : material.readings) {
    while (day < n && material.calendar.midnights[day + 1] <= reading.measured_at) ++day;
    if (day == n) break;
    if (reading.measured_at >= material.calendar.midnights[day])
      latest_[day] = std::max(latest_[day], reading.recorded_at);
  }
  for (std::size_t d = 0; d < n; ++d) {
    latest_[d] = std::max(latest_[d], material.calendar.midnights[d + 1]);
    if (d > 0) latest_[d] = std::max(latest_[d], latest_[d - 1]);
  }
}

void Evenings::know(Micros as_of) {
  as_of_ = as_of;
  then_.reset();
}

// Made when something is asked that was not known whole.
const DayTable& Evenings::table_for(std::int32_t day) const {
  if (is_known_whole(day)) return all_;
  if (!then_) then_.emplace(material_, as_of_);
  return *then_;
}

bool Evenings::is_known_whole(std::int32_t day) const {
  return as_of_ >= latest_[place(day)];
}

float Evenings::value(int metric, std::int32_t day) const {
  if (!material_.calendar.has(day)) return kUnknown;
  if (metric < kInputs) return table_for(day).at(day, metric);
  const int of_readings = metric - kInputs;
  const Calendar& calendar = material_.calendar;
  std::optional<GlucoseDay>& kept = glucose_[place(day)];
  if (!kept) kept = glucose_day(material_.readings, calendar.begin(day), calendar.end(day), kAlways);
  const GlucoseDay of_day = kept->known_at <= as_of_ && calendar.end(day) <= as_of_
                                ? *kept
                                : glucose_day(material_.readings, calendar.begin(day), calendar.end(day), as_of_);
  const float value = value_of(of_day, of_readings);
  return known(value) || of_readings != 0 ? value : table_for(day).at(day, Input::glucose_mean);
}

Evenings::Level Evenings::level(int metric, std::int32_t last) const {
  Level level;
  double sum = 0, squares = 0;
  for (std::int32_t day = last - rule_.baseline_days + 1; day <= last; ++day)
    if (const float v = value(metric, day); known(v)) {
      ++level.n;
      sum += static_cast<double>(v);
    }
  if (level.n < 2) return level;
  level.mean = sum / level.n;
  for (std::int32_t day = last - rule_.baseline_days + 1; day <= last; ++day)
    if (const float v = value(metric, day); known(v)) {
      const double d = static_cast<double>(v) - level.mean;
      squares += d * d;
    }
  level.sd = std::sqrt(squares / (level.n - 1));
  return level;
}

EventTruth Evenings::compare(const EventComparison& c, const Stretch& stretch) const {
  double mean = 0, sd = 1;
  if (c.relative) {
    const Level own = level(c.metric, stretch.baseline);
    if (own.n < rule_.baseline_least || !(own.sd > 0)) return std::nullopt;
    mean = own.mean, sd = own.sd;
  }
  int n = 0, holding = 0;
  double sum = 0, low = 0, high = 0;
  for (std::int32_t day = stretch.first; day <= stretch.last; ++day) {
    const float raw = value(c.metric, day);
    if (!known(raw)) continue;
    const double v = (static_cast<double>(raw) - mean) / sd;
    low = n == 0 ? v : std::min(low, v);
    high = n == 0 ? v : std::max(high, v);
    ++n;
    sum += v;
    holding += c.holds(static_cast<float>(v));
  }
  if (n < stretch.least) return std::nullopt;
  switch (c.statistic) {
    case EventStatistic::mean:
      return c.holds(static_cast<float>(sum / n));
    case EventStatistic::min:
      return c.holds(static_cast<float>(low));
    case EventStatistic::max:
      return c.holds(static_cast<float>(high));
    case EventStatistic::days:
      return holding >= std::min(c.days, stretch.last - stretch.first + 1);
  }
  return std::nullopt;
}

EventTruth Evenings::truth(const Stretch& stretch) const {
  return event_truth(rule_, [&](const EventComparison& c, int) { return compare(c, stretch); });
}

EventTruth Evenings::outcome_of(std::int32_t day) const {
  const std::int32_t last = day + rule_.horizon_days();
  if (!material_.calendar.has(day) || !material_.calendar.has(last)) return std::nullopt;
  const Stretch stretch{day + 1, last, day, rule_.least_days};
  if (!is_known_whole(last)) return truth(stretch);
  std::int8_t& kept = outcomes_[place(day)];
  if (kept == kNotAsked) {
    const EventTruth found = truth(stretch);
    kept = found ? static_cast<std::int8_t>(*found) : kNotKnown;
  }
  return kept == kNotKnown ? EventTruth() : EventTruth(kept == 1);
}

EventTruth Evenings::lately(std::int32_t day) const {
  const int days = rule_.horizon_days();
  return truth({day - days + 1, day, day - days, rule_.least_days});
}

EventTruth Evenings::today(std::int32_t day) const {
  return truth({day, day, day - 1, 1});
}

DailyVector Evenings::features(std::int32_t day) {
  if (!material_.calendar.has(day)) {
    DailyVector none;
    none.fill(kUnknown);
    return none;
  }
  if (!is_known_whole(day)) return daily_features(table_for(day), day);
  std::optional<DailyVector>& kept = features_[place(day)];
  if (!kept) kept = daily_features(all_, day);
  return *kept;
}

void Evenings::add_metric(int metric, std::int32_t day, EventLook& look, std::size_t at) const {
  const Level own = level(metric, day);
  if (own.n < kFewestLevel || !(own.sd > 0)) return;
  const int days = rule_.window_days();
  const auto z = [&](std::int32_t d) {
    const float v = value(metric, d);
    return known(v) ? clipped((static_cast<double>(v) - own.mean) / own.sd) : kUnknown;
  };
  Window window, three;
  double recent = 0, weights = 0, weight = 1;
  for (int back = 0; back < days; ++back, weight *= kRecent)
    if (const float v = z(day - back); known(v)) {
      window.add(-back, static_cast<double>(v));
      recent += weight * static_cast<double>(v);
      weights += weight;
      look.sequence[static_cast<std::size_t>(days - 1 - back) * columns_.step_names.size() + kDailyFeatures +
                    at / kEventMetricColumns] = v;
    }
  for (int back = 0; back < 3; ++back)
    if (const float v = z(day - back); known(v)) three.add(-back, static_cast<double>(v));
  float* x = &look.x[at];
  x[kToday] = z(day), x[kYesterday] = z(day - 1), x[kTwoDaysAgo] = z(day - 2);
  if (three.n > 0) x[kThreeDays] = static_cast<float>(three.mean());
  x[kWindowKnown] = static_cast<float>(window.n) / static_cast<float>(days);
  x[kBaselineSpread] = own.mean > 0 ? static_cast<float>(own.sd / own.mean) : kUnknown;
  if (window.n == 0) return;
  x[kWindowMean] = static_cast<float>(window.mean());
  x[kWindowMin] = static_cast<float>(window.low), x[kWindowMax] = static_cast<float>(window.high);
  x[kWindowTrend] = static_cast<float>(window.trend()), x[kWindowSpread] = static_cast<float>(window.spread());
  x[kWindowRecent] = static_cast<float>(recent / weights);
}

// In SDs of the person's own last weeks; what the calendar says as it is.
void Evenings::add_features(std::int32_t day, EventLook& look, std::size_t at) {
  const int days = rule_.window_days();
  const std::int32_t first = std::min(day - rule_.baseline_days, day - days) + 1;
  std::vector<DailyVector> seen;
  for (std::int32_t d = first; d <= day; ++d) seen.push_back(features(d));
  const auto of = [&](std::int32_t d) -> const DailyVector& { return seen[static_cast<std::size_t>(d - first)]; };
  const std::size_t width = columns_.step_names.size();
  for (int f = 0; f < kDailyFeatures; ++f) {
    const auto place = static_cast<std::size_t>(f);
    Window level;
    for (std::int32_t d = day - rule_.baseline_days + 1; d <= day; ++d)
      if (const float v = of(d)[place]; known(v)) level.add(0, static_cast<double>(v));
    const bool raw = is_calendar(f);
    const double mean = raw || level.n == 0 ? 0 : level.mean(), sd = raw ? 1 : level.spread();
    if (!raw && (level.n < kFewestLevel || !(sd > 1e-6 * std::abs(mean)))) continue;
    double sum = 0;
    int n = 0;
    for (int back = 0; back < days; ++back) {
      const float v = of(day - back)[place];
      if (!known(v)) continue;
      const float z = clipped((static_cast<double>(v) - mean) / sd);
      look.sequence[static_cast<std::size_t>(days - 1 - back) * width + place] = z;
      if (back == 0) look.x[at + place] = z;
      sum += static_cast<double>(z);
      ++n;
    }
    if (!raw && n > 0) look.x[at + kDailyFeatures + place] = static_cast<float>(sum / n);
  }
}

void Evenings::add_own(std::int32_t day, EventLook& look, std::size_t at) const {
  int n = 0, yes = 0;
  for (std::int32_t d = day - rule_.horizon_days(); d > day - rule_.horizon_days() - kOwnRateDays; --d)
    if (const EventTruth truth = outcome_of(d)) {
      ++n;
      yes += *truth;
    }
  const EventTruth so_lately = lately(day);
  const EventTruth so_today = today(day);
  look.state = state_of(so_today);
  look.x[at + kSoLately] = as_number(so_lately);
  look.x[at + kSoToday] = as_number(so_today);
  look.x[at + kOwnMoments] = static_cast<float>(n);
  if (n >= kFewestOwn) look.x[at + kOwnRate] = static_cast<float>(yes) / static_cast<float>(n);
}

EventLook Evenings::look(std::int32_t day) {
  EventLook look;
  look.x.assign(columns_.columns(), kUnknown);
  look.sequence.assign(columns_.sequence_size(), kUnknown);
  std::size_t at = 0;
  for (const int metric : metrics_) {
    add_metric(metric, day, look, at);
    at += kEventMetricColumns;
  }
  add_features(day, look, at);
  add_own(day, look, at + 2 * kDailyFeatures);
  return look;
}

std::optional<std::int32_t> Evenings::evening_at(Micros at) const {
  const Calendar& calendar = material_.calendar;
  for (std::int32_t i = calendar.n(); i-- > 0;)
    if (calendar.end(calendar.first_day + i) <= at + kBeforeEnd) return calendar.first_day + i;
  return std::nullopt;
}

}  // namespace glucose
