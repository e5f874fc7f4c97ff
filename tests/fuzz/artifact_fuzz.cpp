// SPDX-License-Identifier: PostgreSQL
// libFuzzer: whatever the bytes, decode() refuses them with an Error or gives a model that can be asked and written
// again. The checksum is made to fit, so that the fuzzer reaches what is behind it.
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/meal/models/forecast.hpp"
#include "core/tasks/meal/models/model.hpp"

namespace {

std::uint32_t crc32(const std::uint8_t* bytes, std::size_t n) {
  std::uint32_t c = ~0U;
  for (std::size_t i = 0; i < n; ++i) {
    c ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) c = (c >> 1) ^ ((c & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~c;
}

void check(std::span<const std::uint8_t> bytes) {
  try {
    const glucose::Model model = glucose::decode(bytes);
    const auto again = glucose::encode(model);
    if (!std::equal(again.begin(), again.end(), bytes.begin(), bytes.end())) std::abort();
    glucose::Moment moment{1000 * glucose::kDay, {}, {}};
    moment.features.fill(100);
    moment.rich.fill(100);
    const glucose::Recollection known = model.recollection();
    std::array<glucose::HorizonForecast, glucose::kMaxHorizons> out;
    glucose::forecast_horizons(model, moment, known, model.predict(moment, known), 0.9, out.data());
  } catch (const glucose::Error& error) {
    if (error.code() != glucose::ErrorCode::model_mismatch) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({data, size});
  std::vector<std::uint8_t> sealed(data, data + size);
  const std::uint32_t c = crc32(data, size);
  for (unsigned shift = 0; shift < 32; shift += 8) sealed.push_back(static_cast<std::uint8_t>(c >> shift));
  check(sealed);
  return 0;
}
