// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/models/recollection.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace glucose {

namespace {

constexpr float kClockHours = 1.5F, kLevelMgDl = 40.0F;          // how far "the same" reaches: SDs of bells
constexpr double kLargestResidual = 2.5;                         // SDs; one odd meal must not teach too much
constexpr double kBelievedBeforehand = 30, kUsualRecall = 0.25;  // meals, share of a residual's SD

float bell(float distance_squared, float sd) {
  return std::exp(-0.5F * distance_squared / (sd * sd));
}

/// Summed in four lanes, which the compiler may do at once: one after the other would wait for each sum.
template <class Real>
Real dot(const Real* a, const Real* b, std::size_t n) {
  std::array<Real, 4> lanes{};
  const std::size_t whole = n / 4 * 4;
  for (std::size_t i = 0; i < whole; i += 4)
    for (std::size_t lane = 0; lane < 4; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
  for (std::size_t i = whole; i < n; ++i) lanes[0] += a[i] * b[i];
  return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/// Solves L x = y for the first n rows of a packed lower factor, in place.
void forward(const std::vector<double>& lower, std::size_t n, std::vector<double>& y) {
  const double* row = lower.data();
  for (std::size_t i = 0; i < n; ++i) {
    y[i] = (y[i] - dot(row, y.data(), i)) / row[i];
    row += i + 1;
  }
}

double dot(const std::vector<double>& a, const std::vector<double>& b, std::size_t n) {
  return dot(a.data(), b.data(), n);
}

}  // namespace

Recollection::Recollection(const PopulationModel* population, std::span<const int> horizons_min, const Memory& memory)
    : population_(population), horizons_min_(horizons_min.begin(), horizons_min.end()), factors_(horizons_min.size()) {
  for (const RememberedMeal& meal : memory.meals) add(meal);
}

Recollection::Point Recollection::point(const RichVector& rich) const {
  Point p;
  p.z = population_->standardise(rich);
  p.hour = std::atan2(rich[meal2::kDaySin], rich[meal2::kDayCos]) * 12 / std::numbers::pi_v<float>;
  p.level = rich[meal2::kLevel];
  p.knows_nutrients = false;
  for (std::size_t i = 0; i < kPortion.size(); ++i) {
    const float amount = rich[meal2::kFirstNutrient + i];
    p.log_nutrients[i] = std::isnan(amount) ? 0.0F : log_amount(i, amount);
    p.knows_nutrients |= !std::isnan(amount);
  }
  p.self = static_cast<float>(likeness(p, p));
  return p;
}

double Recollection::likeness(const Point& a, const Point& b) const {
  const PersonalKernel& k = population_->kernel;
  const float linear = dot(a.z.data(), b.z.data(), a.z.size());
  const float apart = std::abs(a.hour - b.hour), hours = std::min(apart, 24 - apart), level = a.level - b.level;
  float sum = k.linear * linear + k.person +
              bell(hours * hours, kClockHours) * (k.clock + k.clock_and_level * bell(level * level, kLevelMgDl));
  if (a.knows_nutrients && b.knows_nutrients) {
    float squares = 0;
    for (std::size_t i = 0; i < kPortion.size(); ++i) {
      const float d = a.log_nutrients[i] - b.log_nutrients[i];
      squares += d * d / static_cast<float>(kPortion.size());
    }
    sum += k.nutrients * bell(squares, kNutrientsAlike);
  }
  return static_cast<double>(sum);
}

float Recollection::similarity(const RichVector& a, const RichVector& b) const {
  const Point p = point(a), q = point(b);
  const double both = std::sqrt(static_cast<double>(p.self) * static_cast<double>(q.self));
  return both > 0 ? static_cast<float>(std::clamp(likeness(p, q) / both, 0.0, 1.0)) : 0;
}

void Recollection::recall(const Moment& moment, PointForecast& out) const {
  out.recalled.fill(0);
  out.believed.fill(1);
  out.variance.fill(0);
  if (population_ == nullptr) return;
  const Point asked = point(moment.rich);
  out.variance.fill(asked.self);
  if (points_.empty()) return;
  std::vector<double> alike(points_.size());
  for (std::size_t i = 0; i < points_.size(); ++i) alike[i] = likeness(asked, points_[i]);
  std::vector<double> solved;
  const Factor* solved_by = nullptr;  // whose meals are the same: so is what they say of how alike they are
  for (std::size_t k = 0; k < factors_.size(); ++k) {
    const Factor& f = factors_[k];
    const double sd = static_cast<double>(population_->residual_sd[k]);
    double said = kBelievedBeforehand * std::pow(kUsualRecall * sd, 2), agreed = said;
    std::size_t n = 0;
    for (const std::size_t i : f.meals) {
      const RememberedMeal& meal = memory_.meals[i];
      if (!outcome_known(meal.eaten_at, horizons_min_[k], moment.eaten_at)) break;
      ++n;
      if (std::isnan(meal.recalled[k])) continue;
      const auto recalled = static_cast<double>(meal.recalled[k]);
      agreed +=
          recalled * std::clamp(static_cast<double>(meal.residual[k]), -kLargestResidual * sd, kLargestResidual * sd);
      said += recalled * recalled;
    }
    if (n == 0) continue;
    const auto end = f.meals.begin() + static_cast<std::ptrdiff_t>(n);
    if (solved_by == nullptr || solved.size() != n || !std::equal(f.meals.begin(), end, solved_by->meals.begin())) {
      solved.resize(n);
      std::transform(f.meals.begin(), end, solved.begin(), [&](std::size_t i) { return alike[i]; });
      forward(f.lower, n, solved);
      solved_by = &f;
    }
    out.recalled[k] = static_cast<float>(dot(solved, f.whitened, solved.size()));
    out.variance[k] = std::max(asked.self - static_cast<float>(dot(solved, solved, solved.size())), 0.0F);
    out.believed[k] = said > 0 ? static_cast<float>(std::clamp(agreed / said, 0.0, 1.0)) : 1;
  }
}

void Recollection::grow(std::size_t meal) {
  for (std::size_t k = 0; k < factors_.size(); ++k) {
    if (std::isnan(memory_.meals[meal].residual[k])) continue;
    Factor& f = factors_[k];
    std::vector<double> row;
    for (const std::size_t i : f.meals) row.push_back(likeness(points_[meal], points_[i]));
    forward(f.lower, row.size(), row);
    // 1 is the noise of one outcome; the bells over a clock are positive definite only nearly.
    const double left = 1 + static_cast<double>(points_[meal].self) - dot(row, row, row.size());
    const double diagonal = std::sqrt(std::max(left, 0.01));
    const double most = kLargestResidual * static_cast<double>(population_->residual_sd[k]);
    const double residual = std::clamp(static_cast<double>(memory_.meals[meal].residual[k]), -most, most);
    f.whitened.push_back((residual - dot(row, f.whitened, row.size())) / diagonal);
    f.lower.insert(f.lower.end(), row.begin(), row.end());
    f.lower.push_back(diagonal);
    f.meals.push_back(meal);
  }
}

void Recollection::forget() {
  memory_.meals.erase(memory_.meals.begin(), memory_.meals.end() - kRememberedMeals);
  if (population_ == nullptr) return;
  points_.erase(points_.begin(), points_.end() - kRememberedMeals);
  factors_.assign(horizons_min_.size(), {});
  for (std::size_t i = 0; i < points_.size(); ++i) grow(i);
}

const OwnScores& Recollection::own_scores(std::size_t k, Micros at, bool lone) const {
  const std::span<const RememberedMeal> known = known_meals(memory_.meals, horizons_min_[k], at);
  own_scores_.resize(horizons_min_.size());
  std::optional<KeptScores>& kept = own_scores_[k];
  if (!kept || kept->n != known.size() || kept->lone != lone) kept = {known.size(), lone, OwnScores(known, k, lone)};
  return kept->scores;
}

bool Recollection::full() const {
  return memory_.meals.size() + 1 >= kRememberedMeals + kForgetAtOnce;
}

void Recollection::take_back(std::size_t n) {
  if (n > 0) own_scores_.clear();
  const std::size_t left = memory_.meals.size() - n;
  memory_.meals.resize(left);
  if (population_ == nullptr) return;
  points_.resize(left);
  for (Factor& f : factors_)
    while (!f.meals.empty() && f.meals.back() >= left) {
      f.lower.resize(f.lower.size() - f.meals.size());
      f.whitened.pop_back();
      f.meals.pop_back();
    }
}

std::size_t Recollection::bytes() const {
  std::size_t sum = memory_.meals.size() * sizeof(RememberedMeal) + points_.size() * sizeof(Point);
  for (const Factor& f : factors_) sum += (f.lower.size() + 2 * f.whitened.size()) * sizeof(double);
  return sum;
}

void Recollection::add(const RememberedMeal& meal) {
  own_scores_.clear();
  memory_.meals.push_back(meal);
  if (population_ != nullptr) {
    points_.push_back(point(meal.rich));
    grow(points_.size() - 1);
  }
  if (memory_.meals.size() >= kRememberedMeals + kForgetAtOnce) forget();
}

}  // namespace glucose
