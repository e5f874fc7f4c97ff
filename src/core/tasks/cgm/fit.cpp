// SPDX-License-Identifier: PostgreSQL
// Shapes: D directions (P columns, or the few of a person's correction), H horizons of one hour.
#include "core/tasks/cgm/fit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/learn/ridge.hpp"
#include "core/tasks/cgm/features.hpp"

namespace glucose {

namespace {

constexpr std::size_t P = kCgmColumns, K = kCgmHorizons, H = 12, kHours = K / H;
constexpr std::size_t kRowsPerStep = 512;
constexpr int kReweightings = 8, kFromStart = 5;  // the weights no longer change their form from there on
constexpr double kFirstFloor = 3, kFloor = 0.3;   // c: halved with every reweighting
constexpr double kSmallestMedian = 0.01;          // (mg/dL)²: a flat sensor
constexpr double kRidge = 1e-6;                   // of the weights: equal columns must not stop a fit

using Hour = std::array<float, H>;
using Sums = RidgeSums<float>;  // four rows in floats are what makes this fast

}  // namespace

/// Hour by hour: [errors of the rows → weights] → sums → solution, as often as the loss needs.
struct CgmFit::State {
  enum class Phase { begin, errors, sums };

  State(const CgmRows& all, SplitMask mask, CgmFitOptions how)
      : rows(all),
        learnt(mask),
        options(std::move(how)),
        head(options.prior != nullptr ? *options.prior
             : !options.start.empty() ? options.start
                                      : CgmHead(P * K, 0.0F)),
        fold_heads(options.folds ? kCgmFolds : 0, head) {}

  const CgmRows& rows;
  SplitMask learnt;
  CgmFitOptions options;
  CgmHead head;
  std::size_t hour = 0, row = 0;
  Phase phase = Phase::begin;
  int round = 0;              // of the reweighting
  std::vector<float> weight;  // [N], or empty: all alike
  std::vector<float> errors;  // [N] mean squared error over the hour; NaN for a row that is not learnt from
  std::vector<Sums> sums;     // by fold, or one
  std::vector<CgmHead> fold_heads;

  bool own() const { return options.prior != nullptr; }
  std::size_t directions() const { return own() ? kCgmOwnColumns : P; }
  bool reweights() const { return options.loss == CgmLoss::window; }

  /// What row i leaves unexplained by `by` in this hour; false when the row is not learnt from.
  bool residual(std::size_t i, const CgmHead* by, Hour& out) const {
    if (!rows.in(i, learnt)) return false;
    const float* y = &rows.change[i * K + hour * H];
    for (std::size_t h = 0; h < H; ++h)
      if (std::isnan(y[h])) return false;
    std::copy_n(y, H, out.begin());
    if (by == nullptr) return true;
    Hour explained{};
    const float* x = &rows.x[i * P];
    for (std::size_t p = 0; p < P; ++p)
      for (std::size_t h = 0; h < H; ++h) explained[h] += (*by)[p * K + hour * H + h] * x[p];
    for (std::size_t h = 0; h < H; ++h) out[h] -= explained[h];
    if (options.corrections == nullptr) return true;
    const CgmTargets added = cgm_at_all((*options.corrections)[i]);
    for (std::size_t h = 0; h < H; ++h) out[h] -= added[hour * H + h];
    return true;
  }

  void begin_hour() {
    weight.clear();
    row = 0;
    round = options.start.empty() ? 0 : kFromStart;
    // What is there already, a prior or a start, says how the rows weigh; else least squares come first.
    phase = reweights() && (own() || !options.start.empty()) ? Phase::errors : Phase::sums;
    if (phase == Phase::sums) begin_sums();
  }

  void errors_step() {
    errors.resize(rows.size(), kUnknown);
    const std::size_t last = std::min(row + kRowsPerStep, rows.size());
    for (; row < last; ++row) {
      Hour r;
      errors[row] = kUnknown;
      if (!residual(row, &head, r)) continue;
      float squares = 0;
      for (const float e : r) squares += e * e;
      errors[row] = squares / H;
    }
    if (row == rows.size()) weigh();
  }

