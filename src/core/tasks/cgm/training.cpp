// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/training.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/error.hpp"
#include "core/tasks/cgm/blending.hpp"
#include "core/tasks/cgm/fading.hpp"
#include "core/tasks/cgm/few_fit.hpp"
#include "core/tasks/cgm/own_share.hpp"
#include "core/tasks/cgm/place.hpp"
#include "core/tasks/cgm/residuals.hpp"

namespace glucose {

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons, S = kCgmSpreadColumns;
constexpr std::size_t kRowsPerStep = 256;
constexpr SplitMask kEveryRow = kCgmLearnt | mask_of(Split::test);
constexpr SplitMask kTrain = mask_of(Split::train), kValidation = mask_of(Split::validation);

// Unless said otherwise, in rows: of all columns, divided by how many persons the rows are of (windows of one person
// say much the same), and of the few columns of a person's correction.
constexpr double kPenalty = 300, kOwnPenalty = 300;
// Of few persons: the columns in which persons differ cost so many times as much, by head.
constexpr std::array<double, 2> kDearer{3, 10};
constexpr double kIntervalShare = 0.9, kLower = (1 - kIntervalShare) / 2, kUpper = (1 + kIntervalShare) / 2;

}  // namespace

/// [ask the prior's trees →] fit both heads on train → measure on validation → fit both again [→ blend
/// them, of few persons, or grow trees → measure on validation again] → the spread and the quantiles of
/// what the repeated fits had not learnt from; of a person: [→ try the correction] [→ ask the trees that serve] →
/// measure on train and test → the same for a day.
struct CgmTraining::State {
  enum class Phase {
    correcting,
    fitting,
    validating,
    refitting,
    trying,
    blending,
    boosting,
    validating_again,
    spread,
    residuals,
    quantiles,
    few,
    measuring_train,
    measuring_test,
    day,
    done
  };

  CgmRows rows;
  std::optional<CgmModel> prior;
  double l2 = -1;
  Phase phase = Phase::fitting;
  std::optional<CgmFit> fit;
  int heads_done = 0;  // median, then mean
  std::size_t row = 0;
  CgmModel model;
  CgmHeads heads;  // those that have not learnt from a fold
  CgmBoostingOptions boosting_options;
  std::optional<CgmBlending> blending;
  std::optional<CgmBoosting> boosting;
  std::array<std::vector<CgmAtTrees>, 2> corrections;  // [N] by head, what trees add; or none
  std::optional<CgmTreesGains> gains;
  CgmSpreadFit spread;
  std::optional<CgmFewFit> few;      // without a prior
  CgmResiduals residuals;            // scaled; without a prior
  Steps saying;                      // of them, what the model says of how wide it is
  std::optional<CgmOwnTrial> trial;  // with a prior
  CgmOwnShares share{};
  std::array<CgmMeasured, 3> measured;
  std::optional<DayFit> day;
  DayMeasured measured_day;

  CgmHead& head(int which) { return which == 0 ? model.median : model.mean; }
  const CgmHead& head_of_prior(int which) const { return which == 0 ? prior->median : prior->mean; }
  double penalty() const {
    if (prior) return l2 < 0 ? kOwnPenalty : l2;
    return (l2 < 0 ? kPenalty : l2) / std::max(rows.persons, 1);
  }
  SplitMask learnt() const { return phase == Phase::fitting ? kTrain : kCgmLearnt; }

