// SPDX-License-Identifier: PostgreSQL
#include "boosting/booster.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

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

/// A tree as XGBoost writes it: of each node its children (none: below 0), and what is asked there or said.
struct WrittenTree {
  std::vector<double> left_children, right_children, split_indices, default_left, split_conditions, sum_hessian;
};

/// Takes the trees out of a written model while it is read. Json's own values are not made of it: their destructors
/// ask for memory, and where there is none that ends the process.
class TreeReader final : public nlohmann::json_sax<Json> {
 public:
  std::vector<WrittenTree> trees;
  bool has_trees = false;  // perhaps none

  bool null() override { return true; }
  bool boolean(bool value) override { return put(value ? 1 : 0); }
  bool number_integer(number_integer_t value) override { return put(static_cast<double>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return put(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t& /*text*/) override { return put(value); }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool start_object(std::size_t /*n*/) override {
    if (++depth_ == trees_at_ + 1 && trees_at_ > 0) trees.emplace_back();
    return true;
  }
  bool key(string_t& name) override {
    into_ = nullptr;
    are_trees_ = name == "trees";
    if (trees_at_ == 0 || depth_ != trees_at_ + 1) return true;
    for (const auto& [known, values] : kArrays)
      if (name == known) into_ = &(trees.back().*values);
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t /*n*/) override {
    ++depth_;
    if (are_trees_) {
      trees_at_ = depth_;
      has_trees = true;
    }
    are_trees_ = false;
    return true;
  }
  bool end_array() override {
    if (depth_-- == trees_at_) trees_at_ = 0;
    into_ = nullptr;
    return true;
  }
  bool parse_error(std::size_t /*at*/, const std::string& /*token*/,
                   const nlohmann::detail::exception& error) override {
    throw Failed(error.what());
  }

 private:
  struct Array {
    std::string_view name;
    std::vector<double> WrittenTree::*values;
  };
  static constexpr std::array<Array, 6> kArrays{{{"left_children", &WrittenTree::left_children},
                                                 {"right_children", &WrittenTree::right_children},
                                                 {"split_indices", &WrittenTree::split_indices},
                                                 {"default_left", &WrittenTree::default_left},
                                                 {"split_conditions", &WrittenTree::split_conditions},
                                                 {"sum_hessian", &WrittenTree::sum_hessian}}};
  bool put(double value) {
    if (into_ != nullptr) into_->push_back(value);
    return true;
  }

  int depth_ = 0, trees_at_ = 0;  // of the array of trees; 0: not in it
  bool are_trees_ = false;        // what comes after this key
  std::vector<double>* into_ = nullptr;
};

/// The part of a tree that begins at `at`, in pre-order.
void add_subtree(const WrittenTree& tree, std::size_t at, std::vector<TreeNode>& nodes) {
  const double left = tree.left_children.at(at);
  const auto value = static_cast<float>(tree.split_conditions.at(at));
  if (left < 0) {
    const auto cover = static_cast<float>(tree.sum_hessian.at(at));
    nodes.push_back({TreeNode::kLeaf, 0, value, std::max(cover, Trees::kSmallestCover)});
    return;
  }
  const auto feature = static_cast<std::int32_t>(tree.split_indices.at(at));
  const auto missing_left = static_cast<std::int32_t>(tree.default_left.at(at));
  nodes.push_back({feature, missing_left, value, 0});
  add_subtree(tree, static_cast<std::size_t>(left), nodes);
  add_subtree(tree, static_cast<std::size_t>(tree.right_children.at(at)), nodes);
}

}  // namespace

void check(int status) {
  if (status == 0) return;
  const std::string why = first_line(XGBGetLastError());
  if (why.find("bad_alloc") != std::string::npos) throw std::bad_alloc();  // XGBoost has made a text of it
  throw Failed(why);
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
  TreeReader reader;
  if (!Json::sax_parse(bytes, bytes + size, &reader, Json::input_format_t::ubjson) || !reader.has_trees)
    throw Failed("no trees are in what XGBoost has written");
  std::vector<TreeNode> nodes;
  for (const WrittenTree& tree : reader.trees) add_subtree(tree, 0, nodes);
  return nodes;
}

}  // namespace glucose::boosting
