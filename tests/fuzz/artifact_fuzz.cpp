// SPDX-License-Identifier: PostgreSQL
// libFuzzer: whatever the bytes, a decoder refuses them with an Error or gives a model that is written again as the
// same bytes and can be asked, explained and wiped: its answers are finite and their limits in order, or refused.
// Payloads are sealed here, so that the fuzzer reaches what is behind the checksum.
#include <cmath>
#include <vector>

#include "artifact_kinds.hpp"
#include "core/asking/finite.hpp"
#include "core/base/byte_io.hpp"
#include "core/model/artifact.hpp"
#include "core/tasks/cgm/codec.hpp"
#include "core/tasks/daily/models/codec.hpp"
#include "core/tasks/event/codec.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "core/tasks/task.hpp"
#include "days/some_days.hpp"
#include "fuzz.hpp"

namespace glucose {

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::int32_t kFirstDay = 9000;
constexpr int kDays = 45;

/// A person of six weeks: steps and sleep of each day, readings of the last two days, four meals.
struct Person {
  SomeDays days{kFirstDay, kDays};
  std::vector<Reading> readings;
  std::vector<Meal> meals;
  Question question;

  Person() {
    for (int d = 0; d + 1 < kDays; ++d) {
      days.put(kFirstDay + d, Input::steps, 5000.0F + static_cast<float>(d % 7) * 900);
      days.put(kFirstDay + d, Input::sleep, 400.0F + static_cast<float>(d % 5) * 20);
      days.put(kFirstDay + d, Input::resting_heart_rate, 60.0F + static_cast<float>(d % 3));
      days.put(kFirstDay + d, kTarget, 5000.0F + static_cast<float>(d % 7) * 900, (kFirstDay + d + 1) * kDay);
    }
    question.at = (kFirstDay + kDays - 1) * kDay + 20 * 60 * kMinute;
    for (Micros at = question.at - 2 * kDay; at <= question.at; at += 5 * kMinute) {
      const double hours = static_cast<double>(at % kDay) / static_cast<double>(60 * kMinute);
      readings.push_back({at, at, static_cast<float>(120 + 30 * std::sin(hours))});
      days.measure(at, readings.back().mg_dl);
    }
    for (int i = 4; i > 0; --i)
      meals.push_back({{},
                       question.at - (i - 1) * 300 * kMinute,
                       {(20 - 5 * (i - 1) + 24) % 24 * 60, 3},
                       MealType::dinner,
                       {600, 60, 20, 20, 8}});
    question.clock = {20 * 60, 3};
    question.has_meal = true;
    question.meal = meals.back();
  }
  Known known() {
    Known known{readings, meals};
    known.until = question.at;
    known.daily = &days.material();
    return known;
  }
};

void ask(const Task& task, const AnyModel& model, int minutes) {
  static Person person;
  const Known known = person.known();
  Question question = person.question;
  static const std::initializer_list<ErrorCode> kRefusals{ErrorCode::model_mismatch, ErrorCode::too_little_history,
                                                          ErrorCode::bad_argument};
  passes(kRefusals, [&] {
    if (task.set_minutes != nullptr) task.set_minutes(question, {}, false);
    const Answer answer = task.ask(model, known, question);
    require_finite(answer);
    must(answer.n > 0 && answer.n <= kMostAnswers, "an answer has some horizons");
    for (int k = 0; k < answer.n; ++k) {
      const Expected& e = answer.expected[static_cast<std::size_t>(k)];
      must(e.lower <= e.value && e.value <= e.upper, "limits are in order");
    }
  });
  passes(kRefusals, [&] {
    const std::unique_ptr<Explainer> explainer = task.explain(model, known, question, minutes);
    while (!explainer->done()) explainer->step();
    require_finite(explainer->take());
  });
}

/// decode, encode: the task's own.
template <class Decode, class Encode>
void check(const char* name, std::span<const std::uint8_t> bytes, bool asks, Decode&& decode, Encode&& encode) {
  const Task& task = *find_task(name);
  std::unique_ptr<AnyModel> model;
  if (!passes({ErrorCode::model_mismatch}, [&] {
        const Bytes again = encode(decode(bytes));
        must(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()), "a model is written as it was read");
        model = task.decode(bytes);
      }))
    return;
  const ModelFacts facts = task.facts(*model);
  must(!facts.algorithm.empty() && !facts.schema.empty() && !facts.horizons_min.empty(), "a model says what it is");
  const MomentsKept moments = task.remembers(*model);
  must(!moments.any || moments.first <= moments.last, "moments are in order");
  (void)task.adopted(*model, {});
  if (asks) {
    ask(task, *model, facts.horizons_min.front());
    if (task.baseline != nullptr) ask(task, *task.baseline(*model), facts.horizons_min.front());
  }
  model->wipe();
}

void check(ArtifactKind kind, std::span<const std::uint8_t> bytes, bool asks) {
  switch (kind) {
    case ArtifactKind::cgm:
      return check("cgm", sealed("cgm", kCgmSchema, bytes), asks, decode_cgm, encode_cgm);
    case ArtifactKind::daily:
      return check("daily", sealed("daily", kDailySchema, bytes), asks, decode_daily, encode_daily);
    case ArtifactKind::event:
      return check("event", sealed("event", kEventSchema, bytes), asks, decode_event, encode_event);
    default:
      return check("glucose", sealed("glucose", kind == ArtifactKind::meal ? kFeatureSchema : kRichSchema, bytes), asks,
                   decode, encode);
  }
}

void check_envelope(std::span<const std::uint8_t> bytes) {
  passes({ErrorCode::model_mismatch}, [&] {
    const Task* task = task_of(bytes);
    const Artifact artifact = opened(bytes);
    const Bytes again = sealed(artifact.task, artifact.schema, artifact.payload);
    must(std::equal(again.begin(), again.end(), bytes.begin(), bytes.end()), "an envelope is written as it was read");
    (void)task->decode(bytes);
  });
}

}  // namespace

}  // namespace glucose

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace glucose;
  if (size == 0) return 0;
  const std::span<const std::uint8_t> rest(data + 1, size - 1);
  const auto kind = static_cast<ArtifactKind>(data[0] % 8);
  if (kind < ArtifactKind::unsealed) {
    check(kind, rest, data[0] < 64);
  } else if (kind == ArtifactKind::unsealed) {
    std::vector<std::uint8_t> bytes(rest.begin(), rest.end());
    const std::uint32_t c = crc32(bytes);
    for (unsigned shift = 0; shift < 32; shift += 8) bytes.push_back(static_cast<std::uint8_t>(c >> shift));
    check_envelope(bytes);
  } else {
    check_envelope(rest);
  }
  return 0;
}
