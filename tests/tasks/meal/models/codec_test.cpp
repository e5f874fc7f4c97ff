// SPDX-License-Identifier: PostgreSQL
// The artifact: what is written is read back, what is damaged or foreign is refused, whatever the bytes.
#include "core/tasks/meal/models/codec.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "core/base/random.hpp"
#include "core/tasks/meal/models/forecast.hpp"
#include "support/models.hpp"
#include "support/rows.hpp"

namespace glucose {
namespace {

using Bytes = std::vector<std::uint8_t>;

/// The payload in an envelope that fits: what an attacker would send.
Bytes sealed(const Bytes& payload, std::string_view schema = kFeatureSchema) {
  return glucose::sealed("glucose", schema, payload);
}
Bytes payload_of(const Model& model) {
  const Bytes bytes = encode(model);
  const auto payload = opened(bytes).payload;
  return {payload.begin(), payload.end()};
}
std::string_view schema_of(const Model& model) {
  return model.schema();
}
void put(Bytes& bytes, std::size_t at, std::uint32_t value) {
  ASSERT_LE(at + 4, bytes.size());
  for (unsigned i = 0; i < 4; ++i) bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void expect_refused(const Bytes& bytes, const char* why) {
  const Error error = error_of([&] { (void)decode(bytes); });
  EXPECT_EQ(error.code(), ErrorCode::model_mismatch) << why;
  EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
}

std::vector<std::uint32_t> answers(const Model& model) {
  std::vector<float> all;
  Random rng(2);
  for (int i = 0; i < 20; ++i) {
    Moment moment = plain_moment(static_cast<float>(rng.uniform(60, 250)));
    for (std::size_t f = 0; f < kFeatures; ++f)
      if (kFeatureTable[f].nullable && rng.below(6) == 0) moment.features[f] = kUnknown;
    for (std::size_t f = 1; f < 52; ++f)
      if (rng.below(6) == 0) moment.rich[f] = kUnknown;
    const Recollection known = model.recollection();
    const PointForecast said = model.predict(moment, known);
    std::array<HorizonForecast, 2> answer;
    forecast_horizons(model, moment, known, said, 0.8, answer.data());
    for (std::size_t k = 0; k < 2; ++k)
      for (const float value : {said.mg_dl[k], said.variance[k], said.believed[k], answer[k].lower, answer[k].upper,
                                answer[k].below_70, answer[k].near})
        all.push_back(value);
  }
  return bits_of(all);
}

TEST(Codec, EveryKindAnswersTheSameAfterwards) {
  for (const Algorithm algorithm : kKinds) {
    const Model model = small_model(algorithm);
    const Bytes bytes = encode(model);
    const Model read = decode(bytes);
    EXPECT_EQ(read.algorithm, algorithm);
    EXPECT_EQ(read.horizons_min, model.horizons_min);
    EXPECT_EQ(read.intervals.n, 17);
    EXPECT_EQ(read.intervals.knots, model.intervals.knots);
    EXPECT_EQ(read.intervals.grids, model.intervals.grids);
    EXPECT_EQ(read.memory.meals.size(), model.memory.meals.size());
    EXPECT_EQ(read.predictor.index(), model.predictor.index());
    EXPECT_EQ(answers(read), answers(model)) << name_of(algorithm);
    EXPECT_EQ(encode(read), bytes) << name_of(algorithm);
    EXPECT_EQ(sealed(payload_of(model), schema_of(model)), bytes);
  }
}

TEST(Codec, EveryFlippedBitAndEveryTruncationIsRefused) {
  for (const Algorithm algorithm : kKinds) {
    const Bytes bytes = encode(small_model(algorithm, 1, 1));
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      Bytes damaged = bytes;
      damaged[i] = static_cast<std::uint8_t>(damaged[i] ^ (1U << (i % 8)));
      EXPECT_THROW((void)decode(damaged), Error);
      damaged = Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_THROW((void)decode(damaged), Error);
    }
  }
}

TEST(Codec, PayloadsCutAnywhereAreRefusedEvenWhenSealed) {
  for (const Algorithm algorithm : kKinds) {
    const Model model = small_model(algorithm);
    const Bytes payload = payload_of(model);
    for (std::size_t n = 0; n < payload.size(); ++n)
      EXPECT_THROW((void)decode(sealed(Bytes(payload.begin(), payload.begin() + static_cast<std::ptrdiff_t>(n)),
                                       schema_of(model))),
                   Error);
  }
}

// Offsets in a payload: 0 algorithm, 4 K, 8 and 12 horizons, 16 n, 20 and 88 scales, 156 whether there are grids,
// 160 the kind's own, 172 how many meals are remembered.
TEST(Codec, ForeignPayloadsAreRefusedWithTheReason) {
  const Bytes payload = payload_of(small_model(Algorithm::mean));
  const auto with = [&](std::size_t at, std::uint32_t value) {
    Bytes changed = payload;
    put(changed, at, value);
    return sealed(changed);
  };
  EXPECT_NO_THROW((void)decode(sealed(payload)));
  EXPECT_EQ(payload.size(), 176U);
  expect_refused(with(0, 5), "none that is stored");   // "auto" is no model
  expect_refused(with(0, 10), "none that is stored");  // "linear" is none of meals
  expect_refused(with(0, static_cast<std::uint32_t>(kAlgorithmNames.size())), "out of range");
  expect_refused(with(0, 7), "wrong length");  // "personal" with the weights of a mean
  expect_refused(with(4, 0), "out of range");
  expect_refused(with(4, 13), "out of range");
  expect_refused(with(8, 4), "out of range");
  expect_refused(with(12, 361), "out of range");
  expect_refused(with(12, 60), "not ascending");
  expect_refused(with(16, 0xffffffffU), "out of range");
  expect_refused(with(156, 2), "out of range");
  expect_refused(with(160, 3), "wrong length");
  expect_refused(with(172, kRememberedMeals + 1), "out of range");
  Bytes longer = payload;
  longer.push_back(0);
  expect_refused(sealed(longer), "left over");
  expect_refused(sealed({}), "ends early");
  expect_refused(glucose::sealed("cgm", kFeatureSchema, payload), "another type");
  expect_refused(sealed(payload, "meal28/2"), "another feature schema");
}

TEST(Codec, TheSchemaMustBeTheOneTheKindLooksAt) {
  expect_refused(sealed(payload_of(small_model(Algorithm::personal)), kFeatureSchema), "another feature schema");
}

void spoil(Persistence& /*has no weights*/, float /*wrong*/) {}
void spoil(MeanModel& m, float wrong) {
  m.mean_mg_dl[1] = wrong;
}
void spoil(LinearModel& m, float wrong) {
  m.coefficients[7] = wrong;
}
void spoil(LstmModel& m, float wrong) {
  m.net.parameters()[3] = wrong;
}
void spoil(PopulationModel& m, float wrong) {
  m.kernel.clock = wrong;
}
void spoil(Ensemble& e, float wrong) {
  e.weights[2] = wrong;
}

TEST(Codec, WeightsMustBeFinite) {
  for (const float wrong : {NAN, INFINITY, -INFINITY})
    for (const Algorithm algorithm : kKinds) {
      Model model = small_model(algorithm);
      model.intervals.scale[1].slopes[2] = wrong;
      expect_refused(encode(model), "not finite");
      model = small_model(algorithm);
      std::visit([&](auto& kind) { spoil(kind, wrong); }, model.predictor);
      if (algorithm != Algorithm::persistence) expect_refused(encode(model), "not finite");
    }
}

template <class Change>
Bytes changed(Algorithm algorithm, Change&& change) {
  Model model = small_model(algorithm);
  change(model);
  return encode(model);
}

TEST(Codec, WeightsOutOfTheirRangeAreRefused) {
  for (const float wrong : {-0.01F, 1.01F}) {
    const auto population = [](Model& m) -> PopulationModel& { return std::get<PopulationModel>(m.predictor); };
    for (float PersonalKernel::*part : {&PersonalKernel::person, &PersonalKernel::clock, &PersonalKernel::linear,
                                        &PersonalKernel::clock_and_level, &PersonalKernel::nutrients})
      expect_refused(changed(Algorithm::personal, [&](Model& m) { population(m).kernel.*part = wrong; }),
                     "a weight is out of range");
    expect_refused(changed(Algorithm::trees, [&](Model& m) { population(m).share_of_trees = wrong; }),
                   "a weight is out of range");
    expect_refused(changed(Algorithm::ensemble, [&](Model& m) { std::get<Ensemble>(m.predictor).weights[1] = wrong; }),
                   "a weight is out of range");
  }
  expect_refused(
      changed(Algorithm::personal, [](Model& m) { std::get<PopulationModel>(m.predictor).residual_sd[1] = -1; }),
      "a spread is negative");
  expect_refused(changed(Algorithm::trees, [](Model& m) { std::get<PopulationModel>(m.predictor).trees.pop_back(); }),
                 "trees for some horizons only");
}

TEST(Codec, GridsMustAscend) {
  expect_refused(changed(Algorithm::population, [](Model& m) { m.intervals.grids[200] = -9; }), "not ascending");
  expect_refused(changed(Algorithm::population, [](Model& m) { m.intervals.knots[4] = -9; }), "not ascending");
  const auto new_run = [](Model& m) { m.intervals.grids[kQuantiles] = -9; };  // of the next grid
  EXPECT_NO_THROW((void)decode(changed(Algorithm::population, new_run)));
}

TEST(Codec, MemoryKeepsWhatIsNotKnown) {
  Model model = small_model(Algorithm::personal);
  model.memory.meals[2].rich[28] = -NAN;  // whichever NaN: it is read back as the one there is
  model.memory.meals[2].residual = {kUnknown, 12.5F};
  const Memory read = decode(encode(model)).memory;
  ASSERT_EQ(read.meals.size(), model.memory.meals.size());
  EXPECT_EQ(bits_of(read.meals[2].rich)[28], 0x7fc00000U);
  for (std::size_t i = 0; i < read.meals.size(); ++i) {
    EXPECT_EQ(read.meals[i].eaten_at, model.memory.meals[i].eaten_at);
    for (std::size_t k = 0; k < 2; ++k)
      EXPECT_EQ(std::isnan(read.meals[i].rank[k]), std::isnan(model.memory.meals[i].rank[k]));
  }
  EXPECT_TRUE(std::isnan(read.meals[2].residual[0]));
  EXPECT_EQ(read.meals[2].residual[1], 12.5F);
  EXPECT_TRUE(std::isnan(read.meals[2].residual[5]));  // a horizon the model has not
}

TEST(Codec, DamagedMemoryIsRefused) {
  expect_refused(changed(Algorithm::personal, [](Model& m) { m.memory.meals[3].rich[5] = INFINITY; }), "not finite");
  expect_refused(changed(Algorithm::personal, [](Model& m) { m.memory.meals[3].rank[1] = -INFINITY; }), "not finite");
  expect_refused(changed(Algorithm::personal, [](Model& m) { m.memory.meals[3].eaten_at = -1; }), "not in time order");
  for (const Micros never : {std::numeric_limits<Micros>::max(), std::numeric_limits<Micros>::min()})
    expect_refused(changed(Algorithm::personal, [&](Model& m) { m.memory.meals[never > 0 ? 6 : 0].eaten_at = never; }),
                   "a moment is out of range");
}

TEST(Codec, HugeSizesAreRefusedBeforeAnythingIsAllocated) {
  for (const Algorithm algorithm : kKinds) {
    const Model model = small_model(algorithm);
    const Bytes payload = payload_of(model);
    for (std::size_t at = 0; at + 4 <= payload.size(); at += 4)
      for (const std::uint32_t size : {0xffffffffU, 0x7fffffffU, 0x40000000U, 0x00ffffffU}) {
        Bytes changed = payload;
        put(changed, at, size);
        try {
          (void)decode(sealed(changed, schema_of(model)));  // a weight may become another number
        } catch (const Error& error) {
          ASSERT_EQ(error.code(), ErrorCode::model_mismatch);
        }
      }
  }
  Bytes wide = payload_of(small_model(Algorithm::lstm));  // 152 layers, 156 hidden …
  put(wide, 152, 3), put(wide, 156, 256), put(wide, 160, 256), put(wide, 164, 256);
  EXPECT_THROW((void)decode(sealed(wide)), Error);
}

TEST(Codec, RandomDamageUnderAFittingChecksumIsReadOrRefused) {
  Random rng(77);
  struct Sent {
    Bytes payload;
    std::string_view schema;
  };
  std::vector<Sent> all;
  for (const Algorithm algorithm : kKinds) {
    const Model model = small_model(algorithm, 5, 1);
    all.push_back({payload_of(model), schema_of(model)});
  }
  int read = 0, refused = 0;
  for (int round = 0; round < 20000; ++round) {
    const Sent& sent = all[rng.below(static_cast<std::uint32_t>(all.size()))];
    Bytes body = sent.payload;
    const std::uint32_t edits = 1 + rng.below(4);
    for (std::uint32_t i = 0; i < edits && !body.empty(); ++i) {
      // Half of the edits hit the first 100 bytes, where the sizes are.
      const auto within =
          static_cast<std::uint32_t>(rng.below(2) == 0 ? std::min<std::size_t>(100, body.size()) : body.size());
      const std::size_t at = rng.below(within);
      switch (rng.below(5)) {
        case 0:
          body[at] = static_cast<std::uint8_t>(rng.bits());
          break;
        case 1:
          body[at] = static_cast<std::uint8_t>(body[at] ^ (1U << rng.below(8)));
          break;
        case 2:
          body.resize(at);
          break;
        case 3:
          body.insert(body.begin() + static_cast<std::ptrdiff_t>(at), 1 + rng.below(8),
                      static_cast<std::uint8_t>(rng.bits()));
          break;
        default:
          for (std::size_t b = at; b < std::min(at + 4, body.size()); ++b) body[b] = rng.below(2) == 0 ? 0xff : 0;
      }
    }
    const Bytes bytes = sealed(body, sent.schema);
    try {
      const Model model = decode(bytes);
      ASSERT_EQ(encode(model), bytes);
      for (const float quantile : model.intervals.grids) ASSERT_TRUE(std::isfinite(quantile));
      const Recollection known = model.recollection();
      std::array<HorizonForecast, kMaxHorizons> out;
      forecast_horizons(model, plain_moment(), known, model.predict(plain_moment(), known), 0.9, out.data());
      ++read;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ErrorCode::model_mismatch) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(read, 500);
  EXPECT_GT(refused, 5000);
}

}  // namespace
}  // namespace glucose
