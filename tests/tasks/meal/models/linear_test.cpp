// SPDX-License-Identifier: PostgreSQL
// Shapes: N rows, P design columns, K horizons.
#include "core/tasks/meal/models/linear.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/base/random.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

constexpr std::size_t P = kDesignColumns;

/// A random meal with a moving window; everything known.
FeatureVector random_features(Random& rng) {
  FeatureVector x = plain_features();
  for (std::size_t i = 0; i < 5; ++i) x[i] = static_cast<float>(rng.uniform(1, i == 0 ? 900 : 90));
  const std::size_t type = rng.below(4);
  for (std::size_t i = 0; i < 4; ++i) x[kMealTypeOneHot + i] = i == type ? 1 : 0;
  const double hour = rng.uniform(0, 6.28), day = rng.uniform(0, 6.28);
  x[kClock] = static_cast<float>(std::sin(hour)), x[kClock + 1] = static_cast<float>(std::cos(hour));
  x[kClock + 2] = static_cast<float>(std::sin(day)), x[kClock + 3] = static_cast<float>(std::cos(day));
  double level = rng.uniform(80, 200);
  for (std::size_t i = 0; i < kHistorySteps; ++i) x[kHistory + i] = static_cast<float>(level += 6 * rng.normal());
  x[kBaseline] = static_cast<float>(rng.uniform(110, 150));
  x[kBaseline + 1] = static_cast<float>(rng.uniform(20, 50));
  x[kBaseline + 2] = static_cast<float>(rng.uniform(40, 60));
  return x;
}

/// Glucose rises by 0.8 mg/dL per gram of carbohydrate at +60 and by 0.3 at +120, plus noise.
std::vector<Sample> carb_samples(int n, double noise, std::uint64_t seed) {
  Random rng(seed);
  std::vector<Sample> rows;
  for (int i = 0; i < n; ++i) {
    Sample row{{.eaten_at = i * kDay, .features = random_features(rng), .rich = {}}, {}, {}};
    const double level = last_glucose(row.features), carbs = row.features[1];
    row.targets[0] = static_cast<float>(level + 10 + 0.8 * carbs + noise * rng.normal());
    row.targets[1] = static_cast<float>(level - 5 + 0.3 * carbs + noise * rng.normal());
    rows.push_back(row);
  }
  return rows;
}

LinearModel fitted(Samples rows, Loss loss, double l2 = -1, int horizons = 2) {
  LinearFit fit(rows, horizons, loss, l2);
  double progress = 0;
  while (!fit.done()) {
    EXPECT_GE(fit.progress(), progress);
    progress = fit.progress();
    fit.step();
  }
  EXPECT_EQ(fit.progress(), 1);
  return fit.take();
}

double rmse(const LinearModel& model, Samples rows, std::size_t k = 0) {
  double squares = 0;
  for (const Sample& row : rows) {
    float out[2];
    model.predict(row.features, 2, out);
    squares += std::pow(out[k] - row.targets[k], 2);
  }
  return std::sqrt(squares / static_cast<double>(rows.size()));
}

// The independent way: the intercept as a column of its own without penalty, weights given, Gaussian elimination with
// pivoting in plain loops.
std::vector<double> eliminate(const std::vector<std::vector<double>>& X, const std::vector<double>& y,
                              const std::vector<double>& w, double penalty) {
  const std::size_t m = P + 1;
  std::vector<std::vector<double>> a(m, std::vector<double>(m + 1, 0.0));
  for (std::size_t i = 0; i < X.size(); ++i)
    for (std::size_t r = 0; r < m; ++r) {
      const double left = w[i] * (r == 0 ? 1.0 : X[i][r - 1]);
      for (std::size_t c = 0; c < m; ++c) a[r][c] += left * (c == 0 ? 1.0 : X[i][c - 1]);
      a[r][m] += left * y[i];
    }
  for (std::size_t r = 1; r < m; ++r) a[r][r] += penalty * column_penalties()[r - 1];
  for (std::size_t p = 0; p < m; ++p) {
    std::size_t best = p;
    for (std::size_t r = p + 1; r < m; ++r)
      if (std::abs(a[r][p]) > std::abs(a[best][p])) best = r;
    std::swap(a[p], a[best]);
    for (std::size_t r = 0; r < m; ++r) {
      if (r == p) continue;
      const double factor = a[r][p] / a[p][p];
      for (std::size_t c = p; c <= m; ++c) a[r][c] -= factor * a[p][c];
    }
  }
  std::vector<double> b(m);
  for (std::size_t p = 0; p < m; ++p) b[p] = a[p][m] / a[p][p];
  return b;
}

