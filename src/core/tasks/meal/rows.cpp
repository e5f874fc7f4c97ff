// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/rows.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "core/base/error.hpp"
#include "core/days/meal_lines.hpp"
#include "core/readings/time_grid.hpp"

namespace glucose {

namespace {

constexpr int kMealsPerStep = 16;
constexpr std::size_t kLeastBytesOfARow = 2 * sizeof(Sample);  // in any training: itself, and what is said of it

std::string one_decimal(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

class Maker final : public RowsMaker {
 public:
  explicit Maker(MealRowsWanted wanted) : wanted_(std::move(wanted)), rows_(std::make_unique<MealRows>()) {}

  void begin(const Material& m) override {
    rows_->days = m.days();
    const auto as_of = wanted_.any_outcome ? std::optional<Micros>(wanted_.known_at) : std::nullopt;
    whole_.emplace(m.meals);
    builder_.emplace(whole_->all(), m.readings, wanted_.horizons_min, m.start_at, m.end_at, as_of);
  }
  bool done() const override { return builder_->done(); }
  void step() override {
    for (int i = 0; i < kMealsPerStep && !builder_->done(); ++i) builder_->step();
  }
  bool end() override {
    std::vector<Sample> samples = builder_->take();
    samples.shrink_to_fit();  // of thousands of persons
    meals_ = builder_->meals();
    too_late_ = builder_->known_too_late();
    builder_.reset();
    if (wanted_.of_population && samples.size() < static_cast<std::size_t>(wanted_.min_meals)) return false;
    bytes_ += samples.size() * kLeastBytesOfARow;
    if (wanted_.memory_cap > 0 && bytes_ > wanted_.memory_cap)
      throw Error(ErrorCode::out_of_memory, "training would need more than glucose.max_train_memory",
                  "Raise glucose.max_train_memory, or choose a shorter period (start_at, end_at).");
    rows_->persons.push_back(std::move(samples));
    return true;
  }
  std::unique_ptr<Rows> take() override {
    if (!wanted_.of_population) require_enough();
    return std::move(rows_);
  }

 private:
  [[noreturn]] void raise_too_late(int usable) const {
    throw Error(ErrorCode::too_little_history,
                "too little history to train: " + one_decimal(rows_->days) + " days of readings and " +
                    std::to_string(usable) + " usable meals",
                kImportHint,
                std::to_string(too_late_) + " of " + std::to_string(meals_) +
                    " meals have readings before and after them that were recorded only later (recorded_at): a "
                    "forecast would not have known them.");
  }
  void require_enough() const {
    const auto n = rows_->persons.empty() ? 0 : static_cast<int>(rows_->only().size());
    if (n >= wanted_.min_meals && rows_->days >= wanted_.min_days) return;
    if (too_late_ > 0) raise_too_late(n);
    throw Error(ErrorCode::too_little_history,
                "too little history to train: " + one_decimal(rows_->days) + " days of readings and " +
                    std::to_string(n) + " usable meals",
                "Record more, or predict with a population model until then.",
                "At least " + std::to_string(wanted_.min_days) + " days and " + std::to_string(wanted_.min_meals) +
                    " meals are needed; what is eaten within 15 minutes is one; it is usable when glucose is known "
                    "before it and at every horizon after it.");
  }

  MealRowsWanted wanted_;
  std::unique_ptr<MealRows> rows_;
  std::optional<WholeMeals> whole_;
  std::optional<DatasetBuilder> builder_;
  int meals_ = 0, too_late_ = 0;  // of the last person
  std::size_t bytes_ = 0;
};

}  // namespace

std::size_t MealRows::size() const {
  std::size_t n = 0;
  for (const auto& samples : persons) n += samples.size();
  return n;
}

std::vector<std::span<const std::byte>> MealRows::content() const {
  // Samples have no padding, so equal data have equal bytes.
  static_assert(std::has_unique_object_representations_v<decltype(Sample::meal_id)> &&
                sizeof(Sample) == 16 + sizeof(Micros) + sizeof(double) +
                                      sizeof(float) * (kFeatures + kRichFeatures + kMaxHorizons + kCurveSteps));
  std::vector<std::span<const std::byte>> all;
  for (const auto& samples : persons) all.push_back(std::as_bytes(std::span(samples)));
  return all;
}

// The features of 'meal28/1' but for the weekday and the baseline.
namespace {
constexpr std::array kNotWatched{kClock + 2, kClock + 3, kBaseline + 0, kBaseline + 1, kBaseline + 2};
bool is_watched(int feature) {
  return std::find(kNotWatched.begin(), kNotWatched.end(), feature) == kNotWatched.end();
}
}  // namespace

std::vector<std::string> MealRows::watched() const {
  std::vector<std::string> names;
  for (int i = 0; i < kFeatures; ++i)
    if (is_watched(i)) names.emplace_back(kFeatureTable[static_cast<std::size_t>(i)].name);
  return names;
}

void MealRows::show(std::size_t part, RowWatcher& watcher) const {
  const SplitSizes sizes = split_sizes(persons[part]);
  std::array<float, kFeatures - kNotWatched.size()> values;
  for (int row = 0; const Sample& sample : persons[part]) {
    std::size_t next = 0;
    for (int i = 0; i < kFeatures; ++i)
      if (is_watched(i)) values[next++] = sample.features[static_cast<std::size_t>(i)];
    watcher.see(part, sample.eaten_at, sizes.of(row++) != Split::test, values);
  }
}

std::unique_ptr<RowsMaker> make_meal_rows(MealRowsWanted wanted) {
  return std::make_unique<Maker>(std::move(wanted));
}

}  // namespace glucose
