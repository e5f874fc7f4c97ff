// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/planting.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace glucose::sim {

namespace {

constexpr Micros kPart = 240 * kMinute, kMargin = 15 * kMinute;
constexpr int kPartsOfDay = 6;
constexpr double kSteepest = 2.5;                // mg/dL a minute, of lows and highs that come and go
constexpr float kFarthest = 395, kNearest = 45;  // planted values stay off the edges of the sensor's range

/// A level that comes, stays and goes.
struct Wave {
  Micros begin, stays, goes, end;
  double share(Micros at) const {
    const auto part = [](Micros a, Micros b) { return static_cast<double>(a) / static_cast<double>(b); };
    if (at <= begin || at >= end) return 0;
    const double x = at < stays ? part(at - begin, stays - begin) : at > goes ? part(end - at, end - goes) : 1;
    return (1 - std::cos(std::numbers::pi * x)) / 2;
  }
};

class Planter {
 public:
  Planter(std::uint64_t seed, std::span<const Reading> readings, const SensorRecord& record) : random_(seed) {
    planted_.readings.assign(readings.begin(), readings.end());
    planted_.slots = record.slots;
  }

  Planted run() {
    if (planted_.slots.empty()) return planted_;
    const Micros first = planted_.slots.front().at / kDay, last = planted_.slots.back().at / kDay;
    for (Micros day = first; day <= last; ++day) plant_day(day);
    std::stable_sort(planted_.labels.begin(), planted_.labels.end(),
                     [](const auto& a, const auto& b) { return a.begin < b.begin; });
    std::stable_sort(planted_.readings.begin(), planted_.readings.end(),
                     [](const Reading& a, const Reading& b) { return a.measured_at < b.measured_at; });
    return std::move(planted_);
  }

 private:
  void plant_day(Micros day) {
    std::vector<Micros> parts;
    parts.reserve(kPartsOfDay);
    for (int i = 0; i < kPartsOfDay; ++i) parts.push_back(day * kDay + i * kPart);
    random_.shuffle(parts);
    plant_wave(parts[0], true);
    plant_wave(parts[1], false);
    plant_stuck(parts[2]);
    plant_outlier(parts[3]);
    plant_level(parts[4]);
    if (day % 5 == 0) plant_second(parts[5]);
  }

  Micros minutes(int least, int most) {
    return (least + static_cast<Micros>(random_.below(static_cast<std::uint32_t>(most - least + 1)))) * kMinute;
  }
  /// Where something that takes so long begins.
  Micros somewhere(Micros part, Micros takes) {
    const Micros room = std::max<Micros>(kPart - 2 * kMargin - takes, kMinute);
    return part + kMargin + minutes(0, static_cast<int>(room / kMinute));
  }
  void label(PlantedLabel::Kind kind, Micros begin, Micros end) { planted_.labels.push_back({kind, begin, end}); }

  template <class Rows>
  static auto from(Rows& rows, Micros at) {
    return std::partition_point(rows.begin(), rows.end(), [at](const auto& row) {
      if constexpr (requires { row.at; })
        return row.at < at;
      else
        return row.measured_at < at;
    });
  }

