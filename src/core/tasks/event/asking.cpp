// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/asking.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"
#include "core/base/random.hpp"
#include "core/tasks/event/evenings.hpp"
#include "core/tasks/event/mealtimes.hpp"

namespace glucose {

namespace {

constexpr Micros kWeek = 7 * kDay;
constexpr float kRuledOut = 0.1F;
constexpr std::size_t kMostImportanceRows = 2000;  // evenly thinned beyond
constexpr int kRepeats = 3;

[[noreturn]] void nothing_known(const char* of) {
  throw Error(ErrorCode::too_little_history, std::string("too little is known of ") + of + " to forecast from",
              "A forecast needs what the event is about, and some days of the person's own level.");
}

EventLook evening_look(const EventModel& model, const Known& known, const Question& question) {
  if (known.daily == nullptr) nothing_known("the days before this moment");
  Evenings evenings(model.rule, *known.daily);
  const auto day = evenings.evening_at(question.at);
  if (!day) nothing_known("the days before this moment");
  evenings.know(known.until > 0 ? std::min(question.at, known.until) : question.at);
  EventLook look = evenings.look(*day);
  const std::size_t metrics = model.rule.metrics().size();
  const bool any = [&] {
    for (std::size_t m = 0; m < metrics; ++m)
      if (look.x[m * kEventMetricColumns + kWindowKnown] > 0) return true;
    return false;
  }();
  if (!any) nothing_known("what the event is about");
  return look;
}

EventLook meal_look(const EventModel& model, const Known& known, const Question& question) {
  const Mealtimes mealtimes(model.rule, known.readings, known.meals);
  const Meal* eaten = question.has_meal ? &question.meal : nullptr;
  for (const Meal& meal : mealtimes.meals())
    if (!question.has_meal && meal.eaten_at <= question.at && question.at - meal.eaten_at <= kOneMeal) eaten = &meal;
  if (eaten == nullptr)
    throw Error(ErrorCode::bad_argument, "no meal is stored at this moment",
                "This event is about what follows a meal: record the meal, then ask about the moment it was eaten at.");
  EventLook look = mealtimes.look(*eaten);
  if (std::isnan(look.x[kLastReading])) nothing_known("glucose in the hour before this meal");
  return look;
}

Confidence confidence_in(const EventModel& model, const EventLook& look) {
  if (model.rule.at == EventMoment::meal)
    return look.x[kReadingAge] <= 15 && !std::isnan(look.x[kSlope60]) ? Confidence::high : Confidence::medium;
  float known = 0;
  const std::size_t metrics = model.rule.metrics().size();
  for (std::size_t m = 0; m < metrics; ++m)
    if (const float share = look.x[m * kEventMetricColumns + kWindowKnown]; !std::isnan(share))
      known = std::max(known, share);
  if (look.state == EventState::unknown) return known >= 0.5F ? Confidence::medium : Confidence::low;
  return known >= 0.7F ? Confidence::high : Confidence::medium;
}

// The person's own where enough is known of it, else that of the rows learnt from.
float usual_rate(const EventModel& model, const EventLook& look) {
  const std::size_t own = model.rule.at == EventMoment::meal
                              ? static_cast<std::size_t>(kMealRate)
                              : look.x.size() - static_cast<std::size_t>(kEventOwnColumns - kOwnRate);
  return std::isnan(look.x[own]) ? static_cast<float>(probability_of(static_cast<double>(model.stack.mean)))
                                 : look.x[own];
}

class EventExplainer final : public Explainer {
 public:
  EventExplainer(const EventModel& model, EventLook look) : model_(model), look_(std::move(look)) {}
  bool done() const override { return done_; }
  void step() override {
    if (done_) return;
    parts_ = event_parts(model_, look_);
    done_ = true;
  }
  Explanation take() const override {
    Explanation e{parts_.baseline, {}};
    for (const EventPart& part : parts_.parts) e.parts.push_back({part.name, part.value, part.contribution});
    return e;
  }

 private:
  const EventModel& model_;
  EventLook look_;
  EventParts parts_;
  bool done_ = false;
};

class EventScorer final : public Scorer {
 public:
  EventScorer(const EventModel& model, const EventRows& rows, Micros from) : model_(model), rows_(rows), from_(from) {}
  bool done() const override { return next_ == rows_.size(); }
  bool next(ScoredRow& row) override {
    const std::size_t i = next_++;
    if (rows_.at[i] < from_) return false;
    const auto p = static_cast<float>(model_.probability(rows_.look(i)));
    row.at = rows_.at[i];
    row.unit = row.at / (model_.rule.at == EventMoment::evening ? kWeek : kDay);
    row.n = 1;
    row.minutes[0] = model_.rule.horizon_min;
    row.value[0] = p;
    row.lower[0] = 1 - p > kRuledOut ? 0.0F : p;
    row.upper[0] = p > kRuledOut ? 1.0F : p;
    row.outcome[0] = static_cast<float>(rows_.y[i]);
    return true;
  }

