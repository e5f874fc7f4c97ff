// SPDX-License-Identifier: PostgreSQL
// What is looked up once in a session and holds until the server tells of a change.
#pragma once

namespace glucose::pg {

/// Whether what was found still holds. A look that ends in an error has found nothing, and a change that is told of
/// while it goes on makes the next asker look again.
class Look {
 public:
  /// listen: asks the server to be told of changes; once in a session, before anything is looked up.
  explicit constexpr Look(void (*listen)()) : listen_(listen) {}

  bool holds() {
    begin();
    return holds_;
  }

  /// For callbacks, which the server calls while it reads messages of other sessions: nothing but this is allowed
  /// there.
  void forget() {
    holds_ = false;
    ++changes_;
  }

  template <class Body>
  void at(Body&& body) {
    begin();
    holds_ = false;
    const unsigned before = changes_;
    body();
    holds_ = changes_ == before;
  }

 private:
  void begin() {
    if (listen_ != nullptr) listen_();
    listen_ = nullptr;
  }

  void (*listen_)();
  bool holds_ = false;
  unsigned changes_ = 0;
};

}  // namespace glucose::pg
