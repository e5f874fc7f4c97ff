// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/features/design_matrix.hpp"

#include <algorithm>
#include <cmath>

#include "core/base/error.hpp"

namespace glucose {

// What is also in 'meal/2' is called as there.
const std::array<std::string_view, kDesignColumns> kDesignNames{"level",
                                                                "change_165_to_150",
                                                                "change_150_to_135",
                                                                "change_135_to_120",
                                                                "change_120_to_105",
                                                                "change_105_to_90",
                                                                "change_90_to_75",
                                                                "change_75_to_60",
                                                                "change_60_to_45",
                                                                "change_45_to_30",
                                                                "change_30_to_15",
                                                                "change_15",
                                                                "change_30",
                                                                "change_60",
                                                                "above_3h_mean",
                                                                "spread_1h",
                                                                "spread_3h",
                                                                "above_month_mean",
                                                                "sd_month",
                                                                "calories",
                                                                "carbs",
                                                                "protein",
                                                                "fat",
                                                                "fiber",
                                                                "log_carbs",
                                                                "net_carbs_shared",
                                                                "carbs_above_mean",
                                                                "day_sin",
                                                                "day_cos",
                                                                "half_day_sin",
                                                                "half_day_cos",
                                                                "week_sin",
                                                                "week_cos",
                                                                "is_breakfast",
                                                                "is_lunch",
                                                                "is_dinner",
                                                                "is_snack",
                                                                "carbs_breakfast",
                                                                "carbs_lunch",
                                                                "carbs_dinner",
                                                                "carbs_snack",
                                                                "calories_unknown",
                                                                "carbs_unknown",
                                                                "protein_unknown",
                                                                "fat_unknown",
                                                                "fiber_unknown",
                                                                "window_has_gap"};
const std::array<std::string_view, kStaticInputs> kStaticNames{"calories",
                                                               "carbs",
                                                               "protein",
                                                               "fat",
                                                               "fiber",
                                                               "is_breakfast",
                                                               "is_lunch",
                                                               "is_dinner",
                                                               "is_snack",
                                                               "day_sin",
                                                               "day_cos",
                                                               "week_sin",
                                                               "week_cos",
                                                               "month_mean",
                                                               "sd_month",
                                                               "mean_carbs",
                                                               "calories_unknown",
                                                               "carbs_unknown",
                                                               "protein_unknown",
                                                               "fat_unknown",
                                                               "fiber_unknown",
                                                               "window_has_gap"};

std::array<float, kHistorySteps> filled_history(const FeatureVector& x) {
  std::array<float, kHistorySteps> filled;
  for (int i = 0; i < kHistorySteps; ++i) {
    float value = x[kBaseline];
    for (int distance = 0; distance < kHistorySteps; ++distance) {
      const int earlier = i - distance, later = i + distance;
      if (earlier >= 0 && !std::isnan(x[static_cast<std::size_t>(kHistory + earlier)])) {
        value = x[static_cast<std::size_t>(kHistory + earlier)];
        break;
      }
      if (later < kHistorySteps && !std::isnan(x[static_cast<std::size_t>(kHistory + later)])) {
        value = x[static_cast<std::size_t>(kHistory + later)];
        break;
      }
    }
    filled[static_cast<std::size_t>(i)] = value;
  }
  return filled;
}

float last_glucose(const FeatureVector& x) {
  return filled_history(x).back();
}

std::array<float, kMissingIndicators> missing_indicators(const FeatureVector& x) {
  std::array<float, kMissingIndicators> flags{};
  for (std::size_t i = 0; i < 5; ++i) flags[i] = std::isnan(x[kNutrition + i]) ? 1.0F : 0.0F;
  flags[5] = std::any_of(x.begin() + kHistory, x.begin() + kHistory + kHistorySteps,
                         [](float value) { return std::isnan(value); })
                 ? 1.0F
                 : 0.0F;
  return flags;
}

namespace {

/// Appends columns to a row, in order.
class RowWriter {
 public:
  explicit RowWriter(DesignRow& row) : row_(row) {}
  void add(float value) { row_[next_++] = value; }
  template <class Range>
  void add_all(const Range& values) {
    for (const float value : values) add(value);
  }
  bool full() const { return next_ == row_.size(); }

 private:
  DesignRow& row_;
  std::size_t next_ = 0;
};

struct Spread {
  float mean, sd;
};

Spread spread(const float* first, int n) {
  float mean = 0, squares = 0;
  for (int i = 0; i < n; ++i) mean += first[i];
  mean /= static_cast<float>(n);
  for (int i = 0; i < n; ++i) squares += (first[i] - mean) * (first[i] - mean);
  return {mean, std::sqrt(squares / static_cast<float>(n - 1))};
}

void add_glucose(RowWriter& row, const FeatureVector& x) {
  const auto g = filled_history(x);
  const float level = g.back();
  row.add(level);
  for (std::size_t i = 1; i < g.size(); ++i) row.add(g[i] - g[i - 1]);
  row.add(g[11] - g[9]);  // slope over half an hour
  row.add(g[11] - g[7]);  // and over an hour
  const Spread hour = spread(&g[7], 5), window = spread(g.data(), kHistorySteps);
  row.add(level - window.mean);
  row.add(hour.sd);
  row.add(window.sd);
  row.add(level - x[kBaseline]);
  row.add(x[kBaseline + 1]);
}

// What is eaten raises glucose with the carbohydrate that can be absorbed, the less so the more fat and protein are
// with it; both forms are offered and the penalty decides.
void add_nutrition(RowWriter& row, const FeatureVector& x) {
  for (std::size_t i = 0; i < 5; ++i) row.add(x[kNutrition + i]);
  const float carbs = x[1], protein = x[2], fat = x[3], fiber = x[4];
  const float known_protein = std::isnan(protein) ? 0.0F : protein, known_fat = std::isnan(fat) ? 0.0F : fat;
  const float net = std::max(carbs - (std::isnan(fiber) ? 0.0F : fiber), 0.0F);
  row.add(std::log1p(carbs));
  row.add(std::isnan(carbs) ? carbs : net / (1.0F + (known_protein + known_fat) / 30.0F));
  row.add(carbs - x[kBaseline + 2]);
}

void add_clock(RowWriter& row, const FeatureVector& x) {
  const float s = x[kClock], c = x[kClock + 1];
  row.add(s);
  row.add(c);
  row.add(2 * s * c);      // sin of the doubled angle
  row.add(c * c - s * s);  // cos of it
  row.add(x[kClock + 2]);
  row.add(x[kClock + 3]);
}

}  // namespace

DesignRow design_row(const FeatureVector& x) {
  DesignRow columns;
  RowWriter row(columns);
  add_glucose(row, x);
  add_nutrition(row, x);
  add_clock(row, x);
  for (std::size_t i = 0; i < 4; ++i) row.add(x[kMealTypeOneHot + i]);
  for (std::size_t i = 0; i < 4; ++i) row.add(x[kMealTypeOneHot + i] * x[1]);  // carbohydrate by type of meal
  row.add_all(missing_indicators(x));
  if (!row.full()) throw Error(ErrorCode::internal, "design row has a wrong number of columns");
  return columns;
}

std::array<float, kStaticInputs> static_inputs(const FeatureVector& x) {
  std::array<float, kStaticInputs> inputs;
  auto next = std::copy(x.begin(), x.begin() + kHistory, inputs.begin());
  next = std::copy(x.begin() + kBaseline, x.end(), next);
  const auto flags = missing_indicators(x);
  std::copy(flags.begin(), flags.end(), next);
  return inputs;
}

}  // namespace glucose
