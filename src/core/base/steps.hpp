// SPDX-License-Identifier: PostgreSQL
// Work in small steps, written as the loop it is: a coroutine that pauses at each chance to cancel.
#pragma once
#include <coroutine>
#include <utility>

namespace glucose {

/// `co_yield Pause{}` ends a step.
struct Pause {};

/// Begins with the first step(). What the work throws comes out of step(), and it is done then. One allocation, for the
/// coroutine's frame, when it is called; a Steps that is destroyed early destroys what lives in the frame.
class [[nodiscard]] Steps {
 public:
  struct promise_type {
    Steps get_return_object() noexcept { return Steps(Handle::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(Pause /*nothing*/) noexcept { return {}; }
    void return_void() noexcept {}
    [[noreturn]] void unhandled_exception() { throw; }
  };

  Steps() = default;  // nothing to do
  Steps(Steps&& other) noexcept : work_(std::exchange(other.work_, nullptr)) {}
  Steps& operator=(Steps&& other) noexcept {
    std::swap(work_, other.work_);
    return *this;
  }
  ~Steps() {
    if (work_) work_.destroy();
  }

  bool done() const { return !work_ || work_.done(); }
  /// Goes on to the next pause, or the end.
  void step() {
    if (!done()) work_.resume();
  }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit Steps(Handle work) noexcept : work_(work) {}

  Handle work_;
};

}  // namespace glucose
