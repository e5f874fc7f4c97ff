// SPDX-License-Identifier: PostgreSQL
// score_events FIRST_SEED PERSONS DAYS: recall and precision of happened() on simulated persons, one table in Markdown.
#include <cstdio>
#include <cstdlib>

#include "support/labelled_days.hpp"

int main(int argc, char** argv) {
  using namespace glucose;
  const int first = argc > 1 ? std::atoi(argv[1]) : 101, persons = argc > 2 ? std::atoi(argv[2]) : 10,
            days = argc > 3 ? std::atoi(argv[3]) : 30;
  std::printf("%d persons of each kind from seed %d on, %d days each\n\n", persons, first, days);
  std::printf("| | labels | recall | found | precision |\n|---|---|---|---|---|\n");
  for (const bool with_faults : {false, true})
    for (int p = 0; p < kProfiles; ++p) {
      Scores sums;
      for (int seed = first; seed < first + persons; ++seed)
        for (const auto& [name, score] :
             scores_of(labelled_days(static_cast<std::uint64_t>(seed), days, static_cast<Profile>(p), with_faults)))
          sums[name] += score;
      for (const auto& [name, s] : sums)
        if (s.labels > 0 || s.found > 0)
          std::printf("| %s%s: %s | %d | %.3f | %d | %.3f |\n", kProfileNames[static_cast<std::size_t>(p)].data(),
                      with_faults ? ", planted" : "", name.c_str(), s.labels, s.recall(), s.found, s.precision());
    }
}
