// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <map>

#include "core/model.hpp"

namespace glucose {

using Digest = std::array<std::uint8_t, 32>;

/// Decoded models by the SHA-256 of their bytes, least recently used out. What is asked for by content can answer for
/// nobody else; whether the caller may see the row is decided before, by the server.
class ModelCache {
 public:
  struct Stats {
    std::int64_t entries = 0, bytes = 0, hits = 0, misses = 0, evictions = 0;
  };

  /// nullptr when it is not here. The pointer is valid until the next insert or clear.
  const Model* find(const Digest& digest);
  /// Keeps the model and drops the least recently used until the rest fits `max_bytes`. The newest always stays until
  /// the next insert, so that its caller can use it.
  const Model* insert(const Digest& digest, Model model, std::size_t bytes, std::size_t max_bytes);
  /// Wipes and drops everything; how many there were.
  int clear();
  Stats stats() const { return stats_; }

 private:
  struct Entry {
    Digest digest;
    Model model;
    std::size_t bytes;
  };
  void drop_last();
  std::list<Entry> entries_;  // most recently used first
  std::map<Digest, std::list<Entry>::iterator> by_digest_;
  Stats stats_;
};

}  // namespace glucose