  void fit_step(Phase next) {
    if (!fit) {
      CgmFitOptions options;
      options.loss = heads_done == 0 ? CgmLoss::window : CgmLoss::squared;
      options.penalty = penalty();
      if (blends()) options.penalties = cgm_penalties(penalty(), kDearer[static_cast<std::size_t>(heads_done)]);
      if (prior) options.prior = &head_of_prior(heads_done);
      if (!prior && heads_done == 0) options.start = model.median;  // of the first fit, when this is the second
      options.folds = phase == Phase::refitting && (prior || heads_done == 0 || tries_trees() || blends());
      if (prior && prior->has_trees()) options.corrections = &corrections[static_cast<std::size_t>(heads_done)];
      fit.emplace(rows, learnt(), std::move(options));
    }
    if (!fit->done()) return fit->step();
    head(heads_done) = fit->take();
    heads.without_fold[static_cast<std::size_t>(heads_done)] = fit->take_fold_heads();
    fit.reset();
    if (++heads_done < 2) return;
    heads_done = 0;
    phase = next == Phase::blending && prior       ? Phase::trying
            : next == Phase::blending && !blends() ? Phase::boosting
                                                   : next;
  }

  void try_step() {
    if (!trial) trial.emplace(rows, *prior, heads.without_fold);
    if (!trial->done()) return trial->step();
    share = trial->shares();
    for (int which = 0; which < 2; ++which)
      head(which) = mixed(head_of_prior(which), head(which), share[static_cast<std::size_t>(which)]);
    model.median_trees = prior->median_trees;
    model.mean_trees = prior->mean_trees;
    model.spread = prior->spread;
    model.few_spread = prior->few_spread;
    model.quantiles = prior->quantiles;
    model.n_residuals = prior->n_residuals;
    for (std::size_t k = 0; k < K; ++k) {
      const float wider = trial->wider(k);
      for (std::size_t few_known = 0; few_known < kCgmFewKnown.size(); ++few_known)
        model.few_spread[(few_known * K + k) * S] += wider;
      model.spread[k * S] += wider;
    }
    trial.reset();
    phase = Phase::measuring_train;
  }

  /// The rows of the next step that are in `mask`; true when these were the last.
  template <class Visit>
  bool visit(SplitMask mask, Visit&& each) {
    const std::size_t last = std::min(row + kRowsPerStep, rows.size());
    for (; row < last; ++row)
      if (rows.in(row, mask)) each(row);
    if (row < rows.size()) return false;
    row = 0;
    return true;
  }

  CgmTargets changes(const CgmHead& of, std::size_t which, std::size_t i) const {
    CgmTargets change = cgm_changes(of, &rows.x[i * P]);
    if (!corrections[which].empty()) add_correction(corrections[which][i], change);
    return change;
  }

  /// What the model's trees add to every row.
  void correct_step(const CgmModel& by, Phase next) {
    for (auto& of_head : corrections) of_head.resize(by.has_trees() ? rows.size() : 0);
    const bool last = !by.has_trees() || visit(kEveryRow, [&](std::size_t i) {
      corrections[0][i] = by.median_trees.correction(&rows.x[i * P]);
      corrections[1][i] = by.mean_trees.correction(&rows.x[i * P]);
    });
    if (last) phase = next;
  }

  bool tries_trees() const {
    return !prior && boosting_options.boosting != nullptr && may_boost_cgm(rows, boosting_options);
  }

  bool blends() const { return !prior && !tries_trees() && are_few_persons(rows.persons); }

  void blend_step() {
    if (!blending) {
      heads.all = {model.median, model.mean};
      blending.emplace(rows, heads);
    }
    if (!blending->done()) return blending->step();
    model.median = heads.all[0];
    model.mean = heads.all[1];
    validate_again();
  }

  /// What validation was measured by no longer is what serves.
  void validate_again() {
    measured[static_cast<std::size_t>(Split::validation)] = {};
    phase = Phase::validating_again;
  }

  void boost_step() {
    if (!boosting) {
      if (!tries_trees()) {
        phase = Phase::spread;
        return;
      }
      heads.all = {model.median, model.mean};
      boosting.emplace(rows, heads, boosting_options);
    }
    if (!boosting->done()) return boosting->step();
    gains = boosting->gains();
    phase = Phase::spread;
    if (boosting->serves()) {
      for (std::size_t which = 0; which < 2; ++which) corrections[which] = std::move(boosting->corrections(which));
      model.median_trees = std::move(boosting->trees(0));
      model.mean_trees = std::move(boosting->trees(1));
      validate_again();
    }
    boosting.reset();
  }

