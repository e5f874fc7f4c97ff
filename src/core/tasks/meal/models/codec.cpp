// SPDX-License-Identifier: PostgreSQL
// Every byte must be used.
#include "core/tasks/meal/models/codec.hpp"

#include <string_view>

#include "core/base/byte_io.hpp"

namespace glucose {

namespace {

constexpr std::string_view kTask = "glucose";
constexpr Micros kFarthestMoment = 290'000 * 365 * kDay;  // years; there is room for horizons beyond

void write(ByteWriter&, const Persistence&) {}
void write(ByteWriter& out, const MeanModel& m) {
  out.reals(m.mean_mg_dl);
}
void write(ByteWriter& out, const LinearModel& m) {
  write(out, m.scaler);
  out.reals(m.intercept);
  out.reals(m.coefficients);
}
void write(ByteWriter& out, const LstmModel& m) {
  const LstmShape& shape = m.net.shape();
  out.number(shape.layers);
  for (int i = 0; i < shape.layers; ++i) out.number(shape.hidden[i]);
  write(out, m.glucose);
  write(out, m.statics);
  write(out, m.targets);
  out.reals(m.pull);
  out.reals(m.net.parameters());
}

void write(ByteWriter& out, const PopulationModel& m) {
  write(out, m.scaler);
  out.reals(m.intercept);
  out.reals(m.coefficients);
  out.reals(m.residual_sd);
  out.number(m.knows_curve() ? 1 : 0);
  if (m.knows_curve()) {
    out.reals(m.curve_intercept);
    out.reals(m.curve_coefficients);
  }
  for (const float part :
       {m.kernel.person, m.kernel.clock, m.kernel.clock_and_level, m.kernel.nutrients, m.kernel.linear})
    out.real(part);
  out.real(m.share_of_trees);
  out.number(static_cast<int>(m.trees.size()));
  for (const Trees& trees : m.trees) write(out, trees);
}
void write_member(ByteWriter& out, Algorithm algorithm, const Member& member) {
  out.number(static_cast<int>(algorithm));
  std::visit([&](const auto& kind) { write(out, kind); }, member);
}
void write(ByteWriter& out, const Ensemble& e) {
  out.number(static_cast<int>(e.members.size()));
  for (std::size_t m = 0; m < e.members.size(); ++m) write_member(out, e.algorithms[m], e.members[m]);
  out.reals(e.weights);
}
void write(ByteWriter& out, const Memory& memory, std::size_t K) {
  out.number(static_cast<int>(memory.meals.size()));
  for (const RememberedMeal& meal : memory.meals) {
    out.moment(meal.eaten_at);
    for (const float value : meal.rich) out.real_or_unknown(value);
    for (std::size_t k = 0; k < K; ++k)
      for (const float value : {meal.residual[k], meal.recalled[k], meal.score[k], meal.rank[k]})
        out.real_or_unknown(value);
  }
}

void write(ByteWriter& out, const Intervals& intervals) {
  out.number(intervals.n);
  for (const Scale& scale : intervals.scale) {
    out.real(scale.log_scale);
    out.real(scale.first_day);
    for (const ScaleColumns& values : {scale.mean, scale.inverse_sd, scale.slopes})
      for (const float value : values) out.real(value);
  }
  out.number(intervals.grids.empty() ? 0 : 1);
  if (intervals.grids.empty()) return;
  out.reals(intervals.knots);
  out.reals(intervals.grids);
}

LinearModel read_linear(ByteReader& in, std::size_t K) {
  LinearModel m;
  m.scaler = read_scaler(in, kDesignColumns);
  m.intercept = in.reals(K);
  m.coefficients = in.reals(K * kDesignColumns);
  return m;
}

LstmModel read_lstm(ByteReader& in, std::size_t K) {
  LstmShape shape;
  shape.steps = kHistorySteps;
  shape.n_static = kStaticInputs;
  shape.outputs = static_cast<int>(K);
  shape.layers = in.number(1, kLstmMaxLayers);
  for (int i = 0; i < kLstmMaxLayers; ++i) shape.hidden[i] = i < shape.layers ? in.number(1, 256) : 0;
  Scaler glucose = read_scaler(in, 1), statics = read_scaler(in, kStaticInputs), targets = read_scaler(in, K);
  std::vector<float> pull = in.reals(K);
  const auto parameters = in.reals(parameter_count(shape));
  Lstm net(shape);
  std::copy(parameters.begin(), parameters.end(), net.parameters().begin());
  return {std::move(glucose), std::move(statics), std::move(targets), std::move(pull), std::move(net)};
}

void require_ascending(const std::vector<float>& values, std::size_t run) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (i % run != 0 && values[i] < values[i - 1]) damaged("numbers are not ascending");
}

Intervals read_intervals(ByteReader& in, std::size_t K) {
  Intervals intervals;
  intervals.n = in.number(0, 1'000'000'000);
  for (std::size_t k = 0; k < K; ++k) {
    Scale scale;
    scale.log_scale = in.real();
    scale.first_day = in.real();
    for (ScaleColumns* values : {&scale.mean, &scale.inverse_sd, &scale.slopes})
      for (float& value : *values) value = in.real();
    intervals.scale.push_back(scale);
  }
  if (in.number(0, 1) == 0) return intervals;
  intervals.knots = in.reals(K * kGrids);
  intervals.grids = in.reals(K * kGrids * kQuantiles);
  require_ascending(intervals.knots, kGrids);
  require_ascending(intervals.grids, kQuantiles);
  return intervals;
}

float share(ByteReader& in) {
  const float value = in.real();
  if (value < 0 || value > 1) damaged("a weight is out of range");
  return value;
}

PopulationModel read_population(ByteReader& in, std::size_t K) {
  PopulationModel m;
  m.scaler = read_scaler(in, kRichFeatures);
  m.intercept = in.reals(K);
  m.coefficients = in.reals(K * kLineColumns);
  m.residual_sd = in.reals(K);
  for (const float sd : m.residual_sd)
    if (sd < 0) damaged("a spread is negative");
  if (in.number(0, 1) == 1) {
    m.curve_intercept = in.reals(kCurveSteps);
    m.curve_coefficients = in.reals(std::size_t{kCurveSteps} * kLineColumns);
  }
  // A kernel without negative parts keeps what is solved with it positive definite.
  for (float* part :
       {&m.kernel.person, &m.kernel.clock, &m.kernel.clock_and_level, &m.kernel.nutrients, &m.kernel.linear})
    *part = share(in);
  m.share_of_trees = share(in);
  const int trees = in.number(0, static_cast<int>(K));
  if (trees != 0 && trees != static_cast<int>(K)) damaged("it has trees for some horizons only");
  for (int k = 0; k < trees; ++k) m.trees.push_back(read_trees(in, kRichFeatures));
  return m;
}

Algorithm read_algorithm(ByteReader& in) {
  return static_cast<Algorithm>(in.number(0, static_cast<int>(kAlgorithmNames.size()) - 1));
}

Member read_member(ByteReader& in, Algorithm algorithm, std::size_t K) {
  switch (algorithm) {
    case Algorithm::persistence:
      return Persistence{};
    case Algorithm::mean:
      return MeanModel{in.reals(K)};
    case Algorithm::ridge:
    case Algorithm::lad:
      return read_linear(in, K);
    case Algorithm::lstm:
      return read_lstm(in, K);
    case Algorithm::trees:
    case Algorithm::personal:
    case Algorithm::population:
      return read_population(in, K);
    case Algorithm::automatic:
    case Algorithm::ensemble:
    case Algorithm::linear:
    case Algorithm::moving_average:
    case Algorithm::exponential_smoothing:
    case Algorithm::linear_mean:
    case Algorithm::attention:
    case Algorithm::multitask:
    case Algorithm::logistic:
    case Algorithm::logistic_gd:
      break;
  }
  damaged("its algorithm is none that is stored");
}

Ensemble read_ensemble(ByteReader& in, std::size_t K) {
  Ensemble e;
  const int members = in.number(2, static_cast<int>(kAlgorithmNames.size()));
  for (int m = 0; m < members; ++m) {
    e.algorithms.push_back(read_algorithm(in));
    e.members.push_back(read_member(in, e.algorithms.back(), K));
  }
  e.weights = in.reals(e.members.size() * K);
  for (const float weight : e.weights)
    if (weight < 0 || weight > 1.001F) damaged("a weight is out of range");
  return e;
}

Predictor read_predictor(ByteReader& in, Algorithm algorithm, std::size_t K) {
  if (algorithm == Algorithm::ensemble) return read_ensemble(in, K);
  return as_predictor(read_member(in, algorithm, K));
}

Memory read_memory(ByteReader& in, std::size_t K) {
  Memory memory;
  const int meals = in.number(0, kRememberedMeals);
  for (int i = 0; i < meals; ++i) {
    RememberedMeal meal{in.moment(), {}, {}, {}, {}, {}};
    for (float& value : meal.rich) value = in.real_or_unknown();
    for (auto* values : {&meal.residual, &meal.recalled, &meal.score, &meal.rank}) values->fill(kUnknown);
    for (std::size_t k = 0; k < K; ++k)
      for (float* value : {&meal.residual[k], &meal.recalled[k], &meal.score[k], &meal.rank[k]})
        *value = in.real_or_unknown();
    if (meal.eaten_at < -kFarthestMoment || meal.eaten_at > kFarthestMoment) damaged("a moment is out of range");
    if (i > 0 && meal.eaten_at < memory.meals.back().eaten_at) damaged("remembered meals are not in time order");
    memory.meals.push_back(meal);
  }
  return memory;
}

void read_horizons(ByteReader& in, Model& model) {
  const int K = in.number(1, kMaxHorizons);
  for (int k = 0; k < K; ++k) {
    model.horizons_min.push_back(in.number(kShortestHorizonMin, kLongestHorizonMin));
    if (k > 0 && model.horizons_min[static_cast<std::size_t>(k)] <= model.horizons_min[static_cast<std::size_t>(k) - 1])
      damaged("horizons are not ascending");
  }
}

}  // namespace

std::vector<std::uint8_t> encode(const Model& model) {
  ByteWriter out;
  out.number(static_cast<int>(model.algorithm));
  out.number(model.horizons());
  for (const int minutes : model.horizons_min) out.number(minutes);
  write(out, model.intervals);
  std::visit([&](const auto& kind) { write(out, kind); }, model.predictor);
  write(out, model.memory, model.horizons_min.size());
  return sealed(kTask, model.schema(), out.take());
}

Model decode(std::span<const std::uint8_t> bytes) {
  const Artifact artifact = opened(bytes);
  if (artifact.task != kTask) damaged("it is a model of another type");
  if (artifact.schema != kFeatureSchema && artifact.schema != kRichSchema) damaged("it needs another feature schema");
  ByteReader in(artifact.payload);
  Model model;
  model.algorithm = read_algorithm(in);
  read_horizons(in, model);
  const std::size_t K = model.horizons_min.size();
  model.intervals = read_intervals(in, K);
  model.predictor = read_predictor(in, model.algorithm, K);
  model.memory = read_memory(in, K);
  if (artifact.schema != model.schema()) damaged("it needs another feature schema");
  if (!in.empty()) damaged("bytes are left over");
  return model;
}

}  // namespace glucose
