// SPDX-License-Identifier: PostgreSQL
// CgmModel ↔ bytes; every byte must be used.
#include "core/base/byte_io.hpp"
#include "core/tasks/cgm/model.hpp"

namespace glucose {

namespace {

constexpr std::string_view kMagic = "PGGM";
constexpr std::uint32_t kFormat = 1;

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
  out.text(kMagic);
  out.u32(kFormat);
  out.text(kCgmSchema);
  out.number(model.n_residuals);
  out.reals(model.median);
  out.reals(model.mean);
  out.reals(model.spread);
  out.reals(model.quantiles);
  if (model.has_trees())
    for (const CgmTrees* trees : {&model.median_trees, &model.mean_trees}) write(out, *trees);
  return out.finish();
}

CgmModel decode_cgm(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < 4 || bytes.size() > kMaxArtifactBytes) damaged("its size is out of range");
  const auto body = bytes.first(bytes.size() - 4);
  ByteReader tail(bytes.last(4));
  if (tail.u32() != crc32(body)) damaged("its checksum does not match");
  ByteReader in(body);
  if (in.text(kMagic.size()) != kMagic) damaged("it is not a pg_glucose model");
  if (in.u32() != kFormat) damaged("its format is of another version");
  if (in.text(64) != kCgmSchema) damaged("it needs another feature schema");
  CgmModel model;
  model.n_residuals = in.number(0, 1'000'000'000);
  model.median = in.reals(kCgmHorizons * kCgmColumns);
  model.mean = in.reals(kCgmHorizons * kCgmColumns);
  model.spread = in.reals(kCgmHorizons * kCgmSpreadColumns);
  model.quantiles = in.reals(kCgmHorizons * kCgmLevelCount);
  require_ascending(model);
  if (in.empty()) return model;
  for (CgmTrees* trees : {&model.median_trees, &model.mean_trees}) *trees = read_cgm_trees(in);
  if (!in.empty() || !model.has_trees()) damaged("bytes are left over");
  return model;
}

}  // namespace glucose
