// SPDX-License-Identifier: PostgreSQL
// Model ↔ bytes. The reader trusts nothing: every size is checked against a cap and against what is left, every float
// must be finite, and every byte must be used.
#include <array>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/model.hpp"

namespace glucose {

namespace {

constexpr std::string_view kMagic = "PGGM";
constexpr std::uint32_t kFormat = 1;

[[noreturn]] void damaged(const char* what) {
  throw Error(ErrorCode::model_mismatch, std::string("model artifact is not usable: ") + what,
              "Import or train the model again.");
}

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1U) != 0 ? 0xedb88320U ^ (c >> 1) : c >> 1;
    table[i] = c;
  }
  return table;
}();

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  std::uint32_t c = 0xffffffffU;
  for (const std::uint8_t byte : bytes) c = kCrcTable[(c ^ byte) & 0xffU] ^ (c >> 8);
  return c ^ 0xffffffffU;
}

class Writer {
 public:
  void u32(std::uint32_t value) {
    for (unsigned shift = 0; shift < 32; shift += 8) bytes_.push_back(static_cast<std::uint8_t>(value >> shift));
  }
  void number(int value) { u32(static_cast<std::uint32_t>(value)); }
  void real(float value) {
    std::uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    u32(bits);
  }
  void text(std::string_view value) {
    u32(static_cast<std::uint32_t>(value.size()));
    for (const char c : value) bytes_.push_back(static_cast<std::uint8_t>(c));
  }
  void reals(std::span<const float> values) {
    u32(static_cast<std::uint32_t>(values.size()));
    for (const float value : values) real(value);
  }
  void scaler(const Scaler& s) {
    reals(s.mean);
    reals(s.inverse_sd);
  }
  std::vector<std::uint8_t> finish() {
    u32(crc32(bytes_));
    return std::move(bytes_);
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : rest_(bytes) {}

  std::uint32_t u32() {
    if (rest_.size() < 4) damaged("it ends early");
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(rest_[i]) << (8 * i);
    rest_ = rest_.subspan(4);
    return value;
  }
  int number(int low, int high) {
    const std::uint32_t value = u32();
    if (value > static_cast<std::uint32_t>(high) || static_cast<int>(value) < low) damaged("a size is out of range");
    return static_cast<int>(value);
  }
  float real() {
    const std::uint32_t bits = u32();
    float value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) damaged("a weight is not finite");
    return value;
  }
  std::string_view text(std::size_t longest) {
    const std::size_t n = u32();
    if (n > longest || n > rest_.size()) damaged("a text is too long");
    const std::string_view value(reinterpret_cast<const char*>(rest_.data()), n);
    rest_ = rest_.subspan(n);
    return value;
  }
  /// Exactly `n` floats; nothing is allocated before the bytes are known to be there.
  std::vector<float> reals(std::size_t n) {
    if (u32() != n || rest_.size() / 4 < n) damaged("an array has a wrong length");
    std::vector<float> values(n);
    for (float& value : values) value = real();
    return values;
  }
  Scaler scaler(std::size_t n) {
    Scaler s;
    s.mean = reals(n);
    s.inverse_sd = reals(n);
    return s;
  }
  bool empty() const { return rest_.empty(); }

 private:
  std::span<const std::uint8_t> rest_;
};

void write(Writer&, const Persistence&) {}
void write(Writer& out, const MeanModel& m) {
  out.reals(m.mean_mg_dl);
}
void write(Writer& out, const LinearModel& m) {
  out.scaler(m.scaler);
  out.reals(m.intercept);
  out.reals(m.coefficients);
}
void write(Writer& out, const LstmModel& m) {
  const LstmShape& shape = m.net.shape();
  out.number(shape.layers);
  for (int i = 0; i < shape.layers; ++i) out.number(shape.hidden[i]);
  out.scaler(m.glucose);
  out.scaler(m.statics);
  out.scaler(m.targets);
  out.reals(m.pull);
  out.reals(m.net.parameters());
}

LinearModel read_linear(Reader& in, std::size_t K) {
  LinearModel m;
  m.scaler = in.scaler(kDesignColumns);
  m.intercept = in.reals(K);
  m.coefficients = in.reals(K * kDesignColumns);
  return m;
}

LstmModel read_lstm(Reader& in, std::size_t K) {
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

Predictor read_predictor(Reader& in, Algorithm algorithm, std::size_t K) {
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

void read_horizons(Reader& in, Model& model) {
  const int K = in.number(1, kMaxHorizons);
  for (int k = 0; k < K; ++k) {
    model.horizons_min.push_back(in.number(kShortestHorizonMin, kLongestHorizonMin));
    if (k > 0 && model.horizons_min[static_cast<std::size_t>(k)] <= model.horizons_min[static_cast<std::size_t>(k) - 1])
      damaged("horizons are not ascending");
  }
}

}  // namespace

std::vector<std::uint8_t> encode(const Model& model) {
  Writer out;
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
  Reader tail(bytes.last(4));
  if (tail.u32() != crc32(body)) damaged("its checksum does not match");
  Reader in(body);
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
