// SPDX-License-Identifier: PostgreSQL
#include "core/asking/scored.hpp"

#include <algorithm>
#include <cmath>

namespace glucose {

Evaluator::Evaluator(std::unique_ptr<Scorer> scorer, std::vector<Micros> starts, Micros from, Micros until)
    : scorer_(std::move(scorer)), starts_(std::move(starts)), from_(from), until_(until), parts_(starts_.size() + 1) {}

void Evaluator::step() {
  ScoredRow row;
  if (!scorer_->next(row) || row.at < from_ || row.at >= until_) return;
  const auto begun = std::upper_bound(starts_.begin(), starts_.end(), row.at) - starts_.begin();
  Part& part = parts_[static_cast<std::size_t>(begun)];
  for (std::size_t k = 0; k < static_cast<std::size_t>(row.n); ++k) {
    if (std::isnan(row.outcome[k])) continue;
    const auto place = std::lower_bound(part.minutes.begin(), part.minutes.end(), row.minutes[k]);
    const auto at = static_cast<std::size_t>(place - part.minutes.begin());
    if (place == part.minutes.end() || *place != row.minutes[k]) {
      part.minutes.insert(place, row.minutes[k]);
      part.seen.insert(part.seen.begin() + static_cast<std::ptrdiff_t>(at), Seen());
    }
    Seen& seen = part.seen[at];
    seen.forecast.push_back(row.value[k]);
    seen.outcome.push_back(row.outcome[k]);
    if (row.lower[k] <= row.outcome[k] && row.outcome[k] <= row.upper[k]) ++seen.held;
  }
}

std::vector<std::vector<Evaluation>> Evaluator::take() const {
  std::vector<std::vector<Evaluation>> result;
  for (const Part& part : parts_) {
    std::vector<Evaluation>& of_part = result.emplace_back();
    for (std::size_t k = 0; k < part.minutes.size(); ++k) {
      const Seen& seen = part.seen[k];
      of_part.push_back({part.minutes[k], measure(seen.forecast, seen.outcome),
                         static_cast<double>(seen.held) / static_cast<double>(seen.outcome.size())});
    }
  }
  return result;
}

UnitErrors::UnitErrors(std::unique_ptr<Scorer> scorer, std::vector<int> minutes, Micros from, Micros until)
    : scorer_(std::move(scorer)), minutes_(std::move(minutes)), from_(from), until_(until) {}

void UnitErrors::step() {
  ScoredRow row;
  if (!scorer_->next(row) || row.at < from_ || row.at >= until_) return;
  double sum = 0;
  std::size_t n = 0;
  for (std::size_t k = 0; k < static_cast<std::size_t>(row.n); ++k) {
    if (!std::binary_search(minutes_.begin(), minutes_.end(), row.minutes[k]) || std::isnan(row.outcome[k])) continue;
    sum += std::abs(static_cast<double>(row.value[k]) - static_cast<double>(row.outcome[k]));
    ++n;
  }
  if (n < minutes_.size()) return;
  if (sums_.empty() || sums_.back().unit != row.unit) sums_.push_back({row.unit, 0, 0});
  sums_.back().error += sum / static_cast<double>(n);
  ++sums_.back().n;
}

std::vector<UnitErrors::Unit> UnitErrors::take() const {
  std::vector<Unit> units;
  for (const Sum& s : sums_) units.push_back({s.unit, s.error / s.n});
  return units;
}

PairedComparison compare_units(const std::vector<UnitErrors::Unit>& a, const std::vector<UnitErrors::Unit>& b) {
  std::vector<double> of_a, of_b;
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].unit == b[j].unit) {
      of_a.push_back(a[i++].error);
      of_b.push_back(b[j++].error);
    } else {
      a[i].unit < b[j].unit ? ++i : ++j;
    }
  }
  return compare_paired(of_a, of_b);
}

}  // namespace glucose
