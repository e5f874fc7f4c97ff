// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/event/rows.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/days/daily_schema.hpp"
#include "core/tasks/event/evenings.hpp"
#include "core/tasks/event/mealtimes.hpp"

namespace glucose {

namespace {

constexpr std::size_t kValidationPercent = 65, kTestPercent = 80;
constexpr std::size_t kGrowth = 3;  // vectors double when they grow: for a moment the old and the new one are there

class Maker final : public RowsMaker {
 public:
  explicit Maker(EventRowsWanted wanted) : wanted_(std::move(wanted)), made_(std::make_unique<EventRows>()) {
    made_->with_sequences = wanted_.sequences;
    if (!wanted_.definition.empty()) take_rule(wanted_.name, wanted_.definition);
  }

  void begin(const Material& material) override {
    material_ = material;
    if (!made_->rule) take_rule(material.subject.name, material.subject.definition);
    evenings_.reset();
    mealtimes_.reset();
    moments_.clear();
    next_ = 0;
    first_ = made_->size();
    if (material.daily == nullptr) return;
    if (made_->rule->at == EventMoment::evening) {
      evenings_.emplace(*made_->rule, *material.daily);
      list_evenings();
    } else {
      mealtimes_.emplace(*made_->rule, material.readings, material.meals);
      list_meals();
    }
    thin();
  }
  bool done() const override { return next_ == moments_.size(); }
  void step() override {
    const Moment& moment = moments_[next_++];
    if (evenings_)
      add(moment, evening(moment));
    else
      add(moment, mealtimes_->look(mealtimes_->meals()[moment.which]));
  }
  bool end() override {
    const std::size_t n = made_->size() - first_;
    most_ = std::max(most_, n);
    if (n < static_cast<std::size_t>(std::max(wanted_.least, 1))) {
      forget();
      return false;
    }
    ++made_->persons;
    split();
    return true;
  }
  std::unique_ptr<Rows> take() override {
    if (made_->persons == 0 && !wanted_.to_measure) raise_too_little();
    if (!made_->columns) made_->columns.emplace(EventRule{});
    return std::move(made_);
  }

 private:
  struct Moment {
    Micros at;
    std::size_t which;  // day of the calendar, or meal
    bool yes;
  };

  void take_rule(std::string_view name, std::string_view definition) {
    made_->name = name;
    made_->definition = definition;
    made_->rule = read_event_rule(definition);
    made_->columns.emplace(*made_->rule);
  }
  bool is_in_period(Micros at) const {
    return at >= material_.start_at && at < material_.end_at && at + made_->horizon() <= material_.end_at;
  }

  void list_evenings() {
    const Calendar& calendar = material_.daily->calendar;
    evenings_->know(kAlways);
    for (std::int32_t i = 0; i < calendar.n(); ++i) {
      const std::int32_t day = calendar.first_day + i;
      if (!is_in_period(calendar.end(day))) continue;
      if (const EventTruth truth = evenings_->outcome(day))
        moments_.push_back({calendar.end(day), static_cast<std::size_t>(i), *truth});
    }
  }
  void list_meals() {
    const auto meals = mealtimes_->meals();
    for (std::size_t i = 0; i < meals.size(); ++i)
      if (is_in_period(meals[i].eaten_at))
        if (const EventTruth truth = mealtimes_->outcome(meals[i].eaten_at, kAlways))
          moments_.push_back({meals[i].eaten_at, i, *truth});
  }
  void thin() {
    if (wanted_.to_measure) return;
    const std::size_t a_row = (made_->columns->columns() + made_->sequence_size()) * sizeof(float) + 32;
    const std::size_t most = std::max<std::size_t>(wanted_.bytes / kGrowth / a_row, 1);
    const std::size_t every = (moments_.size() + most - 1) / most;
    if (every <= 1) return;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < moments_.size(); i += every) moments_[kept++] = moments_[i];
    moments_.resize(kept);
  }

  EventLook evening(const Moment& moment) {
    evenings_->know(moment.at);
    return evenings_->look(material_.daily->calendar.first_day + static_cast<std::int32_t>(moment.which));
  }
  void add(const Moment& moment, const EventLook& look) {
    EventRows& rows = *made_;
    rows.x.insert(rows.x.end(), look.x.begin(), look.x.end());
    if (rows.with_sequences) rows.sequences.insert(rows.sequences.end(), look.sequence.begin(), look.sequence.end());
    rows.state.push_back(look.state);
    rows.y.push_back(moment.yes ? 1 : 0);
    rows.at.push_back(moment.at);
    rows.person.push_back(rows.persons);
    rows.split.push_back(static_cast<std::uint8_t>(Split::train));
  }
  void keep(std::size_t from, std::size_t to) {
    EventRows& r = *made_;
    const std::size_t P = r.columns->columns(), S = r.sequence_size();
    const auto move = [&](auto& values, std::size_t width) {
      std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(from * width), width,
                  values.begin() + static_cast<std::ptrdiff_t>(to * width));
    };
    move(r.x, P);
    move(r.sequences, S);
    r.state[to] = r.state[from], r.y[to] = r.y[from], r.split[to] = r.split[from];
    r.person[to] = r.person[from], r.at[to] = r.at[from];
  }
  void shorten(std::size_t n) {
    EventRows& r = *made_;
    r.x.resize(n * r.columns->columns());
    r.sequences.resize(n * r.sequence_size());
    r.state.resize(n), r.y.resize(n), r.split.resize(n), r.person.resize(n), r.at.resize(n);
  }
  void forget() { shorten(first_); }

