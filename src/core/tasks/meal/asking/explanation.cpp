// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/meal/asking/explanation.hpp"

#include <algorithm>
#include <cmath>

#include "core/tasks/meal/asking/seen_columns.hpp"

namespace glucose {

namespace {

constexpr std::size_t kMidpoints = 20;
constexpr float kDifference = 0.05F;  // of an input's way from its mean, on either side

/// The way of one network from mean inputs to a moment's.
struct Gradients {
  const LstmModel* model;
  float weight;
  NetworkRow z;
  std::size_t next = 0;  // midpoint
  std::array<double, kNetworkInputs> sums{};

  /// The k-th output for rows of inputs.
  std::vector<double> outputs(const std::vector<NetworkRow>& rows, std::size_t k) const {
    const std::size_t n = rows.size(), K = model->pull.size();
    std::vector<float> sequence, statics, out(n * K);
    for (const NetworkRow& row : rows) {
      sequence.insert(sequence.end(), row.begin(), row.begin() + kHistorySteps);
      statics.insert(statics.end(), row.begin() + kHistorySteps, row.end());
    }
    model->net.predict(sequence.data(), statics.data(), static_cast<int>(n), out.data());
    std::vector<double> of_k;
    for (std::size_t i = 0; i < n; ++i) of_k.push_back(static_cast<double>(out[i * K + k]));
    return of_k;
  }

  void step(std::size_t k) {
    const float along = (static_cast<float>(next++) + 0.5F) / kMidpoints;
    NetworkRow here;
    for (std::size_t i = 0; i < z.size(); ++i) here[i] = along * z[i];
    std::vector<NetworkRow> rows;
    for (std::size_t i = 0; i < z.size(); ++i)
      for (const float side : {-kDifference, kDifference}) {
        rows.push_back(here);
        rows.back()[i] += side * z[i];
      }
    const std::vector<double> said = outputs(rows, k);
    for (std::size_t i = 0; i < z.size(); ++i)
      sums[i] += (said[2 * i + 1] - said[2 * i]) / (2 * static_cast<double>(kDifference) * kMidpoints);
  }
};

}  // namespace

struct MealExplainer::State {
  const Model* model;
  std::size_t k;
  Moment moment;
  SeenColumns seen;
  std::vector<Gradients> networks;
  std::size_t network = 0;
  double baseline = 0, earlier_meals = 0;
  std::array<double, kSeenColumns> parts{};
  PointForecast said{};
  float median = kUnknown;  // not limited; NaN: the mean is explained

  std::size_t K() const { return model->horizons_min.size(); }

  /// A linear part. in: [K × columns], the columns, and where each of them belongs
  template <class Place>
  void add_line(const std::vector<float>& coefficients, std::span<const float> z, double weight, Place&& place_of) {
    for (std::size_t p = 0; p < z.size(); ++p)
      parts[place_of(p)] += weight * static_cast<double>(coefficients[k * z.size() + p]) * static_cast<double>(z[p]);
  }

  /// The forecast starts from the level: its mean belongs to the baseline, the rest to its column.
  void add_level(float level, float mean, std::size_t place, double weight) {
    baseline += weight * static_cast<double>(mean);
    parts[place] += weight * (static_cast<double>(level) - static_cast<double>(mean));
  }

  void add(const Persistence&, float weight) {
    const float usual = moment.features[kBaseline], level = seen.design[0];
    add_level(level, std::isnan(usual) ? level : usual, kDesignPlace, static_cast<double>(weight));
  }

  void add(const MeanModel& m, float weight) {
    baseline += static_cast<double>(weight) * static_cast<double>(m.mean_mg_dl[k]);
  }

  void add(const LinearModel& m, float weight) {
    DesignRow z;
    m.scaler.transform(seen.design, z.data());
    add_level(seen.design[0], m.scaler.mean[0], kDesignPlace, static_cast<double>(weight));
    baseline += static_cast<double>(weight) * static_cast<double>(m.intercept[k]);
    add_line(m.coefficients, z, static_cast<double>(weight), [](std::size_t p) { return kDesignPlace + p; });
  }

