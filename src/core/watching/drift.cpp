// SPDX-License-Identifier: PostgreSQL
#include "core/watching/drift.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/math/correlation.hpp"
#include "core/math/two_samples.hpp"

namespace glucose {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeastBin = 0.12;  // of the reference, in the stability index

/// A distribution at the cuts of a sketch.
struct Shares {
  double n = 0;               // values
  double missing = 0;         // share
  std::vector<double> up_to;  // [C], with missing ones
};

std::vector<int> counted_by_part(const Sketch& reference, const Observed& current) {
  std::vector<int> n(reference.parts.size());
  for (std::size_t i = 0; i < current.value.size(); ++i) ++n[current.part.empty() ? 0 : current.part[i]];
  for (std::size_t part = 0; part < n.size(); ++part)
    if (reference.parts[part].n < kFewestOfAPart) n[part] = 0;
  return n;
}

// n: as many as the mixture is worth.
Shares of_reference(const Sketch& reference, const std::vector<int>& by_part, double total) {
  Shares shares;
  shares.up_to.resize(reference.cuts.size());
  double spent = 0;
  for (std::size_t p = 0; p < by_part.size(); ++p) {
    if (by_part[p] == 0) continue;
    const Sketch::Part& part = reference.parts[p];
    const double weight = by_part[p] / total;
    spent += weight * weight / part.n;
    shares.missing += weight * part.missing / part.n;
    for (std::size_t c = 0; c < shares.up_to.size(); ++c) shares.up_to[c] += weight * part.up_to[c] / part.n;
  }
  shares.n = 1 / spent;
  return shares;
}

Shares of_current(const Sketch& reference, const Observed& current, const std::vector<int>& by_part, double total) {
  Shares shares;
  const std::size_t C = reference.cuts.size();
  shares.up_to.resize(C);
  for (std::size_t i = 0; i < current.value.size(); ++i) {
    if (by_part[current.part.empty() ? 0 : current.part[i]] == 0) continue;
    const bool is_missing = std::isnan(current.value[i]);
    if (is_missing) shares.missing += 1;
    const auto place = is_missing ? reference.cuts.begin()
                                  : std::lower_bound(reference.cuts.begin(), reference.cuts.end(), current.value[i]);
    if (place != reference.cuts.end()) shares.up_to[static_cast<std::size_t>(place - reference.cuts.begin())] += 1;
  }
  double sum = 0;
  for (double& up_to : shares.up_to) up_to = (sum += up_to) / total;
  shares.missing /= total;
  shares.n = total;
  return shares;
}

/// Shares over bins: missing, then from cut to cut, joined until the reference has enough in one.
struct Bins {
  std::vector<double> reference, current;
};

Bins bins_of(const Shares& reference, const Shares& current) {
  Bins bins;
  if (reference.missing > 0 || current.missing > 0) {
    bins.reference.push_back(reference.missing);
    bins.current.push_back(current.missing);
  }
  double was = reference.missing, is = current.missing;
  const auto close = [&](double up_to_was, double up_to_is) {
    bins.reference.push_back(up_to_was - was);
    bins.current.push_back(up_to_is - is);
    was = up_to_was;
    is = up_to_is;
  };
  for (std::size_t c = 0; c < reference.up_to.size(); ++c)
    if (reference.up_to[c] - was >= kLeastBin || (c == 0 && current.up_to[c] - is >= kLeastBin))
      close(reference.up_to[c], current.up_to[c]);
  close(1, 1);
  return bins;
}

// Half a value is added to each bin; chance adds (bins - 1) (1 / n + 1 / m) to the index on average (Yurdakul 2018).
double effect_of(Bins bins, double n, double m) {
  const auto size = static_cast<double>(bins.reference.size());
  if (size < 2) return 0;
  const auto smooth = [size](std::vector<double>& shares, double values) {
    for (double& share : shares) share = (share * values + 0.5) / (values + 0.5 * size);
  };
  smooth(bins.reference, n);
  smooth(bins.current, m);
  const double index = population_stability_index(bins.reference, bins.current);
  return std::max(0.0, index - (size - 1) * (1 / n + 1 / m));
}

}  // namespace

Drift drift_of(const Sketch& reference, const Observed& current) {
  Drift drift;
  drift.statistic = drift.effect = drift.p = kNan;
  const std::vector<int> by_part = counted_by_part(reference, current);
  for (const int n : by_part) drift.current_n += n;
  drift.reference_n = reference.n();
  if (drift.current_n < kFewestSeen || drift.reference_n < kFewestSeen) return drift;
  const double total = drift.current_n;
  const Shares was = of_reference(reference, by_part, total), is = of_current(reference, current, by_part, total);
  drift.statistic = 0;
  for (std::size_t c = 0; c < was.up_to.size(); ++c)
    drift.statistic = std::max(drift.statistic, std::abs(was.up_to[c] - is.up_to[c]));
  drift.statistic = std::min(drift.statistic, 1.0);
  const double share = was.n / drift.reference_n;  // of a stretch's values, where only some are compared
  const double n = reference.worth(was.n, 1 + (reference.crowd - 1) * std::min(share, 1.0));
  const double m = reference.worth(total, crowd_of(current.stretch));
  if (std::isnan(n) || std::isnan(m)) return drift;
  drift.effect = effect_of(bins_of(was, is), was.n, is.n);
  drift.p = kolmogorov_smirnov_p(drift.statistic, std::max(1, static_cast<int>(n)), std::max(1, static_cast<int>(m)));
  return drift;
}

void withhold(std::span<Drift> drifts) {
  for (Drift& drift : drifts) drift.effect = drift.p = kNan;
}

void judge_drifts(std::span<Drift> drifts, double least) {
  std::vector<double> p_values;
  for (const Drift& drift : drifts) p_values.push_back(drift.p);
  const std::vector<double> rates = false_discovery_rates(p_values);
  for (std::size_t i = 0; i < drifts.size(); ++i)
    drifts[i].drifted = drifts[i].effect >= least && rates[i] <= kFalseDiscoveries;
}

}  // namespace glucose