 private:
  const EventModel& model_;
  const EventRows& rows_;
  Micros from_;
  std::size_t next_ = 0;
};

class EventImportance final : public ImportanceWork {
 public:
  EventImportance(const EventModel& model, const EventRows& rows, Micros from, std::uint64_t seed)
      : model_(model), rows_(rows), columns_(model.rule), random_(seed) {
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows.at[i] >= from) asked_.push_back(i);
    if (asked_.size() > kMostImportanceRows) {
      std::vector<std::size_t> some;
      for (std::size_t k = 0; k < kMostImportanceRows; ++k)
        some.push_back(asked_[k * asked_.size() / kMostImportanceRows]);
      asked_ = std::move(some);
    }
    for (const auto* names : {&columns_.names, &columns_.step_names})
      for (const std::string_view name : *names)
        if (std::find(groups_.begin(), groups_.end(), name) == groups_.end()) groups_.push_back(name);
  }
  bool done() const override { return asked_.empty() || group_ == groups_.size(); }
  void step() override {
    if (done()) return;
    if (plain_ < 0) {
      plain_ = error({}, asked_);
      return;
    }
    double worse = 0;
    for (int repeat = 0; repeat < kRepeats; ++repeat) {
      std::vector<std::size_t> other = asked_;
      random_.shuffle(other);
      worse += error(groups_[group_], other) - plain_;
    }
    found_.push_back({groups_[group_++], model_.rule.horizon_min, static_cast<float>(worse / kRepeats),
                      static_cast<int>(asked_.size())});
  }
  std::vector<Importance> take() const override {
    auto sorted = found_;
    sort_by_increase(sorted);
    return sorted;
  }

 private:
  double error(std::string_view group, const std::vector<std::size_t>& other) const {
    double sum = 0;
    for (std::size_t k = 0; k < asked_.size(); ++k) {
      EventLook look = rows_.look(asked_[k]);
      if (!group.empty()) swap_in(group, rows_.look(other[k]), look);
      sum += std::abs(model_.probability(look) - rows_.y[asked_[k]]);
    }
    return sum / static_cast<double>(asked_.size());
  }
  void swap_in(std::string_view group, const EventLook& from, EventLook& to) const {
    for (std::size_t p = 0; p < columns_.names.size(); ++p)
      if (columns_.names[p] == group) to.x[p] = from.x[p];
    const std::size_t F = columns_.step_names.size();
    for (std::size_t i = 0; i < to.sequence.size(); ++i)
      if (columns_.step_names[i % F] == group) to.sequence[i] = from.sequence[i];
    // Whether it is so by a meal's last reading is the reading's to say.
    const std::string_view says = model_.rule.at == EventMoment::evening ? "now" : "last_reading";
    if (group == says) to.state = from.state;
  }

  const EventModel& model_;
  const EventRows& rows_;
  EventColumns columns_;
  Random random_;
  std::vector<std::size_t> asked_;
  std::vector<std::string_view> groups_;
  double plain_ = -1;
  std::size_t group_ = 0;
  std::vector<Importance> found_;
};

}  // namespace

EventLook event_look(const EventModel& model, const Known& known, const Question& question) {
  return model.rule.at == EventMoment::evening ? evening_look(model, known, question)
                                               : meal_look(model, known, question);
}

Answer ask_event(const EventModel& model, const Known& known, const Question& question) {
  const EventLook look = event_look(model, known, question);
  const double p = model.probability(look);
  const ProbabilityRange range = credible_range(model.stack.bins, p, question.level);
  Answer answer{};
  answer.n = 1;
  const auto value = static_cast<float>(p);
  answer.expected[0] = {model.rule.horizon_min,          value, static_cast<float>(range.lower),
                        static_cast<float>(range.upper), value, {value, 1 - value},
                        std::max(value, 1 - value),      false, Confidence::high};
  answer.confidence = confidence_in(model, look);
  answer.seen[0] = usual_rate(model, look);
  const std::size_t shown = std::min<std::size_t>(look.x.size(), kMostSeen - 1);
  std::copy_n(look.x.begin(), shown, answer.seen.begin() + 1);
  answer.n_seen = static_cast<int>(shown) + 1;
  return answer;
}

std::unique_ptr<Explainer> explain_event(const EventModel& model, const Known& known, const Question& question) {
  return std::make_unique<EventExplainer>(model, event_look(model, known, question));
}

std::unique_ptr<Scorer> score_event(const EventModel& model, const EventRows& rows, Micros from) {
  return std::make_unique<EventScorer>(model, rows, from);
}

std::unique_ptr<ImportanceWork> event_importance(const EventModel& model, const EventRows& rows, Micros from,
                                                 std::uint64_t seed) {
  return std::make_unique<EventImportance>(model, rows, from, seed);
}

}  // namespace glucose
