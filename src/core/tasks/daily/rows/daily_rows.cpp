// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/daily/rows/daily_rows.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/error.hpp"
#include "core/tasks/daily/rows/sequence_maker.hpp"

namespace glucose {

namespace {

constexpr int kDaysAStep = 20;
constexpr std::size_t kStatesOfARow = 2;  // take the memory of a row, where there are more than one for each

class Maker final : public RowsMaker {
 public:
  explicit Maker(const DailyRowsWanted& wanted)
      : wanted_(wanted), made_(std::make_unique<DailyRows>()), sequences_(*made_) {
    made_->sequence = wanted.sequence;
  }

  void begin(const Material& m) override {
    made_->subject = {std::string(m.subject.name), std::string(m.subject.unit), m.subject.low, m.subject.high};
    made_->is_log = made_->subject.is_log();
    days_.reset();
    now_.reset();
    first_row_ = made_->size();
    done_ = true;
    if (m.daily == nullptr) return;
    start_at_ = m.start_at;
    end_at_ = m.end_at;
    days_.emplace(*m.daily, is_sum_metric(m.subject.name));
    calendar_ = &m.daily->calendar;
    sequences_.begin(*calendar_);
    note_known(m.daily->rows);
    next_ = calendar_->first_day;
    done_ = false;
  }
  bool done() const override { return done_; }
  void step() override {
    for (int i = 0; i < kDaysAStep && !done_; ++i) {
      if (calendar_->has(next_) && room_taken() < wanted_.most)
        look(next_++);
      else
        done_ = true;
    }
  }
  bool end() override {
    const std::size_t n = made_->size() - first_row_;
    most_seen_ = std::max(most_seen_, n);
    if (n == 0 || (n < static_cast<std::size_t>(wanted_.least) && !wanted_.to_measure)) {
      if (n > 0) drop();
      return false;
    }
    if (wanted_.sequence > 0) add_besides();
    auto& b = made_->boundaries;
    for (std::size_t i = 0; i < n; ++i) {
      const Split split = daily_split(i, n);
      made_->split.push_back(split);
      made_->person.push_back(made_->persons);
      const Micros at = made_->at[first_row_ + i];
      if (split == Split::validation && (i == 0 || made_->split[first_row_ + i - 1] == Split::train))
        b.validation_start = at;
      if (split == Split::test && made_->split[first_row_ + i - 1] != Split::test) b.test_start = at;
    }
    b.test_end = made_->at.back();
    ++made_->persons;
    return true;
  }
  std::unique_ptr<Rows> take() override {
    if (made_->persons == 0 && !wanted_.to_measure) raise_too_little();
    return std::move(made_);
  }

 private:
  std::size_t room_taken() const {
    const std::size_t rows = made_->size() - first_row_, states = sequences_.states();
    return rows + (states > rows ? (states - rows) / kStatesOfARow : 0);
  }
  void look(std::int32_t day) {
    const Micros at = calendar_->begin(day);
    if (at < start_at_ || at >= end_at_) return;
    days_->know(at, day);
    const DailyLook look = look_at(*days_, wanted_.lookback, made_->is_log);
    // The outcome is what is known of the day now.
    const float outcome = outcome_of(day);
    if (look.known == 0 || std::isnan(to_model(outcome, made_->is_log))) return;
    made_->day.push_back(day);
    made_->at.push_back(at);
    made_->x.insert(made_->x.end(), look.x.begin(), look.x.end());
    made_->naive.push_back(look.naive);
    made_->target.push_back(outcome);
    made_->known_at.push_back(known_at_[static_cast<std::size_t>(day - calendar_->first_day)]);
    if (wanted_.sequence > 0) sequences_.add(*days_);
  }
  // By day when the value that counts was recorded.
  void note_known(std::span<const DailyRow> rows) {
    known_at_.assign(static_cast<std::size_t>(calendar_->n()), kAlways);
    for (const DailyRow& row : rows) {
      if (row.input != kTarget || !calendar_->has(row.day) || std::isnan(row.value)) continue;
      Micros& at = known_at_[static_cast<std::size_t>(row.day - calendar_->first_day)];
      if (at == kAlways) at = row.known_at;
    }
  }
  float outcome_of(std::int32_t day) {
    if (!now_) now_.emplace(days_->material(), kAlways);
    return now_->at(day, kTarget);
  }
  // What those of the day have come to, as the outcome is what is known of it now.
  void add_besides() {
    days_->know(kAlways, calendar_->first_day + calendar_->n());
    for (std::size_t i = first_row_; i < made_->size(); ++i) {
      const DailyVector& x = days_->features(made_->day[i]);
      for (std::size_t b = 0; b < kBesides.size(); ++b)
        made_->besides[i][b] += x[static_cast<std::size_t>(kBesides[b])];
    }
  }
  void drop() {
    made_->day.resize(first_row_);
    made_->at.resize(first_row_);
    made_->x.resize(first_row_ * kDailyColumns);
    made_->naive.resize(first_row_);
    made_->target.resize(first_row_);
    made_->known_at.resize(first_row_);
    sequences_.drop();
  }
  [[noreturn]] void raise_too_little() const {
    const std::string needed = std::to_string(wanted_.least);
    if (wanted_.of_population)
      throw Error(ErrorCode::too_little_history,
                  "too little history to train: no person who shares data has enough days with the metric",
                  "A person takes part when shares_data is true and the caller may see it.",
                  "At least " + needed + " days of one person are needed.");
    throw Error(
        ErrorCode::too_little_history,
        "too little history to train: " + std::to_string(most_seen_) + " days with the metric and one before it",
        "Record more, or forecast with a population model until then.", "At least " + needed + " days are needed.");
  }

