// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/day_fit.hpp"

#include <algorithm>
#include <cmath>

#include "core/math/normal_equations.hpp"
#include "core/tasks/cgm/rows.hpp"

namespace glucose {

namespace {

constexpr std::size_t D = kDayNodes, C = kDayColumns, S = kDaySpreadColumns, O = kDayOwn.size();
constexpr std::size_t kRowsPerStep = 128;
constexpr SplitMask kTest = mask_of(Split::test);

// In rows, which are half an hour apart.
constexpr double kPenalty = 1000, kOwnPenalty = 2000, kSpreadPenalty = 100;
// Of the last reading's distance from its rhythm, what is left at each node unless the rows say otherwise.
constexpr std::size_t kApart = 1;
constexpr std::array<double, D> kDecay{0.65, 0.55, 0.45, 0.28, 0.18, 0.08, 0.03, 0, 0, 0, 0};
constexpr double kSmallestResidual = 0.02;  // sigmas
// The factor of a person's spread: so many days of rows weigh as much as "as the population's".
constexpr double kSpreadPriorDays = 30, kRowsPerDay = 48;
constexpr double kIntervalShare = 0.9;

/// Where nothing is known, outcomes are as a normal distribution a little wider than the person's own readings.
std::array<float, kCgmLevelCount> usual_quantiles() {
  constexpr float kWidth = 1.2F;
  constexpr std::array<float, kCgmLevelCount / 2 + 1> kNormal{0,       0.1257F, 0.2533F, 0.3853F, 0.5244F, 0.6745F,
                                                              0.8416F, 1.0364F, 1.1503F, 1.2816F, 1.4395F, 1.6449F,
                                                              1.7507F, 1.8808F, 2.0537F, 2.3263F, 2.5758F};
  std::array<float, kCgmLevelCount> quantiles;
  for (std::size_t i = 0; i < kNormal.size(); ++i) {
    quantiles[kCgmLevelCount / 2 + i] = kWidth * kNormal[i];
    quantiles[kCgmLevelCount / 2 - i] = -kWidth * kNormal[i];
  }
  return quantiles;
}

/// Sums over rows of P columns and one outcome.
template <std::size_t P>
struct Sums {
  std::array<double, P * P> xx{};
  std::array<double, P> xy{};

  void add(const std::array<float, P>& x, double y) {
    for (std::size_t p = 0; p < P; ++p) {
      const auto xp = static_cast<double>(x[p]);
      xy[p] += xp * y;
      for (std::size_t q = p; q < P; ++q) xx[p * P + q] += xp * static_cast<double>(x[q]);
    }
  }
  void add(const Sums& other, double sign) {
    for (std::size_t i = 0; i < P * P; ++i) xx[i] += sign * other.xx[i];
    for (std::size_t i = 0; i < P; ++i) xy[i] += sign * other.xy[i];
  }
  std::vector<double> solve(double penalty, std::size_t free) const {
    auto a = xx;
    for (std::size_t p = 0; p < P; ++p) a[p * P + p] += p == free ? 1e-6 : penalty;
    return solve_normal(a, xy);
  }
};

constexpr std::size_t kNone = C;  // no column is free of the penalty

/// Fits with all rows, and without each fold.
template <std::size_t P>
class FoldFits {
 public:
  Sums<P>& sums(std::size_t node, std::size_t fold) { return sums_[node * kCgmFolds + fold]; }
  const float* all(std::size_t node) const { return &all_[node * P]; }
  const float* without(std::size_t node, std::size_t fold) const { return &without_[(node * kCgmFolds + fold) * P]; }
  const std::vector<float>& weights() const { return all_; }

  void solve(std::size_t node, double penalty, std::size_t free) {
    Sums<P> total;
    for (std::size_t f = 0; f < kCgmFolds; ++f) total.add(sums(node, f), 1);
    put(total.solve(penalty, free), &all_[node * P]);
    for (std::size_t f = 0; f < kCgmFolds; ++f) {
      Sums<P> rest = total;
      rest.add(sums(node, f), -1);
      put(rest.solve(penalty, free), &without_[(node * kCgmFolds + f) * P]);
    }
  }