/// Standardised rows and changes, from the model's own scaler (tested by itself).
struct Problem {
  std::vector<std::vector<double>> X;
  std::vector<double> y;
};
Problem problem_of(const LinearModel& model, Samples rows, std::size_t k) {
  Problem problem;
  for (const Sample& row : rows) {
    DesignRow scaled;
    model.scaler.transform(design_row(row.features), scaled.data());
    problem.X.emplace_back(scaled.begin(), scaled.end());
    problem.y.push_back(static_cast<double>(row.targets[k] - last_glucose(row.features)));
  }
  return problem;
}

double residual(const Problem& problem, std::size_t i, const std::vector<double>& b) {
  double r = problem.y[i] - b[0];
  for (std::size_t p = 0; p < P; ++p) r -= b[p + 1] * problem.X[i][p];
  return r;
}

TEST(Ridge, IsTheClosedForm) {
  for (const double penalty : {1.0, 30.0, 1000.0})
    for (const int n : {20, 90, 2500}) {  // fewer rows than columns; more; more than one step takes
      const auto rows = carb_samples(n, 15, 7);
      const LinearModel model = fitted(rows, Loss::squared, penalty);
      for (std::size_t k = 0; k < 2; ++k) {
        const Problem problem = problem_of(model, rows, k);
        const auto b = eliminate(problem.X, problem.y, std::vector<double>(rows.size(), 1.0), penalty);
        EXPECT_NEAR(model.intercept[k], b[0], 1e-3);
        for (std::size_t p = 0; p < P; ++p) EXPECT_NEAR(model.coefficients[k * P + p], b[p + 1], 1e-3) << p;
      }
    }
}

TEST(Lad, IsAFixedPointOfTheReweighting) {
  const auto rows = carb_samples(150, 15, 8);
  const double penalty = 10;
  const LinearModel model = fitted(rows, Loss::absolute, penalty);
  const Problem problem = problem_of(model, rows, 0);
  const std::vector<double> ones(rows.size(), 1.0);
  auto b = eliminate(problem.X, problem.y, ones, penalty);
  std::vector<double> w(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) w[i] = std::abs(residual(problem, i, b));
  std::nth_element(w.begin(), w.begin() + 75, w.end());
  const double scale = w[75];
  for (int round = 0; round < 200; ++round) {
    for (std::size_t i = 0; i < rows.size(); ++i) w[i] = scale / std::max(std::abs(residual(problem, i, b)), 1.0);
    b = eliminate(problem.X, problem.y, w, penalty);
  }
  EXPECT_NEAR(model.intercept[0], b[0], 0.3);
  for (std::size_t p = 0; p < P; ++p) EXPECT_NEAR(model.coefficients[p], b[p + 1], 0.3) << p;
}

TEST(Ridge, InterceptIsFreeOfThePenalty) {
  const auto rows = carb_samples(100, 5, 9);
  const LinearModel model = fitted(rows, Loss::squared, 1e6);
  double mean = 0;
  for (const Sample& row : rows) mean += (row.targets[0] - last_glucose(row.features)) / 100;
  EXPECT_NEAR(model.intercept[0], mean, 1e-3);
  for (std::size_t p = 0; p < P; ++p) EXPECT_NEAR(model.coefficients[p], 0, 0.05);
}

TEST(Linear, LearnsWhatIsThere) {
  const auto rows = carb_samples(300, 3, 10), fresh = carb_samples(200, 3, 11);
  for (const Loss loss : {Loss::squared, Loss::absolute}) {
    const LinearModel model = fitted(rows, loss);
    EXPECT_LT(rmse(model, fresh, 0), 4);  // noise 3
    EXPECT_LT(rmse(model, fresh, 1), 4);
  }
}

TEST(Lad, HoldsAgainstOutliersWhereRidgeDoesNot) {
  auto rows = carb_samples(400, 3, 12);
  const auto fresh = carb_samples(200, 0, 13);
  for (std::size_t i = 0; i < rows.size(); i += 8)  // every eighth outcome is far off, the more so the more was eaten
    rows[i].targets[0] -= 400.0F * rows[i].features[1] / 90.0F;
  const double ridge = rmse(fitted(rows, Loss::squared), fresh), lad = rmse(fitted(rows, Loss::absolute), fresh);
  EXPECT_LT(lad, 6);
  EXPECT_GT(ridge, 20);
}

