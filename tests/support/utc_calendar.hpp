#pragma once

#include <string>

#include "gateway/store/store.hpp"

namespace lintel::test {

/// Days from midnight to midnight, UTC, whatever zone a store names.
inline Result<store::Calendar> utc_calendar(const std::string& /*zone*/, int /*day_start_minute*/) {
  constexpr std::int64_t kDayMs = 86'400'000;
  return store::Calendar{[](UtcMs t) { return count_ms(t) / kDayMs; },
                         [](std::int64_t day) { return utc_ms(day * kDayMs); }};
}

}  // namespace lintel::test
