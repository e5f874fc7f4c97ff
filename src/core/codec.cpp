// SPDX-License-Identifier: PostgreSQL
// Model ↔ bytes; every byte must be used.
#include <string_view>

#include "core/byte_io.hpp"
#include "core/model.hpp"

namespace glucose {

namespace {

constexpr std::string_view kMagic = "PGGM";
constexpr std::uint32_t kFormat = 1;

void write(ByteWriter&, const Persistence&) {}
void write(ByteWriter& out, const MeanModel& m) {
  out.reals(m.mean_mg_dl);
}
void write(ByteWriter& out, const LinearModel& m) {
  out.scaler(m.scaler);
  out.reals(m.intercept);
  out.reals(m.coefficients);
}
void write(ByteWriter& out, const LstmModel& m) {
  const LstmShape& shape = m.net.shape();
  out.number(shape.layers);
  for (int i = 0; i < shape.layers; ++i) out.number(shape.hidden[i]);
  out.scaler(m.glucose);
  out.scaler(m.statics);
  out.scaler(m.targets);
  out.reals(m.pull);
  out.reals(m.net.parameters());
}

LinearModel read_linear(ByteReader& in, std::size_t K) {
  LinearModel m;
  m.scaler = in.scaler(kDesignColumns);
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
  Scaler glucose = in.scaler(1), statics = in.scaler(kStaticInputs), targets = in.scaler(K);
  std::vector<float> pull = in.reals(K);
  const auto parameters = in.reals(parameter_count(shape));
  Lstm net(shape);
  std::copy(parameters.begin(), parameters.end(), net.parameters().begin());
  return {std::move(glucose), std::move(statics), std::move(targets), std::move(pull), std::move(net)};
}

/// The place in Predictor of what an algorithm fits.
int kind_of(Algorithm algorithm) {
  constexpr std::array<int, 5> kKinds{0, 1, 2, 2, 3};
  return kKinds[static_cast<std::size_t>(algorithm)];
}

Predictor read_predictor(ByteReader& in, Algorithm algorithm, std::size_t K) {
  const int kind = in.number(0, static_cast<int>(std::variant_size_v<Predictor>) - 1);
  if (kind != kind_of(algorithm)) damaged("its weights are not of its algorithm");
  switch (kind) {
    case 0:
      return Persistence{};
    case 1:
      return MeanModel{in.reals(K)};
    case 2:
      return read_linear(in, K);
    default:
      return read_lstm(in, K);
  }
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
  out.text(kMagic);
  out.u32(kFormat);
  out.text(kFeatureSchema);
  out.number(static_cast<int>(model.algorithm));
  out.number(model.horizons());
  for (const int minutes : model.horizons_min) out.number(minutes);
  out.number(model.intervals.n);
  out.reals(model.intervals.below);
  out.reals(model.intervals.above);
  out.number(static_cast<int>(model.predictor.index()));
  std::visit([&](const auto& kind) { write(out, kind); }, model.predictor);
  return out.finish();
}

Model decode(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 4 || bytes.size() > kMaxArtifactBytes) damaged("its size is out of range");
  const auto body = bytes.first(bytes.size() - 4);
  ByteReader tail(bytes.last(4));
  if (tail.u32() != crc32(body)) damaged("its checksum does not match");
  ByteReader in(body);
  if (in.text(kMagic.size()) != kMagic) damaged("it is not a pg_glucose model");
  if (in.u32() != kFormat) damaged("its format is of another version");
  if (in.text(64) != kFeatureSchema) damaged("it needs another feature schema");
  Model model;
  model.algorithm = static_cast<Algorithm>(in.number(0, static_cast<int>(Algorithm::automatic) - 1));
  read_horizons(in, model);
  const std::size_t K = model.horizons_min.size();
  model.intervals.n = in.number(0, 1'000'000'000);
  model.intervals.below = in.reals(K);
  model.intervals.above = in.reals(K);
  model.predictor = read_predictor(in, model.algorithm, K);
  if (!in.empty()) damaged("bytes are left over");
  return model;
}

}  // namespace glucose
