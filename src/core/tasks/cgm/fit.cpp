// SPDX-License-Identifier: PostgreSQL
// Shapes: D directions (P columns, or the few of a person's correction), H horizons of one hour.
#include "core/tasks/cgm/fit.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "core/math/normal_equations.hpp"
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

/// Weighted sums over rows: D directions, H outcomes. Four rows at once, in floats for some hundred rows, then in
/// doubles.
class Sums {
 public:
  explicit Sums(std::size_t directions)
      : d_(directions), xx_(d_ * d_), xy_(d_ * H), xx_part_(d_ * d_), xy_part_(d_ * H), x_(kBlock * d_) {}

  std::size_t rows() const { return rows_; }

  /// in: x [D], y [H]
  void add(const float* x, const Hour& y, float weight) {
    std::copy_n(x, d_, &x_[waiting_ * d_]);
    y_[waiting_] = y;
    weight_[waiting_] = weight;
    total_ += static_cast<double>(weight);
    ++rows_;
    if (++waiting_ == kBlock) add_block();
  }

  /// Adds what another one holds, or with sign -1 takes it away.
  void add(Sums& other, double sign) {
    other.settle();
    settle();
    for (std::size_t i = 0; i < xx_.size(); ++i) xx_[i] += sign * other.xx_[i];
    for (std::size_t i = 0; i < xy_.size(); ++i) xy_[i] += sign * other.xy_[i];
    total_ += sign * other.total_;
    rows_ = sign > 0 ? rows_ + other.rows_ : rows_ - other.rows_;
  }

  /// The least squares per horizon with `penalty` on all directions but `free`; out: [D × H]
  std::vector<double> solve(double penalty, std::size_t free) {
    settle();
    std::vector<double> xx = xx_;
    for (std::size_t p = 0; p < d_; ++p) xx[p * d_ + p] += kRidge * total_ + (p == free ? 0 : penalty);
    return solve_normal(xx, xy_, H);
  }

 private:
  static constexpr std::size_t kBlock = 4, kRowsPerFlush = 256;

  void settle() {
    while (waiting_ > 0) pad_block();
    flush();
  }

  void pad_block() {
    std::fill_n(&x_[waiting_ * d_], d_, 0.0F);
    y_[waiting_] = {};
    weight_[waiting_] = 0;
    if (++waiting_ == kBlock) add_block();
  }

  void add_block() {
    const float *a = &x_[0], *b = a + d_, *c = b + d_, *e = c + d_;
    for (std::size_t p = 0; p < d_; ++p) {
      const float wa = weight_[0] * a[p], wb = weight_[1] * b[p], wc = weight_[2] * c[p], we = weight_[3] * e[p];
      float* xx = &xx_part_[p * d_];
      for (std::size_t q = p; q < d_; ++q) xx[q] += wa * a[q] + wb * b[q] + wc * c[q] + we * e[q];
      float* xy = &xy_part_[p * H];
      for (std::size_t h = 0; h < H; ++h) xy[h] += wa * y_[0][h] + wb * y_[1][h] + wc * y_[2][h] + we * y_[3][h];
    }
    waiting_ = 0;
    if (rows_ % kRowsPerFlush == 0) flush();
  }

  void flush() {
    for (std::size_t i = 0; i < xx_.size(); ++i) xx_[i] += static_cast<double>(xx_part_[i]);
    for (std::size_t i = 0; i < xy_.size(); ++i) xy_[i] += static_cast<double>(xy_part_[i]);
    std::fill(xx_part_.begin(), xx_part_.end(), 0.0F);
    std::fill(xy_part_.begin(), xy_part_.end(), 0.0F);
  }

  std::size_t d_, rows_ = 0, waiting_ = 0;
  double total_ = 0;  // of the weights
  std::vector<double> xx_, xy_;
  std::vector<float> xx_part_, xy_part_;
  std::vector<float> x_;
  std::array<Hour, kBlock> y_{};
  std::array<float, kBlock> weight_{};
};

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
    if (phase == Phase::sums) sums.assign(options.folds ? kCgmFolds : 1, Sums(directions()));
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
    sums.assign(options.folds ? kCgmFolds : 1, Sums(directions()));
    phase = Phase::sums;
  }

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
      sums[options.folds ? rows.fold(row) : 0].add(x, y, weight.empty() ? 1.0F : weight[row]);
    }
    if (row == rows.size()) solve();
  }

  void solve() {
    row = 0;
    Sums all(directions());
    for (Sums& fold : sums) all.add(fold, 1);
    if (all.rows() == 0) return end_hour();
    const std::vector<double> b = all.solve(options.penalty, free());
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

  void solve_folds(Sums& all) {
    for (std::size_t f = 0; f < sums.size(); ++f) {
      all.add(sums[f], -1);
      if (all.rows() > 0) {
        const std::vector<double> b = all.solve(options.penalty, free());
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