  void weigh() {
    row = 0;
    std::vector<float> known;
    for (const float e : errors)
      if (!std::isnan(e)) known.push_back(e);
    if (known.empty()) return end_hour();
    const auto middle = known.begin() + static_cast<std::ptrdiff_t>(known.size() / 2);
    std::nth_element(known.begin(), middle, known.end());
    const double c = own() ? kFloor : std::max(kFloor, kFirstFloor * std::pow(0.5, round));
    const double floor = c * std::max(static_cast<double>(*middle), kSmallestMedian);
    double total = 0;
    weight.assign(rows.size(), 0.0F);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (std::isnan(errors[i])) continue;
      weight[i] = static_cast<float>(1 / (floor + static_cast<double>(errors[i])));
      total += static_cast<double>(weight[i]);
    }
    // Mean 1, so that a penalty counts in rows.
    const auto scale = static_cast<float>(static_cast<double>(known.size()) / total);
    for (float& w : weight) w *= scale;
    begin_sums();
    phase = Phase::sums;
  }

  Sums no_rows() const { return {directions(), H, Intercept::none}; }
  void begin_sums() { sums.assign(options.folds ? kCgmFolds : 1, no_rows()); }

  void sums_step() {
    const std::size_t last = std::min(row + kRowsPerStep, rows.size());
    std::array<float, kCgmOwnColumns> few;
    for (; row < last; ++row) {
      Hour y;
      if (!residual(row, options.prior, y)) continue;
      const float* x = &rows.x[row * P];
      if (own()) {
        for (std::size_t d = 0; d < kCgmOwnColumns; ++d) few[d] = x[kCgmOwn[d].column] * kCgmOwn[d].factor;
        x = few.data();
      }
      sums[options.folds ? rows.fold(row) : 0].add(x, y.data(), weight.empty() ? 1.0F : weight[row]);
    }
    if (row == rows.size()) solve();
  }

  void solve() {
    row = 0;
    Sums all = no_rows();
    for (Sums& fold : sums) all.add(fold, 1);
    if (all.rows() == 0) return end_hour();
    const std::vector<double> b = solution(all);
    own() ? correct(head, b) : replace(head, b);
    const bool last = !reweights() || own() || (!weight.empty() && ++round == kReweightings);
    if (!last) {
      phase = Phase::errors;
      return;
    }
    if (options.folds) solve_folds(all);
    end_hour();
  }

  // A person's correction may be pulled as a whole: it starts from nothing.
  std::size_t free() const { return own() ? kCgmOwnColumns : kCgmLags; }

  double penalty_of(std::size_t d) const { return options.penalties.empty() ? options.penalty : options.penalties[d]; }

  /// The least squares per horizon. out: [D × H]
  std::vector<double> solution(Sums& of) const {
    std::vector<double> penalties(directions());
    for (std::size_t d = 0; d < penalties.size(); ++d)
      penalties[d] = kRidge * of.weight() + (d == free() ? 0 : penalty_of(d));
    return of.solve(penalties).slopes;
  }

  void solve_folds(Sums& all) {
    for (std::size_t f = 0; f < sums.size(); ++f) {
      all.add(sums[f], -1);
      if (all.rows() > 0) {
        const std::vector<double> b = solution(all);
        own() ? correct(fold_heads[f], b) : replace(fold_heads[f], b);
      }
      all.add(sums[f], 1);
    }
  }

  void replace(CgmHead& of, const std::vector<double>& b) const {
    for (std::size_t p = 0; p < P; ++p)
      for (std::size_t h = 0; h < H; ++h) of[p * K + hour * H + h] = static_cast<float>(b[p * H + h]);
  }
  void correct(CgmHead& of, const std::vector<double>& b) const {
    for (std::size_t d = 0; d < kCgmOwnColumns; ++d)
      for (std::size_t h = 0; h < H; ++h)
        of[kCgmOwn[d].column * K + hour * H + h] += static_cast<float>(b[d * H + h]) * kCgmOwn[d].factor;
  }

  void end_hour() {
    ++hour;
    phase = Phase::begin;
  }
};

CgmFit::CgmFit(const CgmRows& rows, SplitMask learnt, CgmFitOptions options)
    : state_(std::make_unique<State>(rows, learnt, std::move(options))) {}
CgmFit::~CgmFit() = default;
CgmFit::CgmFit(CgmFit&&) noexcept = default;
CgmFit& CgmFit::operator=(CgmFit&&) noexcept = default;

bool CgmFit::done() const {
  return state_->hour == kHours;
}

void CgmFit::step() {
  State& s = *state_;
  switch (s.phase) {
    case State::Phase::begin:
      return s.begin_hour();
    case State::Phase::errors:
      return s.errors_step();
    case State::Phase::sums:
      return s.sums_step();
  }
}

std::vector<CgmHead> CgmFit::take_fold_heads() {
  return std::move(state_->fold_heads);
}

CgmHead CgmFit::take() {
  return std::move(state_->head);
}

}  // namespace glucose
