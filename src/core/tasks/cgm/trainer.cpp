// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/trainer.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "core/base/error.hpp"
#include "core/tasks/cgm/codec.hpp"
#include "core/tasks/cgm/groups.hpp"
#include "core/tasks/cgm/training.hpp"

namespace glucose {

namespace {

// Vectors double when they grow: for a moment the old and the new one are there.
constexpr std::size_t kGrowth = 3;

class Maker final : public RowsMaker {
 public:
  explicit Maker(const CgmRowsWanted& wanted) : wanted_(wanted), made_(std::make_unique<CgmTaskRows>()) {}

  void begin(const Material& m) override {
    material_ = m;
    made_->days = m.days();
    builder_.reset();
    if (made_->days < wanted_.min_days || !has_reading(m)) return;
    builder_.emplace(made_->rows, m.readings, m.clock, m.start_at, m.end_at, wanted_.most_a_person, wanted_.rows_for());
  }
  bool done() const override { return !builder_ || builder_->done(); }
  void step() override { builder_->step(); }
  bool end() override {
    if (!builder_ || builder_->added() == 0) return false;
    made_->boundaries = builder_->boundaries();
    builder_.reset();  // as large as the readings
    const Micros first = first_of(material_)->measured_at, last = made_->boundaries.test_start - 1;
    made_->start = persons_ == 0 ? first : std::min(made_->start, first);
    made_->end = persons_ == 0 ? last : std::max(made_->end, last);
    ++persons_;
    return true;
  }
  std::unique_ptr<Rows> take() override {
    if (persons_ == 0 && !wanted_.to_measure) raise_too_little();
    return std::move(made_);
  }

 private:
  static const Reading* first_of(const Material& m) {
    return &*std::partition_point(m.readings.begin(), m.readings.end(),
                                  [&](const Reading& r) { return r.measured_at < m.start_at; });
  }
  static bool has_reading(const Material& m) {
    return std::any_of(m.readings.begin(), m.readings.end(),
                       [&](const Reading& r) { return r.measured_at >= m.start_at && r.measured_at < m.end_at; });
  }
  [[noreturn]] void raise_too_little() const {
    const std::string days = std::to_string(wanted_.min_days);
    if (wanted_.of_population)
      throw Error(ErrorCode::too_little_history, "too little history to train: no person who shares data has enough",
                  "A person takes part when shares_data is true and the caller may see it.",
                  "At least " + days + " days of readings of one person are needed.");
    char text[80];
    std::snprintf(text, sizeof text, "too little history to train: %.1f days of readings", made_->days);
    throw Error(ErrorCode::too_little_history, text, "Record more, or forecast with a population model until then.",
                "At least " + days +
                    " days are needed, with stretches of two hours without a gap of more than 45 "
                    "minutes.");
  }

