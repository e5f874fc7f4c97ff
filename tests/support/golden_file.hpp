// SPDX-License-Identifier: PostgreSQL
// reference/golden.txt: what fixed rows and seeds lead to, one line a case.
#pragma once
#include <gtest/gtest.h>
#include <sys/file.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/simd.hpp"
#include "support/sha256.hpp"

namespace glucose {

/// What a case led to: the model's bytes, and what the model says, unknown where NaN.
struct GoldenRun {
  std::vector<std::uint8_t> artifact;
  std::vector<float> forecasts;
};

/// The same as it is pinned.
struct GoldenPin {
  std::string artifact, forecasts;   // SHA-256; that of the forecasts is of their float bits, little-endian
  std::vector<std::string> numbers;  // the forecasts with nine significant digits, which tell every float from another
};
using GoldenPins = std::map<std::string, GoldenPin>;  // by "case level"

inline GoldenPin pin_of(const GoldenRun& run) {
  GoldenPin pin{sha256(run.artifact), {}, {}};
  std::vector<std::uint8_t> bytes;
  for (const float value : run.forecasts) {
    for (unsigned shift = 0; shift < 32; shift += 8)
      bytes.push_back(static_cast<std::uint8_t>(std::bit_cast<std::uint32_t>(value) >> shift));
    std::array<char, 32> text;
    std::snprintf(text.data(), text.size(), "%.9g", static_cast<double>(value));
    pin.numbers.emplace_back(std::isnan(value) ? "nan" : text.data());
  }
  pin.forecasts = sha256(bytes);
  return pin;
}

inline const char* golden_path() {
  return PGG_TEST_DATA "/golden.txt";
}

inline GoldenPins read_golden() {
  GoldenPins pins;
  std::ifstream file(golden_path());
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    std::string name, level;
    GoldenPin pin;
    words >> name >> level >> pin.artifact >> pin.forecasts;
    for (std::string number; words >> number;) pin.numbers.push_back(number);
    pins[name + ' ' + level] = pin;
  }
  return pins;
}

/// Puts one line into the file, whichever other tests do so at the same time.
inline void repin(const std::string& key, const GoldenPin& pin) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> lock(std::fopen(golden_path(), "a"), &std::fclose);
  ASSERT_NE(lock, nullptr) << golden_path();
  ASSERT_EQ(flock(fileno(lock.get()), LOCK_EX), 0);
  GoldenPins pins = read_golden();
  pins[key] = pin;
  std::ofstream file(golden_path());
  file << "# What fixed rows and seeds lead to (golden_test.cpp): case, CPU level of its networks, SHA-256 of the "
          "artifact,\n"
          "# SHA-256 of the forecasts, the forecasts. A change that is meant to change them pins them again in a "
          "commit of\n"
          "# its own, with accuracy before and after: PGG_REPIN=1 ./dev unit -R Golden\n";
  for (const auto& [name, one] : pins) {
    file << name << ' ' << one.artifact << ' ' << one.forecasts;
    for (const std::string& number : one.numbers) file << ' ' << number;
    file << '\n';
  }
  ASSERT_TRUE(file.flush()) << golden_path();
}

/// Whether this build and this machine must give the pinned bits: Debian 12's compiler and C library (its functions
/// take another path on a CPU without FMA), optimised, without instruments.
inline bool bits_are_pinned() {
#if defined(__x86_64__) && defined(__GNUC__) && __GNUC__ == 12 && !defined(__clang__) && defined(NDEBUG) && \
    defined(__GLIBC__) && __GLIBC__ == 2 && __GLIBC_MINOR__ == 36 && !defined(__SANITIZE_ADDRESS__)
  return has_simd_level(SimdLevel::avx2);
#else
  return false;
#endif
}

/// Everywhere else forecasts are the same but for rounding: 1e-6 of their size, of 1 when they are smaller.
inline void expect_near_pin(const GoldenPin& now, const GoldenPin& pinned) {
  ASSERT_EQ(now.numbers.size(), pinned.numbers.size());
  for (std::size_t i = 0; i < now.numbers.size(); ++i) {
    const double is = std::stod(now.numbers[i]), was = std::stod(pinned.numbers[i]);
    if (std::isnan(is) && std::isnan(was)) continue;
    EXPECT_NEAR(is, was, 1e-6 * std::max(1.0, std::abs(was))) << "forecast " << i;
  }
}

}  // namespace glucose
