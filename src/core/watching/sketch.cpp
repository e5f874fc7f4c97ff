// SPDX-License-Identifier: PostgreSQL
#include "core/watching/sketch.hpp"

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <numeric>

namespace glucose {

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kMostCorrelated = 0.5;
constexpr double kDoubt = 0.3;  // stretches are few: likeness is what it is at most, but for so much

// As it is stored, so that shares are those of the stored cut.
float rounded(double cut) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", cut);
  return std::strtof(text, nullptr);
}

// Between distinct values at every sixteenth; a value that many have stands between two cuts, also when it is the least
// or the largest: else it could be left in one direction without a trace.
std::vector<float> cuts_of(const std::vector<float>& sorted) {
  std::vector<float> cuts;
  const std::size_t n = sorted.size();
  const auto below = [&](std::size_t first) {  // of the run of equal values that begins there
    const double v = static_cast<double>(sorted[first]), beyond = std::max(1e-3, 1e-3 * std::abs(v));
    cuts.push_back(rounded(first > 0 ? (static_cast<double>(sorted[first - 1]) + v) / 2 : v - beyond));
  };
  const auto above = [&](std::size_t end) {
    if (end < n) return below(end);
    const double v = static_cast<double>(sorted[n - 1]);
    cuts.push_back(rounded(v + std::max(1e-3, 1e-3 * std::abs(v))));
  };
  for (std::size_t q = 1; q < kSketchShares; ++q) {
    const std::size_t place = std::min(n - 1, q * n / kSketchShares);
    const auto [low, high] = std::equal_range(sorted.begin(), sorted.end(), sorted[place]);
    const auto first = static_cast<std::size_t>(low - sorted.begin()),
               end = static_cast<std::size_t>(high - sorted.begin());
    const bool is_many = 8 * (end - first) > n;
    if (first > 0 || is_many) below(first);
    if (is_many) above(end);
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  return cuts;
}

// The first cut that a value is counted at; missing values are at all.
std::size_t place_of(float value, const std::vector<float>& cuts) {
  if (std::isnan(value)) return 0;
  return static_cast<std::size_t>(std::lower_bound(cuts.begin(), cuts.end(), value) - cuts.begin());
}

/// By stretch: values, and those up to each cut.
struct Stretches {
  std::vector<double> n, up_to;  // [B], [B × C]
};

Stretches stretches_of(const Observed& o, const std::vector<float>& cuts) {
  Stretches s;
  const std::size_t C = cuts.size();
  for (std::size_t i = 0; i < o.value.size(); ++i) {
    if (i == 0 || o.stretch[i] != o.stretch[i - 1]) {
      s.n.push_back(0);
      s.up_to.resize(s.up_to.size() + C);
    }
    s.n.back() += 1;
    double* up_to = s.up_to.data() + s.up_to.size() - C;
    for (std::size_t c = place_of(o.value[i], cuts); c < C; ++c) up_to[c] += 1;
  }
  return s;
}

// How alike a stretch's values are, by how far shares of stretches are apart beside what they would be by chance.
void set_dependence(Sketch& sketch, const Observed& o) {
  const Stretches s = stretches_of(o, sketch.cuts);
  const std::size_t B = s.n.size(), C = sketch.cuts.size();
  sketch.crowd = crowd_of(o.stretch);
  sketch.likeness = kNan;
  if (B < static_cast<std::size_t>(kFewestStretches)) return;
  const double n = std::accumulate(s.n.begin(), s.n.end(), 0.0), b = static_cast<double>(B);
  double by_chance = 0, found = 0, squares = 0, products = 0;
  for (std::size_t c = 0; c < C; ++c) {
    double sum = 0;
    for (std::size_t i = 0; i < B; ++i) sum += s.up_to[i * C + c];
    const double share = sum / n;
    by_chance += share * (1 - share) / n;
    double before = 0;
    for (std::size_t i = 0; i < B; ++i) {
      const double apart = s.up_to[i * C + c] - s.n[i] * share, off = apart / s.n[i];
      found += b / (b - 1) * apart * apart / (n * n);
      squares += off * off;
      if (i > 0) products += before * off;
      before = off;
    }
  }
  const double at_most = found / by_chance * (b - 1) / boost::math::quantile(boost::math::chi_squared(b - 1), kDoubt);
  sketch.likeness = by_chance > 0 && sketch.crowd > 1 ? std::clamp((at_most - 1) / (sketch.crowd - 1), 0.0, 1.0) : 0;
  if (!o.in_order || !(squares > 0)) return;
  const double r = products / squares;
  const double unbiased = std::clamp(r + (1 + 3 * r) / b, 0.0, kMostCorrelated);  // M. G. Kendall, Biometrika 41, 1954
  sketch.memory = (1 + unbiased) / (1 - unbiased);
}

void count(Sketch& sketch, const Observed& o) {
  const std::size_t C = sketch.cuts.size();
  sketch.parts.resize(o.part.empty() ? 1 : kDayParts);
  for (Sketch::Part& part : sketch.parts) part.up_to.resize(C);
  for (std::size_t i = 0; i < o.value.size(); ++i) {
    if (!o.counts.empty() && o.counts[i] == 0) continue;
    Sketch::Part& part = sketch.parts[o.part.empty() ? 0 : o.part[i]];
    ++part.n;
    if (std::isnan(o.value[i])) ++part.missing;
    if (const std::size_t place = place_of(o.value[i], sketch.cuts); place < C) ++part.up_to[place];
  }
  for (Sketch::Part& part : sketch.parts) std::partial_sum(part.up_to.begin(), part.up_to.end(), part.up_to.begin());
}

bool is_count(double v) {
  return v >= 0 && v <= 1e9 && v == std::floor(v);
}

}  // namespace

