#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "firmware-bridge/core/result.hpp"
#include "firmware-bridge/core/time.hpp"
#include "gateway/clock/store_days.hpp"

namespace lintel::cli {

/// A time as people say it, in the store's zone; `to` is not part of it.
struct Span {
  UtcMs from{}, to{};
};

/// The span that words mean: "2026-11-21", "today" and "yesterday" are store days; "2026-11-21T09:00" (or
/// with seconds, or with a blank for the T) and "09:00", which is today's, are instants; "now" is one too.
/// One instant alone means the hour that begins there. With `to`, the span goes from the beginning of the
/// first to the end of the second, where a day ends with itself and an instant is its own end.
/// `misconfigured` names the word.
Result<Span> span_of(std::string_view from, std::optional<std::string_view> to, const clock::StoreDays& days,
                     UtcMs now);

/// "2026-11-21 09:00:00" in the zone, with milliseconds unless they are zero.
std::string local_text(UtcMs instant, const clock::Zone& zone);

}  // namespace lintel::cli
