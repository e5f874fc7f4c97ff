// SPDX-License-Identifier: PostgreSQL
#include "boosting/reserve.hpp"

#include <utility>

namespace glucose::boosting {

Reserve::Reserve() {
  kept = ::operator new(kBytes);
  before_ = std::set_new_handler(give_back);
}

Reserve::~Reserve() {
  std::set_new_handler(before_);
  ::operator delete(std::exchange(kept, nullptr));
}

void Reserve::give_back() {
  if (kept == nullptr) throw std::bad_alloc();
  ::operator delete(std::exchange(kept, nullptr));
}

}  // namespace glucose::boosting