 private:
  static void put(const std::vector<double>& from, float* to) {
    for (std::size_t p = 0; p < P; ++p) to[p] = static_cast<float>(from[p]);
  }
  std::vector<Sums<P>> sums_ = std::vector<Sums<P>>(D * kCgmFolds);
  std::vector<float> all_ = std::vector<float>(D * P);
  std::vector<float> without_ = std::vector<float>(D * kCgmFolds * P);
};

std::vector<float> decay() {
  std::vector<float> weights(D * C);
  for (std::size_t k = 0; k < D; ++k) weights[k * C + kApart] = static_cast<float>(kDecay[k]);
  return weights;
}

}  // namespace

/// Sums → weights → [sums of the spread → its weights →] residuals → quantiles → measure on test.
struct DayFit::State {
  enum class Phase { sums, weights, spread_sums, spread, residuals, quantiles, measuring, done };

  State(DayRows all, std::optional<DayModel> of_population)
      : rows(std::move(all)), prior(std::move(of_population)), start(prior ? prior->mean : decay()) {}

  DayRows rows;
  std::optional<DayModel> prior;
  std::vector<float> start;  // [D × C]
  Phase phase = Phase::sums;
  std::size_t row = 0, node = 0;
  FoldFits<C> means;
  std::vector<Sums<O>> own_sums = std::vector<Sums<O>>(D);
  FoldFits<S> spreads;
  std::array<std::vector<float>, D> residuals;  // scaled
  DayFitted fitted;

  std::size_t fold(std::size_t i) const { return rows.persons >= kCgmFolds ? rows.turn[i] : rows.part[i]; }
  bool in(std::size_t i, SplitMask mask) const { return ((1U << rows.split[i]) & mask) != 0; }
  DayColumns columns(std::size_t i, std::size_t k) const { return day_columns(rows.state[i], rows.ahead[i][k]); }
  DaySpreadColumns spread_columns(std::size_t i, std::size_t k) const {
    return day_spread_columns(rows.state[i], rows.ahead[i][k]);
  }
  /// The outcome's distance from the rhythm, sigmas.
  float outcome(std::size_t i, std::size_t k) const {
    return (rows.outcome[i][k] - rows.ahead[i][k].rhythm) / rows.state[i].sigma;
  }

  /// The rows of the next step that are in `mask`, with each known outcome; true when these were the last.
  template <class Visit>
  bool visit(SplitMask mask, Visit&& each) {
    const std::size_t last = std::min(row + kRowsPerStep, rows.size());
    for (; row < last; ++row)
      for (std::size_t k = 0; in(row, mask) && k < D; ++k)
        if (!std::isnan(rows.outcome[row][k])) each(row, k);
    if (row < rows.size()) return false;
    row = 0;
    return true;
  }

  void sums_step() {
    const bool last = visit(kCgmLearnt, [&](std::size_t i, std::size_t k) {
      const DayColumns x = columns(i, k);
      const auto left = static_cast<double>(outcome(i, k) - day_mean(&start[k * C], x));
      if (!prior) return means.sums(k, fold(i)).add(x, left);
      std::array<float, O> few;
      for (std::size_t o = 0; o < O; ++o) few[o] = x[kDayOwn[o]];
      own_sums[k].add(few, left);
    });
    if (last) phase = Phase::weights;
  }

  /// One node a step.
  void weights_step() {
    std::vector<float>& mean = fitted.model.mean;
    if (node == 0) mean = start;
    if (prior) {
      const std::vector<double> own = own_sums[node].solve(kOwnPenalty, kNone);
      for (std::size_t o = 0; o < O; ++o) mean[node * C + kDayOwn[o]] += static_cast<float>(own[o]);
    } else {
      means.solve(node, kPenalty, kNone);
      for (std::size_t c = 0; c < C; ++c) mean[node * C + c] += means.all(node)[c];
    }
    if (++node < D) return;
    node = 0;
    phase = prior ? Phase::residuals : Phase::spread_sums;
  }

  /// What a fit that has not seen the row leaves, sigmas; a person's is the population's, which it was not learnt from.
  float residual(std::size_t i, std::size_t k) const {
    const DayColumns x = columns(i, k);
    const float left = outcome(i, k) - day_mean(&start[k * C], x);
    return prior ? left : left - day_mean(means.without(k, fold(i)), x);
  }

  void spread_sums_step() {
    const bool last = visit(kCgmLearnt, [&](std::size_t i, std::size_t k) {
      const double size = std::abs(static_cast<double>(residual(i, k)));
      spreads.sums(k, fold(i)).add(spread_columns(i, k), std::log(std::max(size, kSmallestResidual)));
    });
    if (last) phase = Phase::spread;
  }

  void spread_step() {
    spreads.solve(node, kSpreadPenalty, 0);
    if (++node < D) return;
    node = 0;
    fitted.model.spread = spreads.weights();
    phase = Phase::residuals;
  }