  DailyRowsWanted wanted_;
  std::unique_ptr<DailyRows> made_;
  SequenceMaker sequences_;
  std::optional<KnownDays> days_;
  std::optional<DayTable> now_;
  const Calendar* calendar_ = nullptr;
  std::vector<Micros> known_at_;  // [D]
  Micros start_at_ = 0, end_at_ = 0;
  std::size_t first_row_ = 0, most_seen_ = 0;
  std::int32_t next_ = 0;
  bool done_ = true;
};

}  // namespace

std::vector<float> DailyRows::sequence_of(std::size_t i) const {
  std::vector<float> seen;
  seen.reserve(static_cast<std::size_t>(sequence) * kSequenceColumns);
  for (std::size_t t = 0; t < static_cast<std::size_t>(sequence); ++t) {
    const float* of_day = &days[std::size_t{order[first[i] + t]} * kSequenceColumns];
    seen.insert(seen.end(), of_day, of_day + kSequenceColumns);
  }
  return seen;
}

std::vector<std::span<const std::byte>> DailyRows::content() const {
  return {std::as_bytes(std::span(x)), std::as_bytes(std::span(target)), std::as_bytes(std::span(day))};
}

// What is known of the day before, and the metric's last value; not what the calendar says.
namespace {
constexpr std::size_t kRowsOfAPart = 1024;
bool is_watched(std::size_t feature) {
  return feature < kWeekdaySin || feature > kGapDays;
}
}  // namespace

std::vector<std::string> DailyRows::watched() const {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kDailyFeatures; ++i)
    if (is_watched(i)) names.emplace_back(kDailyTable[i].name);
  names.emplace_back(name_of_group(kLastValueGroup));
  return names;
}

std::size_t DailyRows::parts() const {
  return (size() + kRowsOfAPart - 1) / kRowsOfAPart;
}

void DailyRows::show(std::size_t part, RowWatcher& watcher) const {
  std::vector<float> values;
  for (std::size_t i = part * kRowsOfAPart; i < std::min(size(), (part + 1) * kRowsOfAPart); ++i) {
    const std::span<const float> row = columns(i);
    values.clear();
    for (std::size_t f = 0; f < kDailyFeatures; ++f)
      if (is_watched(f)) values.push_back(row[kDeviations + f] + row[kLevels + f]);
    values.push_back(from_model(row[kLast] + row[kLevel], is_log));
    watcher.see(static_cast<std::size_t>(person[i]), at[i], split[i] != Split::test, values);
  }
}

Split daily_split(std::size_t i, std::size_t n) {
  const std::size_t test = n * 4 / 5, validation = test * 4 / 5;
  return i < validation ? Split::train : i < test ? Split::validation : Split::test;
}

std::unique_ptr<RowsMaker> make_daily_rows(const DailyRowsWanted& wanted) {
  return std::make_unique<Maker>(wanted);
}

}  // namespace glucose
