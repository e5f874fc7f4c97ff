// SPDX-License-Identifier: PostgreSQL
// What is kept of a person between questions. It is derived from rows, and only as good as the knowledge which of them
// are still the same: who asks says so (changed_after).
#pragma once
#include <cstddef>
#include <limits>
#include <map>
#include <memory>

#include "core/base/types.hpp"

namespace glucose {

/// What a task has worked out of a person's rows.
class Workings {
 public:
  virtual ~Workings() = default;
  virtual std::size_t bytes() const = 0;

  /// Up to then, rows are those it was made of.
  Micros unchanged_until = std::numeric_limits<Micros>::min();
};

class Kept {
 public:
  /// Those of a kind, made when there are none yet. key: of whom, any address that stands for the kind
  template <class Kind>
  Kind& workings(const void* key) {
    auto there = by_key_.find(key);
    // Made before there is a place for them: where memory ends, no empty place stays behind.
    if (there == by_key_.end()) there = by_key_.emplace(key, std::make_unique<Kind>()).first;
    return static_cast<Kind&>(*there->second);
  }
  /// Rows later than this may be others from now on.
  void changed_after(Micros at) {
    for (auto& [key, workings] : by_key_) workings->unchanged_until = std::min(workings->unchanged_until, at);
  }
  void clear() { by_key_.clear(); }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [key, workings] : by_key_) sum += workings->bytes();
    return sum;
  }

 private:
  std::map<const void*, std::unique_ptr<Workings>> by_key_;
};

}  // namespace glucose