  /// On persons left out: by what has not learnt from the row's fold.
  void validate_again_step() {
    const bool last = visit(kValidation, [&](std::size_t i) {
      const std::size_t fold = rows.fold(i);
      measure_row(heads.without_fold[0][fold], heads.without_fold[1][fold], i,
                  measured[static_cast<std::size_t>(Split::validation)]);
    });
    if (last) phase = Phase::spread;
  }

  /// What the median leaves of row i by a fit that has not learnt from it.
  CgmTargets residual(std::size_t i) const {
    CgmTargets left = changes(heads.without_fold[0][rows.fold(i)], 0, i);
    for (std::size_t k = 0; k < K; ++k) left[k] = rows.change[i * K + k] - left[k];
    return left;
  }

  void spread_step() {
    const bool last = visit(kCgmLearnt, [&](std::size_t i) { spread.add(&rows.spread[i * S], residual(i).data()); });
    if (!last) return;
    model.spread = spread.solve();
    phase = Phase::residuals;
  }

  void residuals_step() {
    const bool last = visit(kCgmLearnt, [&](std::size_t i) {
      const CgmTargets left = residual(i);
      for (std::size_t k = 0; k < K; ++k)
        if (!std::isnan(left[k])) residuals.add(k, left[k] / spread_at(model, k, i, {}));
    });
    if (!last) return;
    saying = residuals.say(model);
    phase = Phase::quantiles;
  }

  void quantiles_step() {
    saying.step();
    if (saying.done()) phase = Phase::few;
  }

  /// How wide forecasts are of which little is known.
  void few_step() {
    if (!few) few.emplace(rows, model, heads.without_fold[0]);
    if (!few->done()) return few->step();
    model.few_spread = few->take();
    rows.few = {};  // what is large and done with goes by itself: that takes time, too
    phase = Phase::correcting;
  }

  float spread_at(const CgmModel& by, std::size_t k, std::size_t i, const CgmTrust& trust) const {
    CgmSpreadColumns columns;
    std::copy_n(&rows.spread[i * S], S, columns.begin());
    return cgm_spread_at(by, k, columns, trust);
  }

  /// The change that is said with probability p not to be passed, at a place between horizons.
  float limit_at(double p, const CgmPlace& place, std::size_t i, const CgmTargets& median) const {
    const auto at = [&](std::size_t k) {
      const float width = place.widen * spread_at(model, k, i, rows.trust[i]);
      return median[k] + width * static_cast<float>(cgm_quantile(model.quantiles_of(k), p));
    };
    return place.between(at(place.before), at(place.after));
  }

  void measure_row(const CgmHead& median_head, const CgmHead& mean_head, std::size_t i, CgmMeasured& into) const {
    const CgmTargets median = changes(median_head, 0, i), mean = changes(mean_head, 1, i);
    const float level = rows.level[i];
    ++into.rows;
    for (std::size_t k = 0; k < K; ++k) {
      const float change = rows.change[i * K + k];
      const CgmPlace place(cgm_minutes(k) + rows.since_reading(i));
      if (std::isnan(change)) continue;
      into.median.add(k, level + place.of(median), level + change);
      into.mean.add(k, level + place.of(mean), level + change);
      into.persistence.add(k, level, level + change);
      if (model.quantiles.empty()) continue;
      if (place.weight > 0 || place.widen > 1) {
        into.inside[k] += change >= limit_at(kLower, place, i, median) && change <= limit_at(kUpper, place, i, median);
      } else {
        const auto z = static_cast<double>((change - median[k]) / spread_at(model, k, i, rows.trust[i]));
        const auto quantiles = model.quantiles_of(k);
        into.inside[k] += z >= cgm_quantile(quantiles, kLower) && z <= cgm_quantile(quantiles, kUpper);
      }
    }
  }

