// SPDX-License-Identifier: PostgreSQL
#include "core/model_cache.hpp"

#include <cstring>

namespace glucose {

namespace {

void wipe(std::span<float> values) {
  explicit_bzero(values.data(), values.size_bytes());
}

void wipe(Scaler& scaler) {
  wipe(scaler.mean);
  wipe(scaler.inverse_sd);
}

// Weights are learnt from a person's data: they do not stay behind in freed memory.
void wipe(Model& model) {
  if (auto* mean = std::get_if<MeanModel>(&model.predictor)) wipe(mean->mean_mg_dl);
  if (auto* linear = std::get_if<LinearModel>(&model.predictor)) {
    wipe(linear->coefficients);
    wipe(linear->intercept);
    wipe(linear->scaler);
  }
  if (auto* lstm = std::get_if<LstmModel>(&model.predictor)) {
    wipe(lstm->net.parameters());
    wipe(lstm->glucose);
    wipe(lstm->statics);
    wipe(lstm->targets);
    wipe(lstm->pull);
  }
  wipe(model.intervals.below);
  wipe(model.intervals.above);
}

}  // namespace

const Model* ModelCache::find(const Digest& digest) {
  const auto found = by_digest_.find(digest);
  if (found == by_digest_.end()) {
    ++stats_.misses;
    return nullptr;
  }
  ++stats_.hits;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &entries_.front().model;
}

const Model* ModelCache::insert(const Digest& digest, Model model, std::size_t bytes, std::size_t max_bytes) {
  if (const auto there = by_digest_.find(digest); there != by_digest_.end()) {
    entries_.splice(entries_.begin(), entries_, there->second);
    return &entries_.front().model;
  }
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

void ModelCache::drop_last() {
  Entry& last = entries_.back();
  wipe(last.model);
  --stats_.entries;
  stats_.bytes -= static_cast<std::int64_t>(last.bytes);
  by_digest_.erase(last.digest);
  entries_.pop_back();
}

int ModelCache::clear() {
  const auto n = static_cast<int>(entries_.size());
  while (!entries_.empty()) drop_last();
  return n;
}

}  // namespace glucose