TEST(Linear, PenaltyGrowsWithNoise) {
  const auto penalty = [](double noise) {
    double sum = 0;
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      const auto rows = carb_samples(120, noise, 20 + seed);
      LinearFit fit(rows, 2, Loss::squared);
      while (!fit.done()) fit.step();
      sum += std::log(fit.penalties()[0]);
    }
    return sum / 8;
  };
  EXPECT_LT(penalty(1) + std::log(3.0), penalty(60));
}

TEST(Linear, UsesTheGivenPenalty) {
  const auto rows = carb_samples(50, 5, 3);
  LinearFit fit(rows, 2, Loss::squared, 12.5);
  int steps = 0;
  while (!fit.done()) fit.step(), ++steps;
  EXPECT_EQ(fit.penalties(), (std::vector<double>{12.5, 12.5}));
  EXPECT_LE(steps, 4);
}

TEST(Linear, LearnsWhatMissingMeans) {
  // Carbohydrate is not logged for a third of the meals, and those raise glucose by 70 mg/dL more than the others.
  Random rng(31);
  std::vector<Sample> rows = carb_samples(300, 0, 14);
  for (Sample& row : rows) {
    const bool missing = rng.below(3) == 0;
    row.targets[0] = last_glucose(row.features) + static_cast<float>((missing ? 90 : 20) + 20 * rng.normal());
    if (missing) row.features[1] = kUnknown;
  }
  for (const Loss loss : {Loss::squared, Loss::absolute}) {
    const LinearModel model = fitted(rows, loss);
    double sum[2] = {0, 0}, n[2] = {0, 0};
    for (const Sample& row : rows) {
      float out[2];
      model.predict(row.features, 2, out);
      const std::size_t missing = std::isnan(row.features[1]) ? 1 : 0;
      sum[missing] += static_cast<double>(out[0] - last_glucose(row.features));
      n[missing] += 1;
    }
    EXPECT_GT(sum[1] / n[1] - sum[0] / n[0], 40);  // shrunken, but learnt
  }
}

TEST(Linear, SameRowsGiveSameBits) {
  const auto rows = carb_samples(90, 20, 15);
  for (const Loss loss : {Loss::squared, Loss::absolute}) {
    const LinearModel a = fitted(rows, loss), b = fitted(rows, loss);
    EXPECT_EQ(bits_of(a.coefficients), bits_of(b.coefficients));
    EXPECT_EQ(bits_of(a.intercept), bits_of(b.intercept));
  }
}

TEST(Linear, EveryHorizonIsItsOwnFit) {
  const auto rows = carb_samples(90, 20, 16);
  auto second_only = rows;
  for (Sample& row : second_only) row.targets[0] = row.targets[1];
  const LinearModel both = fitted(rows, Loss::absolute), one = fitted(second_only, Loss::absolute, -1, 1);
  for (std::size_t p = 0; p < P; ++p) EXPECT_EQ(both.coefficients[P + p], one.coefficients[p]);
}

TEST(Linear, FewOrConstantRowsDoNotCrash) {
  for (const int n : {1, 2, 3, 5, 7})
    for (const Loss loss : {Loss::squared, Loss::absolute})
      for (const double l2 : {-1.0, 0.0, 5.0}) {
        const auto random = carb_samples(n, 5, 17);
        const std::vector<Sample> same(static_cast<std::size_t>(n), random[0]);
        for (const auto& rows : {random, same}) {
          const LinearModel model = fitted(rows, loss, l2);
          float out[2] = {NAN, NAN};
          model.predict(rows[0].features, 2, out);
          EXPECT_TRUE(std::isfinite(out[0]) && std::isfinite(out[1])) << n << " " << l2;
        }
        float out[2];
        fitted(same, loss, l2).predict(same[0].features, 2, out);
        EXPECT_NEAR(out[0], same[0].targets[0], 1e-3) << n << " " << l2;
      }
}

TEST(Linear, NutrientsNobodyLogged) {
  auto rows = carb_samples(60, 5, 18);
  for (Sample& row : rows)
    for (std::size_t i = 0; i < 5; ++i) row.features[i] = kUnknown;
  for (const double l2 : {-1.0, 0.0}) {
    const LinearModel model = fitted(rows, Loss::squared, l2);
    for (const float b : model.coefficients) EXPECT_TRUE(std::isfinite(b));
    float out[2];
    FeatureVector logged = rows[0].features;
    logged[1] = 80;  // never seen in training: says nothing
    model.predict(logged, 2, out);
    EXPECT_TRUE(std::isfinite(out[0]));
  }
}

}  // namespace
}  // namespace glucose
