// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <memory>

#include "core/learn/boosting_api.hpp"
#include "core/learn/lstm_trainer.hpp"
#include "core/tasks/meal/models/model.hpp"

namespace glucose {

/// One algorithm being fitted, in small steps.
class Fit {
 public:
  virtual ~Fit() = default;
  virtual bool done() const = 0;
  virtual void step() = 0;
  virtual double progress() const = 0;
  virtual int epoch() const { return 0; }  // of algorithms that have epochs
  virtual Member take() = 0;
  virtual int best_epoch() const { return 0; }                  // of what learns in epochs: how many were best
  virtual const LstmCourse* course() const { return nullptr; }  // of a network
  virtual bool settled() const { return false; }                // more rows would change nothing
};

/// What a fit may stand on, beside its rows; each may not be there.
struct Foundations {
  const PopulationModel* population = nullptr;  // of the same horizons
  const BoostingApi* boosting = nullptr;        // what trains trees
  const LstmModel* network = nullptr;           // what a network begins with, of the same shape
};

/// in: rows to learn from, rows for early stopping (LSTM only), options · out: a fit that has not begun
std::unique_ptr<Fit> make_fit(Algorithm algorithm, Samples training, Samples validation, const TrainOptions& options,
                              const Foundations& on);

/// Whether the algorithm is fitted again on train + validation once it is chosen. The LSTM then trains as many epochs
/// as were best when the validation rows could still tell.
inline bool refits(Algorithm algorithm) {
  return algorithm != Algorithm::persistence;
}

/// Upper estimate of the bytes a fit of n rows holds.
std::size_t fit_bytes_needed(Algorithm algorithm, std::size_t n, const TrainOptions& options);

}  // namespace glucose