  CgmRowsWanted wanted_;
  std::unique_ptr<CgmTaskRows> made_;
  Material material_;
  std::optional<CgmRowsBuilder> builder_;
  int persons_ = 0;
};

Notes errors_of(const CgmMeasured& m) {
  Notes by_horizon;
  for (const std::size_t k : kCgmReported) {
    Notes errors;
    note(errors, "mae", m.median.at(k).mae);
    note(errors, "rmse", m.median.at(k).rmse);
    note(errors, "mean_head_rmse", m.mean.at(k).rmse);
    note(errors, "persistence_mae", m.persistence.at(k).mae);
    note(errors, "persistence_rmse", m.persistence.at(k).rmse);
    by_horizon.push_back({std::to_string(cgm_minutes(k)), std::move(errors)});
  }
  return by_horizon;
}

// By head and horizon: the error of persons left out with the linear part alone and with what serves of the trees.
Notes trees_of(const CgmTreesGains& gains) {
  static constexpr const char *kHeads[] = {"median", "mean"}, *kErrors[] = {"mae", "rmse"};
  Notes by_head;
  for (std::size_t head = 0; head < gains.size(); ++head) {
    Notes by_horizon;
    for (std::size_t t = 0; t < kCgmTreeCount; ++t) {
      const CgmTreesGain& gain = gains[head][t];
      Notes one;
      note(one, "share", static_cast<double>(gain.share));
      note(one, std::string("linear_") + kErrors[head], gain.linear);
      note(one, kErrors[head], gain.corrected);
      by_horizon.push_back({std::to_string(cgm_minutes(kCgmTreeHorizons[t])), std::move(one)});
    }
    by_head.push_back({kHeads[head], std::move(by_horizon)});
  }
  return by_head;
}

// More than two hours ahead, where the mean is what is said; against the person's own mean of that time of day.
void add_day_metrics(std::vector<MetricRow>& rows, const DayMeasured& test) {
  for (std::size_t node = 0; node < kDayNodes; ++node) {
    const Metrics mean = test.mean.at(node);
    const int minutes = kDayNodesMin[node];
    if (minutes <= kCgmLongestMin || mean.n == 0) continue;
    add_metrics(rows, Split::test, minutes, "", mean, "mean");
    add_metrics(rows, Split::test, minutes, "time_of_day_", test.plain.at(node), "");
    rows.push_back({Split::test, minutes, "coverage", static_cast<double>(test.inside[node]) / mean.n, mean.n, "mean"});
  }
}

std::vector<MetricRow> metrics_of(const CgmOutcome& outcome) {
  std::vector<MetricRow> rows;
  for (const std::size_t k : kCgmReported) {
    const int minutes = cgm_minutes(k);
    for (std::size_t split = 0; split < kSplitNames.size(); ++split) {
      add_metrics(rows, static_cast<Split>(split), minutes, "", outcome.measured[split].median.at(k));
      const Metrics of_mean = outcome.measured[split].mean.at(k);
      rows.push_back({static_cast<Split>(split), minutes, "mean_head_rmse", of_mean.rmse, of_mean.n, "mean"});
    }
    const CgmMeasured& test = outcome.measured[static_cast<std::size_t>(Split::test)];
    const Metrics persistence = test.persistence.at(k);
    add_metrics(rows, Split::test, minutes, "persistence_", persistence, "");
    const double n = persistence.n;
    rows.push_back({Split::test, minutes, "coverage", n > 0 ? test.inside[k] / n : kUnknown, persistence.n});
  }
  add_day_metrics(rows, outcome.day);
  return rows;
}

class CgmTrainer final : public Trainer {
 public:
  CgmTrainer(std::unique_ptr<CgmTaskRows> made, const TrainingBasis& basis)
      : made_(std::move(made)),
        persons_(made_->rows.persons),
        has_prior_(basis.population != nullptr),
        training_(std::move(made_->rows), prior_of(basis), boosting_of(basis), basis.options.l2) {}

  bool done() const override { return training_.done(); }
  void step() override { training_.step(); }
  double progress() const override { return training_.progress(); }

  Outcome take() override {
    const CgmOutcome trained = training_.take();
    Outcome outcome;
    outcome.artifact = encode_cgm(trained.model);
    outcome.algorithm = name_of(trained.model.has_trees() ? Algorithm::trees : Algorithm::linear);
    outcome.schema = kCgmSchema;
    for (std::size_t k = 0; k < kCgmHorizons; ++k) outcome.horizons_min.push_back(cgm_minutes(k));
    for (std::size_t split = 0; split < 3; ++split) outcome.rows[split] = static_cast<int>(trained.rows[split]);
    const CgmErrors& test = trained.measured[static_cast<std::size_t>(Split::test)].median;
    outcome.mae = cgm_mean_of(test, &Metrics::mae);
    outcome.rmse = cgm_mean_of(test, &Metrics::rmse);
    outcome.r2 = cgm_mean_of(test, &Metrics::r2);
    outcome.metrics = metrics_of(trained);
    outcome.learnt_from = made_->start;
    outcome.learnt_until = made_->end;
    outcome.stands_on_population = has_prior_;
    outcome.rejected = trained.rejected;
    outcome.production_ready = trained.production_ready;
    outcome.quality_issues = trained.quality_issues;
    add_notes(outcome.notes, trained);
    const CgmBoundaries& b = made_->boundaries;
    if (persons_ == 1) outcome.splits = {true, b.validation_start, b.test_start, b.test_end};
    return outcome;
  }

 private:
  static std::optional<CgmModel> prior_of(const TrainingBasis& basis) {
    if (basis.population == nullptr) return std::nullopt;
    return static_cast<const HeldModel<CgmModel>&>(*basis.population).get();
  }
  static CgmBoostingOptions boosting_of(const TrainingBasis& basis) {
    CgmBoostingOptions boosting;
    boosting.memory_cap = basis.memory_cap;
    if (basis.population == nullptr && basis.algorithm == Algorithm::automatic) boosting.boosting = basis.boosting;
    return boosting;
  }

