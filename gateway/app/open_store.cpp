#include "gateway/app/open_store.hpp"

#include <chrono>

#include "gateway/app/moved_store.hpp"
#include "gateway/clock/store_days.hpp"

namespace lintel::app {

namespace {

Result<store::Calendar> make_calendar(const std::string& text) {
  const auto periods = clock::parse_periods(text);
  if (!periods) return tl::unexpected(periods.error());
  auto made = clock::StoreDays::make(*periods);
  if (!made) return tl::unexpected(made.error());
  const auto days = std::make_shared<clock::StoreDays>(std::move(*made));
  return store::Calendar{[days](UtcMs t) { return std::int64_t{days->day(t)}; },
                         [days](std::int64_t day) { return days->begin(static_cast<clock::StoreDay>(day)); }};
}

Result<std::string> configure_calendar(const std::string& held, const store::Identity& identity, bool counted,
                                       UtcMs now) {
  const auto periods = clock::parse_periods(held);
  if (!counted || !periods || identity.calendar_from == "always") {
    return clock::to_text({{std::nullopt, identity.timezone, identity.day_start_minute}});
  }
  if (const auto from = clock::parse_day(identity.calendar_from)) {
    return clock::to_text(clock::changed_from(*periods, *from, identity.timezone, identity.day_start_minute));
  }
  const auto changed = clock::changed_from_now(*periods, identity.timezone, identity.day_start_minute, now);
  if (!changed) return tl::unexpected(changed.error());
  return clock::to_text(*changed);
}

}  // namespace

UtcMs machine_now() {
  return std::chrono::floor<Millis>(std::chrono::system_clock::now());
}

Result<std::unique_ptr<store::Store>> open_store(const config::Config& config) {
  if (auto left = leave_store_behind(config); !left) return tl::unexpected(left.error());
  const store::Identity identity{config.store_id,         config.store_name,    config.timezone,
                                 config.day_start_minute, config.gateway_name,  LINTEL_VERSION,
                                 config.calendar_from,    config.opening_hours, clock::tzdata_version()};
  return store::Store::open(config.state_dir, identity,
                            store::CalendarRules{make_calendar, configure_calendar}, machine_now());
}

}  // namespace lintel::app
