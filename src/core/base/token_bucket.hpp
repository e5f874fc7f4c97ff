// SPDX-License-Identifier: PostgreSQL
// The arithmetic of "so many a minute", with the clock given in.
#pragma once
#include <algorithm>
#include <limits>

#include "core/base/units.hpp"

namespace glucose {

/// A bucket of tokens, as one number: the moment at which it is full again. It holds as many tokens as may be taken in
/// a minute; a call takes one, and they come back evenly. So `per_minute` calls at once are let in, and never more than
/// twice as many in any one minute. What has not been asked for a minute is full, and need not be kept at all.
/// Source: the generic cell rate algorithm (ITU-T I.371), whose one state this is.
struct TokenBucket {
  Micros full_at = std::numeric_limits<Micros>::min();

  /// Takes a token; what is given back is how long to wait for one (µs), 0 when it was taken. A clock that is set back
  /// makes nobody wait for longer than a minute, and a call that is not let in costs nothing.
  Micros take(int per_minute, Micros now) {
    const Micros each = kMinute / per_minute;
    const Micros after = held(now) + each;
    const Micros wait = after - now - each * per_minute;
    if (wait > 0) return wait;
    full_at = after;
    return 0;
  }

  /// How many tokens are in it.
  int available(int per_minute, Micros now) const {
    const Micros each = kMinute / per_minute;
    return static_cast<int>(std::max<Micros>(0, (each * per_minute - (held(now) - now)) / each));
  }

  bool is_full(Micros now) const { return full_at <= now; }

 private:
  Micros held(Micros now) const { return std::clamp(full_at, now, now + kMinute); }
};

/// How long to wait where not a bucket but the calls themselves are kept, at most `per_minute` in any one minute (µs;
/// 0: no need to): `nth_newest` is when the per_minute'th call before this one was.
inline Micros wait_until_forgotten(Micros nth_newest, Micros now) {
  return std::clamp<Micros>(nth_newest + kMinute - now, 0, kMinute);
}

}  // namespace glucose
