// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/training/options.hpp"

namespace glucose {

inline constexpr std::size_t kMostCombinations = 200;

/// One option and the values to try for it.
struct SearchAxis {
  std::string key;
  std::vector<std::vector<double>> candidates;  // each as set_option takes it; one without numbers is the default
};

/// The options of an algorithm that can be searched. Throws Error bad_argument for an algorithm that has none.
std::span<const std::string_view> searchable_options(Algorithm algorithm);

/// What is searched when nothing is said. Throws as searchable_options.
std::vector<SearchAxis> default_search(Algorithm algorithm);

/// Every combination of the candidates of some options, the last option's changing first.
class SearchGrid {
 public:
  /// base: all other options · no axes: default_search · throws Error bad_argument naming the key for an option that
  /// the algorithm does not have, no candidate or one out of range, or more than kMostCombinations
  SearchGrid(Algorithm algorithm, const TrainOptions& base, std::vector<SearchAxis> axes);

  std::size_t size() const { return size_; }
  TrainOptions options(std::size_t combination) const;
  const std::vector<SearchAxis>& axes() const { return axes_; }
  /// The candidate of one of the axes.
  const std::vector<double>& value(std::size_t combination, std::size_t axis) const;

 private:
  TrainOptions base_;
  std::vector<SearchAxis> axes_;
  std::size_t size_ = 1;
};

}  // namespace glucose
