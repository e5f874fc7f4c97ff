// SPDX-License-Identifier: PostgreSQL
// Every byte must be used.
#include "core/tasks/cgm/codec.hpp"

#include "core/base/byte_io.hpp"

namespace glucose {

namespace {

constexpr std::string_view kTask = "cgm";

constexpr float kLargestQuantile = 1e6F;  // in spreads

void require_ascending(const CgmModel& model) {
  for (std::size_t k = 0; k < kCgmHorizons; ++k) {
    const auto quantiles = model.quantiles_of(k);
    if (quantiles.front() < -kLargestQuantile || quantiles.back() > kLargestQuantile)
      damaged("a quantile is out of range");
    for (std::size_t q = 1; q < kCgmLevelCount; ++q)
      if (quantiles[q] < quantiles[q - 1]) damaged("quantiles are not ascending");
  }
}

}  // namespace

std::vector<std::uint8_t> encode_cgm(const CgmModel& model) {
  ByteWriter out;
  out.number(model.n_residuals);
  out.reals(model.median);
  out.reals(model.mean);
  out.reals(model.spread);
  out.reals(model.few_spread);
  out.reals(model.quantiles);
  write(out, model.day);
  if (model.has_trees())
    for (const CgmTrees* trees : {&model.median_trees, &model.mean_trees}) write(out, *trees);
  return sealed(kTask, kCgmSchema, out.take());
}

CgmModel decode_cgm(std::span<const std::uint8_t> bytes) {
  ByteReader in(payload_of(bytes, kTask, kCgmSchema));
  CgmModel model;
  model.n_residuals = in.number(0, 1'000'000'000);
  model.median = in.reals(kCgmHorizons * kCgmColumns);
  model.mean = in.reals(kCgmHorizons * kCgmColumns);
  model.spread = in.reals(kCgmHorizons * kCgmSpreadColumns);
  model.few_spread = in.reals(kCgmFewKnown.size() * kCgmHorizons * kCgmSpreadColumns);
  model.quantiles = in.reals(kCgmHorizons * kCgmLevelCount);
  require_ascending(model);
  model.day = read_day_model(in);
  if (in.empty()) return model;
  for (CgmTrees* trees : {&model.median_trees, &model.mean_trees}) *trees = read_cgm_trees(in);
  if (!in.empty() || !model.has_trees()) damaged("bytes are left over");
  return model;
}

}  // namespace glucose
