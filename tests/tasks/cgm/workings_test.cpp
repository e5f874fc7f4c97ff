// SPDX-License-Identifier: PostgreSQL
#include "core/tasks/cgm/workings.hpp"

#include <gtest/gtest.h>

#include <cstring>

#include "core/base/random.hpp"
#include "support/cgm_rows.hpp"

namespace glucose {
namespace {

CgmQuestion ask(Micros at, int utc_offset_min = 0) {
  CgmQuestion q;
  q.at = at;
  q.utc_offset_min = utc_offset_min;
  q.n_minutes = 3;
  q.minutes = {30, 60, 600};
  return q;
}

Known known_until(const std::vector<Reading>& readings, Micros until) {
  Known known;
  known.readings = readings;
  known.until = until;
  return known;
}

/// Whether what is kept says the same as what is worked out anew, to the bit.
testing::AssertionResult says_the_same(CgmWorkings& kept, std::uint64_t serial, const std::vector<Reading>& readings,
                                       const CgmQuestion& question) {
  std::string told[2];
  const auto tell = [](const CgmForecast& said) {
    std::string bytes(reinterpret_cast<const char*>(said.window.data()), sizeof said.window);
    bytes.append(reinterpret_cast<const char*>(&said.own), sizeof said.own);
    for (int i = 0; i < said.n; ++i) {
      const CgmForecastPoint& p = said.points[static_cast<std::size_t>(i)];
      for (const float x : {p.mg_dl, p.lower, p.upper, p.score, p.mean_mg_dl, p.below_70, p.above_180})
        bytes.append(reinterpret_cast<const char*>(&x), sizeof x);
    }
    return bytes;
  };
  try {
    told[0] = tell(cgm_forecast(of_smooth(), kept.known(of_smooth(), serial, question), question, {}));
  } catch (const Error& e) {
    told[0] = e.what();
  }
  try {
    told[1] = tell(cgm_forecast(of_smooth(), readings, question));
  } catch (const Error& e) {
    told[1] = e.what();
  }
  if (told[0] == told[1]) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "another answer " << question.at / kMinute << " min after the beginning";
}

}  // namespace

TEST(CgmWorkings, SayTheSameAsWhatIsWorkedOutAnewWhateverComesAndGoes) {
  Random rng(3);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(rng.uniform() * static_cast<double>(n)); };
  std::vector<Reading> all = ar2_readings(7, 2400), readings(all.begin(), all.begin() + 700);
  CgmWorkings kept;
  for (int step = 0; step < 300; ++step) {
    Micros unchanged = kept.unchanged_until;
    const auto changed_from = [&](std::size_t i) {
      unchanged = std::min(unchanged, i < readings.size() ? readings[i].measured_at - 1 : unchanged);
    };
    const std::size_t back = readings.size() - 1 - below(step % 5 == 0 ? 650 : 20);
    switch (below(6)) {
      case 0:  // changed, also beyond what can be
        changed_from(back);
        readings[back].mg_dl = 45 + static_cast<float>(rng.uniform() * 300);
        break;
      case 1:
        changed_from(back);
        readings.erase(readings.begin() + static_cast<std::ptrdiff_t>(back));
        break;
      case 2:  // recorded later, perhaps only after what is asked about
        changed_from(back);
        readings[back].recorded_at = readings[back].measured_at + static_cast<Micros>(below(200)) * kMinute;
        break;
      case 3:  // twice
        changed_from(back);
        readings.insert(readings.begin() + static_cast<std::ptrdiff_t>(back), readings[back]);
        readings[back + 1].recorded_at += static_cast<Micros>(below(2)) * 90 * kMinute;
        break;
      default:
        for (std::size_t n = below(8); n > 0; --n)
          if (const auto next =
                  std::find_if(all.begin(), all.end(),
                               [&](const Reading& r) { return r.measured_at > readings.back().measured_at; });
              next != all.end())
            readings.push_back(*next);
    }
    kept.unchanged_until = unchanged;
    kept.take(known_until(readings, readings.back().measured_at));
    for (int asked = 0; asked < 4; ++asked) {
      const Reading& r = readings[readings.size() - 1 - below(asked == 0 ? 1 : 300)];
      const Micros at = r.measured_at + static_cast<Micros>(below(70)) * kMinute;
      EXPECT_TRUE(says_the_same(kept, below(3), readings, ask(at, below(4) == 0 ? 60 : 0))) << step;
    }
  }
}

TEST(CgmWorkings, KeepWhatAFewModelsSaidAndCountIt) {
  const std::vector<Reading> readings = ar2_readings(9, 1200);
  CgmWorkings kept;
  kept.take(known_until(readings, readings.back().measured_at));
  const CgmQuestion question = ask(readings.back().measured_at);
  const std::size_t nothing_said = kept.bytes();
  EXPECT_GT(nothing_said, readings.size() * sizeof(Point));
  std::size_t before = nothing_said, grown = 0;
  for (std::uint64_t serial = 1; serial <= 12; ++serial) {
    cgm_forecast(of_smooth(), kept.known(of_smooth(), serial, question), question, {});
    grown += kept.bytes() > before ? 1 : 0;
    before = kept.bytes();
  }
  EXPECT_EQ(grown, 4U);
  cgm_forecast(of_smooth(), kept.known(of_smooth(), 12, question), question, {});
  EXPECT_EQ(kept.bytes(), before);
}

TEST(CgmWorkings, DoNotGrowWithoutEnd) {
  const std::vector<Reading> readings = ar2_readings(9, 12000);
  CgmWorkings kept;
  kept.take(known_until(readings, readings.back().measured_at));
  for (std::size_t i = 600; i < readings.size(); ++i) {
    const CgmQuestion question = ask(readings[i].measured_at);
    CgmKnown known = kept.known(of_smooth(), 1, question);
    known.past.at(known.n - 1, question.at);
    ASSERT_LT(kept.bytes(), readings.size() * sizeof(Point) * 2 + 1'000'000);
  }
}

}  // namespace glucose
