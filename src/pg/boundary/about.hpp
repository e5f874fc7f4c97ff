// SPDX-License-Identifier: PostgreSQL
#pragma once
#include "pg/boundary/server.hpp"

namespace glucose::pg {

/// Between begin_about() and end_about() errors say in their context whom they are about: in a statement over many, the
/// one that was wrong. An error unwinds it. The id stays where it is meanwhile.
struct About {
  ErrorContextCallback callback;
  const char* what;  // such as "forecast after meal"
  const pg_uuid_t* id;
};

inline void begin_about(About& about, const char* what, const pg_uuid_t* id) {
  about.what = what;
  about.id = id;
  about.callback.arg = &about;
  about.callback.callback = [](void* arg) {
    const auto* self = static_cast<const About*>(arg);
    char text[2 * UUID_LEN + 1];
    for (int i = 0; i < UUID_LEN; ++i) snprintf(text + 2 * i, 3, "%02x", self->id->data[i]);
    errcontext("%s %.8s-%.4s-%.4s-%.4s-%.12s", self->what, text, text + 8, text + 12, text + 16, text + 20);
  };
  about.callback.previous = error_context_stack;
  error_context_stack = &about.callback;
}

inline void end_about(const About& about) {
  error_context_stack = about.callback.previous;
}

}  // namespace glucose::pg
