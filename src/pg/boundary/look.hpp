// SPDX-License-Identifier: PostgreSQL
// What is looked up once in a session and holds until the server tells of a change.
#pragma once

namespace glucose::pg {

/// Whether what was found still holds. A look that ends in an error has found nothing, and a change that is told of
/// while it goes on makes the next asker look again.
class Look {
 public:
  bool holds() const { return holds_; }

  /// For callbacks, which the server calls while it reads messages of other sessions: nothing but this is allowed
  /// there.
  void forget() {
    holds_ = false;
    ++changes_;
  }

  template <class Body>
  void at(Body&& body) {
    holds_ = false;
    const unsigned before = changes_;
    body();
    holds_ = changes_ == before;
  }

 private:
  bool holds_ = false;
  unsigned changes_ = 0;
};

}  // namespace glucose::pg
