// SPDX-License-Identifier: PostgreSQL
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace glucose {

/// What went wrong, in the terms of the SQL contract; src/pg gives each its SQLSTATE.
enum class ErrorCode {
  bad_argument,        // 22023
  out_of_range,        // 22003
  too_little_history,  // MG002
  model_mismatch,      // MG003: an artifact that is damaged, foreign, or made for other features
  out_of_memory,       // 53200
  not_available,       // 0A000: something this build or this installation does not have
  internal             // XX000
};

/// The one exception core throws. Message in PostgreSQL's style (lower case, no full stop); hint and detail
/// sentences or empty.
/// A message never holds a glucose or meal value.
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string hint = {}, std::string detail = {})
      : std::runtime_error(message), code_(code), hint_(std::move(hint)), detail_(std::move(detail)) {}
  ErrorCode code() const noexcept { return code_; }
  const std::string& hint() const noexcept { return hint_; }
  const std::string& detail() const noexcept { return detail_; }

 private:
  ErrorCode code_;
  std::string hint_, detail_;
};

}  // namespace glucose
