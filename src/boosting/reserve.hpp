// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <cstddef>
#include <new>

namespace glucose::boosting {

/// Memory kept back while XGBoost works. It asks for a few bytes in functions that it has declared noexcept (moving a
/// HostDeviceVector), and where those are refused the C++ runtime ends the process, and the server with it. Where
/// memory ends meanwhile, this is given back once, and what was asked for is tried again; what still does not fit then
/// is std::bad_alloc as ever. One at a time in a process: it is the new_handler.
class Reserve {
 public:
  static constexpr std::size_t kBytes = std::size_t{4} << 20;

  /// throws std::bad_alloc where there is not even that much
  Reserve();
  ~Reserve();
  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;

 private:
  static void give_back();

  static inline void* kept = nullptr;
  std::new_handler before_;
};

}  // namespace glucose::boosting
