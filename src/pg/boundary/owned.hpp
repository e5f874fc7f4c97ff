// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <utility>

#include "pg/boundary/guard.hpp"

namespace glucose::pg {

/// Makes a C++ object that lives as long as a MemoryContext: its destructor runs when the context is reset or
/// deleted, also when an error or a cancelled query unwinds past the caller.
/// in: the owning context, a callable returning the object · out: a pointer valid as long as the context
template <class T, class Make>
T* owned(MemoryContext context, Make&& make) {
  struct Holder {
    MemoryContextCallback callback;
    T* object;
  };
  auto* holder = static_cast<Holder*>(MemoryContextAllocZero(context, sizeof(Holder)));
  holder->callback.arg = holder;
  holder->callback.func = [](void* arg) { delete static_cast<Holder*>(arg)->object; };
  MemoryContextRegisterResetCallback(context, &holder->callback);
  guarded([&] { holder->object = new T(make()); });
  return holder->object;
}

}  // namespace glucose::pg
