// SPDX-License-Identifier: PostgreSQL
#include "boosting/booster.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace glucose::boosting {

namespace {

using Json = nlohmann::json;

/// "[05:51:12] ./src/data/data.cc:1121: Check failed: valid: why\nStack trace: …" → "Check failed: valid: why"
std::string first_line(std::string text) {
  text.resize(std::min(text.size(), text.find('\n')));
  const std::size_t why = text.find("Check failed");
  return why == std::string::npos ? text : text.substr(why);
}

const char* name_of(BoostingObjective objective) {
  switch (objective) {
    case BoostingObjective::squared:
      return "reg:squarederror";
    case BoostingObjective::pseudo_huber:
      return "reg:pseudohubererror";
    case BoostingObjective::logistic:
      return "binary:logistic";
  }
  throw Failed("there is no such objective");
}

/// The part of XGBoost's tree that begins at `at`, in pre-order.
void add_subtree(const Json& tree, std::size_t at, std::vector<TreeNode>& nodes) {
  const auto left = tree.at("left_children").at(at).get<std::int64_t>();
  const auto value = tree.at("split_conditions").at(at).get<float>();
  if (left < 0) {
    const auto cover = tree.at("sum_hessian").at(at).get<float>();
    nodes.push_back({TreeNode::kLeaf, 0, value, std::max(cover, Trees::kSmallestCover)});
    return;
  }
  const auto feature = tree.at("split_indices").at(at).get<std::int32_t>();
  const auto missing_left = tree.at("default_left").at(at).get<std::int32_t>();
  nodes.push_back({feature, missing_left, value, 0});
  add_subtree(tree, static_cast<std::size_t>(left), nodes);
  add_subtree(tree, tree.at("right_children").at(at).get<std::size_t>(), nodes);
}

}  // namespace

void check(int status) {
  if (status != 0) throw Failed(first_line(XGBGetLastError()));
}

Rows::Rows(const BoostingRows& rows) {
  const float missing = std::numeric_limits<float>::quiet_NaN();
  check(XGDMatrixCreateFromMat(rows.x, rows.rows, rows.columns, missing, &handle_));
  try {
    check(XGDMatrixSetFloatInfo(handle_, "label", rows.y, rows.rows));
    if (rows.weights != nullptr) check(XGDMatrixSetFloatInfo(handle_, "weight", rows.weights, rows.rows));
    if (rows.margins != nullptr) check(XGDMatrixSetFloatInfo(handle_, "base_margin", rows.margins, rows.rows));
  } catch (...) {
    XGDMatrixFree(handle_);
    throw;
  }
}

Booster::Booster(const Rows& rows, const BoostingOptions& options) {
  const DMatrixHandle matrix = rows.handle();
  check(XGBoosterCreate(&matrix, 1, &handle_));
  try {
    set("verbosity", "0");
    set("nthread", "1");
    set("booster", "gbtree");
    set("objective", name_of(options.objective));
    if (options.objective == BoostingObjective::pseudo_huber) set("huber_slope", options.huber_slope);
    set("disable_default_eval_metric", "1");
    // In the objective's own terms: 0, or log odds of 0.
    set("base_score", options.objective == BoostingObjective::logistic ? "0.5" : "0");
    set("tree_method", options.method == BoostingMethod::exact ? "exact" : "hist");
    set("max_depth", options.depth);
    set("eta", options.eta);
    set("min_child_weight", options.min_child_weight);
    set("subsample", options.subsample);
    set("colsample_bytree", options.colsample);
    set("lambda", options.lambda);
    set("seed", options.seed);
    set("seed_per_iteration", "1");  // else boosters of one thread would share a stream
  } catch (...) {
    XGBoosterFree(handle_);
    throw;
  }
}

void Booster::set(const char* name, double value) {
  std::array<char, 64> text{};  // to_chars knows no locale
  std::to_chars(text.data(), text.data() + text.size() - 1, value);
  set(name, text.data());
}

std::vector<TreeNode> Booster::nodes() const {
  // UBJSON holds the floats' own bits. Its layout is that of the JSON model, which XGBoost promises to keep reading.
  bst_ulong size = 0;
  const char* bytes = nullptr;
  check(XGBoosterSaveModelToBuffer(handle_, R"({"format": "ubj"})", &size, &bytes));
  const Json model = Json::from_ubjson(bytes, bytes + size);
  std::vector<TreeNode> nodes;
  for (const Json& tree : model.at("learner").at("gradient_booster").at("model").at("trees"))
    add_subtree(tree, 0, nodes);
  return nodes;
}

}  // namespace glucose::boosting