  void add(const PopulationModel& m, float weight) {
    const auto w = static_cast<double>(weight);
    add_level(seen.rich[meal2::kLevel], m.scaler.mean[meal2::kLevel], kRichPlace, w);
    baseline += w * static_cast<double>(m.intercept[k]);
    add_line(m.coefficients, m.line_row(seen.rich), w, [](std::size_t l) { return kRichPlace + column_of_line(l); });
    if (!m.trees.empty()) {
      std::array<double, kRichFeatures> phi;
      double expected = 0;
      m.trees[k].contributions(seen.rich, phi, expected);
      const double share = w * static_cast<double>(m.share_of_trees);
      baseline += share * expected;
      for (std::size_t p = 0; p < phi.size(); ++p) parts[kRichPlace + p] += share * phi[p];
    }
    if (!m.kernel.is_empty())
      earlier_meals += w * static_cast<double>(said.believed[k]) * static_cast<double>(said.recalled[k]);
  }

  void add(const LstmModel& m, float weight) {
    networks.push_back({&m, weight, m.standardise(seen.network)});
    constexpr std::size_t kLast = kHistorySteps - 1;
    const auto w = static_cast<double>(weight);
    add_level(seen.network[kLast], m.glucose.mean[0], kNetworkPlace + kLast, w);
    parts[kNetworkPlace + kLast] += w * static_cast<double>(m.pull[k]) * static_cast<double>(networks.back().z[kLast]);
    baseline += w * static_cast<double>(m.targets.mean[k]);
  }

  void add(const Ensemble& e, float) {
    for (std::size_t m = 0; m < e.members.size(); ++m)
      std::visit([&](const auto& kind) { add(kind, e.weights[m * K() + k]); }, e.members[m]);
  }

  void finish(const Gradients& g) {
    const std::vector<double> ends = g.outputs({NetworkRow{}, g.z}, k);
    const double unit = static_cast<double>(g.weight) * static_cast<double>(g.model->unit(k));
    double sum = 0, size = 0;
    for (const double part : g.sums) sum += part, size += std::abs(part);
    const double missed = ends[1] - ends[0] - sum;
    baseline += unit * ends[0];
    for (std::size_t i = 0; i < g.sums.size(); ++i) {
      const double own_share = size > 0 ? std::abs(g.sums[i]) / size : 1.0 / kNetworkInputs;
      parts[kNetworkPlace + i] += unit * (g.sums[i] + missed * own_share);
    }
  }
};

MealExplainer::MealExplainer(const Model& model, const Moment& moment, const Recollection& known, std::size_t k,
                             bool mean)
    : state_(std::make_unique<State>(State{&model, k, moment, seen_columns(moment), {}})) {
  State& s = *state_;
  s.said = model.predict(moment, known);
  if (!mean) s.median = median_of(model, outlook_of(model, moment, known, s.said, k), s.said.mg_dl[k]);
  std::visit([&](const auto& kind) { s.add(kind, 1.0F); }, model.predictor);
}

MealExplainer::~MealExplainer() = default;

bool MealExplainer::done() const {
  return state_->network == state_->networks.size();
}

void MealExplainer::step() {
  if (done()) return;
  Gradients& g = state_->networks[state_->network];
  if (g.next < kMidpoints) return g.step(state_->k);
  state_->finish(g);
  ++state_->network;
}

Explanation MealExplainer::take() const {
  const State& s = *state_;
  Explanation e{static_cast<float>(s.baseline), {}};
  double sum = s.baseline + s.earlier_meals;
  for (const SeenFeature& feature : seen_features(s.model->predictor)) {
    double part = 0;
    for (const std::size_t place : feature.places) part += s.parts[place];
    sum += part;
    e.parts.push_back({feature.name, column_at(s.seen, feature.places.front()), static_cast<float>(part)});
  }
  if (population_of(s.model->predictor) != nullptr)
    e.parts.push_back({"earlier_meals", s.said.recalled[s.k], static_cast<float>(s.earlier_meals)});
  if (learns_changes(s.model->predictor)) {
    const double raised = static_cast<double>(s.said.mg_dl[s.k]) - sum;
    e.parts.push_back({"low_glucose", kUnknown, static_cast<float>(raised)});
    sum += raised;
  }
  if (!std::isnan(s.median)) {
    const double to_median = static_cast<double>(s.median) - sum;
    e.parts.push_back({"typical_outcome", kUnknown, static_cast<float>(to_median)});
    sum += to_median;
  }
  const double limited = std::clamp(sum, static_cast<double>(kGlucoseLow), static_cast<double>(kGlucoseHigh));
  if (limited != sum) e.parts.push_back({"limit", kUnknown, static_cast<float>(limited - sum)});
  std::stable_sort(e.parts.begin(), e.parts.end(), [](const FeaturePart& a, const FeaturePart& b) {
    return std::abs(a.contribution) > std::abs(b.contribution);
  });
  return e;
}

}  // namespace glucose
