// SPDX-License-Identifier: PostgreSQL
// Letters as in sequence_net.hpp.
#pragma once
#include <cstdint>

#include "core/learn/carver.hpp"
#include "core/learn/dropout.hpp"
#include "core/learn/sequence_net.hpp"

namespace glucose {

/// One dense layer with what follows it, n units × B.
struct HeadLayerMemory {
  float* normal;      // the products, then normalised
  float* given;       // after gain, shift, ReLU and dropout
  float* gradient;    // of what was given, then of the products
  float* mask;        // of dropout; null: none
  float* inverse_sd;  // n
};

/// Scratch memory of a head; heads use the same in turn.
struct HeadMemory {
  HeadLayerMemory wide, narrow;
  float *out, *d_out;  // B
};

HeadMemory carve_head(int B, bool training, Carver& carver);

/// What a network learns: a number by its squared error, or yes or no (1 or 0) by the logistic loss of its log odds.
enum class SequenceLoss : std::uint8_t { squared, logistic };

/// Loss of one output and its derivative.
struct LossAt {
  double loss, slope;
};
LossAt loss_at(SequenceLoss kind, float out, float target);

/// encoded [D × B] → out[b · K + k], normalised by the running statistics.
void head_predict(const SequenceNet& net, int k, const float* encoded, int B, const HeadMemory& memory, float* out);

/// The training pass of one head over a batch.
struct HeadBatch {
  const float* encoded;  // D × B
  const float* targets;  // B × K, NaN: not known
  int size;
  SequenceLoss loss;
  float scale;        // of the gradient
  Coin* coin;         // of dropout; null: none
  float* gradient;    // of all parameters, added to
  float* d_encoded;   // D × B, added to
  float* statistics;  // kHeadStatistics: the batch's
};

/// Forwards, by the batch's own statistics, and backwards. Returns the sum of the losses over known targets (not
/// scaled).
double head_train(const SequenceNet& net, int k, const HeadBatch& batch, const HeadMemory& memory);

}  // namespace glucose
