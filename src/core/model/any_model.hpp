// SPDX-License-Identifier: PostgreSQL
// A decoded model of any task, as it is cached and handed around.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>

namespace glucose {

class AnyModel {
 public:
  virtual ~AnyModel() = default;
  /// Overwrites what was learnt from persons: it does not stay behind in freed memory.
  virtual void wipe() = 0;

  /// Which of the models decoded in this session it is; 0: of none that is kept.
  std::uint64_t serial = 0;
};

// Found where M is: a member function of that name would hide it.
template <class M>
void wipe_model(M& model) {
  wipe(model);
}

/// A task's own kind of model in that form; there is a wipe(M&).
template <class M>
class HeldModel : public AnyModel {
 public:
  explicit HeldModel(M model) : model_(std::move(model)) {}
  void wipe() override { wipe_model(model_); }
  const M& get() const { return model_; }

 private:
  M model_;
};

template <class M>
std::unique_ptr<AnyModel> held(M model) {
  return std::make_unique<HeldModel<M>>(std::move(model));
}

}  // namespace glucose