  void plant_wave(Micros part, bool low) {
    const Micros usual = minutes(45, 75), stays = minutes(20, 40);
    const double to = low ? random_.uniform(45, 62) : random_.uniform(200, 240);
    const auto slot = from(planted_.slots, part + kPart / 2);
    if (slot == planted_.slots.end()) return;
    const double by = to - static_cast<double>(slot->noiseless);
    if (low ? by > 0 : by < 0) return;  // it is so already
    const auto slowest =
        static_cast<Micros>(std::numbers::pi / 2 * std::abs(by) / kSteepest * static_cast<double>(kMinute));
    const Micros ramp = std::min(std::max(usual, slowest), (kPart - 2 * kMargin - stays) / 2);
    const Micros begin = part + (kPart - stays) / 2 - ramp;
    const Wave wave{begin, begin + ramp, begin + ramp + stays, begin + 2 * ramp + stays};
    const auto moved = [&](float value, Micros at) {
      return value + static_cast<float>(std::round(by * wave.share(at)));
    };
    for (auto s = from(planted_.slots, begin); s != planted_.slots.end() && s->at < wave.end; ++s) {
      s->faultless = moved(s->faultless, s->at);
      s->noiseless = moved(s->noiseless, s->at);
    }
    for (auto r = from(planted_.readings, begin); r != planted_.readings.end() && r->measured_at < wave.end; ++r)
      r->mg_dl = std::clamp(moved(r->mg_dl, r->measured_at), kSensorLow, kSensorHigh);
    label(low ? PlantedLabel::Kind::low : PlantedLabel::Kind::high, wave.stays, wave.goes);
  }

  void plant_stuck(Micros part) {
    const Micros takes = minutes(70, 180), begin = somewhere(part, takes);
    const auto first = from(planted_.readings, begin);
    auto r = first;
    for (; r != planted_.readings.end() && r->measured_at < begin + takes; ++r) r->mg_dl = first->mg_dl;
    if (r != first) label(PlantedLabel::Kind::stuck, first->measured_at, (r - 1)->measured_at);
  }

  float away(float mg_dl) {
    const auto by = static_cast<float>(random_.uniform(40, 120));
    const bool up = random_.uniform() < 0.5;
    // On the side where there is room for it.
    if (mg_dl - by < kNearest) return mg_dl + std::round(by);
    if (mg_dl + by > kFarthest) return mg_dl - std::round(by);
    return up ? mg_dl + std::round(by) : mg_dl - std::round(by);
  }

  void plant_outlier(Micros part) {
    const auto r = from(planted_.readings, somewhere(part, kMinute));
    if (r == planted_.readings.end()) return;
    r->mg_dl = away(r->mg_dl);
    label(PlantedLabel::Kind::jump, r->measured_at, r->measured_at);
  }

  void plant_level(Micros part) {
    const Micros takes = minutes(30, 90), begin = somewhere(part, takes);
    const auto first = from(planted_.readings, begin);
    if (first == planted_.readings.end()) return;
    const float by = away(first->mg_dl) - first->mg_dl;
    auto r = first;
    for (; r != planted_.readings.end() && r->measured_at < begin + takes; ++r)
      r->mg_dl = std::clamp(r->mg_dl + by, kSensorLow, kSensorHigh);
    if (r == first) return;
    label(PlantedLabel::Kind::jump, first->measured_at, first->measured_at);
    if (r != planted_.readings.end()) label(PlantedLabel::Kind::jump, r->measured_at, r->measured_at);
  }

  void plant_second(Micros part) {
    const auto by = static_cast<float>((random_.uniform() < 0.5 ? -1 : 1) * random_.uniform(20, 40));
    const Micros begin = part + kMargin, end = part + kPart - kMargin;
    std::vector<Reading> second;
    for (auto r = from(planted_.readings, begin); r != planted_.readings.end() && r->measured_at < end; ++r) {
      const Micros at = r->measured_at + 150 * kSecond;
      second.push_back({at, at, std::clamp(std::round(r->mg_dl + by), kSensorLow, kSensorHigh)});
    }
    if (second.empty()) return;
    label(PlantedLabel::Kind::two_sensors, begin, end);
    planted_.readings.insert(planted_.readings.end(), second.begin(), second.end());
    std::stable_sort(planted_.readings.begin(), planted_.readings.end(),
                     [](const Reading& a, const Reading& b) { return a.measured_at < b.measured_at; });
  }

  Random random_;
  Planted planted_;
};

}  // namespace

Planted plant(std::uint64_t seed, std::span<const Reading> readings, const SensorRecord& record) {
  return Planter(seed, readings, record).run();
}

}  // namespace glucose::sim
