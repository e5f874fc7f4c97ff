// SPDX-License-Identifier: PostgreSQL
// patterns PERSONS SEED: of so many simulated persons of each kind, in how many a pattern is found where there is none,
// and where one of 20 mg/dL is.
#include <cstdio>
#include <cstdlib>

#include "core/seeing/pattern_words.hpp"
#include "support/patternless.hpp"

namespace {

using namespace glucose;

constexpr std::array kSpans{14, 28, 91};
constexpr std::array kPersons{Profile::none, Profile::prediabetes, Profile::t2d, Profile::t1d};
constexpr float kHigher = 20;

constexpr std::array kAllPlanted{Planted::nothing, Planted::mornings, Planted::breakfasts, Planted::weekends,
                                 Planted::after_steps};

/// Of persons of one kind: in how many something is claimed of whom nothing is true, and what is planted is found.
struct Counted {
  int persons = 0, claimed = 0;
  long asked = 0;
  std::array<int, kAllPlanted.size()> found{};
};

bool is_any_found(const std::vector<Pattern>& patterns) {
  return std::any_of(patterns.begin(), patterns.end(), [](const Pattern& p) { return p.is_found; });
}

bool is_planted_found(const std::vector<Pattern>& patterns, Planted planted) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](const Pattern& p) { return p.is_found && PatternlessPerson::is_it(p, planted); });
}

void look_at(const PatternlessPerson& patternless, Counted& counted) {
  ++counted.persons;
  for (std::size_t k = 0; k < kAllPlanted.size(); ++k) {
    PatternlessPerson person = patternless;
    person.plant(kAllPlanted[k], kHigher);
    const std::vector<Pattern> patterns = person.patterns();
    if (k > 0) {
      counted.found[k] += is_planted_found(patterns, kAllPlanted[k]) ? 1 : 0;
      continue;
    }
    counted.asked += static_cast<long>(patterns.size());
    counted.claimed += is_any_found(patterns) ? 1 : 0;
    for (const Pattern& p : patterns)
      if (p.is_found) std::fprintf(stderr, "claimed: %s\n", in_words(p, GlucoseUnit::mg_dl, false).c_str());
  }
}

Counted count(int persons, std::uint64_t seed, int days, Profile profile) {
  const std::uint64_t first =
      seed + 1'000'000 * static_cast<std::uint64_t>(days) + 100'000 * static_cast<std::uint64_t>(profile);
  Counted counted;
  for (int i = 0; i < persons; ++i)
    look_at(PatternlessPerson(first + static_cast<std::uint64_t>(i), days, profile), counted);
  return counted;
}

}  // namespace

int main(int argc, char** argv) {
  const int persons = argc > 1 ? std::atoi(argv[1]) : 200;
  const std::uint64_t seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  std::puts(
      "| days | persons | comparisons asked | without any: one claimed | mornings | breakfasts | weekends | after many "
      "steps |");
  std::puts("|---|---|---|---|---|---|---|---|");
  for (const int days : kSpans)
    for (const Profile profile : kPersons) {
      const Counted c = count(persons, seed, days, profile);
      std::printf("| %d | %d, %s | %.1f | %d (%.1f %%) |", days, persons,
                  kProfileNames[static_cast<std::size_t>(profile)].data(), static_cast<double>(c.asked) / persons,
                  c.claimed, 100.0 * c.claimed / persons);
      for (std::size_t k = 1; k < kAllPlanted.size(); ++k) std::printf(" %.0f %% |", 100.0 * c.found[k] / persons);
      std::puts("");
      std::fflush(stdout);
    }
}
