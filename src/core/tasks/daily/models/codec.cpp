// SPDX-License-Identifier: PostgreSQL
// Every byte must be used.
#include "core/tasks/daily/models/codec.hpp"

#include <algorithm>

#include "core/base/byte_io.hpp"
#include "core/model/artifact.hpp"

namespace glucose {

namespace {

constexpr std::string_view kTask = "daily";
constexpr int kMostParts = 8, kMostScores = 4096;
constexpr std::size_t kLongestName = 63, kLongestUnit = 63;
enum Kind : int { kLine, kTrees, kNetwork };

void write(ByteWriter& out, const DailyPart& part) {
  out.number(static_cast<int>(part.algorithm));
  if (part.network) {
    out.number(kNetwork);
    write(out, *part.network);
  } else if (part.trees.features() > 0) {
    out.number(kTrees);
    write(out, part.trees);
  } else {
    out.number(kLine);
    out.number(static_cast<int>(part.line.first));
    out.number(static_cast<int>(part.line.count));
    write(out, part.line.scaler);
    out.reals(part.line.slopes);
    out.real(part.line.intercept);
  }
}

Algorithm read_algorithm(ByteReader& in) {
  return static_cast<Algorithm>(in.number(0, static_cast<int>(kAlgorithmNames.size()) - 1));
}

DailyPart read_part(ByteReader& in, int sequence) {
  DailyPart part;
  part.algorithm = read_algorithm(in);
  switch (in.number(kLine, kNetwork)) {
    case kNetwork: {
      part.network = read_sequence_model(in);
      const SequenceShape& shape = part.network->net.shape();
      if (shape.steps != sequence || shape.features != kSequenceColumns || part.network->loss != SequenceLoss::squared)
        damaged("a network is of another shape");
      break;
    }
    case kTrees:
      part.trees = read_trees(in, static_cast<int>(kDailyColumns));
      break;
    default:
      part.line.first = static_cast<std::size_t>(in.number(0, static_cast<int>(kDailyColumns)));
      part.line.count = static_cast<std::size_t>(in.number(0, static_cast<int>(kDailyColumns - part.line.first)));
      part.line.scaler = read_scaler(in, part.line.count);
      part.line.slopes = in.reals(part.line.count);
      part.line.intercept = in.real();
  }
  return part;
}

float positive(ByteReader& in) {
  const float value = in.real();
  if (!(value > 0)) damaged("a spread is not positive");
  return value;
}

float not_negative(ByteReader& in) {
  const float value = in.real();
  if (!(value >= 0)) damaged("a weight is negative");
  return value;
}

float limit(ByteReader& in, float none) {
  const float value = in.real_or_unknown();
  return std::isnan(value) ? none : value;
}

}  // namespace

std::vector<std::uint8_t> encode_daily(const DailyModel& m) {
  ByteWriter out;
  out.text(m.subject.name);
  out.text(m.subject.unit);
  for (const float end : {m.subject.low, m.subject.high}) out.real_or_unknown(std::isfinite(end) ? end : kUnknown);
  out.number(static_cast<int>(m.algorithm));
  out.number(m.lookback);
  out.number(m.sequence);
  out.number(m.alpha);
  out.number(static_cast<int>(m.parts.size()));
  for (const DailyPart& part : m.parts) write(out, part);
  out.reals(m.part_weights);
  out.reals(m.prior);
  for (const float number : {m.eta, m.shrink, m.spread, m.naive_spread, m.optimism}) out.real(number);
  out.moment(m.learnt_until);
  out.number(static_cast<int>(m.scores.size()));
  out.reals(m.scores);
  return sealed(kTask, kDailySchema, out.take());
}

DailyModel decode_daily(std::span<const std::uint8_t> bytes) {
  ByteReader in(payload_of(bytes, kTask, kDailySchema));
  DailyModel m;
  m.subject.name = in.text(kLongestName);
  m.subject.unit = in.text(kLongestUnit);
  constexpr float kInfinite = std::numeric_limits<float>::infinity();
  m.subject.low = limit(in, -kInfinite);
  m.subject.high = limit(in, kInfinite);
  if (!(m.subject.low < m.subject.high)) damaged("a range is none");
  m.algorithm = read_algorithm(in);
  m.lookback = in.number(14, 365);
  m.sequence = in.number(0, 90);
  m.alpha = in.number(0, static_cast<int>(kAlphas.size()) - 1);
  const int parts = in.number(0, kMostParts);
  for (int i = 0; i < parts; ++i) m.parts.push_back(read_part(in, m.sequence));
  m.part_weights = in.reals(static_cast<std::size_t>(parts));
  const auto prior = in.reals(kExperts);
  std::copy(prior.begin(), prior.end(), m.prior.begin());
  float sum = 0;
  for (const float p : prior) {
    if (!(p >= 0 && p <= 1)) damaged("a weight is out of range");
    sum += p;
  }
  if (!(sum > 0.5F && sum < 1.5F)) damaged("weights do not sum to 1");
  m.eta = not_negative(in);
  m.shrink = not_negative(in);
  m.spread = positive(in);
  m.naive_spread = positive(in);
  m.optimism = positive(in);
  m.learnt_until = in.moment();
  m.scores = in.reals(static_cast<std::size_t>(in.number(0, kMostScores)));
  if (!std::is_sorted(m.scores.begin(), m.scores.end()) || (!m.scores.empty() && m.scores.front() < 0))
    damaged("scores are not ascending");
  if (!in.empty()) damaged("bytes are left over");
  return m;
}

}  // namespace glucose
