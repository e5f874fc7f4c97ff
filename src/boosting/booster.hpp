// SPDX-License-Identifier: PostgreSQL
// XGBoost's handles as C++ objects. Nothing here is known outside this folder but to the tests.
#pragma once
#include <xgboost/c_api.h>

#include <stdexcept>
#include <vector>

#include "core/learn/boosting_api.hpp"

namespace glucose::boosting {

/// What XGBoost said, in one line without its source position and stack.
struct Failed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws Failed with XGBoost's last error unless `status` is 0.
void check(int status);

/// Rows with their targets and weights, copied; missing is NaN. One thread.
class Rows {
 public:
  explicit Rows(const BoostingRows& rows);
  ~Rows() { XGDMatrixFree(handle_); }
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;
  DMatrixHandle handle() const { return handle_; }

 private:
  DMatrixHandle handle_ = nullptr;
};

/// An ensemble that grows by one tree a step. One thread; each round's chances depend on the seed and its number only.
class Booster {
 public:
  Booster(const Rows& rows, const BoostingOptions& options);
  ~Booster() { XGBoosterFree(handle_); }
  Booster(const Booster&) = delete;
  Booster& operator=(const Booster&) = delete;
  BoosterHandle handle() const { return handle_; }

  void set(const char* name, const char* value) { check(XGBoosterSetParam(handle_, name, value)); }
  void set(const char* name, double value);
  void step(const Rows& rows) { check(XGBoosterUpdateOneIter(handle_, round_++, rows.handle())); }
  /// The trees so far, each in pre-order; what pruning has cut off is left out.
  std::vector<TreeNode> nodes() const;

 private:
  BoosterHandle handle_ = nullptr;
  int round_ = 0;
};

}  // namespace glucose::boosting
