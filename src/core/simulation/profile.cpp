// SPDX-License-Identifier: PostgreSQL
#include "core/simulation/profile.hpp"

#include <cstddef>
#include <string>

#include "core/base/error.hpp"

namespace glucose {

Profile parse_profile(std::string_view name) {
  std::string known;
  for (std::size_t i = 0; i < kProfileNames.size(); ++i) {
    if (name == kProfileNames[i]) return static_cast<Profile>(i);
    known += (i == 0 ? "\"" : ", \"") + std::string(kProfileNames[i]) + "\"";
  }
  throw Error(ErrorCode::bad_argument, "unrecognized profile \"" + std::string(name) + "\"",
              "Known profiles are " + known + ".");
}

}  // namespace glucose
