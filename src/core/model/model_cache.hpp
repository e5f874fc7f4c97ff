// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <memory>

#include "core/model/any_model.hpp"

namespace glucose {

using Digest = std::array<std::uint8_t, 32>;

struct Task;

/// A decoded model and whose kind it is.
struct CachedModel {
  const Task* task;
  std::unique_ptr<AnyModel> model;
};

/// Decoded models by the SHA-256 of their bytes, least recently used out. What is asked for by content can answer for
/// nobody else; whether the caller may see the row is decided before, by the server.
class ModelCache {
 public:
  struct Stats {
    std::int64_t entries = 0, bytes = 0, hits = 0, misses = 0, evictions = 0;
  };

  /// nullptr when it is not here. The pointer is valid until the next insert or clear.
  const CachedModel* find(const Digest& digest) {
    const auto found = by_digest_.find(digest);
    if (found == by_digest_.end()) {
      ++stats_.misses;
      return nullptr;
    }
    ++stats_.hits;
    entries_.splice(entries_.begin(), entries_, found->second);
    return &entries_.front().model;
  }

  /// Keeps the model and drops the least recently used until the rest fits `max_bytes`. The newest always stays until
  /// the next insert, so that its caller can use it.
  const CachedModel* insert(const Digest& digest, CachedModel model, std::size_t bytes, std::size_t max_bytes) {
    if (const auto there = by_digest_.find(digest); there != by_digest_.end()) {
      entries_.splice(entries_.begin(), entries_, there->second);
      return &entries_.front().model;
    }
    model.model->serial = ++serial_;
    entries_.push_front({digest, std::move(model), bytes});
    try {
      by_digest_.emplace(digest, entries_.begin());
    } catch (...) {
      entries_.pop_front();
      throw;
    }
    ++stats_.entries;
    stats_.bytes += static_cast<std::int64_t>(bytes);
    while (entries_.size() > 1 && static_cast<std::size_t>(stats_.bytes) > max_bytes) {
      drop_last();
      ++stats_.evictions;
    }
    return &entries_.front().model;
  }

  /// Wipes and drops everything; how many there were.
  int clear() {
    const auto n = static_cast<int>(entries_.size());
    while (!entries_.empty()) drop_last();
    return n;
  }
  Stats stats() const { return stats_; }

 private:
  struct Entry {
    Digest digest;
    CachedModel model;
    std::size_t bytes;
  };

  void drop_last() {
    Entry& last = entries_.back();
    last.model.model->wipe();
    --stats_.entries;
    stats_.bytes -= static_cast<std::int64_t>(last.bytes);
    by_digest_.erase(last.digest);
    entries_.pop_back();
  }

  std::list<Entry> entries_;  // most recently used first
  std::map<Digest, typename std::list<Entry>::iterator> by_digest_;
  Stats stats_;
  std::uint64_t serial_ = 0;
};

}  // namespace glucose