  void add_notes(Notes& notes, const CgmOutcome& trained) const {
    if (persons_ > 1 || !has_prior_) note(notes, "persons", persons_);
    if (has_prior_) {
      std::vector<double> own;
      for (std::size_t k = 0; k < kCgmHorizons; ++k)
        if (trained.own_share[k] > 0) own.push_back(cgm_minutes(k));
      notes.push_back({"own_horizons", std::move(own)});
    }
    if (persons_ == 1) {
      note_time(notes, "validation_start", made_->boundaries.validation_start);
      note_time(notes, "test_start", made_->boundaries.test_start);
      note_time(notes, "test_end", made_->boundaries.test_end);
    }
    Notes errors;
    for (std::size_t split = 0; split < kSplitNames.size(); ++split)
      errors.push_back({kSplitNames[split], errors_of(trained.measured[split])});
    notes.push_back({"errors", std::move(errors)});
    note(notes, "coverage", cgm_coverage(trained.measured[static_cast<std::size_t>(Split::test)]));
    note(notes, "interval_residuals", trained.model.n_residuals);
    if (trained.trees) notes.push_back({"trees", trees_of(*trained.trees)});
  }

  std::unique_ptr<CgmTaskRows> made_;
  int persons_;
  bool has_prior_;
  CgmTraining training_;
};

}  // namespace

std::vector<std::span<const std::byte>> CgmTaskRows::content() const {
  return {std::as_bytes(std::span(rows.x)),         std::as_bytes(std::span(rows.change)),
          std::as_bytes(std::span(rows.few.x)),     std::as_bytes(std::span(rows.few.change)),
          std::as_bytes(std::span(rows.day.state)), std::as_bytes(std::span(rows.day.outcome))};
}

// What the columns say in a person's terms; the rest are products of these.
namespace {
constexpr std::size_t kRowsOfAPart = 1024;
constexpr std::array kWatched{CgmGroup::last_reading, CgmGroup::last_15_minutes, CgmGroup::last_hour,
                              CgmGroup::last_2_hours, CgmGroup::longer_past,     CgmGroup::variation,
                              CgmGroup::time_of_day};
}  // namespace

std::vector<std::string> CgmTaskRows::watched() const {
  std::vector<std::string> names;
  names.reserve(kWatched.size());
  for (const CgmGroup group : kWatched) names.emplace_back(name_of(group));
  return names;
}

std::size_t CgmTaskRows::parts() const {
  return (rows.size() + kRowsOfAPart - 1) / kRowsOfAPart;
}

void CgmTaskRows::show(std::size_t part, RowWatcher& watcher) const {
  std::array<float, kWatched.size()> values;
  for (std::size_t i = part * kRowsOfAPart; i < std::min(size(), (part + 1) * kRowsOfAPart); ++i) {
    for (std::size_t g = 0; g < kWatched.size(); ++g)
      values[g] = cgm_group_value(kWatched[g], &rows.x[i * kCgmColumns]);
    watcher.see(rows.turn[i], rows.at[i], rows.split[i] != static_cast<std::uint8_t>(Split::test), values);
  }
}

std::size_t most_cgm_rows(std::size_t memory_cap) {
  return memory_cap / kGrowth / kCgmRowBytes;
}

std::unique_ptr<RowsMaker> make_cgm_rows(const CgmRowsWanted& wanted) {
  return std::make_unique<Maker>(wanted);
}

std::unique_ptr<Trainer> train_cgm(std::unique_ptr<Rows> rows, const TrainingBasis& basis) {
  return std::make_unique<CgmTrainer>(std::unique_ptr<CgmTaskRows>(static_cast<CgmTaskRows*>(rows.release())), basis);
}

std::unique_ptr<Trainer> refresh_cgm(std::unique_ptr<Rows> rows, const RefreshBasis& basis) {
  constexpr const char* kTrainInstead = "Train the model anew.";
  if (basis.stands_on_population && basis.recipe.population == nullptr)
    throw Error(ErrorCode::not_available, "the population's model that this one stands on is not there any more",
                kTrainInstead);
  if (!basis.stands_on_population && static_cast<const HeldModel<CgmModel>&>(*basis.active).get().has_trees())
    throw Error(ErrorCode::not_available, "the trees of this model are learnt by a training alone", kTrainInstead);
  TrainingBasis again = basis.recipe;
  again.boosting = nullptr;
  return train_cgm(std::move(rows), again);
}

}  // namespace glucose
