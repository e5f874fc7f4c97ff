// SPDX-License-Identifier: PostgreSQL
#include "core/training/search.hpp"

#include <algorithm>

#include "core/base/error.hpp"

namespace glucose {

namespace {

constexpr std::array<std::string_view, 1> kOfLinear{"l2"};
constexpr std::array<std::string_view, 4> kOfTrees{"l2", "rounds", "depth", "eta"};
constexpr std::array<std::string_view, 7> kOfNetworks{"hidden", "learning_rate", "dropout", "epochs",
                                                      "l2",     "batch_size",    "patience"};

void set(TrainOptions& options, const std::string& key, const std::vector<double>& candidate) {
  if (!candidate.empty()) set_option(options, key, candidate.data(), static_cast<int>(candidate.size()));
}

void require_searchable(Algorithm algorithm, const std::string& key) {
  const auto known = searchable_options(algorithm);
  if (std::find(known.begin(), known.end(), key) != known.end()) return;
  std::string names;
  for (const std::string_view name : known) names += (names.empty() ? "" : ", ") + std::string(name);
  throw Error(ErrorCode::bad_argument,
              "option \"" + key + "\" cannot be searched for algorithm \"" + std::string(name_of(algorithm)) + "\"",
              "Options that can be searched are " + names + ".");
}

}  // namespace

std::span<const std::string_view> searchable_options(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::ridge:
    case Algorithm::lad:
    case Algorithm::linear:
    case Algorithm::logistic:
    case Algorithm::logistic_gd:
      return kOfLinear;
    case Algorithm::trees:
      return kOfTrees;
    case Algorithm::lstm:
      return kOfNetworks;
    default:
      throw Error(
          ErrorCode::bad_argument, "algorithm \"" + std::string(name_of(algorithm)) + "\" has no options to search",
          "Algorithms that have are ridge, lad, trees, lstm; of readings alone, linear; of yes or no, logistic.");
  }
}

std::vector<SearchAxis> default_search(Algorithm algorithm) {
  (void)searchable_options(algorithm);
  if (algorithm == Algorithm::lstm)
    return {
        {"hidden", {{32}, {64}, {64, 64}}}, {"learning_rate", {{0.001}, {0.003}}}, {"dropout", {{0}, {0.1}, {0.3}}}};
  if (algorithm == Algorithm::trees)
    return {{"rounds", {{40}, {80}, {160}}}, {"depth", {{2}, {3}}}, {"eta", {{0.05}, {0.1}}}};
  if (algorithm == Algorithm::linear) return {{"l2", {{}, {10}, {30}, {100}, {1000}, {3000}, {10000}}}};
  if (algorithm == Algorithm::logistic || algorithm == Algorithm::logistic_gd)
    return {{"l2", {{0.003}, {0.01}, {0.03}, {0.1}, {0.3}, {1}}}};
  return {{"l2", {{}, {3}, {10}, {30}, {100}, {300}, {1000}}}};
}

SearchGrid::SearchGrid(Algorithm algorithm, const TrainOptions& base, std::vector<SearchAxis> axes)
    : base_(base), axes_(axes.empty() ? default_search(algorithm) : std::move(axes)) {
  for (const SearchAxis& axis : axes_) {
    require_searchable(algorithm, axis.key);
    if (axis.candidates.empty())
      throw Error(ErrorCode::bad_argument, "option \"" + axis.key + "\" has no candidate to try",
                  "Name at least one, or leave the option out.");
    TrainOptions tried = base_;
    for (const auto& candidate : axis.candidates) set(tried, axis.key, candidate);
    size_ *= axis.candidates.size();
    if (size_ > kMostCombinations)
      throw Error(ErrorCode::bad_argument,
                  "search has more than " + std::to_string(kMostCombinations) + " combinations",
                  "Name fewer candidates: \"" + axis.key + "\" is where they become too many.");
  }
}

const std::vector<double>& SearchGrid::value(std::size_t combination, std::size_t axis) const {
  for (std::size_t later = axes_.size() - 1; later > axis; --later) combination /= axes_[later].candidates.size();
  return axes_[axis].candidates[combination % axes_[axis].candidates.size()];
}

TrainOptions SearchGrid::options(std::size_t combination) const {
  TrainOptions options = base_;
  for (std::size_t axis = 0; axis < axes_.size(); ++axis) set(options, axes_[axis].key, value(combination, axis));
  return options;
}

}  // namespace glucose
