// SPDX-License-Identifier: PostgreSQL
#include "core/learn/boosted_trees.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.hpp"

namespace glucose {

namespace {

constexpr int kMostRounds = 2000;

void check(BoostingStatus status, const BoostingError& error) {
  if (status == BoostingStatus::ok) return;
  if (status == BoostingStatus::out_of_memory) throw Error(ErrorCode::out_of_memory, "out of memory");
  throw Error(ErrorCode::internal, std::string("could not train trees: ") + error.message);
}

void require(bool good, const char* message) {
  if (!good) throw Error(ErrorCode::bad_argument, message);
}

/// Most nodes that trees on this many rows can have.
std::size_t most_nodes(std::size_t rows, const BoostedTreesOptions& options) {
  const std::size_t leaves = std::min(std::size_t{1} << options.depth, std::max<std::size_t>(rows, 1));
  return static_cast<std::size_t>(options.rounds) * (2 * leaves - 1);
}

void require_options(const BoostedTreesOptions& o) {
  require(o.rounds >= 1 && o.rounds <= kMostRounds, "rounds of boosting must be between 1 and 2000");
  require(o.depth >= 1 && o.depth <= Trees::kMaxDepth, "depth of trees must be between 1 and 12");
  require(o.eta > 0 && o.eta <= 1, "learning rate of boosting must be above 0 and at most 1");
  require(o.min_child_weight > 0 && o.min_child_weight <= 1e6, "weight of a leaf must be above 0 and at most 1000000");
  require(o.subsample > 0 && o.subsample <= 1, "part of the rows a tree learns from must be above 0 and at most 1");
  require(o.colsample > 0 && o.colsample <= 1, "part of the features a tree asks for must be above 0 and at most 1");
  require(o.lambda >= 0 && o.lambda <= 1e6, "penalty on leaves must be between 0 and 1000000");
  require(o.huber_slope > 0 && o.huber_slope <= 1e6, "slope of the Huber loss must be above 0 and at most 1000000");
}

/// All bits of the seed count; XGBoost's is a number that must stay small.
std::int32_t small_seed(std::uint64_t seed) {
  seed ^= seed >> 32;
  return static_cast<std::int32_t>((seed ^ seed >> 31) & 0x7fffffffU);
}

}  // namespace

BoostedTreesFit::BoostedTreesFit(const BoostingApi* api, std::span<const float> x, int features,
                                 std::span<const float> y, std::span<const float> weights,
                                 const BoostedTreesOptions& options, std::span<const float> margins)
    : api_(api), features_(features), rounds_(options.rounds) {
  if (api == nullptr || api->version != kBoostingVersion) trees_not_available();
  require_options(options);
  require(features >= 1 && features <= Trees::kMaxFeatures, "number of features must be between 1 and 4096");
  const std::size_t rows = y.size(), columns = static_cast<std::size_t>(features);
  require(rows >= 1 && x.size() == rows * columns && (weights.empty() || weights.size() == rows) &&
              (margins.empty() || margins.size() == rows),
          "rows, targets and weights of boosting differ in number");
  if (options.objective == BoostingObjective::logistic)
    require(std::all_of(y.begin(), y.end(), [](float v) { return v == 0 || v == 1; }),
            "targets of a logistic objective must be 0 or 1");
  if (most_nodes(rows, options) > Trees::kMaxNodes)
    throw Error(ErrorCode::bad_argument, "trees would be too large", "Use fewer rounds or less depth.");
  const auto or_null = [](std::span<const float> given) { return given.empty() ? nullptr : given.data(); };
  const BoostingRows given{x.data(), y.data(), or_null(weights), or_null(margins), rows, columns};
  const BoostingOptions wanted{options.objective, options.method,           options.depth,     small_seed(options.seed),
                               options.eta,       options.min_child_weight, options.subsample, options.colsample,
                               options.lambda,    options.huber_slope};
  BoostingError error{};
  check(api->begin(&given, &wanted, &session_, &error), error);
}

BoostedTreesFit::~BoostedTreesFit() {
  if (session_ != nullptr) api_->free(session_);
}

BoostedTreesFit::BoostedTreesFit(BoostedTreesFit&& other) noexcept
    : api_(other.api_),
      session_(std::exchange(other.session_, nullptr)),
      features_(other.features_),
      rounds_(other.rounds_),
      round_(other.round_) {}

BoostedTreesFit& BoostedTreesFit::operator=(BoostedTreesFit&& other) noexcept {
  std::swap(api_, other.api_);
  std::swap(session_, other.session_);
  std::swap(features_, other.features_);
  std::swap(rounds_, other.rounds_);
  std::swap(round_, other.round_);
  return *this;
}

void BoostedTreesFit::step() {
  BoostingError error{};
  check(api_->step(session_, &error), error);
  ++round_;
}

Trees BoostedTreesFit::take() {
  BoostingError error{};
  const TreeNode* nodes = nullptr;
  std::size_t n = 0;
  check(api_->take(session_, &nodes, &n, &error), error);
  return {features_, {nodes, n}};
}

std::size_t boosted_trees_bytes_needed(std::size_t rows, int features, const BoostedTreesOptions& options) {
  // Rows as given, as XGBoost's entries and as its bins; gradients, forecasts and positions; then nodes, which the
  // model's text and its parsed form hold several times over.
  const std::size_t entries = rows * static_cast<std::size_t>(std::max(features, 1));
  return entries * 48 + rows * 64 + most_nodes(rows, options) * 400 + (std::size_t{4} << 20);
}

void trees_not_available() {
  throw Error(ErrorCode::not_available, "algorithm \"trees\" is not available in this build",
              "Install libxgboost-dev and build the extension again, or choose another algorithm.");
}

}  // namespace glucose