  void residuals_step() {
    const bool last = visit(kCgmLearnt, [&](std::size_t i, std::size_t k) {
      const float* weights = prior ? &prior->spread[k * S] : spreads.without(k, fold(i));
      residuals[k].push_back(residual(i, k) / day_spread(weights, spread_columns(i, k)));
    });
    if (last) phase = Phase::quantiles;
  }

  void quantiles_step() {
    if (prior) {
      adapt_spread();
      node = D;
    } else {
      keep_quantiles(node++);
    }
    if (node == D) phase = Phase::measuring;
  }

  void keep_quantiles(std::size_t k) {
    DayModel& model = fitted.model;
    if (k == 0) model.n_residuals = static_cast<int>(residuals[k].size());
    if (residuals[k].empty() && k > 0) residuals[k] = residuals[k - 1];
    const auto quantiles = residuals[k].empty() ? usual_quantiles() : cgm_quantiles(residuals[k]);
    model.quantiles.insert(model.quantiles.end(), quantiles.begin(), quantiles.end());
  }

  /// One factor for all nodes, from the half widths that hold 90 %: days are few, and those of one node say what those
  /// of another do.
  void adapt_spread() {
    fitted.model.spread = prior->spread;
    fitted.model.quantiles = prior->quantiles;
    fitted.model.n_residuals = prior->n_residuals;
    double sum = 0, n = 0, rows_known = 0;
    for (std::size_t k = 0; k < D; ++k) {
      if (residuals[k].empty()) continue;
      const auto q = prior->quantiles_of(k);
      const double expected = cgm_quantile(q, (1 + kIntervalShare) / 2) - cgm_quantile(q, (1 - kIntervalShare) / 2);
      const double found = half_width(residuals[k]);
      if (!(expected > 0 && found > 0)) continue;
      sum += std::log(2 * found / expected);
      n += 1;
      rows_known = std::max(rows_known, static_cast<double>(residuals[k].size()));
    }
    if (n == 0) return;
    const double days = rows_known / kRowsPerDay;
    for (std::size_t k = 0; k < D; ++k)
      fitted.model.spread[k * S] += static_cast<float>(days / (days + kSpreadPriorDays) * sum / n);
  }

  static double half_width(std::vector<float>& values) {
    for (float& v : values) v = std::abs(v);
    const auto at =
        values.begin() + static_cast<std::ptrdiff_t>(kIntervalShare * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), at, values.end());
    return static_cast<double>(*at);
  }

  void measure_step() {
    DayMeasured& test = fitted.test;
    const DayModel& model = fitted.model;
    const bool last = visit(kTest, [&](std::size_t i, std::size_t k) {
      const float y = rows.outcome[i][k], sigma = rows.state[i].sigma;
      const float spread = day_spread(&model.spread[k * S], spread_columns(i, k));
      const float mean = day_mean(&model.mean[k * C], columns(i, k));
      const auto at = [&](double p) {
        return mean + spread * static_cast<float>(cgm_quantile(model.quantiles_of(k), p));
      };
      const float z = outcome(i, k), rhythm = rows.ahead[i][k].rhythm;
      test.mean.add(k, rhythm + sigma * mean, y);
      test.median.add(k, rhythm + sigma * at(0.5), y);
      test.plain.add(k, rows.ahead[i][k].plain, y);
      if (z >= at((1 - kIntervalShare) / 2) && z <= at((1 + kIntervalShare) / 2)) ++test.inside[k];
    });
    if (last) phase = Phase::done;
  }
};

DayFit::DayFit(DayRows rows, std::optional<DayModel> prior)
    : state_(std::make_unique<State>(std::move(rows), std::move(prior))) {}
DayFit::~DayFit() = default;
DayFit::DayFit(DayFit&&) noexcept = default;

bool DayFit::done() const {
  return state_->phase == State::Phase::done;
}

void DayFit::step() {
  using Phase = State::Phase;
  switch (state_->phase) {
    case Phase::sums:
      return state_->sums_step();
    case Phase::weights:
      return state_->weights_step();
    case Phase::spread_sums:
      return state_->spread_sums_step();
    case Phase::spread:
      return state_->spread_step();
    case Phase::residuals:
      return state_->residuals_step();
    case Phase::quantiles:
      return state_->quantiles_step();
    case Phase::measuring:
      return state_->measure_step();
    case Phase::done:
      return;
  }
}

DayFitted DayFit::take() {
  return std::move(state_->fitted);
}

}  // namespace glucose
