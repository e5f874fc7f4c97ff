// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/asking/metric_forecast.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace glucose {

namespace {

std::vector<float> sequence_before(KnownDays& days, std::int32_t day, const DailyModel& model) {
  std::vector<float> sequence(static_cast<std::size_t>(model.sequence) * kSequenceColumns);
  for (int i = 0; i < model.sequence; ++i)
    sequence_day(days, day - model.sequence + i, model.is_log(),
                 &sequence[static_cast<std::size_t>(i) * kSequenceColumns]);
  return sequence;
}

[[noreturn]] void nothing_known(const DailyModel& model) {
  throw Error(ErrorCode::too_little_history, "too little history to forecast " + model.subject.name,
              "The metric must be known of at least one of the " + std::to_string(model.lookback) + " days before.");
}

}  // namespace

int days_seen(const DailyModel& model) {
  return model.lookback + model.sequence + model.followed();
}

std::int32_t day_at(const Calendar& calendar, Micros at) {
  const auto begins = calendar.midnights.first(calendar.midnights.size() - 1);
  const auto next = std::lower_bound(begins.begin(), begins.end(), at);
  return calendar.first_day + static_cast<std::int32_t>(next - begins.begin());
}

MetricSight sight_of(const DailyModel& model, const Known& known, const Question& question) {
  MetricSight sight{false, {}, {}, {}, DailyFollower(model), 0};
  if (known.daily == nullptr) return sight;
  const Calendar& calendar = known.daily->calendar;
  const std::int32_t day = sight.day = day_at(calendar, question.at);
  struct Followed {
    std::int32_t day;
    Experts experts;
    float level;
  };
  std::vector<Followed> earlier;
  KnownDays days(*known.daily, is_sum_metric(model.subject.name));
  const bool follows = model.eta > 0 || model.shrink > 0 || !model.scores.empty();
  for (std::int32_t d = std::max(calendar.first_day + 1, day - model.followed()); follows && d < day; ++d) {
    days.know(calendar.begin(d), d);
    const DailyLook look = look_at(days, model.lookback, model.is_log());
    if (look.known == 0) continue;
    const std::vector<float> sequence = sequence_before(days, d, model);
    earlier.push_back({d, model.experts(look.x, look.naive, sequence.data()), look.level()});
  }
  days.know(std::min(question.at, known.until), day);
  for (const Followed& f : earlier) {
    const float outcome = to_model(days.target(f.day), model.is_log());
    if (!std::isnan(outcome))
      sight.follower.observe(f.experts, outcome - f.level, calendar.begin(f.day) <= model.learnt_until);
  }
  sight.look = look_at(days, model.lookback, model.is_log());
  sight.known = sight.look.known > 0;
  if (!sight.known) return sight;
  sight.sequence = sequence_before(days, day, model);
  sight.experts = model.experts(sight.look.x, sight.look.naive, sight.sequence.data());
  return sight;
}

Answer ask_metric(const DailyModel& model, const Known& known, const Question& question) {
  const MetricSight sight = sight_of(model, known, question);
  if (!sight.known) nothing_known(model);
  const float half = half_width(model.scores, question.level);
  const DailyForecast f = daily_forecast(model, sight.follower, sight.experts, sight.look.level(), half);
  Answer answer;
  answer.n = 1;
  answer.expected[0] = {kDayAheadMin, f.value, f.lower, f.upper, f.value, {0, 0}, f.near, f.limited};
  constexpr float kGapOfHigh = 2, kGapOfMedium = 7;
  const float gap = sight.look.x[kGap];
  answer.confidence = gap <= kGapOfHigh ? Confidence::high : gap <= kGapOfMedium ? Confidence::medium : Confidence::low;
  static_assert(kDailyColumns + 1 <= kMostSeen);
  auto next = std::copy(sight.look.x.begin(), sight.look.x.end(), answer.seen.begin());
  *next++ = sight.follower.forecast(sight.experts);  // of the person's own errors and of what a network saw
  answer.n_seen = static_cast<int>(next - answer.seen.begin());
  return answer;
}

std::vector<DayWeight> attention_of(const DailyModel& model, const Known& known, const Question& question) {
  const auto part = std::find_if(model.parts.begin(), model.parts.end(),
                                 [](const DailyPart& p) { return p.network && p.network->net.shape().attention; });
  if (part == model.parts.end())
    throw Error(ErrorCode::bad_argument, "the model that serves has no attention",
                "Train one with the architecture attention, or name its version.");
  const MetricSight sight = sight_of(model, known, question);
  if (!sight.known) nothing_known(model);
  std::vector<float> out(static_cast<std::size_t>(part->network->net.shape().outputs)),
      weights(static_cast<std::size_t>(model.sequence));
  part->network->predict(sight.sequence.data(), 1, out.data(), weights.data());
  std::vector<DayWeight> days;
  days.reserve(weights.size());
  for (int i = 0; i < model.sequence; ++i)
    days.push_back({sight.day - model.sequence + i, weights[static_cast<std::size_t>(i)]});
  return days;
}

}  // namespace glucose
