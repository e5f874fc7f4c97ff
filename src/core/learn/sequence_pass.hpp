// SPDX-License-Identifier: PostgreSQL
// Letters as in sequence_net.hpp.
#pragma once
#include <span>
#include <vector>

#include "core/base/steps.hpp"
#include "core/learn/sequence_encoder.hpp"
#include "core/learn/sequence_head.hpp"

namespace glucose {

/// A batch: of each sample its T×F, row-major; targets B×K, NaN: not known.
struct SequenceBatch {
  const float* const* sequences;
  const float* targets;
  int size;  // at least 2: one sample has no variance to be normalised by
};

/// The gradient of mini-batches, each in steps of a few milliseconds.
class SequencePass {
 public:
  /// The net, whose parameters it reads in each pass, outlives it.
  SequencePass(const SequenceNet& net, SequenceLoss loss) : net_(&net), loss_(loss) {}
  SequencePass(const SequencePass&) = delete;  // what is under way points here
  SequencePass& operator=(const SequencePass&) = delete;

  /// Sets `gradient` to that of the mean loss over the known targets (zero when none is), B×K together. What the batch
  /// and `gradient` point to outlives the steps. Throws Error bad_argument for a batch of fewer than 2, or a gradient
  /// of another size.
  Steps run(SequenceBatch batch, LstmDropout dropout, std::span<float> gradient);

  /// Of the last batch: the sum of losses over its known targets, how many they are, and what was normalised by.
  double loss() const { return sum_; }
  std::size_t known() const { return known_; }
  std::span<const float> statistics() const { return statistics_; }

  static std::size_t floats(const SequenceShape& shape, int B);

 private:
  struct Memory {
    float *encoded, *d_encoded;
    HeadMemory head;
  };
  static std::size_t carve(SequenceEncoder& encoder, const SequenceLayout& layout, int B, bool dropout, float* base,
                           Memory& memory);
  void begin(const SequenceBatch& batch, LstmDropout dropout, std::span<float> gradient);
  void heads(const SequenceBatch& batch, Coin* coin, std::span<float> gradient);

  const SequenceNet* net_;
  SequenceLoss loss_;
  FloatBuffer scratch_;
  std::vector<float> statistics_;
  Memory memory_{};
  double sum_ = 0;
  std::size_t known_ = 0;
};

}  // namespace glucose