int Sketch::n() const {
  int sum = 0;
  for (const Part& part : parts) sum += part.n;
  return sum;
}

double Sketch::worth(double n, double crowd_there) const {
  if (std::isnan(likeness)) return kNan;
  return n / (memory * (1 + std::max(crowd_there - 1, 0.0) * likeness));
}

double crowd_of(std::span<const std::int32_t> stretch) {
  double squares = 0, run = 0;
  for (std::size_t i = 0; i < stretch.size(); ++i) {
    run = i > 0 && stretch[i] == stretch[i - 1] ? run + 1 : 1;
    squares += 2 * run - 1;  // n² is the sum of the first n odd numbers
  }
  return stretch.empty() ? 0 : squares / static_cast<double>(stretch.size());
}

std::optional<Sketch> sketch_of(const Observed& observed) {
  std::vector<float> known;
  for (std::size_t i = 0; i < observed.value.size(); ++i)
    if (!std::isnan(observed.value[i]) && (observed.counts.empty() || observed.counts[i] != 0))
      known.push_back(observed.value[i]);
  std::sort(known.begin(), known.end());
  Sketch sketch;
  if (known.empty()) return std::nullopt;
  sketch.cuts = cuts_of(known);
  if (sketch.cuts.empty()) return std::nullopt;
  count(sketch, observed);
  set_dependence(sketch, observed);
  return sketch;
}

Notes notes_of(const Sketch& sketch) {
  std::vector<double> cuts(sketch.cuts.begin(), sketch.cuts.end()), n, missing, up_to;
  for (const Sketch::Part& part : sketch.parts) {
    n.push_back(part.n);
    missing.push_back(part.missing);
    up_to.insert(up_to.end(), part.up_to.begin(), part.up_to.end());
  }
  Notes notes{{"cuts", std::move(cuts)}, {"n", std::move(n)}, {"missing", std::move(missing)}};
  notes.push_back({"up_to", std::move(up_to)});
  note(notes, "crowd", sketch.crowd);
  note(notes, "likeness", sketch.likeness);
  note(notes, "memory", sketch.memory);
  return notes;
}

std::optional<Sketch> sketch_from(const SketchFields& f) {
  Sketch sketch;
  const std::size_t C = f.cuts.size(), parts = f.n.size();
  const auto all_counts = [](const std::vector<double>& v) { return std::all_of(v.begin(), v.end(), is_count); };
  if (C == 0 || (parts != 1 && parts != kDayParts) || f.missing.size() != parts || f.up_to.size() != parts * C)
    return std::nullopt;
  if (!all_counts(f.n) || !all_counts(f.missing) || !all_counts(f.up_to)) return std::nullopt;
  for (const double cut : f.cuts) sketch.cuts.push_back(static_cast<float>(cut));
  if (!std::is_sorted(sketch.cuts.begin(), sketch.cuts.end())) return std::nullopt;
  for (std::size_t p = 0; p < parts; ++p) {
    Sketch::Part& part = sketch.parts.emplace_back();
    part.n = static_cast<int>(f.n[p]);
    part.missing = static_cast<int>(f.missing[p]);
    for (std::size_t c = 0; c < C; ++c) part.up_to.push_back(static_cast<int>(f.up_to[p * C + c]));
    if (!std::is_sorted(part.up_to.begin(), part.up_to.end()) || part.missing > part.up_to[0] ||
        part.up_to[C - 1] > part.n)
      return std::nullopt;
  }
  sketch.crowd = f.crowd;
  sketch.likeness = f.likeness;
  sketch.memory = f.memory;
  if (!(sketch.crowd >= 0 && sketch.memory >= 1) || sketch.likeness < 0 || sketch.likeness > 1) return std::nullopt;
  return sketch;
}

}  // namespace glucose