  void validate_step() {
    const bool last = visit(kValidation, [&](std::size_t i) {
      measure_row(model.median, model.mean, i, measured[static_cast<std::size_t>(Split::validation)]);
    });
    if (last) phase = Phase::refitting;
  }

  void measure_step(Split split, Phase next) {
    const bool last = visit(mask_of(split), [&](std::size_t i) {
      measure_row(model.median, model.mean, i, measured[static_cast<std::size_t>(split)]);
    });
    if (last) phase = next;
  }

  void day_step() {
    if (!day) {
      rows.x = std::vector<float>();
      day.emplace(std::move(rows.day), prior && !prior->day.empty() ? std::optional(prior->day) : std::nullopt);
    }
    if (!day->done()) return day->step();
    DayFitted fitted = day->take();
    model.day = std::move(fitted.model);
    measured_day = fitted.test;
    phase = Phase::done;
  }
};

CgmTraining::CgmTraining(CgmRows rows, std::optional<CgmModel> prior, const CgmBoostingOptions& boosting, double l2)
    : state_(std::make_unique<State>()) {
  state_->rows = std::move(rows);
  state_->prior = std::move(prior);
  state_->boosting_options = boosting;
  state_->l2 = l2;
  if (state_->prior && state_->prior->has_trees()) state_->phase = State::Phase::correcting;
  for (const Split split : {Split::train, Split::validation, Split::test})
    if (state_->rows.count(split) == 0)
      throw Error(ErrorCode::too_little_history, "too few readings without a gap to train, validate and test on",
                  "A forecast needs two hours of readings before it and what came after it.");
}
CgmTraining::~CgmTraining() = default;
CgmTraining::CgmTraining(CgmTraining&&) noexcept = default;

bool CgmTraining::done() const {
  return state_->phase == State::Phase::done;
}

double CgmTraining::progress() const {
  // By what has been done, not by how long it takes: phases are of about the same length.
  constexpr auto kPhases = static_cast<double>(State::Phase::done);
  const State& s = *state_;
  const double of_rows = s.rows.size() > 0 ? static_cast<double>(s.row) / static_cast<double>(s.rows.size()) : 0;
  return std::min(1.0, (static_cast<double>(s.phase) + of_rows) / kPhases);
}

void CgmTraining::step() {
  using Phase = State::Phase;
  switch (state_->phase) {
    case Phase::correcting:
      return state_->prior ? state_->correct_step(*state_->prior, Phase::fitting)
                           : state_->correct_step(state_->model, Phase::measuring_train);
    case Phase::fitting:
      return state_->fit_step(Phase::validating);
    case Phase::validating:
      return state_->validate_step();
    case Phase::refitting:
      return state_->fit_step(Phase::blending);
    case Phase::trying:
      return state_->try_step();
    case Phase::blending:
      return state_->blend_step();
    case Phase::boosting:
      return state_->boost_step();
    case Phase::validating_again:
      return state_->validate_again_step();
    case Phase::spread:
      return state_->spread_step();
    case Phase::residuals:
      return state_->residuals_step();
    case Phase::quantiles:
      return state_->quantiles_step();
    case Phase::few:
      return state_->few_step();
    case Phase::measuring_train:
      return state_->measure_step(Split::train, Phase::measuring_test);
    case Phase::measuring_test:
      return state_->measure_step(Split::test, Phase::day);
    case Phase::day:
      return state_->day_step();
    case Phase::done:
      return;
  }
}

CgmOutcome CgmTraining::take() {
  State& s = *state_;
  CgmOutcome outcome;
  for (const Split split : {Split::train, Split::validation, Split::test})
    outcome.rows[static_cast<std::size_t>(split)] = s.rows.count(split);
  outcome.has_prior = s.prior.has_value();
  outcome.own_share = s.share[0];
  outcome.trees = s.gains;
  outcome.model = std::move(s.model);
  outcome.measured = s.measured;
  outcome.day = s.measured_day;
  judge_cgm(outcome);
  return outcome;
}

}  // namespace glucose
