// SPDX-License-Identifier: PostgreSQL
// Every byte must be used.
#include "core/tasks/event/codec.hpp"

#include "core/base/byte_io.hpp"
#include "core/base/json_text.hpp"
#include "core/model/artifact.hpp"

namespace glucose {

namespace {

constexpr std::string_view kTask = "event";
constexpr std::size_t kLongestName = 64;
constexpr int kMostRows = 1'000'000'000;
constexpr float kFarthestLogOdds = 1e4F;

float limited(ByteReader& in, float low, float high) {
  const float value = in.real();
  if (!(value >= low && value <= high)) damaged("a number is out of range");
  return value;
}

void write(ByteWriter& out, const EventStack& s) {
  out.real(s.mean);
  out.reals(s.persistence);
  out.number(s.logistic.empty() ? 0 : 1);
  if (!s.logistic.empty()) {
    write(out, s.scaler);
    out.reals(s.logistic);
  }
  out.number(s.trees.features() > 0 ? 1 : 0);
  if (s.trees.features() > 0) write(out, s.trees);
  out.number(s.network ? 1 : 0);
  if (s.network) write(out, *s.network);
  out.reals(s.weights);
  out.real(s.platt.slope);
  out.real(s.platt.shift);
  out.number(static_cast<int>(s.bins.size()));
  for (const ReliabilityBin& bin : s.bins)
    for (const float number : {bin.upper, bin.n, bin.yes}) out.real(number);
  out.real(s.threshold);
  out.number(s.n);
  out.number(s.yes);
}

void read_members(ByteReader& in, const EventColumns& columns, EventStack& s) {
  s.mean = limited(in, -kFarthestLogOdds, kFarthestLogOdds);
  const auto persistence = in.reals(kEventStates);
  std::copy(persistence.begin(), persistence.end(), s.persistence.begin());
  if (in.number(0, 1) == 1) {
    s.scaler = read_scaler(in, columns.columns());
    s.logistic = in.reals(columns.columns() + 1);
  }
  if (in.number(0, 1) == 1) s.trees = read_trees(in, static_cast<int>(columns.columns()));
  if (in.number(0, 1) == 1) {
    s.network = read_sequence_model(in);
    const SequenceShape& shape = s.network->net.shape();
    if (shape.steps != columns.steps || shape.features != static_cast<int>(columns.step_names.size()) ||
        shape.outputs != 1 || s.network->loss != SequenceLoss::logistic)
      damaged("a network is not one of yes or no");
  }
}

void read_weights(ByteReader& in, EventStack& s) {
  const auto weights = in.reals(kEventMembers);
  float sum = 0;
  for (std::size_t m = 0; m < kEventMembers; ++m) {
    if (!(weights[m] >= 0 && weights[m] <= 1)) damaged("a weight is out of range");
    if (weights[m] > 0 && !s.has(static_cast<EventMember>(m))) damaged("what has a weight is not there");
    s.weights[m] = weights[m];
    sum += weights[m];
  }
  if (!(sum > 0.99F && sum < 1.01F)) damaged("weights do not sum to 1");
}

EventStack read_stack(ByteReader& in, const EventColumns& columns) {
  EventStack s;
  read_members(in, columns, s);
  read_weights(in, s);
  s.platt.slope = limited(in, 0, kFarthestLogOdds);
  s.platt.shift = limited(in, -kFarthestLogOdds, kFarthestLogOdds);
  const int bins = in.number(0, static_cast<int>(kCalibrationBins));
  for (int b = 0; b < bins; ++b) {
    const float upper = limited(in, s.bins.empty() ? 0 : s.bins.back().upper, 1), n = limited(in, 0, 1e9F);
    s.bins.push_back({upper, n, limited(in, 0, n)});
  }
  s.threshold = limited(in, 0, 1);
  s.n = in.number(0, kMostRows);
  s.yes = in.number(0, s.n);
  return s;
}

}  // namespace

std::vector<std::uint8_t> encode_event(const EventModel& model) {
  ByteWriter out;
  out.text(model.name);
  out.text(model.definition);
  out.number(static_cast<int>(model.algorithm));
  write(out, model.stack);
  out.number(model.prior ? 1 : 0);
  if (model.prior) write(out, *model.prior);
  return sealed(kTask, kEventSchema, out.take());
}

EventModel decode_event(std::span<const std::uint8_t> bytes) {
  ByteReader in(payload_of(bytes, kTask, kEventSchema));
  EventModel model;
  model.name = in.text(kLongestName);
  model.definition = in.text(kMostJsonBytes);
  try {
    model.rule = read_event_rule(model.definition);
  } catch (const Error&) {
    damaged("its rule is none");
  }
  model.algorithm = static_cast<Algorithm>(in.number(0, static_cast<int>(kAlgorithmNames.size()) - 1));
  const EventColumns columns(model.rule);
  model.stack = read_stack(in, columns);
  if (in.number(0, 1) == 1) model.prior = std::make_shared<const EventStack>(read_stack(in, columns));
  if (!in.empty()) damaged("bytes are left over");
  if (!model.prior && model.stack.weights[static_cast<std::size_t>(EventMember::prior)] > 0)
    damaged("what has a weight is not there");
  return model;
}

}  // namespace glucose
