// SPDX-License-Identifier: PostgreSQL
// Writes what the fuzzers begin with, a folder for each: make_corpus DIRECTORY
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "artifact_kinds.hpp"
#include "core/base/byte_io.hpp"
#include "core/model/artifact.hpp"
#include "core/tasks/cgm/codec.hpp"
#include "core/tasks/daily/models/codec.hpp"
#include "core/tasks/event/codec.hpp"
#include "core/tasks/meal/models/codec.hpp"
#include "support/models.hpp"
#include "support/sequences.hpp"
#include "tasks/event/some_rules.hpp"

namespace glucose {

namespace {

class Corpus {
 public:
  explicit Corpus(std::string folder) : folder_(std::move(folder)) {}

  void add(const std::string& target, std::string_view bytes) {
    std::filesystem::create_directories(folder_ + "/" + target);
    std::ofstream file(folder_ + "/" + target + "/seed" + std::to_string(++n_), std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    file.close();
    if (!file) throw std::runtime_error("cannot write into " + folder_);
  }
  /// A whole artifact, as artifact_fuzz takes it.
  void add(ArtifactKind kind, const std::vector<std::uint8_t>& artifact) {
    const auto payload = opened(artifact).payload;
    std::string bytes(1, static_cast<char>(kind));
    bytes.append(payload.begin(), payload.end());
    add("artifact", bytes);
  }

 private:
  std::string folder_;
  int n_ = 0;
};

SequenceModel some_network(Random& rng, const SequenceShape& shape, SequenceLoss loss) {
  return {loss, random_scaler(rng, static_cast<std::size_t>(shape.features)),
          random_scaler(rng, static_cast<std::size_t>(shape.outputs)), random_sequence_net(shape, 1)};
}

CgmModel some_cgm(Random& rng, bool with_day) {
  CgmModel model;
  model.n_residuals = 100;
  model.median = random_reals(rng, kCgmHorizons * kCgmColumns);
  model.mean = random_reals(rng, kCgmHorizons * kCgmColumns);
  model.spread = random_reals(rng, kCgmHorizons * kCgmSpreadColumns);
  model.few_spread = random_reals(rng, kCgmFewKnown.size() * kCgmHorizons * kCgmSpreadColumns);
  model.quantiles.assign(kCgmHorizons * kCgmLevelCount, 0);
  if (!with_day) return model;
  model.day.mean.assign(kDayNodes * kDayColumns, 0.1F);
  model.day.spread.assign(kDayNodes * kDaySpreadColumns, 0.1F);
  model.day.quantiles.assign(kDayNodes * kCgmLevelCount, 0.1F);
  model.day.n_residuals = 100;
  return model;
}

DailyModel some_daily(Random& rng, bool with_network) {
  DailyModel model;
  model.subject = {.name = "STEPS", .unit = "count", .low = 0, .high = 100000};
  DailyPart line;
  line.line = {2, 3, random_scaler(rng, 3), random_reals(rng, 3), 1};
  model.parts.push_back(line);
  model.part_weights = {1};
  model.prior.fill(1.0F / kExperts);
  model.eta = model.shrink = 1;
  model.scores = {0.1F, 0.5F, 2};
  if (!with_network) return model;
  model.sequence = 3;
  DailyPart network;
  network.algorithm = Algorithm::attention;
  network.network = some_network(
      rng, {.steps = 3, .features = static_cast<int>(kSequenceColumns), .layers = 1, .hidden = 2, .attention = true},
      SequenceLoss::squared);
  model.parts.push_back(std::move(network));
  model.part_weights = {0.5F, 0.5F};
  return model;
}

EventModel some_event(Random& rng, std::string_view definition) {
  EventModel model;
  model.name = "some";
  model.definition = definition;
  model.rule = read_event_rule(definition);
  const EventColumns columns(model.rule);
  model.stack.scaler = random_scaler(rng, columns.columns());
  model.stack.logistic = random_reals(rng, columns.columns() + 1);
  model.stack.weights = {0.25F, 0.25F, 0.5F, 0, 0, 0};
  model.stack.bins = {{0.5F, 10, 2}, {1, 10, 8}};
  model.stack.n = 20;
  model.stack.yes = 10;
  return model;
}

void add_artifacts(Corpus& corpus) {
  Random rng(1);
  for (const Algorithm kind : kKinds) {
    const Model model = small_model(kind, 1, 1);
    corpus.add(model.looks_at_meal2() ? ArtifactKind::meal2 : ArtifactKind::meal, encode(model));
  }
  for (const bool more : {false, true}) {
    corpus.add(ArtifactKind::cgm, encode_cgm(some_cgm(rng, more)));
    corpus.add(ArtifactKind::daily, encode_daily(some_daily(rng, more)));
    corpus.add(ArtifactKind::event, encode_event(some_event(rng, more ? kStrain : kHigh)));
  }
  EventModel seen = some_event(rng, kHigh);
  seen.stack.network = some_network(rng,
                                    {.steps = EventColumns(seen.rule).steps,
                                     .features = static_cast<int>(EventColumns(seen.rule).step_names.size()),
                                     .layers = 1,
                                     .hidden = 2},
                                    SequenceLoss::logistic);
  seen.stack.weights = {0, 0.5F, 0, 0, 0.25F, 0.25F};
  seen.prior = std::make_shared<const EventStack>(some_event(rng, kHigh).stack);
  corpus.add(ArtifactKind::event, encode_event(seen));
  corpus.add("artifact", std::string(1, static_cast<char>(ArtifactKind::raw)) + "PGGM");
}

void add_texts(Corpus& corpus) {
  corpus.add("json", R"({"a":[1,-0.5e3,null,true,"x\u00e9\ud83d\ude00\n\\"],"b":{}})");
  corpus.add("rule", kStrain);
  corpus.add("rule", kHigh);
  corpus.add("rule", R"({"at":"evening","horizon_minutes":1440,"window_minutes":1440,"baseline":{"days":30},"yes_if":)"
                     R"({"any":[{"not":{"metric":"STEPS","statistic":"days","days":1,"below":5000}}]}})");
  for (const char* moment :
       {"2026-01-31", "2024-02-29T24:00", "294276-12-31 23:59:59.123456789Z", "2026-01-31T12:30:00,5+0100"})
    corpus.add("moment", moment);
  corpus.add("token",
             "{\"alg\":\"HS256\",\"typ\":\"JWT\"}\n"
             R"({"sub":"ann","exp":1900000000,"nbf":1,"iat":1,"aud":["x","pg"]})");
  corpus.add("token", "e30.e30." + std::string(43, 'A'));
  using std::string_view_literals::operator""sv;
  corpus.add("options", "hidden\0\1\2\3\4horizons\0\0\0\0\0\0\0\0"sv);
}

}  // namespace

}  // namespace glucose

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  glucose::Corpus corpus(argv[1]);
  glucose::add_artifacts(corpus);
  glucose::add_texts(corpus);
  return 0;
}