  void split() {
    EventRows& rows = *made_;
    const std::size_t n = rows.size() - first_;
    const std::size_t validation = first_ + n * kValidationPercent / 100, test = first_ + n * kTestPercent / 100;
    std::size_t kept = first_;
    for (std::size_t i = first_; i < first_ + n; ++i) {
      const Split of = i < validation ? Split::train : i < test ? Split::validation : Split::test;
      const std::size_t next = of == Split::train ? validation : of == Split::validation ? test : rows.size();
      if (next < rows.size() && rows.at[i] + rows.horizon() > rows.at[next] && !wanted_.to_measure) continue;
      rows.split[i] = static_cast<std::uint8_t>(of);
      if (kept != i) keep(i, kept);
      ++kept;
    }
    shorten(kept);
  }

  [[noreturn]] void raise_too_little() const {
    const bool evening = !made_->rule || made_->rule->at == EventMoment::evening;
    const std::string least = std::to_string(wanted_.least), what = evening ? " evenings" : " meals";
    if (wanted_.of_population)
      throw Error(ErrorCode::too_little_history, "too little history to train: no person who shares data has enough",
                  "A person takes part when shares_data is true and the caller may see it.",
                  "At least " + least + what + " of one person with a known outcome are needed.");
    throw Error(ErrorCode::too_little_history,
                "too little history to train: " + std::to_string(most_) + what + " with a known outcome",
                "Record more, or forecast with a population model until then.", "At least " + least + " are needed.");
  }

  EventRowsWanted wanted_;
  std::unique_ptr<EventRows> made_;
  Material material_;
  std::optional<Evenings> evenings_;
  std::optional<Mealtimes> mealtimes_;
  std::vector<Moment> moments_;
  std::size_t next_ = 0, first_ = 0, most_ = 0;
};

}  // namespace

std::vector<std::span<const std::byte>> EventRows::content() const {
  return {std::as_bytes(std::span(x)), std::as_bytes(std::span(y)), std::as_bytes(std::span(definition))};
}

// The first column of each name; not what the calendar says, nor a month.
namespace {
constexpr std::size_t kRowsOfAPart = 1024;

bool is_watched(std::string_view name) {
  const int feature = daily_feature_of(name);
  return name != "last_month" && name != "own_rate" && (feature < kWeekdaySin || feature > kGapDays);
}

std::vector<std::size_t> watched_places(const EventColumns& columns) {
  std::vector<std::size_t> places;
  for (std::size_t c = 0; c < columns.columns(); ++c)
    if (std::find(columns.names.begin(), columns.names.end(), columns.names[c]) - columns.names.begin() ==
            static_cast<std::ptrdiff_t>(c) &&
        is_watched(columns.names[c]))
      places.push_back(c);
  return places;
}
}  // namespace

std::vector<std::string> EventRows::watched() const {
  std::vector<std::string> all;
  if (columns)
    for (const std::size_t c : watched_places(*columns)) all.emplace_back(columns->names[c]);
  return all;
}

std::size_t EventRows::parts() const {
  return (size() + kRowsOfAPart - 1) / kRowsOfAPart;
}

void EventRows::show(std::size_t part, RowWatcher& watcher) const {
  const std::vector<std::size_t> places = watched_places(*columns);
  std::vector<float> values(places.size());
  for (std::size_t i = part * kRowsOfAPart; i < std::min(size(), (part + 1) * kRowsOfAPart); ++i) {
    for (std::size_t f = 0; f < places.size(); ++f) values[f] = row(i)[places[f]];
    watcher.see(static_cast<std::size_t>(person[i]), at[i], split[i] != static_cast<std::uint8_t>(Split::test), values);
  }
}

EventLook EventRows::look(std::size_t i) const {
  const auto columns_of = row(i), steps = sequence(i);
  return {{columns_of.begin(), columns_of.end()}, {steps.begin(), steps.end()}, state[i]};
}

std::unique_ptr<RowsMaker> make_event_rows(EventRowsWanted wanted) {
  return std::make_unique<Maker>(std::move(wanted));
}

EventTruth event_outcome(const Material& material) {
  if (material.daily == nullptr) return std::nullopt;
  const EventRule rule = read_event_rule(material.subject.definition);
  const Micros horizon = rule.horizon_min * kMinute;
  if (rule.at == EventMoment::meal) {
    if (material.start_at + horizon > material.end_at) return std::nullopt;
    return Mealtimes(rule, material.readings, material.meals).outcome(material.start_at, kAlways);
  }
  const Evenings evenings(rule, *material.daily);
  const auto day = evenings.evening_at(material.start_at);
  if (!day || material.daily->calendar.end(*day) + horizon > material.end_at) return std::nullopt;
  return evenings.outcome(*day);
}

}  // namespace glucose
