// SPDX-License-Identifier: PostgreSQL
// The C interface: what is thrown in here ends here, as a code and a text.
#include "boosting/boosting.hpp"

#include <algorithm>
#include <cstring>
#include <exception>
#include <new>
#include <string_view>
#include <vector>

#include "boosting/booster.hpp"
#include "boosting/reserve.hpp"

namespace glucose::boosting {

namespace {

struct Session {
  Session(const BoostingRows& given, const BoostingOptions& options) : rows(given), booster(rows, options) {}

  Rows rows;
  Booster booster;
  std::vector<TreeNode> nodes;
};

void say(BoostingError* error, std::string_view text) noexcept {
  const std::size_t n = std::min(text.size(), sizeof error->message - 1);
  std::memcpy(error->message, text.data(), n);
  error->message[n] = '\0';
}

template <class Body>
BoostingStatus walled(BoostingError* error, Body body) noexcept {
  try {
    const Reserve reserve;
    body();
    return BoostingStatus::ok;
  } catch (const std::bad_alloc&) {
    say(error, "out of memory");
    return BoostingStatus::out_of_memory;
  } catch (const std::exception& what) {
    say(error, what.what());
  } catch (...) {
    say(error, "unrecognized C++ exception");
  }
  return BoostingStatus::failed;
}

BoostingStatus begin(const BoostingRows* rows, const BoostingOptions* options, void** session, BoostingError* error) {
  return walled(error, [&] { *session = new Session(*rows, *options); });
}

BoostingStatus step(void* session, BoostingError* error) {
  return walled(error, [&] {
    auto* s = static_cast<Session*>(session);
    s->booster.step(s->rows);
  });
}

BoostingStatus take(void* session, const TreeNode** nodes, std::size_t* n, BoostingError* error) {
  return walled(error, [&] {
    auto* s = static_cast<Session*>(session);
    s->nodes = s->booster.nodes();
    *nodes = s->nodes.data();
    *n = s->nodes.size();
  });
}

void free_session(void* session) {
  delete static_cast<Session*>(session);
}

constexpr BoostingApi kApi{kBoostingVersion, begin, step, take, free_session};

}  // namespace

}  // namespace glucose::boosting

const glucose::BoostingApi* pg_glucose_boosting() {
  return &glucose::boosting::kApi;
}
